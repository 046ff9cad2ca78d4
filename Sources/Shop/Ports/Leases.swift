public import Domain

/// Says who of several nodes does what only one may do.
public protocol Leases: Sendable {
    /// Takes a lease that is free or has run out, or holds on to one's own. Whether it has run out is for the engine's
    /// clock to say.
    ///
    /// - Parameters:
    ///   - name: what is leased
    ///   - holder: who asks; another name for each node and each of its starts
    ///   - milliseconds: for how long from now; with 0 it is given up, so that others need not wait for its end
    /// - Returns: its term, a number that is higher for each new holder; nil when another one has it
    func hold(_ name: String, by holder: String, milliseconds: Int64) async throws(ShopError) -> Int64?
}
