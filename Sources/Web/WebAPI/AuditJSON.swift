public import NIOCore
public import Shop
import WebSupport

/// The audit as the API and the command line show it.
public enum AuditJSON {
    /// `{"ok","products":[…],"checks":[…]}`
    public static func write(_ report: AuditReport) -> ByteBuffer {
        JSONWriter.object { json in
            json.bool("ok", report.ok)
            json.array("products", report.products) { json, stock in
                json.object { json in
                    json.string("slug", stock.slug)
                    json.integer("imported", stock.imported)
                    json.integer("available", stock.available)
                    json.integer("held", stock.held)
                    json.integer("sold", stock.sold)
                    json.integer("voided", stock.voided)
                    json.integer("drift", stock.drift)
                }
            }
            json.array("checks", report.checks) { json, check in
                json.object { json in
                    json.string("id", check.id)
                    json.bool("ok", check.ok)
                    json.integer("violations", check.violations)
                    json.string("statement", check.statement)
                }
            }
        }
    }
}
