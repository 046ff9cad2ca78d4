public import Domain
import Foundation
import GRDB

// What a backup must not forget of the ledger that gives way to it.
extension SQLiteLedger {
    /// What the ledger that gives way knows and the backup does not.
    public struct Withheld: Hashable, Sendable {
        /// Cards that were taken out of the pool again, because they have been sold or voided since.
        public let cards: Int
        /// Orders that wait for their payment in the backup, and have been delivered since.
        public let delivered: [OrderID]
    }

    /// Voids the cards that are available in a backup and have been sold or voided since: otherwise they would be sold
    /// a second time. Cards are recognised by product and fingerprint, so nothing happens to a backup of another shop.
    ///
    /// - Parameters:
    ///   - copy: the backup, brought up to date, that nobody has open
    ///   - replaced: the ledger that gives way; it is only read
    /// - Throws: *internal* when one of them cannot be read.
    public static func withhold(in copy: String, soldIn replaced: String) throws(ShopError) -> Withheld {
        try explaining("what was sold since the backup cannot be read") {
            let queue = try DatabaseQueue(path: copy, configuration: copyConfiguration())
            let withheld = try queue.writeWithoutTransaction { database in
                try database.execute(sql: "ATTACH DATABASE ? AS replaced", arguments: [replaced])
                defer { try? database.execute(sql: "DETACH DATABASE replaced") }
                var withheld = Withheld(cards: 0, delivered: [])
                try database.inTransaction {
                    try database.execute(
                        sql: """
                            UPDATE cards SET state = 'voided' WHERE state = 'available' AND EXISTS (
                                SELECT 1 FROM replaced.cards AS gone
                                WHERE gone.product_id = cards.product_id AND gone.fingerprint = cards.fingerprint
                                    AND gone.state IN ('sold', 'voided'))
                            """)
                    let cards = database.changesCount
                    let rows = try Row.fetchAll(
                        database,
                        sql: """
                            SELECT known.id FROM orders AS known JOIN replaced.orders AS since ON since.id = known.id
                            WHERE known.state = 'awaiting_payment' AND since.state = 'delivered' ORDER BY known.id
                            """)
                    withheld = Withheld(
                        cards: cards,
                        delivered: rows.compactMap { Identifier(bytes: $0[0] as Data).map { OrderID($0) } })
                    return .commit
                }
                return withheld
            }
            try queue.close()
            return withheld
        }
    }
}
