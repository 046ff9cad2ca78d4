public import Domain
public import Shop

extension SQLLedger {
    public func audit() async throws(ShopError) -> AuditReport { try await audit(also: [:]) }

    /// - Parameter also: for some of the checks a further query for violations, of what only this engine has
    package func audit(also: [String: String]) async throws(ShopError) -> AuditReport {
        // Each check sees one moment. They do not share a snapshot: no engine can clean up past its oldest reader, and
        // what waits would grow as long as the whole audit takes.
        var checks: [AuditReport.Check] = []
        for check in CountedCheck.all {
            let violations = try await readAtLeisure { transaction in
                var counted = try transaction.integer(check.violations)
                if let more = also[check.id] { counted += try transaction.integer(more) }
                switch check.id {
                case "I12": return try counted + transaction.illegalMoves()
                case "I22": return try counted + transaction.wrongSums()
                default: return counted
                }
            }
            checks.append(AuditReport.Check(id: check.id, statement: check.statement, violations: violations))
        }
        return AuditReport(products: try await readAtLeisure { try $0.stock() }, checks: checks)
    }
}

extension SQLTransaction {
    fileprivate func stock() throws -> [AuditReport.ProductStock] {
        try rows(
            """
            SELECT p.slug,
                CAST((SELECT coalesce(sum(b.imported), 0) FROM batches b WHERE b.product_id = p.id) AS BIGINT)
                    AS imported,
                count(c.id) FILTER (WHERE c.state = 'available') AS available,
                count(c.id) FILTER (WHERE c.state = 'held') AS held,
                count(c.id) FILTER (WHERE c.state = 'sold') AS sold,
                count(c.id) FILTER (WHERE c.state = 'voided') AS voided
            FROM products p LEFT JOIN cards c ON c.product_id = p.id GROUP BY p.id ORDER BY p.slug
            """
        ).map {
            AuditReport.ProductStock(
                slug: try $0["slug"], imported: try $0["imported"], available: try $0["available"],
                held: try $0["held"], sold: try $0["sold"], voided: try $0["voided"])
        }
    }

    fileprivate func wrongSums() throws -> Int {
        var wrong = 0
        try each("SELECT amount, price_lines FROM orders WHERE price_lines IS NOT NULL", []) { row in
            let lines = PriceLine.lines(try row["price_lines"]) ?? []
            let amount: Int64 = try row["amount"]
            if lines.isEmpty || lines.reduce(0, { $0 &+ $1.amount }) != amount { wrong += 1 }
        }
        return wrong
    }

    /// Entries of the journal that the state machine does not know.
    fileprivate func illegalMoves() throws -> Int {
        let moves = try rows(
            """
            SELECT event, from_state, to_state, count(*) AS count FROM journal GROUP BY event, from_state, to_state
            """)
        return try moves.reduce(0) { try $0 + (isLegal($1) ? 0 : $1["count"] as Int) }
    }

    private func isLegal(_ move: SQLRow) throws -> Bool {
        guard let event: OrderEvent = try move.readable("event"), let target: OrderState = try move.readable("to_state")
        else { return false }
        guard let source: String = try move["from_state"] else {
            // An order from a log that was refused has no step before.
            return event == .claim && target == .awaitingPayment || event == .reject && target == .rejected
        }
        return OrderState(rawValue: source)?.after(event) == target
    }
}
