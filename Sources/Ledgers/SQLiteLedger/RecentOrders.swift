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
                    PRIMARY KEY (product_id, contact, ended, order_id)
                ) WITHOUT ROWID;
                CREATE TEMP TABLE recent_order_keys (
                    product_id INTEGER NOT NULL,
                    idempotency_key TEXT NOT NULL,
                    order_id BLOB NOT NULL,
                    PRIMARY KEY (product_id, idempotency_key)
                ) WITHOUT ROWID;
                INSERT INTO recent_buyer_orders
                    SELECT product_id, contact, \(Statements.hasEnded), id FROM orders o
                    WHERE id > (SELECT through FROM filed_orders) AND NOT EXISTS (
                        SELECT 1 FROM buyer_orders b WHERE b.product_id = o.product_id AND b.contact = o.contact
                            AND b.ended = \(Statements.hasEnded) AND b.order_id = o.id);
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
    func through() throws -> Data {
        try Data.fetchOne(database.cachedStatement(sql: "SELECT through FROM filed_orders")) ?? Data()
    }

    /// The newest order there is in memory; nil when there is none.
    func newest() throws -> Data? {
        try Data.fetchOne(database, sql: "SELECT max(order_id) FROM recent_buyer_orders")
    }

    // MARK: Moving to the file

    /// Where a filing goes on: after this product and buyer, or this product and idempotency key.
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
    /// a page.
    ///
    /// - Returns: where to go on
    func file(_ step: Step, through last: Data, limit: Int) throws -> Step {
        switch step {
        case .buyers(let place):
            let next = try move(place, last, limit, from: "recent_buyer_orders", to: "buyer_orders", by: "contact")
            return next.map { .buyers(after: $0) } ?? .keys(after: Place())
        case .keys(let place):
            let next = try move(
                place, last, limit, from: "recent_order_keys", to: "order_keys", by: "idempotency_key")
            if let next { return .keys(after: next) }
            try finish(through: last)
            return .done
        case .done:
            return .done
        }
    }

    private func move(
        _ place: Place, _ last: Data, _ limit: Int, from recent: String, to table: String, by column: String
    ) throws -> Place? {
        // The limit may cut through the orders of one buyer; then these come with the next slice.
        let bound = try Row.fetchOne(
            database.cachedStatement(
                sql: """
                    SELECT product_id, \(column) FROM (
                        SELECT product_id, \(column) FROM \(recent)
                        WHERE (product_id, \(column)) > (?, ?) AND order_id <= ?
                        ORDER BY product_id, \(column) LIMIT ?)
                    ORDER BY product_id DESC, \(column) DESC LIMIT 1
                    """), arguments: [place.product, place.text, last, limit])
        guard let bound else { return nil }
        let end = Place(product: bound[0], text: bound[1])
        let range = """
            (product_id, \(column)) > (?1, ?2) AND (product_id, \(column)) <= (?3, ?4) AND order_id <= ?5
            """
        let arguments: StatementArguments = [place.product, place.text, end.product, end.text, last]
        try database.cachedStatement(sql: "INSERT INTO \(table) SELECT * FROM \(recent) WHERE \(range)")
            .execute(arguments: arguments)
        try database.cachedStatement(sql: "DELETE FROM \(recent) WHERE \(range)").execute(arguments: arguments)
        return end
    }

    /// Orders that came meanwhile with an older id go along, so that the file is complete through `last`.
    private func finish(through last: Data) throws {
        for sql in [
            "INSERT INTO buyer_orders SELECT * FROM recent_buyer_orders WHERE order_id <= ?",
            "DELETE FROM recent_buyer_orders WHERE order_id <= ?",
            "INSERT INTO order_keys SELECT * FROM recent_order_keys WHERE order_id <= ?",
            "DELETE FROM recent_order_keys WHERE order_id <= ?",
            "UPDATE filed_orders SET through = max(through, ?)",
        ] {
            try database.execute(sql: sql, arguments: [last])
        }
    }

    /// Files everything at once, for those who need the file to be complete.
    func fileAll() throws {
        guard let last = try newest() else { return }
        var step = Step.buyers(after: Place())
        while step != .done { step = try file(step, through: last, limit: .max) }
    }
}
