public import Domain
import Foundation
public import Shop

// The ways to pay, their settings sealed.
extension SQLLedger {
    public func channels() async throws(ShopError) -> [ChannelRecord] {
        try await read { transaction in
            try transaction.rows("SELECT * FROM channels ORDER BY name").map {
                ChannelRecord(
                    name: try $0["name"], kind: try $0["kind"], sealedSettings: try $0["settings"],
                    isEnabled: try $0["enabled"], terms: try ChannelTerms(row: $0))
            }
        }
    }

    public func store(
        _ channel: ChannelRecord, _ change: ChannelChange, _ deed: OwnerDeed
    ) async throws(ShopError) -> Bool {
        try await write(.urgent) { transaction in
            try transaction.log(
                "channel", subject: channel.name.text, deed, before: change.before, after: change.after)
            let changeable: SQLArguments = [
                channel.sealedSettings, channel.isEnabled, channel.terms.position, channel.terms.label,
                try StoredBounds.text(channel.terms.amounts), channel.name, channel.kind,
            ]
            let updated = try transaction.run(
                """
                UPDATE channels SET settings = ?, enabled = ?, position = ?, label = ?, amounts = ?
                WHERE name = ? AND kind = ?
                """, changeable)
            if updated == 1 { return false }
            try transaction.run(
                """
                INSERT INTO channels (settings, enabled, position, label, amounts, name, kind)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """, changeable, rows: 1)
            return true
        }
    }
}

/// Bounds of a channel as a row holds them, in JSON.
private struct StoredBounds: Codable {
    let currency: String
    let minimum: Int64?
    let maximum: Int64?

    static func text(_ bounds: [AmountBounds]) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let stored = bounds.map {
            StoredBounds(currency: $0.currency.code, minimum: $0.minimum, maximum: $0.maximum)
        }
        return String(decoding: try encoder.encode(stored), as: UTF8.self)
    }
}

extension ChannelTerms {
    fileprivate init(row: SQLRow) throws {
        let text = try row["amounts"] as String
        let stored = try JSONDecoder().decode([StoredBounds].self, from: Data(text.utf8))
        let amounts = stored.compactMap { bounds in
            Currency(code: bounds.currency).flatMap {
                AmountBounds(currency: $0, minimum: bounds.minimum, maximum: bounds.maximum)
            }
        }
        // A bound that is not understood must not become none.
        guard amounts.count == stored.count else { throw SQLRow.damaged("amounts") }
        self.init(position: try row["position"], label: try row["label"], amounts: amounts)
    }
}
