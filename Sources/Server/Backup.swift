public import Domain
import Foundation
import NIOCore
import SQLiteLedger
import WebSupport

/// Copies the ledger of a shop, which may go on selling meanwhile.
public enum LedgerBackup {
    /// Returns one line of JSON about the copy. The data folder is not locked, and nothing in it is changed.
    ///
    /// - Parameter file: where the copy goes; it appears when it is whole
    /// - Throws: *internal* or *already_exists*; then nothing is left behind.
    public static func run(data: String, to file: String) throws(ShopError) -> String {
        try DataFolder.refuseWithoutLedger(data)
        let file = URL(fileURLWithPath: file).path
        try refuseExisting(file)
        let partial = file + ".partial"
        guard DurableFile.size(partial) == nil else {
            throw ShopError(
                .alreadyExists,
                "\(partial) is there: another backup is writing it, or one was cut off; if none is running, remove it")
        }
        _ = try DurableFile.create(partial)
        do throws(ShopError) {
            let summary = try SQLiteLedger.backUp(DataFolder.ledgerPath(data), to: partial)
            try DurableFile.flush(partial)
            let bytes = DurableFile.size(partial)
            try refuseExisting(file)
            try DurableFile.move(partial, to: file)
            return json(file, bytes: bytes, summary)
        } catch {
            try? DurableFile.removeDatabase(partial)
            throw error
        }
    }

    private static func refuseExisting(_ file: String) throws(ShopError) {
        guard DurableFile.size(file) == nil else {
            throw ShopError(.alreadyExists, "\(file) is there already; choose another name")
        }
    }

    private static func json(_ file: String, bytes: Int64?, _ summary: LedgerSummary) -> String {
        let json = JSONWriter.object { json in
            json.string("file", file)
            json.integer("bytes", bytes)
            summary.write(to: &json)
            json.bool("master_key_included", false)
        }
        return String(buffer: json)
    }
}

extension LedgerSummary {
    /// The members that tell what a copy holds.
    func write(to json: inout JSONWriter) {
        json.integer("products", products)
        json.integer("cards", cards)
        json.integer("orders", orders)
        json.time("newest_entry", newestEntry)
        json.string("schema", schema)
        json.string("master_key_fingerprint", keys.fingerprint)
    }
}
