import AsyncHTTPClient
public import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL

/// The gateway: nginx with the configuration of `deploy/nginx`, in a folder of its own, on free loopback ports. Only
/// the files in `values/` are other than those that are delivered.
public final class NginxServer: Sendable {
    /// What a test fills in.
    public struct Values: Sendable {
        /// Ports of the nodes that take buyers.
        public var web: [Int]
        /// Ports of the nodes that take callbacks.
        public var callbacks: [Int]
        /// Ports of the nodes that take the owner's work.
        public var admin: [Int]
        /// Proxies that are believed, as CIDR.
        public var trusted: [String]
        /// A node in nginx itself that answers with what it was told, and with an ETag, in place of those in `web`.
        public var echoes: Bool
        /// Takes TLS by the example.
        public var hasTLS: Bool

        /// Puts the parts together.
        public init(
            web: [Int], callbacks: [Int], admin: [Int], trusted: [String] = [], echoes: Bool = false,
            hasTLS: Bool = false
        ) {
            self.web = web
            self.callbacks = callbacks
            self.admin = admin
            self.trusted = trusted
            self.echoes = echoes
            self.hasTLS = hasTLS
        }
    }

    /// Where buyers come. Without TLS, whatever the values say.
    public let url: String
    /// The same with TLS; of no use without it.
    public let secureURL: String
    /// Where only callbacks are taken.
    public let callbacksURL: String
    /// Where the owner works.
    public let adminURL: String
    /// What `nginx -t` said.
    public let check: String
    /// Where it runs.
    public let folder: URL
    private let server: ServerProcess

    /// Checks the configuration, starts nginx and waits until it takes connections.
    public init(_ values: Values) async throws {
        var ports: [Int] = []
        for _ in 1...5 { ports.append(try await ServerProcess.freePort()) }
        folder = try ShopProcess.makeFolder()
        do {
            try Self.configure(values, ports: ports, in: folder)
            let program = try unwrap(
                ["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx"].first {
                    FileManager.default.isExecutableFile(atPath: $0)
                })
            let arguments = ["-p", folder.path, "-c", folder.appendingPathComponent("nginx.conf").path]
            check = try ServerProcess.output(program, arguments + ["-t"], folder: folder)
            server = try await ServerProcess(
                program, arguments + ["-g", "daemon off;"], folder: folder, port: ports[0])
        } catch {
            try? FileManager.default.removeItem(at: folder)
            throw error
        }
        (url, callbacksURL) = ("http://127.0.0.1:\(ports[0])", "http://127.0.0.1:\(ports[1])")
        (adminURL, secureURL) = ("http://127.0.0.1:\(ports[2])", "https://127.0.0.1:\(ports[3])")
    }

    deinit { stop() }

    /// Ends it with its workers, which a kill of the first process would leave behind.
    public func stop() {
        server.stop()
        try? FileManager.default.removeItem(at: folder)
    }

    /// The lines of the access log so far.
    public func accessLog() throws -> [String] {
        try String(contentsOf: folder.appendingPathComponent("access.log"), encoding: .utf8)
            .split(separator: "\n").map { String($0) }
    }

    /// Everything that lies in its folder and is not configuration: logs, cache, temporary files.
    public func leftovers() throws -> String {
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: [.isRegularFileKey])
        return try (files?.allObjects as? [URL] ?? []).filter { file in
            let isFile = try file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true
            return isFile && file.pathExtension != "conf" && file.pathExtension != "pem"
        }.map { String(decoding: (try? Data(contentsOf: $0)) ?? Data(), as: UTF8.self) }.joined(separator: "\n")
    }

    /// Reads by TLS, whoever signed the certificate.
    ///
    /// - Returns: the answer, and whether it came by HTTP/2
    public func secureGet(_ path: String) async throws -> (answer: Answer, isHTTP2: Bool) {
        var configuration = HTTPClient.Configuration()
        configuration.tlsConfiguration = .makeClientConfiguration()
        configuration.tlsConfiguration?.certificateVerification = .none
        let client = HTTPClient(configuration: configuration)
        let response: HTTPClientResponse
        let body: ByteBuffer
        do {
            response = try await client.execute(HTTPClientRequest(url: secureURL + path), timeout: .seconds(10))
            body = try await response.body.collect(upTo: 1 << 20)
        } catch {
            try await client.shutdown()
            throw error
        }
        try await client.shutdown()
        let fields = response.headers.map { ($0.name.lowercased(), $0.value) }
        let headers = Dictionary(fields) { _, last in last }
        return (
            Answer(status: Int(response.status.code), headers: headers, body: String(buffer: body)),
            response.version == .http2
        )
    }
}

// MARK: Filling in

extension NginxServer {
    private static var original: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("deploy/nginx")
    }

    private static func configure(_ values: Values, ports: [Int], in folder: URL) throws {
        for part in ["nginx.conf", "sluice"] {
            try FileManager.default.copyItem(
                at: original.appendingPathComponent(part), to: folder.appendingPathComponent(part))
        }
        for part in ["values", "temp", "static", "cache"] {
            try FileManager.default.createDirectory(
                at: folder.appendingPathComponent(part), withIntermediateDirectories: true)
        }
        // Whoever runs the tests runs the workers. nginx wants that said only if it starts as root.
        let user = getuid() == 0 ? "user root;\n" : ""
        let path = folder.path
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map {
            "\($0)_temp_path \(path)/temp/\($0);"
        }
        let trusted = values.trusted.map { "set_real_ip_from \($0);" }
        let web = values.echoes ? [ports[4]] : values.web
        let files = [
            "main":
                "\(user)pid \(path)/nginx.pid;\nerror_log \(path)/error.log info;\n"
                + "worker_processes 2;\nworker_rlimit_nofile 20000;\n",
            "quiet-log": "error_log \(path)/error.log crit;\n",
            "paths": "access_log \(path)/access.log json;\nproxy_cache_path \(path)/cache levels=1:2 "
                + "keys_zone=catalog:10m max_size=256m inactive=60s use_temp_path=off;\n"
                + temporary.joined(separator: "\n") + "\n",
            "trusted": (trusted + ["real_ip_header X-Forwarded-For;", "real_ip_recursive on;\n"])
                .joined(separator: "\n"),
            "static": "alias \(path)/static/;\n",
            "nodes-web": nodes(web, failures: 2), "nodes-callbacks": nodes(values.callbacks, failures: 1),
            "nodes-admin": nodes(values.admin, failures: 1),
            "public": try publicServers(values, ports: ports, in: folder),
            "callbacks": listener(ports[1], "callback-server"), "admin": listener(ports[2], "admin"),
        ]
        for (name, text) in files {
            try Data(text.utf8).write(to: folder.appendingPathComponent("values/\(name).conf"))
        }
    }

    private static func nodes(_ ports: [Int], failures: Int) -> String {
        ports.map { "server 127.0.0.1:\($0) max_fails=\(failures) fail_timeout=5s;\n" }.joined()
    }

    private static func listener(_ port: Int, _ rules: String) -> String {
        "server {\n    listen 127.0.0.1:\(port);\n    server_name _;\n    include sluice/\(rules).conf;\n}\n"
    }

    private static func publicServers(_ values: Values, ports: [Int], in folder: URL) throws -> String {
        var text = values.hasTLS ? try example(ports: ports, in: folder) : listener(ports[0], "public")
        if values.echoes {
            text += """
                server {
                    listen 127.0.0.1:\(ports[4]);
                    add_header ETag '"one"';
                    default_type application/json;
                    location / {
                        return 200 '{"address":"$http_x_forwarded_for","request":"$http_x_request_id",\
                "proto":"$http_x_forwarded_proto","host":"$http_host","cookie":"$http_cookie","query":"$args"}';
                    }
                }

                """
        }
        return text
    }

    /// The example, with the listeners and files of this machine.
    private static func example(ports: [Int], in folder: URL) throws -> String {
        try ServerProcess.run(
            "/usr/bin/env",
            [
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-subj", "/CN=localhost", "-days", "1", "-keyout", "key.pem", "-out", "certificate.pem",
            ], folder: folder)
        let names = [
            ("listen 80 ", "listen 127.0.0.1:\(ports[0]) "), ("listen 443 ", "listen 127.0.0.1:\(ports[3]) "),
            ("/etc/letsencrypt/live/shop.example.com/fullchain.pem", "\(folder.path)/certificate.pem"),
            ("/etc/letsencrypt/live/shop.example.com/privkey.pem", "\(folder.path)/key.pem"),
        ]
        let text = try String(contentsOf: original.appendingPathComponent("tls.conf.example"), encoding: .utf8)
        // A machine for tests need not have IPv6.
        let lines = text.split(separator: "\n").filter { !$0.contains("listen [::]") }.joined(separator: "\n")
        return names.reduce(lines + "\n") { $0.replacingOccurrences(of: $1.0, with: $1.1) }
    }
}
