public import Domain

/// Judges a recorded payment that waits in *review* anew, through the normal path.
public struct ReplayPayment: Sendable {
    private let ledger: any Ledger
    private let announcer: Announcer
    private let clock: any Clock

    /// Puts the parts together.
    public init(ledger: any Ledger, announcer: Announcer, clock: any Clock) {
        self.ledger = ledger
        self.announcer = announcer
        self.clock = clock
    }

    /// A payment that does not wait in *review* stays as it is, so that a repeated replay does nothing.
    ///
    /// - Throws: *not_found*; *wrong_state* for a forged entry.
    public func callAsFunction(_ payment: Int64, by note: OwnerNote) async throws(ShopError) -> PaymentReplay {
        let replay = try await ledger.replay(payment, by: note, at: clock.now())
        announcer.announce(replay.change)
        return replay
    }
}
