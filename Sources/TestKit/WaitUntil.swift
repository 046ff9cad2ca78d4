/// Returns when the condition holds; throws when it does not within some seconds.
public func waitUntil(
    _ what: String, seconds: Int = 20, _ condition: () async throws -> Bool
) async throws {
    for _ in 0..<seconds * 100 {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(10))
    }
    throw ContractViolation.timeOut(what)
}
