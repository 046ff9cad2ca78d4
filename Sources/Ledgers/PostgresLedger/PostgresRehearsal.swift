public import Domain
import PostgresClient
import SQLLedger
public import Shop

/// Remembers the fingerprints of a dry run in a table that is not kept through a crash, so that a text of any length
/// takes no more memory than a short one.
final class PostgresRehearsal: ImportRehearsal {
    private let ledger: PostgresLedger
    private let product: ProductID
    private let number: Int64

    init(ledger: PostgresLedger, product: ProductID) async throws(ShopError) {
        self.ledger = ledger
        self.product = product
        number = try await ledger.write(.urgent) { transaction in
            // What was left by processes that were killed.
            _ = try transaction.run("DELETE FROM rehearsed_cards WHERE seen_at < now() - interval '1 day'", [])
            return try transaction.value("SELECT nextval('rehearsals')") ?? 0
        }
    }

    deinit { ledger.forget(rehearsal: number) }

    func duplicates(in fingerprints: [[UInt8]]) async throws(ShopError) -> [Int] {
        let (product, number) = (product, number)
        return try await ledger.write(.patient) { transaction in
            guard let session = (transaction as? PostgresTransaction)?.session else { return [] }
            var new: Set<[UInt8]> = []
            try session.rows(
                """
                INSERT INTO rehearsed_cards (rehearsal, fingerprint)
                SELECT DISTINCT $1::bigint, f FROM unnest($2::bytea[]) AS f WHERE NOT EXISTS (
                    SELECT 1 FROM card_fingerprints c WHERE c.product_id = $3 AND c.fingerprint = f)
                ON CONFLICT DO NOTHING RETURNING fingerprint
                """, [.integer(number), .byteStrings(fingerprints), .integer(product.number)]
            ) { new.insert(try $0.bytes(0)) }
            return fingerprints.indices.filter { new.remove(fingerprints[$0]) == nil }
        }
    }
}

extension PostgresLedger {
    public func rehearsal(of product: ProductID) async throws(ShopError) -> any ImportRehearsal {
        try await PostgresRehearsal(ledger: self, product: product)
    }

    /// Nobody waits for it: what is left is removed a day later.
    func forget(rehearsal number: Int64) {
        write(.patient) { transaction in
            try transaction.session.run("DELETE FROM rehearsed_cards WHERE rehearsal = $1", [.integer(number)])
        } completion: { _ in
        }
    }
}
