# Two images: the shop (the default) and its gateway.
#
#   docker build -t sluice .
#   docker build -t sluice-gateway --target gateway .
#
# Checked for syntax; not built where this was written, because no Docker daemon was there.

# ---- build -----------------------------------------------------------------------------------------------------------
FROM swift:6.3-bookworm AS build
RUN apt-get update -q \
    && apt-get install -qy --no-install-recommends \
        libsqlite3-dev libpcre2-dev libhiredis-dev libpq-dev librdkafka-dev \
        libcmark-gfm-dev libcmark-gfm-extensions-dev libqrencode-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
# SwiftPM wants the folders of all targets to be there, those of the tests included.
COPY Package.swift ./
COPY Sources Sources
COPY Tests Tests
# The binary carries api/openapi.yaml; a link in Sources/ leads there.
COPY api api
# The Swift runtime goes into the binary; the C libraries stay Debian's, so that it mends their faults.
RUN --mount=type=cache,target=/source/.build \
    swift build -c release --product sluice --static-swift-stdlib \
    && install -s -m 0755 "$(swift build -c release --static-swift-stdlib --show-bin-path)/sluice" /usr/local/bin/sluice

# ---- the gateway -----------------------------------------------------------------------------------------------------
# Debian's nginx, because that is what the tests of deploy/nginx run.
FROM debian:bookworm-slim AS gateway
RUN apt-get update -q \
    && apt-get install -qy --no-install-recommends nginx-light \
    && rm -rf /var/lib/apt/lists/* /etc/nginx/sites-enabled \
    && install -d -o www-data -g www-data /var/cache/sluice /var/www/sluice/static
COPY deploy/nginx/nginx.conf /etc/nginx/nginx.conf
COPY deploy/nginx/sluice /etc/nginx/sluice
COPY deploy/compose/values /etc/nginx/values
USER www-data
EXPOSE 8000 8091
HEALTHCHECK --interval=5s --timeout=3s --start-period=5s --retries=3 \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8000 && printf 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3 && grep -q '200 OK' <&3"]
ENTRYPOINT ["nginx", "-g", "daemon off;"]

# ---- the shop --------------------------------------------------------------------------------------------------------
FROM debian:bookworm-slim AS shop
# ca-certificates: the shop calls providers by HTTPS.
RUN apt-get update -q \
    && apt-get install -qy --no-install-recommends \
        ca-certificates libhiredis0.14 libpq5 librdkafka1 libsqlite3-0 libpcre2-8-0 libstdc++6 \
        libcmark-gfm0.29.0.gfm.6 libcmark-gfm-extensions0.29.0.gfm.6 libqrencode4 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/sluice --shell /usr/sbin/nologin sluice \
    && install -d -o sluice -g sluice -m 0700 /var/lib/sluice
COPY --from=build /usr/local/bin/sluice /usr/local/bin/sluice
USER sluice
# The ledger of a shop on one machine, its master key and its admin token. Keys come from here or from the environment
# at start, never from the image.
VOLUME /var/lib/sluice
EXPOSE 8080 8082 8083
# The image has no curl, and needs none.
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=3 \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /healthz HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && grep -q '200 OK' <&3"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["sluice"]
CMD ["serve", "--data", "/var/lib/sluice", "--listen", "0.0.0.0:8080", "--listen-callbacks", "0.0.0.0:8082", "--listen-admin", "0.0.0.0:8083"]
