import ChildProcess
import Dispatch
public import Foundation

/// A development broker in a process of its own, on ports that it chose. It ends with the object, and with the tests
/// when those are killed. A new one is another cluster, whose logs are empty.
public final class BrokerProcess: Sendable {
    /// Addresses of its brokers, with commas between them.
    public let brokers: String
    private let process: ChildProcess
    private let input: FileHandle
    private let output: FileHandle
    private let queue = DispatchQueue(label: "broker-commands")

    /// The binary beside the tests.
    public static var binary: URL {
        URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appendingPathComponent("development-broker")
    }

    /// Starts a cluster with these topics, by number of partitions.
    public init(brokers: Int = 1, topics: [String: Int] = [:]) async throws {
        let (commands, answers) = (Pipe(), Pipe())
        let named = topics.sorted { $0.key < $1.key }.flatMap { ["--topic", "\($0.key):\($0.value)"] }
        process = try ChildProcess(
            ChildProcess.Command(
                Self.binary.path, ["--brokers", "\(brokers)", "--until-stdin-ends"] + named, input: .pipe(commands),
                output: .pipe(answers)))
        input = commands.fileHandleForWriting
        output = answers.fileHandleForReading
        let line = await Self.line(of: output, on: queue)
        guard line.hasPrefix("ready ") else {
            throw ServerProcess.DidNotStart(description: "the development broker said: \(line)")
        }
        self.brokers = String(line.dropFirst(6))
    }

    deinit { kill() }

    /// Sends a command: `down 1`, `up 1`, `rtt 2000`, `leader TOPIC PARTITION BROKER`, `topic NAME PARTITIONS`.
    ///
    /// - Throws: ``ContractViolation`` when it was not done
    public func command(_ line: String) async throws { try expect(await answer(to: line), is: "ok", line) }

    /// What it answers to a line.
    public func answer(to line: String) async -> String {
        await Self.line(of: output, on: queue) { [input] in try? input.write(contentsOf: Data("\(line)\n".utf8)) }
    }

    private static func line(
        of handle: FileHandle, on queue: DispatchQueue, after say: @escaping @Sendable () -> Void = {}
    ) async -> String {
        await withCheckedContinuation { continuation in
            queue.async {
                say()
                var line: [UInt8] = []
                while let byte = try? handle.read(upToCount: 1)?.first, byte != UInt8(ascii: "\n") { line.append(byte) }
                continuation.resume(returning: String(decoding: line, as: UTF8.self))
            }
        }
    }

    // MARK: What may happen to it

    /// Stops it where it stands, as a machine that hangs does.
    public func pause() { signal(SIGSTOP) }

    /// Lets it go on.
    public func resume() { signal(SIGCONT) }

    /// Ends it at once, with all that it held, and returns when it is gone.
    public func kill() {
        signal(SIGKILL)
        process.waitUntilExit()
    }

    /// Asks it to end; returns its exit status.
    @discardableResult
    public func stop() -> Int32 {
        signal(SIGTERM)
        return process.waitUntilExit().status
    }

    /// Closes its standard input, which ends it; returns its exit status.
    @discardableResult
    public func closeInput() throws -> Int32 {
        try input.close()
        return process.waitUntilExit().status
    }

    private func signal(_ number: Int32) { process.signal(number) }
}
