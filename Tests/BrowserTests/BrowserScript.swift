import ChildProcess
import Foundation
import TestKit

/// A run of `browser.py` in the tests' own Python.
struct BrowserScript {
    let ending: ChildProcess.Ending
    /// Whether it was given no more time.
    let wasKilled: Bool
    /// All that it said and complained of.
    let output: String

    /// Why it cannot run.
    struct Missing: Error, CustomStringConvertible {
        let description: String
    }

    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    private static let root = folder.deletingLastPathComponent().deletingLastPathComponent()

    /// - Parameter seconds: after which it is killed; its Chromium ends when it does
    static func run(_ arguments: [String], within seconds: Int64) async throws -> BrowserScript {
        let python = root.appendingPathComponent(".build/venv/bin/python").path
        guard FileManager.default.isExecutableFile(atPath: python) else {
            throw Missing(description: "\(python) is missing: run `make setup-test`")
        }
        let log = FileManager.default.temporaryDirectory.appendingPathComponent("browser-\(UUID().uuidString).log")
        try Data().write(to: log)
        defer { try? FileManager.default.removeItem(at: log) }
        // A file in place of a pipe, which a Chromium that outlives its script would keep open.
        let output = try FileHandle(forWritingTo: log)
        defer { try? output.close() }
        let process = try ChildProcess(
            ChildProcess.Command(
                python, ["-B", folder.appendingPathComponent("browser.py").path] + arguments, output: .file(output),
                errors: .file(output)))
        let (ending, wasKilled) = await wait(for: process, within: seconds)
        let said = String(decoding: try Data(contentsOf: log), as: UTF8.self)
        return BrowserScript(ending: ending, wasKilled: wasKilled, output: said)
    }

    private static func wait(
        for process: ChildProcess, within seconds: Int64
    ) async -> (ending: ChildProcess.Ending, wasKilled: Bool) {
        let timer = Task {
            try await pauseReally(milliseconds: seconds * 1000)
            process.signal(SIGKILL)
            return true
        }
        let ending = await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: process.waitUntilExit()) }
        }
        timer.cancel()
        return (ending, (try? await timer.value) ?? false)
    }
}
