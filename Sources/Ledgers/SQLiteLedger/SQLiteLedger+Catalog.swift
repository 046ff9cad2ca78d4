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
        return try await write(.patient) { database in
            guard try Int.fetchOne(database, sql: "SELECT count(*) FROM products") ?? 0 < maximum else {
                throw ShopError(.busy, "there are too many products")
            }
            let fields = String(decoding: try JSONEncoder().encode(draft.fields), as: UTF8.self)
            let inserted = try LedgerTransaction(database: database).run(
                """
                INSERT OR IGNORE INTO products (slug, title, amount, currency, max_per_order, max_per_buyer,
                    max_held_per_buyer, hold_seconds, opens_at, closes_at, fields)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    draft.slug.text, draft.title, draft.price.amount, draft.price.currency.code,
                    draft.limits.perOrder, draft.limits.perBuyer, draft.limits.heldPerBuyer, draft.holdSeconds,
                    draft.window.opensAt?.milliseconds, draft.window.closesAt?.milliseconds, fields,
                ])
            guard inserted == 1 else {
                throw ShopError(.alreadyExists, "a product with this slug exists", field: "slug")
            }
            return Product(
                id: ProductID(database.lastInsertedRowID), slug: draft.slug, title: draft.title, price: draft.price,
                limits: draft.limits, holdSeconds: draft.holdSeconds, window: draft.window, fields: draft.fields)
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
        try await write(.patient) { database in
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

    public func openBatch(of product: ProductID, at moment: Timestamp) async throws(ShopError) -> Int64 {
        try await write(.patient) { database in
            try LedgerTransaction(database: database).run(
                "INSERT INTO batches (product_id, created_at) VALUES (?, ?)", [product.number, moment.milliseconds],
                rows: 1)
            return database.lastInsertedRowID
        }
    }

    public func add(
        _ cards: [SealedCard], to product: ProductID, batch: Int64
    ) async throws(ShopError) -> ImportedSlice {
        try await write(.patient) { database in
            let transaction = LedgerTransaction(database: database)
            var imported = 0
            for card in cards {
                imported += try transaction.run(
                    """
                    INSERT INTO cards (product_id, batch_id, state, fingerprint, secret)
                    VALUES (?, ?, 'available', ?, ?) ON CONFLICT (product_id, fingerprint) DO NOTHING
                    """, [product.number, batch, Data(card.fingerprint), Data(card.secret)])
            }
            try transaction.run(
                "UPDATE batches SET imported = imported + ? WHERE id = ? AND product_id = ?",
                [imported, batch, product.number], rows: 1)
            Failpoint.hit(.importBeforeCommit)
            return ImportedSlice(imported: imported, duplicates: cards.count - imported)
        }
    }

    public func wrappedKeys() async throws(ShopError) -> [WrappedKey] {
        try await read { database in
            try Row.fetchAll(database, sql: "SELECT id, purpose, wrapped FROM data_keys ORDER BY id").map {
                WrappedKey(id: $0["id"], purpose: $0["purpose"], wrapped: Array($0["wrapped"] as Data))
            }
        }
    }

    public func store(_ keys: [WrappedKey]) async throws(ShopError) {
        try await write(.patient) { database in
            for key in keys {
                try LedgerTransaction(database: database).run(
                    "INSERT INTO data_keys (id, purpose, wrapped) VALUES (?, ?, ?)",
                    [key.id, key.purpose, Data(key.wrapped)], rows: 1)
            }
        }
    }
}
