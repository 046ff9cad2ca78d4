import Domain
import Foundation

/// Decides when recent orders are moved to the file, and in which slices. Event in, action out.
struct FilingMachine: Sendable {
    /// What the shell must do.
    enum Action: Hashable, Sendable {
        /// Nothing.
        case none
        /// Begin with the orders that there are now, and call ``moved(_:moved:)``.
        case begin
        /// File the next slice, and call ``moved(_:moved:)``.
        case move(RecentOrders.Step, through: Data)
    }

    private let limits: Limits
    /// Orders that are filed in memory.
    private(set) var recent = 0
    private var isUnderWay = false

    init(limits: Limits) { self.limits = limits }

    /// Whether memory is full, so that new orders must be filed in the file at once.
    var isFull: Bool { recent >= limits.recentOrders }

    /// Orders were placed and filed in memory.
    mutating func placed(_ count: Int) -> Action {
        recent += count
        guard !isUnderWay, recent >= limits.filingOrders else { return .none }
        isUnderWay = true
        return .begin
    }

    /// A slice is in the file; `left` are the orders still in memory, if they were counted.
    mutating func moved(_ next: RecentOrders.Step, through last: Data, left: Int?) -> Action {
        if let left { recent = left }
        if next != .done { return .move(next, through: last) }
        isUnderWay = false
        return .none
    }

    /// A slice could not be written; the next orders try again.
    mutating func failed() { isUnderWay = false }
}
