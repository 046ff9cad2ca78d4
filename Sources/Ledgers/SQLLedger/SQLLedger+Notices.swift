public import Domain
public import Shop

// Announcements and the blacklist.
extension SQLLedger {
    // MARK: Announcements

    public func announcements() async throws(ShopError) -> [Announcement] {
        try await read { transaction in
            try transaction.rows("SELECT * FROM announcements ORDER BY id DESC").map {
                try Announcement(row: $0)
            }
        }
    }

    public func store(
        announcement id: Int64?, title: String, text: String, window: SaleWindow, isPinned: Bool, _ deed: OwnerDeed
    ) async throws(ShopError) -> Announcement {
        let maximum = limits.announcements
        return try await write(.urgent) { transaction in
            let values: SQLArguments = [
                title, text, window.opensAt, window.closesAt, isPinned,
            ]
            let stored: Int64
            let before = try id.flatMap { try transaction.lockedAnnouncement($0) }
            if let id {
                stored = id
                let changed = try transaction.run(
                    """
                    UPDATE announcements SET title = ?, text = ?, opens_at = ?, closes_at = ?, pinned = ? WHERE id = ?
                    """, values + [id])
                guard changed == 1 else { throw Self.noAnnouncement }
            } else {
                try transaction.checkRoom(in: "announcements", maximum)
                stored = try transaction.inserted(
                    """
                    INSERT INTO announcements (title, text, opens_at, closes_at, pinned, created_at)
                    VALUES (?, ?, ?, ?, ?, ?)
                    """, values + [deed.at])
            }
            guard let after = try transaction.lockedAnnouncement(stored) else { throw SQLRow.damaged("announcement") }
            try transaction.log(
                "announcement", subject: "announcement \(stored)", deed, before: before?.facts, after: after.facts)
            return after
        }
    }

    public func remove(announcement id: Int64, _ deed: OwnerDeed) async throws(ShopError) {
        try await write(.urgent) { transaction in
            guard let before = try transaction.lockedAnnouncement(id) else { throw Self.noAnnouncement }
            try transaction.run("DELETE FROM announcements WHERE id = ?", [id], rows: 1)
            try transaction.log("announcement", subject: "announcement \(id) removed", deed, before: before.facts)
        }
    }

    private static var noAnnouncement: ShopError { ShopError(.notFound, "no such announcement") }

    // MARK: Blacklist

    public func blocks(after: Int64?, limit: Int) async throws(ShopError) -> [Block] {
        try await read { transaction in
            try transaction.rows("SELECT * FROM blocks WHERE id < ? ORDER BY id DESC LIMIT ?", [after ?? .max, limit])
                .map { try Block(row: $0) }
        }
    }

    public func block(_ party: BlockedParty, _ deed: OwnerDeed) async throws(ShopError) -> Block {
        let maximum = limits.blocks
        return try await write(.urgent) { transaction in
            try transaction.checkRoom(in: "blocks", maximum)
            let (kind, value, length) = party.columns
            let inserted = try transaction.insert(
                """
                INSERT INTO blocks (kind, value, length, reason, created_at) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT DO NOTHING
                """, [kind, value, length, deed.note.reason, deed.at])
            guard let id = inserted else { throw ShopError(.alreadyExists, "this one is on the blacklist") }
            // Whom it is about, and why, stands in the list only: what is in the journal stays for ever.
            let note = OwnerNote(actor: deed.note.actor, reason: nil)
            let block = Block(id: id, party: party, reason: deed.note.reason, createdAt: deed.at)
            try transaction.log(
                "block", subject: "block \(id)", OwnerDeed(by: note, at: deed.at), after: block.facts)
            return block
        }
    }

    public func unblock(_ id: Int64, _ deed: OwnerDeed) async throws(ShopError) {
        try await write(.urgent) { transaction in
            let sql = "SELECT * FROM blocks WHERE id = ? \(transaction.dialect.forUpdate)"
            guard let row = try transaction.first(sql, [id]) else {
                throw ShopError(.notFound, "no such entry of the blacklist")
            }
            let before = try Block(row: row)
            try transaction.run("DELETE FROM blocks WHERE id = ?", [id], rows: 1)
            try transaction.log("unblock", subject: "block \(id)", deed, before: before.facts)
        }
    }
}

extension SQLTransaction {
    /// An announcement that nobody else changes until the transaction ends; nil when there is none.
    fileprivate func lockedAnnouncement(_ id: Int64) throws -> Announcement? {
        try first("SELECT * FROM announcements WHERE id = ? \(dialect.forUpdate)", [id]).map {
            try Announcement(row: $0)
        }
    }
}

extension Announcement {
    init(row: SQLRow) throws {
        let window = SaleWindow(opensAt: try row["opens_at"], closesAt: try row["closes_at"])
        guard let window else { throw SQLRow.damaged("announcement") }
        self.init(
            id: try row["id"], title: try row["title"], text: try row["text"], window: window,
            isPinned: try row["pinned"],
            createdAt: try row["created_at"])
    }
}

extension BlockedParty {
    fileprivate var columns: (kind: String, value: [UInt8], length: Int) {
        switch self {
        case .contact(let buyer): ("contact", Array(buyer.contact.utf8), 0)
        case .domain(let domain): ("domain", Array(domain.utf8), 0)
        case .addresses(let range): ("addresses", range.network, range.length)
        }
    }
}

extension Block {
    init(row: SQLRow) throws {
        let value = try row["value"] as [UInt8]
        let text = String(decoding: value, as: UTF8.self)
        let party: BlockedParty? =
            switch try row["kind"] as String {
            case "contact": .contact(Buyer(stored: text))
            case "domain": .domain(text)
            default: AddressRange(network: value, length: try row["length"]).map { .addresses($0) }
            }
        guard let party else { throw SQLRow.damaged("block") }
        self.init(id: try row["id"], party: party, reason: try row["reason"], createdAt: try row["created_at"])
    }
}
