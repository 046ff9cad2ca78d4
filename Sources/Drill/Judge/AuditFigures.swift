import Foundation

/// The shop's own audit, as far as a drill looks at it.
public struct AuditFigures: Codable, Equatable, Sendable {
    /// The stock of one product.
    public struct Product: Codable, Equatable, Sendable {
        public let slug: String
        public let imported: Int
        public let available: Int
        public let held: Int
        public let sold: Int
        public let voided: Int
    }

    /// One invariant.
    public struct Check: Codable, Equatable, Sendable {
        public let id: String
        public let ok: Bool
        public let violations: Int
        public let statement: String
    }

    public let ok: Bool
    public let products: [Product]
    public let checks: [Check]

    /// Reads the JSON that the audit prints.
    init(json: Data, from source: String) throws(DrillError) {
        do {
            self = try JSONDecoder().decode(AuditFigures.self, from: json)
        } catch {
            throw DrillError("\(source) is not an audit: \(String(decoding: json.prefix(500), as: UTF8.self))")
        }
    }

    init(ok: Bool, products: [Product], checks: [Check]) {
        self.ok = ok
        self.products = products
        self.checks = checks
    }

    /// The same with only one product, so that a report on a large shop stays small.
    func only(_ slug: String) -> AuditFigures {
        AuditFigures(ok: ok, products: products.filter { $0.slug == slug }, checks: checks)
    }
}
