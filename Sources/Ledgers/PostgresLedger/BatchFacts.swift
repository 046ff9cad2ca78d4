import Domain
import SQLLedger

/// A buyer of one product.
struct BuyerOfProduct: Hashable {
    let product: ProductID
    let contact: String
}

/// A buyer who uses one coupon.
struct BuyerOfCoupon: Hashable {
    let coupon: CouponID
    let contact: String
}

/// An idempotency key, which each product has for itself.
struct KeyOfProduct: Hashable {
    let product: ProductID
    let key: String
}

/// All that the ledger knows of a batch, as of one moment in which nobody else places orders of its products.
struct BatchFacts {
    /// Orders that are there under an identifier of the batch.
    var orders: [OrderID: Order] = [:]
    /// Orders that are there under an idempotency key of the batch, with the digest of what was asked for.
    var keys: [KeyOfProduct: (order: Order, digest: [UInt8])] = [:]
    /// Orders that were cancelled before they came.
    var fences: Set<OrderID> = []
    /// What the buyers have.
    var units: [BuyerOfProduct: BuyerUnits] = [:]
    /// Free cards of each product, oldest first.
    var pools: [ProductID: ArraySlice<Int64>] = [:]
    /// Picked cards that are free.
    var picks: [Int64: (product: ProductID, surcharge: Int64)] = [:]
    var coupons: [CouponID: CouponState] = [:]
    /// How often the buyers have used the coupons that have a limit for each.
    var uses: [BuyerOfCoupon: Int] = [:]
}
