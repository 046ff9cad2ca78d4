import Domain
import NIOConcurrencyHelpers

/// Where in each pool the oldest free card stood a moment ago. A sale leaves a dead entry of the free cards' index for
/// each card; until they are cleared away, a search from the beginning goes past all of them.
///
/// A hint and no more: cards that came back since are found when those after it do not suffice.
final class PoolHints: Sendable {
    private let places = NIOLockedValueBox<[Int64: Int64]>([:])
    /// Products that are remembered; beyond, all are forgotten.
    private static let most = 10_000

    /// From where free cards of a product are to be looked for.
    subscript(_ product: Int64) -> Int64 { places.withLockedValue { $0[product] ?? 0 } }

    /// The oldest free card of a product is this one.
    func note(_ product: Int64, _ place: Int64) {
        places.withLockedValue { places in
            if places.count >= Self.most { places = [:] }
            places[product] = place
        }
    }

    /// A card of the product may have come back.
    func forget(_ product: ProductID) { places.withLockedValue { $0[product.number] = nil } }
}
