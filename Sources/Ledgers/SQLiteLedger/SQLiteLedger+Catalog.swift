public import Domain
import Foundation
import GRDB
public import Shop

extension SQLiteLedger: Catalog {
    public func products() async throws(ShopError) -> [Product] {
        try await read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM products ORDER BY id").map { try Product(row: $0) }
        }
    }

    public func create(_ draft: ProductDraft) async throws(ShopError) -> Product {
        let maximum = limits.catalogRows
        return try await write(.urgent) { database in
            guard try Int.fetchOne(database, sql: "SELECT count(*) FROM products") ?? 0 < maximum else {
                throw ShopError(.busy, "there are too many products")
            }
            let fields = String(decoding: try JSONEncoder().encode(draft.fields), as: UTF8.self)
            let inserted = try LedgerTransaction(database: database).run(
                """
                INSERT OR IGNORE INTO products (slug, title, amount, currency, max_per_order, max_per_buyer,
                    max_held_per_buyer, hold_seconds, opens_at, closes_at, fields, kind, late_money, shared_secret)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    draft.slug.text, draft.title, draft.price.amount, draft.price.currency.code,
                    draft.limits.perOrder, draft.limits.perBuyer, draft.limits.heldPerBuyer, draft.holdSeconds,
                    draft.window.opensAt?.milliseconds, draft.window.closesAt?.milliseconds, fields,
                    draft.kind.rawValue, draft.lateMoney.rawValue, draft.sharedSecret.map { Data($0) },
                ])
            guard inserted == 1 else {
                throw ShopError(.alreadyExists, "a product with this slug exists", field: "slug")
            }
            return Product(
                id: ProductID(database.lastInsertedRowID), slug: draft.slug, title: draft.title, price: draft.price,
                limits: draft.limits, holdSeconds: draft.holdSeconds, window: draft.window, fields: draft.fields,
                kind: draft.kind, lateMoney: draft.lateMoney)
        }
    }

    public func channels() async throws(ShopError) -> [ChannelRecord] {
        try await read { database in
            try Row.fetchAll(database, sql: "SELECT name, kind, settings, enabled FROM channels ORDER BY name").map {
                ChannelRecord(
                    name: try $0.slug("name"), kind: $0["kind"], sealedSettings: Array($0["settings"] as Data),
                    isEnabled: $0["enabled"])
            }
        }
    }

    public func store(_ channel: ChannelRecord) async throws(ShopError) -> Bool {
        try await write(.urgent) { database in
            let transaction = LedgerTransaction(database: database)
            let updated = try transaction.run(
                "UPDATE channels SET settings = ?, enabled = ? WHERE name = ? AND kind = ?",
                [Data(channel.sealedSettings), channel.isEnabled, channel.name.text, channel.kind])
            if updated == 1 { return false }
            try transaction.run(
                "INSERT INTO channels (name, kind, settings, enabled) VALUES (?, ?, ?, ?)",
                [channel.name.text, channel.kind, Data(channel.sealedSettings), channel.isEnabled], rows: 1)
            return true
        }
    }

    public func store(
        sharedSecret: [UInt8], of product: ProductID, by note: OwnerNote, at moment: Timestamp
    ) async throws(ShopError) -> Bool {
        try await write(.urgent) { database in
            let transaction = LedgerTransaction(database: database)
            let updated = try transaction.run(
                "UPDATE products SET shared_secret = ? WHERE id = ? AND kind IN ('shared_counted', 'shared_endless')",
                [Data(sharedSecret), product.number])
            guard updated == 1 else { return false }
            try transaction.log("secret", subject: "product \(product.number)", by: note, at: moment)
            return true
        }
    }
}
