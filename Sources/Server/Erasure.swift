public import Domain
import Foundation
import NIOCore
import SQLiteLedger
import Shop
import WebSupport

/// Erases personal data of a shop that is not running.
public enum Erasure {
    /// Everything of one buyer. Returns one line of JSON.
    ///
    /// - Throws: *wrong_state* when the buyer has orders that are not settled, *internal* when the shop is running.
    public static func run(data: String, contact: String) throws(ShopError) -> String {
        let buyer = try Buyer.parse(contact)
        let folder = try DataFolder.ofShop(data)
        defer { folder.unlock() }
        let report = try erase(.buyer(buyer), in: folder, because: "on request")
        let left = try files(naming: buyer.contact, in: folder)
        return json(report, "left_in", left) { names in
            "The contact still stands in \(names). "
                + (left.contains(SQLiteLedger.fileName)
                    ? "The shop's own ledger has it in an entry of the blacklist, which can be taken off, or in what "
                        + "the owner wrote into a journal; do not remove it. "
                    : "")
                + "Remove old copies of the ledger."
        }
    }

    /// What is settled and old. Returns one line of JSON.
    ///
    /// - Parameter days: orders that were placed longer ago than this, 0 to 36,500
    public static func run(data: String, olderThanDays days: Int) throws(ShopError) -> String {
        guard (0...36_500).contains(days) else { throw .invalid("--older-than-days", "must be 0 to 36500") }
        let folder = try DataFolder.ofShop(data)
        defer { folder.unlock() }
        let cutoff = SystemClock().now().advanced(seconds: Int64(days) * -86_400)
        let report = try erase(.settledBefore(cutoff), in: folder, because: "older than \(days) days")
        let copies = try names(in: folder).filter { name in
            name.hasPrefix(SQLiteLedger.fileName + ".") || name.contains(".before-restore-")
        }
        return json(report, "other_copies", copies) { names in
            "Old copies of the ledger still hold what was erased: \(names). Remove them."
        }
    }

    private static func erase(
        _ scope: ErasureScope, in folder: DataFolder, because reason: String
    ) throws(ShopError) -> ErasureReport {
        let ledger = try SQLiteLedger(
            path: folder.ledgerPath, limits: Limits(), metrics: PrometheusRegistry(), migrates: false)
        defer { ledger.close() }
        return try ledger.erase(scope, by: OwnerNote(actor: "command line", reason: reason), at: SystemClock().now())
    }

    // MARK: What is left

    /// Names of all files below the folder.
    private static func names(in folder: DataFolder) throws(ShopError) -> [String] {
        guard let names = try? FileManager.default.subpathsOfDirectory(atPath: folder.url.path) else {
            throw ShopError(.internalFault, "erased, but the data folder cannot be listed for copies")
        }
        return names.sorted()
    }

    /// Files whose bytes name the contact, such as an older ledger that a restore has kept.
    private static func files(naming contact: String, in folder: DataFolder) throws(ShopError) -> [String] {
        let wanted = Data(contact.utf8)
        return try names(in: folder).filter { name in
            guard let handle = try? FileHandle(forReadingFrom: folder.url.appendingPathComponent(name)) else {
                return false
            }
            var window = Data()
            while let chunk = try? handle.read(upToCount: 1 << 20), !chunk.isEmpty {
                window = window.suffix(wanted.count - 1) + chunk
                if window.range(of: wanted) != nil { return true }
            }
            return false
        }
    }

    private static func json(
        _ report: ErasureReport, _ member: String, _ files: [String], warning: (String) -> String
    ) -> String {
        let json = JSONWriter.object { json in
            json.integer("buyers", report.buyers)
            json.integer("orders", report.orders)
            json.integer("payments", report.payments)
            json.integer("callbacks", report.callbacks)
            json.integer("fulfilments", report.fulfilments)
            json.integer("unsettled_orders", report.unsettledOrders)
            if let pseudonym = report.pseudonym { json.string("pseudonym", pseudonym) }
            json.array(member, files) { json, file in json.string(file) }
            if !files.isEmpty { json.string("warning", warning(files.joined(separator: ", "))) }
        }
        return String(buffer: json)
    }
}
