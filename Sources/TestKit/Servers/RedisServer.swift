import Foundation
import NIOConcurrencyHelpers

/// A real Redis in a folder of its own, on a free loopback port. Ends with the object.
public final class RedisServer: Sendable {
    /// Files of a certificate that is good for 127.0.0.1, made for one test.
    public struct Certificate: Sendable {
        /// Signs the server's certificate, and is trusted by clients.
        public let authority: String
        let certificate: String
        let key: String
    }

    /// Where it listens, without encryption.
    public let port: Int
    /// Where it listens with encryption; nil when it was given no certificate.
    public let encryptedPort: Int?
    private let folder: URL
    private let arguments: [String]
    private let process: NIOLockedValueBox<ServerProcess>

    /// Starts it.
    ///
    /// - Parameters:
    ///   - settings: such as `--maxmemory`, `16mb`
    ///   - keeps: whether it writes an append-only file, so that a restart finds everything
    public init(_ settings: [String] = [], keeps: Bool = false, certificate: Certificate? = nil) async throws {
        var attempts = 0
        while true {
            let folder = try Self.makeFolder("sluice-redis")
            let ports = (try await ServerProcess.freePort(), try await ServerProcess.freePort())
            let arguments = Self.arguments(folder, ports, keeps: keeps, certificate) + settings
            do {
                process = NIOLockedValueBox(try await Self.start(arguments, folder, ports.0))
            } catch  where attempts < 5 {
                // Somebody took a port between the moment in which it was free and the start.
                attempts += 1
                continue
            }
            (self.folder, self.arguments, port) = (folder, arguments, ports.0)
            encryptedPort = certificate == nil ? nil : ports.1
            return
        }
    }

    private static func makeFolder(_ name: String) throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(name)-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }

    private static func arguments(
        _ folder: URL, _ ports: (Int, Int), keeps: Bool, _ certificate: Certificate?
    ) -> [String] {
        let arguments = [
            "--port", "\(ports.0)", "--bind", "127.0.0.1", "--dir", folder.path, "--save", "",
            "--appendonly", keeps ? "yes" : "no", "--appendfsync", "everysec",
        ]
        guard let certificate else { return arguments }
        return arguments + [
            "--tls-port", "\(ports.1)", "--tls-cert-file", certificate.certificate,
            "--tls-key-file", certificate.key, "--tls-ca-cert-file", certificate.authority,
            "--tls-auth-clients", "no",
        ]
    }

    deinit {
        kill()
        try? FileManager.default.removeItem(at: folder)
    }

    private static func start(_ arguments: [String], _ folder: URL, _ port: Int) async throws -> ServerProcess {
        let process = try await ServerProcess("/usr/bin/redis-server", arguments, folder: folder, port: port)
        // Whoever took the port in between would answer too.
        try await eventually("Redis is ready") {
            let log = try String(contentsOf: folder.appendingPathComponent("server.log"), encoding: .utf8)
            guard !log.contains("Failed listening") else { throw ServerProcess.DidNotStart(description: log) }
            return log.contains("Ready to accept connections")
        }
        return process
    }

    /// Its address, with a user and a password or without.
    public func url(_ login: String = "") -> String { "redis://\(login)127.0.0.1:\(port)" }

    // MARK: What may happen to it

    /// Stops it where it stands, as a machine that hangs does.
    public func pause() { process.withLockedValue { $0.pause() } }
    /// Lets it go on.
    public func resume() { process.withLockedValue { $0.resume() } }
    /// Ends it at once. What it wrote to its file before it answered is in the system's hands, and stays.
    public func kill() { process.withLockedValue { $0.kill() } }

    /// Ends it and starts it anew, on the same port and in the same folder.
    public func restart() async throws {
        kill()
        let started = try await Self.start(arguments, folder, port)
        process.withLockedValue { $0 = started }
    }

    // MARK: Certificates

    /// Makes an authority and a certificate that it signed.
    public static func certificate() throws -> Certificate {
        let folder = try makeFolder("sluice-tls")
        func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
        func make(_ arguments: String...) throws {
            try ServerProcess.run("/usr/bin/openssl", arguments, folder: folder)
        }
        try make(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", "/CN=authority", "-keyout", "authority.key", "-out", "authority.pem")
        try make(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=redis",
            "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", "server.key", "-out", "server.csr")
        try make(
            "x509", "-req", "-in", "server.csr", "-CA", "authority.pem", "-CAkey", "authority.key", "-days", "2",
            "-CAcreateserial", "-copy_extensions", "copy", "-out", "server.pem")
        return Certificate(
            authority: path("authority.pem"), certificate: path("server.pem"), key: path("server.key"))
    }
}
