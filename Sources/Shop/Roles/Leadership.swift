/// Whether a node leads. Event in, action out.
///
/// A leader that does not hear that its lease was prolonged stops by itself before others may take it: it counts from
/// the moment at which it asked, by a clock that does not go back, and gives up a part of the lease for clocks that run
/// at unequal speed.
public struct LeadershipMachine: Hashable, Sendable {
    /// What a node may do.
    public enum Standing: Hashable, Sendable {
        /// Another one leads, or nobody.
        case follower
        /// This one, in this term.
        case leader(term: Int64)
    }

    private let leaseMilliseconds: Int64
    private var term: Int64?
    private var until: Int64 = 0

    /// - Parameter leaseMilliseconds: how long a lease lasts
    public init(leaseMilliseconds: Int64) { self.leaseMilliseconds = leaseMilliseconds }

    /// Milliseconds between two requests.
    public var pauseMilliseconds: Int64 { leaseMilliseconds / 4 }

    /// Where the node stands.
    ///
    /// - Parameter now: milliseconds of a clock that does not go back
    public func standing(at now: Int64) -> Standing {
        guard let term, now < until else { return .follower }
        return .leader(term: term)
    }

    /// An answer came.
    ///
    /// - Parameters:
    ///   - term: nil when another one leads
    ///   - asked: when it was asked for
    public mutating func answered(_ term: Int64?, asked: Int64) {
        self.term = term
        until = asked + leaseMilliseconds - leaseMilliseconds / 8
    }
}
