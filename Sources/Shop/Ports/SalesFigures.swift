public import Domain

/// Which hours or days figures are asked for, and of which product.
public struct FigureSpan: Hashable, Sendable {
    /// How long one bucket is.
    public enum Bucket: Int64, Hashable, Sendable {
        /// An hour, in seconds.
        case hour = 3600
        /// 24 hours, in seconds; it begins when the first one does, so a day of a time zone is one of its days except
        /// where its clocks are changed.
        case day = 86_400
    }

    /// When the first bucket begins.
    public let start: Timestamp
    /// How long each is.
    public let bucket: Bucket
    /// How many there are, from 1.
    public let count: Int
    /// Of this product only.
    public let product: ProductID?

    /// - Throws: *invalid_request* that names `count` when there would be none, or more than
    ///   ``Limits/figureBuckets``, and `from` for a start before 1970.
    public init(
        from start: Timestamp, by bucket: Bucket, count: Int, product: ProductID? = nil, limits: Limits
    ) throws(ShopError) {
        guard (1...limits.figureBuckets).contains(count) else {
            throw .invalid("count", "must be from 1 to \(limits.figureBuckets)")
        }
        guard start.milliseconds >= 0, start.milliseconds < 1 << 47 else {
            throw .invalid("from", "must be a time from 1970 on")
        }
        self.start = start
        self.bucket = bucket
        self.count = count
        self.product = product
    }

    /// When the last bucket ends.
    public var end: Timestamp { self.start(of: count) }

    /// When a bucket begins, the first of which is 0.
    public func start(of index: Int) -> Timestamp { start.advanced(seconds: bucket.rawValue * Int64(index)) }
}

/// What became of the orders that were placed in one hour or day, as they stand now.
public struct SalesFigures: Hashable, Sendable {
    /// When the hour or day begins.
    public let start: Timestamp
    /// Orders that were placed; those that were refused are none.
    public var placed: Int
    /// Those of them whose buyers have the goods.
    public var delivered: Int
    /// Those of them that were not paid in time.
    public var expired: Int
    /// What those of them that are paid or delivered cost, by currency, in minor units. Money that is given back, or
    /// waits for the owner, is not in it.
    public var takings: [Currency: Int64]

    /// Puts the parts together.
    public init(
        start: Timestamp, placed: Int = 0, delivered: Int = 0, expired: Int = 0, takings: [Currency: Int64] = [:]
    ) {
        self.start = start
        self.placed = placed
        self.delivered = delivered
        self.expired = expired
        self.takings = takings
    }

    /// Adds what another ledger says of the same time.
    public mutating func add(_ other: SalesFigures) {
        placed += other.placed
        delivered += other.delivered
        expired += other.expired
        takings.merge(other.takings, uniquingKeysWith: +)
    }
}
