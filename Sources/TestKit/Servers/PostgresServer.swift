public import Foundation
import NIOConcurrencyHelpers

/// A PostgreSQL server of its own, with a data folder of its own.
public final class PostgresServer: Sendable {
    private static let binaries = "/usr/lib/postgresql/15/bin/"
    private static let user = "postgres"

    /// Where it listens on loopback.
    public let port: Int
    /// Holds its data, its log and its socket.
    public let folder: URL
    private let settings: [String]
    private let process: NIOLockedValueBox<ServerProcess>

    /// Makes an empty server and starts it. It trusts whoever connects.
    ///
    /// - Parameters:
    ///   - isDurable: whether it flushes to the disk; without, a large suite is quick, and a power cut is not survived
    ///   - settings: further ones, such as `max_connections=20`
    public init(isDurable: Bool = true, settings: [String] = []) async throws {
        let folder = try ShopProcess.makeFolder()
        self.folder = folder
        if getuid() == 0 {
            guard let owner = getpwnam(Self.user) else {
                throw ServerProcess.DidNotStart(description: "there is no user \(Self.user)")
            }
            chown(folder.path, owner.pointee.pw_uid, owner.pointee.pw_gid)
        }
        do {
            try ServerProcess.run(
                Self.binaries + "initdb",
                [
                    "--pgdata=\(folder.path)/data", "--username=\(Self.user)", "--auth=trust", "--encoding=UTF8",
                    "--locale=C", "--no-sync",
                ], folder: folder, user: Self.user)
            port = try await ServerProcess.freePort()
            let own = ["listen_addresses=127.0.0.1", "port=\(port)", "unix_socket_directories=\(folder.path)"]
            let speed = isDurable ? [] : ["fsync=off", "full_page_writes=off", "synchronous_commit=off"]
            self.settings = ["max_connections=400"] + own + speed + settings
            process = NIOLockedValueBox(try await Self.start(folder, port, self.settings))
        } catch {
            try? FileManager.default.removeItem(at: folder)
            throw error
        }
    }

    private static func start(_ folder: URL, _ port: Int, _ settings: [String]) async throws -> ServerProcess {
        let process = try await ServerProcess(
            binaries + "postgres", ["-D", "\(folder.path)/data"] + settings.flatMap { ["-c", $0] }, folder: folder,
            port: port, user: user)
        // The port is open before the log has been read.
        for _ in 0..<600 {
            let probe = ["--quiet", "--host=127.0.0.1", "--port=\(port)", "--username=\(user)"]
            if (try? ServerProcess.run(binaries + "pg_isready", probe, folder: folder)) != nil { return process }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw ContractViolation.timeOut("PostgreSQL takes connections")
    }

    /// The address of one of its databases.
    ///
    /// - Parameter port: of a proxy before it
    public func url(_ database: String = "postgres", port: Int? = nil) -> String {
        "postgres://\(Self.user)@127.0.0.1:\(port ?? self.port)/\(database)?sslmode=disable"
    }

    /// Runs statements in one of its databases, one transaction each.
    @discardableResult
    public func run(_ statements: String..., in database: String = "postgres") throws -> String {
        let connection = ["--host=127.0.0.1", "--port=\(port)", "--username=\(Self.user)", "--dbname=\(database)"]
        let style = ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"]
        return try ServerProcess.output(
            Self.binaries + "psql", connection + style + statements.flatMap { ["--command", $0] }, folder: folder)
    }

    /// Makes a database, as a copy of another one if told so; the other one may have no connection meanwhile.
    public func makeDatabase(_ name: String, from template: String = "template0") throws {
        try run("CREATE DATABASE \(name) TEMPLATE \(template)")
    }

    /// Removes a database, with the connections it has.
    public func removeDatabase(_ name: String) throws { try run("DROP DATABASE \(name) WITH (FORCE)") }

    // MARK: What may happen to it

    /// Stops every process of it where it stands, as a machine that hangs does.
    public func pause() { signalAll(SIGSTOP) }

    /// Lets them go on.
    public func resume() { signalAll(SIGCONT) }

    /// Ends it as a power cut does.
    public func kill() { process.withLockedValue { $0 }.end(SIGQUIT) }

    /// Ends it in good order, without waiting for its connections.
    public func stop() { process.withLockedValue { $0 }.end(SIGINT) }

    /// Starts it again after ``kill()`` or ``stop()``.
    public func start() async throws {
        let started = try await Self.start(folder, port, settings)
        process.withLockedValue { $0 = started }
    }

    /// Ends it and removes its data.
    public func remove() {
        resume()
        kill()
        try? FileManager.default.removeItem(at: folder)
    }

    /// Every connection has a process of its own, a child of the one that was started.
    private func signalAll(_ signal: Int32) {
        let parent = process.withLockedValue { $0.id }
        let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        for id in processes.compactMap({ Int32($0) }) where id == parent || Self.parent(of: id) == parent {
            Foundation.kill(id, signal)
        }
    }

    private static func parent(of id: Int32) -> Int32? {
        guard let status = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8) else { return nil }
        // The name, in brackets, may hold anything; the state and the parent follow.
        let fields = status.split(separator: ")").last?.split(separator: " ") ?? []
        return fields.count > 1 ? Int32(fields[1]) : nil
    }
}
