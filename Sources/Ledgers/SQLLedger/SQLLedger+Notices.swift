public import Domain
import Foundation
import GRDB
public import Shop

// Announcements and the blacklist.
extension SQLiteLedger {
    // MARK: Announcements

    public func announcements() async throws(ShopError) -> [Announcement] {
        try await read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM announcements ORDER BY id DESC").map {
                try Announcement(row: $0)
            }
        }
    }

    public func store(
        announcement id: Int64?, title: String, text: String, window: SaleWindow, isPinned: Bool, _ deed: OwnerDeed
    ) async throws(ShopError) -> Announcement {
        let maximum = limits.announcements
        return try await write(.urgent) { database in
            let transaction = LedgerTransaction(database: database)
            let values: StatementArguments = [
                title, text, window.opensAt?.milliseconds, window.closesAt?.milliseconds, isPinned,
            ]
            if let id {
                let changed = try transaction.run(
                    """
                    UPDATE announcements SET title = ?, text = ?, opens_at = ?, closes_at = ?, pinned = ? WHERE id = ?
                    """, values + [id])
                guard changed == 1 else { throw Self.noAnnouncement }
            } else {
                try Self.checkRoom(in: "announcements", maximum, database)
                try transaction.run(
                    """
                    INSERT INTO announcements (title, text, opens_at, closes_at, pinned, created_at)
                    VALUES (?, ?, ?, ?, ?, ?)
                    """, values + [deed.at.milliseconds], rows: 1)
            }
            let stored = id ?? database.lastInsertedRowID
            try transaction.log("announcement", subject: "announcement \(stored)", deed)
            let sql = "SELECT * FROM announcements WHERE id = ?"
            guard let row = try Row.fetchOne(database, sql: sql, arguments: [stored]) else {
                throw Row.damaged("announcement")
            }
            return try Announcement(row: row)
        }
    }

    public func remove(announcement id: Int64, _ deed: OwnerDeed) async throws(ShopError) {
        try await write(.urgent) { database in
            let transaction = LedgerTransaction(database: database)
            guard try transaction.run("DELETE FROM announcements WHERE id = ?", [id]) == 1 else {
                throw Self.noAnnouncement
            }
            try transaction.log("announcement", subject: "announcement \(id) removed", deed)
        }
    }

    private static var noAnnouncement: ShopError { ShopError(.notFound, "no such announcement") }

    // MARK: Blacklist

    public func blocks(after: Int64?, limit: Int) async throws(ShopError) -> [Block] {
        try await read { database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM blocks WHERE id < ? ORDER BY id DESC LIMIT ?",
                arguments: [after ?? .max, limit]
            ).map { try Block(row: $0) }
        }
    }

    public func block(_ party: BlockedParty, _ deed: OwnerDeed) async throws(ShopError) -> Block {
        let maximum = limits.blocks
        return try await write(.urgent) { database in
            try Self.checkRoom(in: "blocks", maximum, database)
            let transaction = LedgerTransaction(database: database)
            let (kind, value, length) = party.columns
            let inserted = try transaction.run(
                "INSERT OR IGNORE INTO blocks (kind, value, length, reason, created_at) VALUES (?, ?, ?, ?, ?)",
                [kind, value, length, deed.note.reason, deed.at.milliseconds])
            guard inserted == 1 else { throw ShopError(.alreadyExists, "this one is on the blacklist") }
            let id = database.lastInsertedRowID
            // Whom it is about, and why, stands in the list only: what is in the journal stays for ever.
            let note = OwnerNote(actor: deed.note.actor, reason: nil)
            try transaction.log("block", subject: "block \(id)", by: note, at: deed.at)
            return Block(id: id, party: party, reason: deed.note.reason, createdAt: deed.at)
        }
    }

    public func unblock(_ id: Int64, _ deed: OwnerDeed) async throws(ShopError) {
        try await write(.urgent) { database in
            let transaction = LedgerTransaction(database: database)
            guard try transaction.run("DELETE FROM blocks WHERE id = ?", [id]) == 1 else {
                throw ShopError(.notFound, "no such entry of the blacklist")
            }
            try transaction.log("unblock", subject: "block \(id)", deed)
        }
    }
}

extension Announcement {
    init(row: Row) throws {
        let window = SaleWindow(opensAt: row.timestamp("opens_at"), closesAt: row.timestamp("closes_at"))
        guard let window, let createdAt = row.timestamp("created_at") else { throw Row.damaged("announcement") }
        self.init(
            id: row["id"], title: row["title"], text: row["text"], window: window, isPinned: row["pinned"],
            createdAt: createdAt)
    }
}

extension BlockedParty {
    fileprivate var columns: (kind: String, value: Data, length: Int) {
        switch self {
        case .contact(let buyer): ("contact", Data(buyer.contact.utf8), 0)
        case .domain(let domain): ("domain", Data(domain.utf8), 0)
        case .addresses(let range): ("addresses", Data(range.network), range.length)
        }
    }
}

extension Block {
    init(row: Row) throws {
        let value = row["value"] as Data
        let text = String(decoding: value, as: UTF8.self)
        let party: BlockedParty? =
            switch row["kind"] as String {
            case "contact": .contact(Buyer(stored: text))
            case "domain": .domain(text)
            default: AddressRange(network: Array(value), length: row["length"]).map { .addresses($0) }
            }
        guard let party, let createdAt = row.timestamp("created_at") else { throw Row.damaged("block") }
        self.init(id: row["id"], party: party, reason: row["reason"], createdAt: createdAt)
    }
}
