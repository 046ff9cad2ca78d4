public import Domain
public import Shop

// What the shop is called and how it looks, and its pictures.
extension SQLLedger {
    // MARK: Settings

    public func settings() async throws(ShopError) -> ShopSettings {
        try await read { transaction in
            try transaction.first("SELECT * FROM shop_settings").map { try ShopSettings(row: $0) } ?? .plain
        }
    }

    public func store(
        _ settings: ShopSettings, version: Int, _ deed: OwnerDeed
    ) async throws(ShopError) -> ShopSettings {
        guard version < .max else { throw ShopSettings.changedMeanwhile }
        var stored = settings
        stored.version = version + 1
        return try await write(.urgent) { [stored] transaction in
            let sqlBefore = "SELECT * FROM shop_settings \(transaction.dialect.forUpdate)"
            let before = try transaction.first(sqlBefore).map { try ShopSettings(row: $0) }
            // The first ones are inserted, all others replace those of the version before; both do nothing when
            // somebody was faster.
            let sql =
                version == 0
                ? """
                INSERT INTO shop_settings (name, tagline, logo, accent, time_zone, contact, filing, terms, privacy,
                    refunds, version, id)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
                """
                : """
                UPDATE shop_settings SET name = ?, tagline = ?, logo = ?, accent = ?, time_zone = ?, contact = ?,
                    filing = ?, terms = ?, privacy = ?, refunds = ?, version = ?
                WHERE version = ?
                """
            let changed = try transaction.run(sql, stored.columns + [version == 0 ? 1 : version])
            guard changed == 1 else { throw ShopSettings.changedMeanwhile }
            try transaction.log(
                "settings", subject: "version \(stored.version)", deed, before: before?.facts, after: stored.facts)
            return stored
        }
    }

    // MARK: Pictures

    public func store(_ picture: Picture, _ deed: OwnerDeed) async throws(ShopError) {
        let maximum = limits.pictures
        try await write(.urgent) { transaction in
            let sql = "SELECT name FROM pictures WHERE name = ?"
            guard try !transaction.exists(sql, [picture.name]) else { return }
            try transaction.checkRoom(in: "pictures", maximum)
            let added = try transaction.run(
                "INSERT INTO pictures (name, bytes, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                [picture.name, picture.bytes, deed.at])
            if added == 1 { try transaction.log("picture", subject: picture.name, deed) }
        }
    }

    public func picture(_ name: String) async throws(ShopError) -> Picture? {
        try await readOnce { transaction in
            guard let row = try transaction.first("SELECT bytes FROM pictures WHERE name = ?", [name]) else {
                return nil
            }
            guard let picture = Picture(name: name, bytes: try row["bytes"]) else { throw SQLRow.damaged("picture") }
            return picture
        }
    }
}

extension ShopSettings {
    fileprivate init(row: SQLRow) throws {
        self.init(
            name: try row["name"], tagline: try row["tagline"], logo: try row["logo"], accent: try row["accent"],
            timeZone: try row["time_zone"], contact: try row["contact"], filing: try row["filing"],
            terms: try row["terms"], privacy: try row["privacy"], refunds: try row["refunds"],
            version: try row["version"])
    }

    fileprivate var columns: SQLArguments {
        [name, tagline, logo, accent, timeZone, contact, filing, terms, privacy, refunds, version]
    }
}
