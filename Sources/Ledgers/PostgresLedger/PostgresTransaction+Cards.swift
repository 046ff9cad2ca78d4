import Domain
import PostgresClient
import SQLLedger
import Shop

extension PostgresTransaction {
    /// In one round trip: card by card, a network between node and database would make an import of a million last for
    /// hours.
    func insert(_ cards: [SealedCard], of product: ProductID, batch: Int64) throws -> [Int] {
        guard !cards.isEmpty else { return [] }
        var added: Set<[UInt8]> = []
        let sql = """
            INSERT INTO cards (product_id, batch_id, state, fingerprint, secret, note, preview, surcharge)
            SELECT $1, $2, 'available', fingerprint, secret, note, preview, surcharge
            FROM unnest($3::bytea[], $4::bytea[], $5::bytea[], $6::text[], $7::bigint[])
                WITH ORDINALITY AS given (fingerprint, secret, note, preview, surcharge, position)
            ORDER BY position ON CONFLICT DO NOTHING RETURNING fingerprint
            """
        try session.rows(
            sql,
            [
                .integer(product.number), .integer(batch), .byteStrings(cards.map(\.fingerprint)),
                .byteStrings(cards.map(\.secret)), .byteStrings(cards.map(\.note)), .texts(cards.map(\.preview?.text)),
                .integers(cards.map(\.preview?.surcharge)),
            ]
        ) { row in
            if case .bytes(let fingerprint) = try row.value(0) { added.insert(fingerprint) }
        }
        return cards.indices.filter { added.remove(cards[$0].fingerprint) == nil }
    }

    /// By the table of fingerprints: the cards have no index of them.
    static let cardsByFingerprint = """
        SELECT c.id, c.product_id, c.batch_id, c.state, c.order_id, c.preview, c.surcharge
        FROM (SELECT DISTINCT * FROM unnest($1::bigint[], $2::bytea[]) AS given (product_id, fingerprint)) wanted
        JOIN card_fingerprints f ON f.product_id = wanted.product_id AND f.fingerprint = wanted.fingerprint
        JOIN cards c ON c.id = f.card_id
        """

    func cards(withFingerprints fingerprints: [CardFingerprint]) throws -> [SQLRow] {
        var rows: [SQLRow] = []
        let products = PostgresValue.integers(fingerprints.map(\.product.number))
        try each(
            sql: Self.cardsByFingerprint, [products, .byteStrings(fingerprints.map(\.digest))]
        ) { rows.append($0) }
        return rows
    }
}
