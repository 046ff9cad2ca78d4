/// What an audit found. `ok` is true when no check was violated.
public struct AuditReport: Hashable, Sendable {
    /// The stock of one product.
    public struct ProductStock: Hashable, Sendable {
        /// The product.
        public let slug: String
        /// Cards ever imported, by the batches' own count.
        public let imported: Int
        /// Cards in the pool.
        public let available: Int
        /// Cards held by unpaid orders.
        public let held: Int
        /// Cards delivered.
        public let sold: Int
        /// Cards taken out.
        public let voided: Int
        /// What is missing (positive) or too much: imported less all states. 0 when the books balance.
        public var drift: Int { imported - available - held - sold - voided }

        /// Puts the counts together.
        public init(slug: String, imported: Int, available: Int, held: Int, sold: Int, voided: Int) {
            self.slug = slug
            self.imported = imported
            self.available = available
            self.held = held
            self.sold = sold
            self.voided = voided
        }
    }

    /// One invariant.
    public struct Check: Hashable, Sendable {
        /// The invariant's number, as in docs/ARCHITECTURE.md.
        public let id: String
        /// What it says.
        public let statement: String
        /// How often it is broken.
        public let violations: Int
        /// Whether it holds.
        public var ok: Bool { violations == 0 }

        /// Puts the parts together.
        public init(id: String, statement: String, violations: Int) {
            self.id = id
            self.statement = statement
            self.violations = violations
        }
    }

    /// Stock by product.
    public let products: [ProductStock]
    /// The invariants.
    public let checks: [Check]
    /// Whether all of them hold.
    public var ok: Bool { checks.allSatisfy(\.ok) && products.allSatisfy { $0.drift == 0 } }

    /// Puts the parts together.
    public init(products: [ProductStock], checks: [Check]) {
        self.products = products
        self.checks = checks
    }
}
