public import Domain
import Foundation
import GRDB
import SQLLedger
public import Shop

/// Whose personal data is to be erased.
public enum ErasureScope: Sendable {
    /// Everything of one buyer, all of whose orders are settled.
    case buyer(Buyer)
    /// All settled orders that were placed before a moment.
    case settledBefore(Timestamp)
}

/// What an erasure changed.
public struct ErasureReport: Hashable, Sendable {
    /// Buyers who got a pseudonym.
    public internal(set) var buyers = 0
    /// Orders without personal data now.
    public internal(set) var orders = 0
    /// Payments whose callback was blanked.
    public internal(set) var payments = 0
    /// Forged and repeated callbacks that were removed.
    public internal(set) var callbacks = 0
    /// Goods made by hand for one order that were removed.
    public internal(set) var fulfilments = 0
    /// Orders old enough that were left alone because they are not settled.
    public internal(set) var unsettledOrders = 0
    /// What the one buyer is called now.
    public internal(set) var pseudonym: String?
}

// Forgetting people. The books stay: who bought is replaced by a pseudonym, what was bought and paid is not.
extension SQLiteLedger {
    /// Erases personal data for good: afterwards it is in no page of the file and not in its log.
    ///
    /// A buyer's orders are changed in one transaction. The ledger must not be in use otherwise.
    ///
    /// - Throws: *wrong_state* when the one buyer has orders that are not settled; nothing is changed then.
    public func erase(
        _ scope: ErasureScope, by note: OwnerNote, at moment: Timestamp
    ) throws(ShopError) -> ErasureReport {
        // Two that empty the log at once refuse each other.
        checkpointer.close()
        let report = try Self.explaining("nothing more was erased") {
            try pool.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA secure_delete = ON")
                try database.inTransaction(.immediate) {
                    try RecentOrders(database: database).fileAll()
                    return .commit
                }
                let eraser = Eraser(database: database, note: note, moment: moment)
                switch scope {
                case .buyer(let buyer): return try eraser.erase(buyer)
                case .settledBefore(let cutoff): return try eraser.erase(before: cutoff)
                }
            }
        }
        // Pages that were freed or rewritten before still hold what they held, and so does the log.
        try Self.explaining("erased, but the file still holds traces; run the same command again") {
            try pool.writeWithoutTransaction { database in
                try database.checkpoint(.truncate)
                // The rebuilt ledger may be larger than the memory. The setting drops the temporary tables.
                try database.execute(sql: "PRAGMA temp_store = FILE")
                try database.execute(sql: "VACUUM")
                try database.checkpoint(.truncate)
                try database.execute(sql: "PRAGMA temp_store = MEMORY")
                try RecentOrders.open(database)
            }
        }
        return report
    }
}

/// The steps of an erasure, each buyer in one transaction.
private struct Eraser {
    let database: Database
    let note: OwnerNote
    let moment: Timestamp

    private var transaction: SQLiteTransaction { SQLiteTransaction(database) }

    /// Buyers in one transaction.
    private static let sliceBuyers = 200

    /// Nothing more can happen to the order by itself, and no money of it waits for a decision.
    private static let isSettled = """
        (o.state IN ('rejected', 'delivered', 'expired', 'cancelled', 'refunded') AND NOT EXISTS (
            SELECT 1 FROM refunds r WHERE r.order_id = o.id AND r.state <> 'done') AND NOT EXISTS (
            SELECT 1 FROM payments y WHERE y.order_id = o.id AND y.resolution = 'review'))
        """

    /// A contact is digits or has an @, so no buyer's own contact looks like this.
    private static let isErased = "o.contact GLOB 'erased-\(String(repeating: "[0-9a-f]", count: 16))'"

    /// Every order of a contact; all are filed by now.
    private static let isOfContact = """
        o.id IN (SELECT order_id FROM buyer_orders WHERE contact = ?)
        """

    // MARK: One buyer

    func erase(_ buyer: Buyer) throws -> ErasureReport {
        var report = ErasureReport()
        try database.inTransaction(.immediate) {
            let unsettled = try transaction.integer(
                "SELECT count(*) FROM orders o WHERE \(Self.isOfContact) AND NOT \(Self.isSettled)", [buyer.contact])
            guard unsettled == 0 else {
                throw ShopError(
                    .wrongState,
                    "this buyer has \(unsettled) unsettled \(unsettled == 1 ? "order" : "orders"); deliver, refund or "
                        + "cancel first, then erase")
            }
            let orders: [OrderID] = try transaction.column(
                "SELECT o.id FROM orders o WHERE \(Self.isOfContact)", [buyer.contact])
            report.callbacks = try removeCallbacks(naming: buyer.contact)
            if !orders.isEmpty {
                report.pseudonym = try rename(buyer.contact, orders, &report)
            } else if report.callbacks > 0 {
                try transaction.log("erase", subject: "callbacks", by: note, at: moment)
            }
            return .commit
        }
        return report
    }

    // MARK: All that is old

    func erase(before cutoff: Timestamp) throws -> ErasureReport {
        var report = ErasureReport()
        var last: [UInt8] = []
        var isDone = false
        while !isDone {
            try database.inTransaction(.immediate) {
                let orders = try transaction.rows(
                    """
                    SELECT o.id, o.contact FROM orders o WHERE o.id > ? AND o.created_at < ?
                        AND \(Self.isSettled) AND NOT \(Self.isErased) ORDER BY o.id LIMIT ?
                    """, [last, cutoff, Self.sliceBuyers])
                for contact in Set(try orders.map { try $0["contact"] as String }).sorted() {
                    try eraseOld(of: contact, before: cutoff, &report)
                }
                isDone = orders.count < Self.sliceBuyers
                last = try orders.last?["id"] ?? last
                return .commit
            }
        }
        report.callbacks = try transaction.run(
            "DELETE FROM payments WHERE verdict IN ('forged', 'duplicate') AND received_at < ?",
            [cutoff])
        report.unsettledOrders = try transaction.integer(
            "SELECT count(*) FROM orders o WHERE o.created_at < ? AND NOT \(Self.isSettled) AND NOT \(Self.isErased)",
            [cutoff])
        return report
    }

    private func eraseOld(of contact: String, before cutoff: Timestamp, _ report: inout ErasureReport) throws {
        let orders: [OrderID] = try transaction.column(
            "SELECT o.id FROM orders o WHERE \(Self.isOfContact) AND o.created_at < ? AND \(Self.isSettled)",
            [contact, cutoff])
        _ = try rename(contact, orders, &report)
    }

    // MARK: Parts

    /// Gives the buyer of some orders a pseudonym and removes what else tells who it was.
    private func rename(_ contact: String, _ orders: [OrderID], _ report: inout ErasureReport) throws -> String {
        let pseudonym = Self.pseudonym()
        for id in orders {
            try transaction.run(
                """
                DELETE FROM order_keys WHERE (product_id, idempotency_key) = (
                    SELECT product_id, idempotency_key FROM orders WHERE id = ?)
                """, [id])
            try transaction.run(
                """
                UPDATE orders SET contact = ?, fields = NULL, sealed_fields = NULL, query_tag = NULL,
                    idempotency_key = NULL, body_digest = NULL
                WHERE id = ? AND contact = ?
                """, [pseudonym, id, contact], rows: 1)
            try transaction.run(
                """
                UPDATE buyer_orders SET contact = ?1
                WHERE product_id = (SELECT product_id FROM orders WHERE id = ?2) AND contact = ?3 AND order_id = ?2
                """, [pseudonym, id, contact], rows: 1)
            report.payments += try transaction.run(
                "UPDATE payments SET raw = '' WHERE order_id = ? AND raw <> ''", [id])
            report.fulfilments += try transaction.run("DELETE FROM fulfilments WHERE order_id = ?", [id])
        }
        try transaction.log("erase", subject: pseudonym, by: note, at: moment)
        report.buyers += 1
        report.orders += orders.count
        return pseudonym
    }

    /// Removes callbacks that were believed by nobody and name the contact, as it is or as it stands in an address.
    private func removeCallbacks(naming contact: String) throws -> Int {
        let plain = Array(contact.utf8)
        let escaped = plain.map { byte in
            let isPlain = (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte) || "-._~".utf8.contains(byte)
            return isPlain ? String(UnicodeScalar(byte)) : "%" + Hexadecimal.text([byte])
        }.joined()
        return try transaction.run(
            """
            DELETE FROM payments WHERE verdict IN ('forged', 'duplicate')
                AND (instr(lower(raw), ?) > 0 OR instr(lower(raw), ?) > 0)
            """, [contact, escaped])
    }

    private static func pseudonym() -> String {
        let random = withUnsafeBytes(of: UInt64.random(in: .min ... .max).bigEndian) { Array($0) }
        return "erased-" + Hexadecimal.text(random)
    }
}
