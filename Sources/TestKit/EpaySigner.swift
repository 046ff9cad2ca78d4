import ChildProcess
public import Foundation

/// The other side of the epay signature: Debian's PHP, which shares no code with the shop.
public enum EpaySigner {
    /// The repository's scripts.
    public static var scripts: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Tests/Scripts")
    }

    /// Signs parameters; returns the query strings that a gateway would send, in the same order.
    public static func sign(_ requests: [[String: String]], key: String) async throws -> [String] {
        let (input, output) = (Pipe(), Pipe())
        let process = try ChildProcess(
            ChildProcess.Command(
                "/usr/bin/env", ["php", scripts.appendingPathComponent("epay_sign.php").path], input: .pipe(input),
                output: .pipe(output), errors: .inherited))
        let lines = try requests.map { params in
            try JSONSerialization.data(withJSONObject: ["key": key, "params": params], options: .sortedKeys)
        }
        let text = await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                for line in lines { try? input.fileHandleForWriting.write(contentsOf: line + Data("\n".utf8)) }
                try? input.fileHandleForWriting.close()
                let data = (try? output.fileHandleForReading.readToEnd()) ?? Data()
                process.waitUntilExit()
                continuation.resume(returning: String(decoding: data, as: UTF8.self))
            }
        }
        let queries = text.split(separator: "\n").map { String($0) }
        try expect(queries.count, is: requests.count, "signatures by PHP")
        return queries
    }
}
