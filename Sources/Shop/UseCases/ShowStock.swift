public import Domain

/// What is told of a product's stock.
public enum ShownStock: Hashable, Sendable {
    /// There is no end to it.
    case endless
    /// Units that any order gets, and units that only an order gets which picks them; nil where none can be picked.
    case counted(drawn: Int, picked: Int?)
    /// Roughly.
    case band(StockBand)
    /// Nothing.
    case hidden

    /// Whether visitors are told that nothing is left.
    public var isNothing: Bool {
        switch self {
        case .counted(let drawn, let picked): drawn + (picked ?? 0) == 0
        case .band(let band): band == .none
        case .endless, .hidden: false
        }
    }
}

/// Says how much of a product is left, as far as its owner tells. A word of the gate, which promises nothing.
public struct ShowStock: Sendable {
    private let gate: any Gate

    /// Puts the parts together.
    public init(gate: any Gate) { self.gate = gate }

    /// What visitors are told.
    public func callAsFunction(_ listing: Listing) -> ShownStock {
        let product = listing.product
        if listing.page.stockDisplay == .hidden { return .hidden }
        guard product.kind.isPooled else { return .endless }
        let drawn = max(0, gate.available(product.id, .drawn))
        let picked = product.isPickable ? max(0, gate.available(product.id, .picked)) : nil
        if listing.page.stockDisplay == .band { return .band(StockBand(drawn + (picked ?? 0))) }
        return .counted(drawn: drawn, picked: picked)
    }
}
