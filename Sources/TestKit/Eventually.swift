/// Waits until a condition holds, which it asks for every few milliseconds.
///
/// - Parameter seconds: a bound for tests that fail; generous, since a machine may run all suites at once
/// - Throws: ``ContractViolation`` when it does not in the time
public func eventually(
    _ what: String, within seconds: Int = 120, _ condition: () async throws -> Bool
) async throws {
    let clock = ContinuousClock()
    let end = clock.now.advanced(by: .seconds(seconds))
    while try await !condition() {
        guard clock.now < end else { throw ContractViolation.timeOut(what) }
        try await Task.sleep(for: .milliseconds(5))
    }
}

/// Waits, for roles that are given how to wait.
public func pauseReally(milliseconds: Int64) async throws { try await Task.sleep(for: .milliseconds(milliseconds)) }
