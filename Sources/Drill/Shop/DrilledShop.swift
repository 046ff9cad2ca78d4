import ChildProcess
import Foundation
import NIOConcurrencyHelpers

/// A shop in a process and a folder of its own, only for a drill.
final class DrilledShop: Sendable {
    /// The folder of the drill. The shop's own is in it, beside its log.
    let folder: URL
    let url: String
    /// The number of the shop's process.
    var identifier: Int32 { process.id }

    private let binary: URL
    private let process: ChildProcess
    private let guardian: ChildProcess
    private let lifeline: Pipe

    /// Starts a shop from a binary and waits until it is ready.
    static func start(binary: URL, adminToken: String) async throws -> DrilledShop {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-drill-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        do {
            return try await DrilledShop(binary: binary, folder: folder, adminToken: adminToken)
        } catch {
            try? FileManager.default.removeItem(at: folder)
            throw error
        }
    }

    private init(binary: URL, folder: URL, adminToken: String) async throws {
        let log = folder.appendingPathComponent("shop.log")
        try Data().write(to: log)
        let (output, errors) = (Pipe(), try FileHandle(forWritingTo: log))
        let process = try ChildProcess(
            ChildProcess.Command(
                binary.path, ["serve", "--data", Self.data(folder).path, "--listen", "127.0.0.1:0"],
                environment: Self.environment.merging(["SLUICE_ADMIN_TOKEN": adminToken]) { _, given in given },
                output: .pipe(output), errors: .file(errors)))
        try errors.close()
        let reader = output.fileHandleForReading
        let line = await onThread { Self.firstLine(of: reader) }
        guard line.hasPrefix("ready ") else {
            _ = await onThread { process.waitUntilExit() }
            throw DrillError("the shop did not start: \(Self.end(of: log))")
        }
        (self.folder, self.binary, self.process) = (folder, binary, process)
        url = String(line.dropFirst("ready ".count))
        (guardian, lifeline) = try Self.guardian(of: process)
    }

    /// Ends the shop when the drill itself is killed: then nobody holds the other end of the pipe, and `read` returns.
    private static func guardian(of process: ChildProcess) throws -> (ChildProcess, Pipe) {
        let lifeline = Pipe()
        let guardian = try ChildProcess(
            ChildProcess.Command(
                "/bin/sh", ["-c", "trap '' INT TERM; read -r _; kill \"$1\"", "sh", "\(process.id)"],
                input: .pipe(lifeline)))
        return (guardian, lifeline)
    }

    /// What the shop and its commands find in their environment: nothing that would make this shop another one.
    private static var environment: [String: String] {
        ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("SLUICE_") }
    }

    private static func data(_ folder: URL) -> URL { folder.appendingPathComponent("data") }

    private static func firstLine(of handle: FileHandle) -> String {
        var line: [UInt8] = []
        while let byte = try? handle.read(upToCount: 1)?.first, byte != UInt8(ascii: "\n") { line.append(byte) }
        return String(decoding: line, as: UTF8.self)
    }

    private static func end(of log: URL) -> String {
        let text = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").suffix(5).joined(separator: "\n")
    }

    // MARK: Ending

    /// The last lines of the shop's log.
    var log: String { Self.end(of: folder.appendingPathComponent("shop.log")) }

    /// Asks the shop to stop and waits until it did. Returns its exit status.
    @discardableResult
    func stop() async -> Int32 {
        // First the guardian: once the shop is gone, its number may become another process's.
        guardian.signal(SIGKILL)
        return await onThread { [process, guardian] in
            guardian.waitUntilExit()
            process.signal(SIGTERM)
            return process.waitUntilExit().status
        }
    }

    /// Audits the stopped shop with the same binary.
    func audit() async throws -> AuditFigures {
        let (output, errors) = (Pipe(), Pipe())
        let process = try ChildProcess(
            ChildProcess.Command(
                binary.path, ["audit", "--data", Self.data(folder).path], environment: Self.environment,
                output: .pipe(output), errors: .pipe(errors)))
        let (said, complained) = (output.fileHandleForReading, errors.fileHandleForReading)
        let (json, complaint, status) = await onThread {
            let json = said.readDataToEndOfFile()
            let complaint = String(decoding: complained.readDataToEndOfFile(), as: UTF8.self)
            return (json, complaint, process.waitUntilExit().status)
        }
        guard !json.isEmpty else { throw DrillError("the offline audit ended with \(status): \(complaint)") }
        let figures = try AuditFigures(json: json, from: "what the offline audit printed")
        guard figures.ok == (status == 0) else {
            throw DrillError("the offline audit ended with \(status), and says ok is \(figures.ok)")
        }
        return figures
    }

    func remove() { try? FileManager.default.removeItem(at: folder) }
}

/// Runs what blocks on a thread of its own.
func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
        Thread.detachNewThread { continuation.resume(returning: body()) }
    }
}
