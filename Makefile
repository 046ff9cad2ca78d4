# The commands of the project. `make` alone lists them.
SHELL := /bin/bash
DATA ?= .data/demo
DRILL ?=
SCREENSHOTS ?= docs/screenshots
UPDATE ?=
# What a toolchain makes of the same sources differs, so each has thresholds of its own.
THRESHOLDS = Benchmarks/Thresholds/$(shell swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9.]*\).*/\1/p')
VENV := .build/venv
# What drives Debian's Chromium, and looks for what hinders people; with the versions they were tried in.
PLAYWRIGHT := 1.65.2
AXE := 0.1.8
PYTHON_PACKAGES = $(VENV)/lib/python3*/site-packages
# C libraries that the build needs besides the Swift toolchain.
LIBRARIES := libsqlite3-dev libpcre2-dev libhiredis-dev libpq-dev librdkafka-dev \
	libcmark-gfm-dev libcmark-gfm-extensions-dev libqrencode-dev pkg-config
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

.DEFAULT_GOAL := help
.PHONY: help run build cluster drill bench bench-engines bench-orders test format lint verify screenshots
.PHONY: setup setup-test setup-verify setup-bench setup-costs

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 14

run: build ## start a demo shop on http://127.0.0.1:8080
	exec .build/release/sluice serve --data $(DATA) --listen 127.0.0.1:8080 --demo

build: setup ## build the release binary .build/release/sluice
	swift build -c release --product sluice --explicit-target-dependency-import-check error

cluster: build setup-test ## the whole cluster on loopback; Ctrl-C ends it
	swift build -c release --product development-broker
	exec python3 deploy/cluster/cluster.py

drill: build ## rehearse a flash sale, 10,000 buyers for 500 cards; more options with DRILL="--cards 100"
	.build/release/sluice drill --report .data/drill $(DRILL)

test: setup setup-test lint ## run every test
	swift build --build-tests --explicit-target-dependency-import-check error
	@# Of a crash the stack comes last, where it is seen.
	@# The browser alone, because it takes the time of tests that wait for something.
	SWIFT_BACKTRACE=threads=crashed,registers=none,images=none swift test --skip-build --filter BrowserTests
	SWIFT_BACKTRACE=threads=crashed,registers=none,images=none swift test --skip-build --skip BrowserTests

verify: build setup-verify ## the slow proofs: 20 kill -9 rounds, a million cards, floods, Schemathesis, a cluster that is broken
	swift build --build-tests
	SLUICE_CRASH_ROUNDS=20 swift test --skip-build --filter killUnderLoad
	$(VENV)/bin/python Tests/Scripts/restart_time.py --binary .build/release/sluice
	$(VENV)/bin/python Tests/Scripts/stock_at_scale.py --binary .build/release/sluice
	$(VENV)/bin/python Tests/Scripts/callback_flood.py --binary .build/release/sluice
	$(VENV)/bin/python Tests/Scripts/check_generator.py --binary .build/release/sluice
	$(VENV)/bin/python Tests/Scripts/orders_on_file.py --binary .build/release/sluice
	$(VENV)/bin/python Tests/Scripts/owner_at_scale.py --binary .build/release/sluice
	$(VENV)/bin/python Tests/Scripts/live_cost.py --binary .build/release/sluice
	$(VENV)/bin/python Tests/Scripts/fuzz_api.py --binary .build/release/sluice
	swift build -c release --product development-broker
	$(VENV)/bin/python Tests/Scripts/cluster_drill.py --binary .build/release/sluice --seconds 20 --cards 200000
	$(VENV)/bin/python Tests/Scripts/cluster_gateway.py --binary .build/release/sluice
	$(VENV)/bin/python Tests/Scripts/cluster_preheat.py --binary .build/release/sluice
	$(VENV)/bin/python Tests/Scripts/cluster_faults.py --binary .build/release/sluice

screenshots: build setup-test ## pictures of pages of buyers and the owner, on phone and desktop, into docs/screenshots
	$(VENV)/bin/python -B Tests/BrowserTests/owner_pictures.py --binary .build/release/sluice --out $(SCREENSHOTS)
	@folder=$$(mktemp -d); export SLUICE_ADMIN_TOKEN=of-the-screenshots; \
	.build/release/sluice serve --data $$folder --listen 127.0.0.1:0 >$$folder/ready & \
	shop=$$!; trap 'kill $$shop; wait $$shop; rm -rf "$$folder"' EXIT; \
	for try in {1..300}; do grep -q ^ready $$folder/ready && break; sleep 0.1; done; \
	$(VENV)/bin/python -B Tests/BrowserTests/screenshots.py --shop $$(sed -n 's/^ready //p' $$folder/ready) \
		--admin-token $$SLUICE_ADMIN_TOKEN --out $(SCREENSHOTS)

bench: setup setup-costs ## allocations and instructions per order against thresholds; UPDATE=1 writes those anew
	@# As allocations.py has it, or each would compile everything anew.
	cd Benchmarks && swift build -c release --disable-sandbox
	failed=0; \
	python3 Benchmarks/allocations.py --thresholds $(THRESHOLDS) $(if $(UPDATE),--update) || failed=1; \
	python3 Benchmarks/instructions.py --binary Benchmarks/.build/release/OrderCost \
		--thresholds $(THRESHOLDS)/instructions.json $(if $(UPDATE),--update) || failed=1; \
	exit $$failed

bench-engines: setup setup-test ## what Redis, PostgreSQL and Kafka's mock carry through the shop's clients
	swift build -c release --product development-broker
	cd Benchmarks && swift build -c release --disable-sandbox --product EngineRates
	ln -sf "$(CURDIR)/.build/release/development-broker" Benchmarks/.build/release/development-broker
	Benchmarks/.build/release/EngineRates

bench-orders: build setup-bench ## durable orders a second, against nginx in the same run
	python3 Tests/Scripts/bench_orders.py --binary .build/release/sluice

format: ## format the sources
	swift format --in-place --recursive Sources Tests Benchmarks/Sources Package.swift Benchmarks/Package.swift

lint: ## check the format of the sources
	swift format lint --strict --recursive Sources Tests Benchmarks/Sources Package.swift Benchmarks/Package.swift

# Installed once, silently when it is there.
setup:
	@dpkg -s $(LIBRARIES) >/dev/null 2>&1 || ($(SUDO) apt-get update -q && $(SUDO) apt-get install -qy $(LIBRARIES))

# The other side in tests: PHP computes the signatures of an epay gateway; Redis, PostgreSQL and nginx are started by the
# tests themselves, and the packages must not start ones of their own. OpenSSL makes a certificate for nginx. Chromium is
# the browser of the tests, which Python drives; it needs letters for Chinese. zbar reads QR codes.
setup-test: setup
	@command -v php >/dev/null || ($(SUDO) apt-get update -q && $(SUDO) apt-get install -qy php-cli)
	@command -v redis-server >/dev/null \
		|| ($(SUDO) apt-get update -q && $(SUDO) env RUNLEVEL=1 apt-get install -qy redis-server)
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 \
		|| ($(SUDO) apt-get update -q && $(SUDO) env RUNLEVEL=1 apt-get install -qy postgresql)
	@command -v nginx >/dev/null || ($(SUDO) apt-get update -q && $(SUDO) env RUNLEVEL=1 apt-get install -qy nginx-light)
	@command -v openssl >/dev/null || ($(SUDO) apt-get update -q && $(SUDO) apt-get install -qy openssl)
	@command -v chromium >/dev/null || ($(SUDO) apt-get update -q && $(SUDO) apt-get install -qy chromium)
	@dpkg -s fonts-noto-cjk >/dev/null 2>&1 || ($(SUDO) apt-get update -q && $(SUDO) apt-get install -qy fonts-noto-cjk)
	@python3 -c 'import ensurepip' 2>/dev/null || ($(SUDO) apt-get update -q && $(SUDO) apt-get install -qy python3-venv)
	@ls -d $(PYTHON_PACKAGES)/playwright-$(PLAYWRIGHT).dist-info >/dev/null 2>&1 \
		&& ls -d $(PYTHON_PACKAGES)/axe_playwright_python-$(AXE).dist-info >/dev/null 2>&1 \
		|| (python3 -m venv $(VENV) && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 $(VENV)/bin/pip install -q \
			playwright==$(PLAYWRIGHT) axe-playwright-python==$(AXE))
	@command -v zbarimg >/dev/null || ($(SUDO) apt-get update -q && $(SUDO) apt-get install -qy zbar-tools)

setup-bench: setup-test
	@command -v wrk >/dev/null || ($(SUDO) apt-get update -q && $(SUDO) apt-get install -qy wrk)

# valgrind counts instructions; strip, of binutils, takes off what it cannot read.
setup-costs:
	@command -v valgrind >/dev/null || ($(SUDO) apt-get update -q && $(SUDO) apt-get install -qy valgrind)
	@command -v strip >/dev/null || ($(SUDO) apt-get update -q && $(SUDO) apt-get install -qy binutils)

setup-verify: setup setup-test
	@command -v wrk >/dev/null || ($(SUDO) apt-get update -q && $(SUDO) apt-get install -qy wrk)
	@test -x $(VENV)/bin/schemathesis || $(VENV)/bin/pip install -q schemathesis
