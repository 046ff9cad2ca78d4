import Domain

/// Decides when recent orders are moved to the file, and in which slices. Event in, action out.
struct FilingMachine: Sendable {
    /// What the shell must do.
    enum Action: Hashable, Sendable {
        /// Nothing.
        case none
        /// File the next slice, and call ``moved(_:count:)``.
        case move(RecentOrders.Step, through: Identifier)
    }

    private let limits: Limits
    /// Orders that are filed in memory, and the newest there has been.
    private(set) var recent = 0
    private var newest: Identifier?
    /// While orders are being filed: through which one.
    private(set) var target: Identifier?

    init(limits: Limits) { self.limits = limits }

    /// Whether memory is full, so that new orders must be filed in the file at once.
    var isFull: Bool { recent >= limits.recentOrders }

    /// Orders in one slice: more of them when memory fills faster than it is emptied.
    var sliceOrders: Int { limits.filingSliceOrders * (recent > limits.recentOrders / 2 ? 4 : 1) }

    /// Orders were placed, and so many of them filed in memory; `newest` is the newest of these.
    mutating func placed(_ count: Int, newest id: Identifier?) -> Action {
        recent += count
        if let id { newest = max(id, newest ?? id) }
        return begin()
    }

    private mutating func begin() -> Action {
        guard target == nil, recent >= limits.filingOrders, let newest else { return .none }
        target = newest
        return .move(.buyers(after: RecentOrders.Place()), through: newest)
    }

    /// A slice is in the file, and so many orders are out of memory. What came meanwhile may be enough to go on with;
    /// when memory is full, no placed order would start it.
    mutating func moved(_ next: RecentOrders.Step, count: Int) -> Action {
        recent -= count
        if next != .done, let target { return .move(next, through: target) }
        target = nil
        return begin()
    }

    /// A slice could not be written; the next orders try again.
    mutating func failed() { target = nil }
}
