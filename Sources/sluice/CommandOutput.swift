import Domain
import Foundation

/// Writes one line to standard output.
func say(_ line: String) throws {
    try FileHandle.standardOutput.write(contentsOf: Data("\(line)\n".utf8))
}

/// Writes one line about what went wrong to standard error.
func complain(_ sentence: String) {
    try? FileHandle.standardError.write(contentsOf: Data("sluice: \(sentence)\n".utf8))
}

/// Says what is wrong in one line and ends with 1.
func exitOnError(_ body: () async throws -> Void) async {
    do {
        try await body()
    } catch let error as ShopError {
        complain(error.detail)
        Foundation.exit(1)
    } catch {
        complain("\(error)")
        Foundation.exit(1)
    }
}
