public import Domain

/// Tells the time. Injected, so that tests decide what time it is.
public protocol Clock: Sendable {
    /// The present moment by the wall clock.
    func now() -> Timestamp
}

/// Makes identifiers from the clock and a source of randomness.
public struct IdentifierMaker: Sendable {
    private let clock: any Clock
    private let shard: UInt16
    private let random: @Sendable () -> UInt64

    /// - Parameters:
    ///   - shard: the ledger that will hold what is named
    ///   - random: 64 unpredictable bits a call
    public init(clock: any Clock, shard: UInt16, random: @escaping @Sendable () -> UInt64) {
        self.clock = clock
        self.shard = shard
        self.random = random
    }

    /// A new identifier.
    public func make() -> Identifier { Identifier(time: clock.now(), shard: shard, random: random()) }
}
