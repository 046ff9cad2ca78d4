import ChildProcess
public import Foundation
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// A real server in a process of its own, in a folder of its own, on a free loopback port. Ends with the object.
public final class ServerProcess: Sendable {
    /// Why a server is not there.
    public struct DidNotStart: Error, CustomStringConvertible {
        /// What it said.
        public let description: String
    }

    /// Number of the process.
    public let id: Int32
    private let process: ChildProcess
    private let log: URL

    /// Starts a server and waits until its port takes connections.
    ///
    /// - Parameters:
    ///   - executable: full path
    ///   - folder: where it runs, and where its output goes, into `server.log`
    ///   - user: whom it runs as when the tests run as root, which PostgreSQL refuses to
    public init(
        _ executable: String, _ arguments: [String], folder: URL, port: Int, user: String? = nil
    ) async throws {
        log = folder.appendingPathComponent("server.log")
        try Data().write(to: log)
        let output = try FileHandle(forWritingTo: log)
        _ = try output.seekToEnd()
        var command = Self.command(executable, arguments, user: user)
        (command.folder, command.output, command.errors) = (folder.path, .file(output), .file(output))
        process = try ChildProcess(command)
        id = process.id
        try output.close()
        do {
            try await Self.waitUntilOpen(port) { [process] in process.isRunning }
        } catch {
            process.signal(SIGKILL)
            throw DidNotStart(description: (try? String(contentsOf: log, encoding: .utf8)) ?? "\(error)")
        }
    }

    deinit { kill() }

    /// Runs a command to its end.
    public static func run(_ executable: String, _ arguments: [String], folder: URL, user: String? = nil) throws {
        _ = try output(executable, arguments, folder: folder, user: user)
    }

    /// Runs a command to its end and returns what it said.
    public static func output(
        _ executable: String, _ arguments: [String], folder: URL, user: String? = nil
    ) throws -> String {
        let output = Pipe()
        var command = command(executable, arguments, user: user)
        (command.folder, command.output, command.errors) = (folder.path, .pipe(output), .pipe(output))
        let process = try ChildProcess(command)
        let said = output.fileHandleForReading.readDataToEndOfFile()
        guard process.waitUntilExit() == .exit(0) else {
            throw DidNotStart(description: String(decoding: said, as: UTF8.self))
        }
        return String(decoding: said, as: UTF8.self)
    }

    /// `setpriv` becomes the server itself, so that signals reach it.
    private static func command(_ executable: String, _ arguments: [String], user: String?) -> ChildProcess.Command {
        guard let user, getuid() == 0 else { return ChildProcess.Command(executable, arguments) }
        let rights = ["--reuid=\(user)", "--regid=\(user)", "--clear-groups", "--", executable]
        return ChildProcess.Command("/usr/bin/setpriv", rights + arguments)
    }

    /// Ports that were not given out yet. Below those that the system gives to whoever connects, or one of these could
    /// be taken before the server has it; where they begin differs from process to process.
    private static let nextPort = NIOLockedValueBox(15_000 + Int(getpid()) * 67 % 15_000)

    /// A port that is free, and that nobody else is given.
    public static func freePort() async throws -> Int {
        while true {
            let port = nextPort.withLockedValue { next in
                next = next < 32_000 ? next + 1 : 15_000
                return next
            }
            let bound = try? await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .bind(host: "127.0.0.1", port: port).get()
            guard let bound else { continue }
            try await bound.close()
            return port
        }
    }

    /// Returns when the port takes connections.
    public static func waitUntilOpen(_ port: Int, isRunning: @Sendable () -> Bool = { true }) async throws {
        for _ in 0..<600 {
            let connecting = ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .connectTimeout(.seconds(1)).connect(host: "127.0.0.1", port: port)
            if let channel = try? await connecting.get() { return try await channel.close() }
            guard isRunning() else { break }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw ContractViolation.timeOut("port \(port) takes connections")
    }

    // MARK: What may happen to a server

    /// Stops it where it stands, as a machine that hangs does.
    public func pause() { process.signal(SIGSTOP) }

    /// Lets it go on.
    public func resume() { process.signal(SIGCONT) }

    /// Ends it at once, as a power cut does, and returns when it is gone.
    public func kill() { end(SIGKILL) }

    /// Asks it to end, and returns when it has.
    public func stop() { end(SIGTERM) }

    /// Ends it by a signal, and returns when it is gone.
    public func end(_ signal: Int32) {
        process.signal(signal)
        process.waitUntilExit()
    }
}
