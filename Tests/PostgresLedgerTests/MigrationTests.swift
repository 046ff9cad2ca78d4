import Domain
import SQLLedger
import Shop
import TestKit
import Testing

@testable import PostgresLedger

@Suite("PostgreSQL ledger: migrations")
struct MigrationTests {
    @Test("cards of an older release are found by their content, stay duplicates, and channels are offered as before")
    func cardsByContent() async throws {
        try await SharedPostgres.instance.withDatabase(.empty) { server, database in
            for (name, sql) in Migrations.all.prefix(5) {
                if name == Migration0001.name {
                    try server.run(
                        "CREATE TABLE migrations (name text COLLATE \"C\" PRIMARY KEY, "
                            + "applied_at timestamptz NOT NULL DEFAULT now())", in: database)
                }
                try server.run(sql, "INSERT INTO migrations (name) VALUES ('\(name)')", in: database)
            }
            try server.run(
                """
                INSERT INTO products (slug, title, amount, currency, max_per_order, max_per_buyer, max_held_per_buyer,
                    hold_seconds, fields) VALUES ('old', 'Old', 1, 'CNY', 1, 1, 1, 1, '[]')
                """, "INSERT INTO batches (product_id, created_at, imported) VALUES (1, 0, 3)",
                """
                INSERT INTO cards (product_id, batch_id, state, fingerprint, secret)
                SELECT 1, 1, 'available', decode(md5(n::text), 'hex'), '' FROM generate_series(1, 3) AS n
                """, "INSERT INTO channels (name, kind, settings, enabled) VALUES ('epay', 'epay', '', 1)",
                in: database)
            let fingerprints = try ["1", "2", "3"].map { number in
                let text = try server.run("SELECT md5('\(number)')", in: database)
                return try unwrap(Hexadecimal.bytes(text.filter { !$0.isWhitespace }))
            }
            let ledger = try await openLedger(server.url(database))
            defer { ledger.close() }
            let product = try #require(await ledger.listings().first?.product)
            let wanted = fingerprints.map { CardFingerprint(product: product.id, digest: $0) }
            #expect(try await ledger.cards(withFingerprints: wanted).map(\.id) == [1, 2, 3])
            #expect(try await ledger.cards(withFingerprints: [wanted[1]]).map(\.id) == [2])
            let again = fingerprints.map { SealedCard(fingerprint: $0, secret: []) }
            let new = SealedCard(fingerprint: [1], secret: [])
            let added = try await ledger.add(again + [new], to: product.id, batch: 1)
            #expect(added.duplicates == [0, 1, 2] && added.imported == 1)
            let found = try await ledger.cards(
                withFingerprints: [CardFingerprint(product: product.id, digest: [1])])
            #expect(found.count == 1 && found[0].id > 3)
            #expect(try await ledger.undo(1, below: .max, limit: 9).count == 4)
            #expect(try await ledger.cards(withFingerprints: wanted) == [])
            #expect(try await ledger.channels().map(\.terms) == [.plain])
        }
    }
}
