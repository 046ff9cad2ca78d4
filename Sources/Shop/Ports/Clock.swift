public import Domain

/// Tells the time. Injected, so that tests decide what time it is.
public protocol Clock: Sendable {
    /// The present moment by the wall clock.
    func now() -> Timestamp
}

/// Makes identifiers from the clock and a source of randomness.
public struct IdentifierMaker: Sendable {
    private let clock: any Clock
    private let random: @Sendable () -> UInt64

    /// - Parameters:
    ///   - random: 64 unpredictable bits a call
    public init(clock: any Clock, random: @escaping @Sendable () -> UInt64) {
        self.clock = clock
        self.random = random
    }

    /// A new identifier.
    ///
    /// - Parameter shard: the ledger that holds what is named
    public func make(shard: UInt16 = 0) -> Identifier {
        Identifier(time: clock.now(), shard: shard, random: random())
    }
}
