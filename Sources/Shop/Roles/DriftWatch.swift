/// Compares what a gate believes with what its ledger has. Event in, action out.
///
/// During a sale the two are never looked at in the same moment, so a difference means little. One that stays the same
/// over several looks, while no order is on its way, is a release or a restock that the gate never heard of.
public struct DriftWatch: Hashable, Sendable {
    /// Cards that the ledger has and the gate does not know of, or, when negative, the other way round, as of the last
    /// look. Pools that agree are not in it.
    public private(set) var drift: [StockPlace: Int] = [:]
    private var looks = 0
    private let looksNeeded: Int

    /// - Parameter looksNeeded: looks with the same difference after which the gate is loaded anew
    public init(looksNeeded: Int = 3) { self.looksNeeded = looksNeeded }

    /// The gate is in use: what was seen so far says nothing any more.
    public mutating func disturb() { looks = 0 }

    /// One look.
    ///
    /// - Parameters:
    ///   - ledger: available cards in the ledger
    ///   - gate: the same in the gate
    ///   - isQuiet: whether no admitted order waited to be judged
    /// - Returns: whether the gate is to be loaded anew
    public mutating func look(ledger: [StockPlace: Int], gate: [StockPlace: Int], isQuiet: Bool) -> Bool {
        var found: [StockPlace: Int] = [:]
        for place in Set(ledger.keys).union(gate.keys) {
            let difference = (ledger[place] ?? 0) - (gate[place] ?? 0)
            if difference != 0 { found[place] = difference }
        }
        looks = isQuiet && !found.isEmpty ? (found == drift ? looks + 1 : 1) : 0
        drift = found
        guard looks >= looksNeeded else { return false }
        looks = 0
        return true
    }
}
