public import Domain

/// Loads the gate from the ledger; until then it is closed.
public struct OpenGate: Sendable {
    private let ledger: any Ledger
    private let gate: any Gate
    private let clock: any Clock
    private let limits: Limits

    /// Puts the parts together.
    public init(ledger: any Ledger, gate: any Gate, clock: any Clock, limits: Limits) {
        self.ledger = ledger
        self.gate = gate
        self.clock = clock
        self.limits = limits
    }

    /// Must run before orders are taken, since changes between snapshot and load would be missed.
    public func callAsFunction() async throws(ShopError) {
        let snapshot = try await ledger.gateSnapshot(
            keysSince: clock.now().advanced(seconds: -limits.gateKeySeconds), maximumUnits: limits.gateBuyers,
            maximumKeys: limits.gateKeys)
        try await gate.load(snapshot)
    }
}
