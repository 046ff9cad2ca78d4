import Domain
import Foundation
import GRDB

/// Orders that cannot be found yet by their buyer or their idempotency key in the file.
///
/// Filing an order under these two touches a page of its own for each, at a random place, and every touched page is
/// written to the log at the commit. So the newest orders are filed in memory first, in temporary tables of the writing
/// connection, and thousands at a time are moved to the file in the order of their buyers. An order is in one of both
/// places, never in neither: the file says through which order it is complete, and at start the orders after that one
/// are filed in memory anew.
struct RecentOrders {
    let database: Database

    /// Makes the temporary tables. To be called once, on the writing connection.
    static func open(_ database: Database) throws {
        try database.execute(
            sql: """
                CREATE TEMP TABLE recent_buyer_orders (
                    product_id INTEGER NOT NULL,
                    contact TEXT NOT NULL,
                    ended INTEGER NOT NULL,
                    order_id BLOB NOT NULL,
                    PRIMARY KEY (contact, ended, product_id, order_id)
                ) WITHOUT ROWID;
                CREATE TEMP TABLE recent_order_keys (
                    product_id INTEGER NOT NULL,
                    idempotency_key TEXT NOT NULL,
                    order_id BLOB NOT NULL,
                    PRIMARY KEY (product_id, idempotency_key)
                ) WITHOUT ROWID;
                INSERT INTO recent_buyer_orders
                    SELECT product_id, contact, \(SQLiteStatements.hasEnded), id FROM orders o
                    WHERE id > (SELECT through FROM filed_orders) AND NOT EXISTS (
                        SELECT 1 FROM buyer_orders b WHERE b.product_id = o.product_id AND b.contact = o.contact
                            AND b.ended = \(SQLiteStatements.hasEnded) AND b.order_id = o.id);
                INSERT INTO recent_order_keys
                    SELECT product_id, idempotency_key, id FROM orders o
                    WHERE id > (SELECT through FROM filed_orders) AND idempotency_key IS NOT NULL AND NOT EXISTS (
                        SELECT 1 FROM order_keys k WHERE k.product_id = o.product_id
                            AND k.idempotency_key = o.idempotency_key);
                """)
    }

    /// Orders that are filed in memory.
    func count() throws -> Int {
        try Int.fetchOne(database, sql: "SELECT count(*) FROM recent_buyer_orders") ?? 0
    }

    /// The order through which the file is complete.
    func through() throws -> Identifier? {
        try Data.fetchOne(database.cachedStatement(sql: "SELECT through FROM filed_orders"))
            .flatMap { Identifier(bytes: $0) }
    }

    /// The newest order there is in memory; nil when there is none.
    func newest() throws -> Identifier? {
        try Data.fetchOne(database, sql: "SELECT max(order_id) FROM recent_buyer_orders")
            .flatMap { Identifier(bytes: $0) }
    }

    // MARK: Moving to the file

    /// Where a filing goes on: after this buyer, or this product and idempotency key.
    struct Place: Hashable, Sendable {
        var product: Int64 = 0
        var text = ""
    }

    /// What is left to be filed through one order.
    enum Step: Hashable, Sendable {
        case buyers(after: Place)
        case keys(after: Place)
        case done
    }

    /// Files so many of the orders through `last`, in the order of what they are filed under, so that neighbours share
    /// a page. While that goes on, orders through `last` must not be filed in memory any more.
    ///
    /// - Returns: where to go on, and how many orders are out of memory now
    func file(_ step: Step, through last: Identifier, limit: Int) throws -> (next: Step, moved: Int) {
        switch step {
        case .buyers(let place):
            let part = try move(place, last, limit, Self.buyers)
            return (part.map { .buyers(after: $0.end) } ?? .keys(after: Place()), part?.moved ?? 0)
        case .keys(let place):
            let part = try move(place, last, limit, Self.keys)
            if let part { return (.keys(after: part.end), 0) }
            try database.execute(
                sql: "UPDATE filed_orders SET through = max(through, ?)", arguments: [Data(last.bytes)])
            return (.done, 0)
        case .done:
            return (.done, 0)
        }
    }

    /// From where to where, and in which order.
    private struct Lane {
        let recent: String
        let file: String
        /// The two parts of a ``Place``.
        let columns: String
        let order: String
        let isAfter: String
        let isUpTo: String
    }

    private static let buyers = Lane(
        recent: "recent_buyer_orders", file: "buyer_orders", columns: "0 AS product_id, contact AS text",
        order: "contact", isAfter: "contact > ?2", isUpTo: "contact <= ?4")
    private static let keys = Lane(
        recent: "recent_order_keys", file: "order_keys", columns: "product_id, idempotency_key AS text",
        order: "product_id, idempotency_key", isAfter: "(product_id, idempotency_key) > (?1, ?2)",
        isUpTo: "(product_id, idempotency_key) <= (?3, ?4)")

    private func move(
        _ place: Place, _ last: Identifier, _ limit: Int, _ lane: Lane
    ) throws -> (end: Place, moved: Int)? {
        let bound = try Row.fetchOne(
            database.cachedStatement(
                sql: """
                    SELECT product_id, text FROM (
                        SELECT \(lane.columns) FROM \(lane.recent)
                        WHERE \(lane.isAfter) AND order_id <= ?3 ORDER BY \(lane.order) LIMIT ?4)
                    ORDER BY product_id DESC, text DESC LIMIT 1
                    """), arguments: [place.product, place.text, Data(last.bytes), limit])
        guard let bound else { return nil }
        let end = Place(product: bound[0], text: bound[1])
        let range = "\(lane.isAfter) AND \(lane.isUpTo) AND order_id <= ?5"
        let arguments: StatementArguments = [place.product, place.text, end.product, end.text, Data(last.bytes)]
        try database.cachedStatement(sql: "INSERT INTO \(lane.file) SELECT * FROM \(lane.recent) WHERE \(range)")
            .execute(arguments: arguments)
        try database.cachedStatement(sql: "DELETE FROM \(lane.recent) WHERE \(range)").execute(arguments: arguments)
        return (end, database.changesCount)
    }

    /// Files everything at once, for those who need the file to be complete.
    func fileAll() throws {
        guard let last = try newest() else { return }
        var step = Step.buyers(after: Place())
        while step != .done { step = try file(step, through: last, limit: .max).next }
    }
}
