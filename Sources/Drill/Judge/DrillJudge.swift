/// What a drill proved.
public struct DrillVerdict: Codable, Equatable, Sendable {
    /// What the shop did wrong, a sentence each.
    public let violations: [String]
    /// Why the drill proves nothing, a sentence each.
    public let voids: [String]
    /// Whether the drill counts and the shop did nothing wrong.
    public var passed: Bool { violations.isEmpty && voids.isEmpty }
}

/// Compares what the buyers saw with what was in stock and with the shop's own books.
///
/// An order whose answer was lost may or may not have been placed. It widens the bounds and is never counted as either.
struct DrillJudge: Sendable {
    /// The audit of a running or a stopped shop.
    struct NamedAudit: Sendable {
        let name: String
        let figures: AuditFigures
    }

    let slug: String
    let stock: Int
    let quantity: Int
    let counts: DrillCounts
    let lagP99: Double
    let maximumLag: Double
    let audits: [NamedAudit]
    var reads: ReadFigures?

    func verdict() -> DrillVerdict {
        var violations = stockViolations() + answerViolations() + deliveryViolations()
        for audit in audits { violations += auditViolations(audit) }
        return DrillVerdict(violations: violations, voids: voids())
    }

    /// Orders for which the stock suffices.
    private var capacity: Int { stock / quantity }

    /// Buyers who may have an order without having been told.
    private var uncertain: Int { counts.unknown + counts.failed }

    private func stockViolations() -> [String] {
        var found: [String] = []
        if counts.accepted > capacity {
            found.append(
                "Oversold: \(counts.accepted) orders were accepted, and the stock of \(stock) suffices for \(capacity)."
            )
        }
        if counts.soldOut > 0, counts.accepted + uncertain < capacity {
            found.append(
                """
                Refused while stock was left: \(counts.soldOut) buyers were told sold out, but only \
                \(counts.accepted) orders were accepted\(uncertain > 0 ? " and \(uncertain) are unknown" : ""), \
                and the stock suffices for \(capacity).
                """)
        }
        return found
    }

    private func answerViolations() -> [String] {
        [
            (counts.failed, "orders were answered with what the contract does not allow."),
            (counts.sharedOrders, "buyers were given the order of another buyer."),
            (counts.acceptedTwice, "requests were accepted as new a second time under the same key."),
            (counts.otherOrder, "repeats were answered with another order than the request they repeat."),
        ].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
    }

    private func deliveryViolations() -> [String] {
        [
            (counts.cardsShownTwice, "cards were shown to two buyers."),
            (counts.cardsNotImported, "cards were shown that were never imported."),
            (counts.undelivered, "orders were paid and not delivered."),
            (counts.payFailed, "payments or deliveries failed."),
            (counts.rejected, "orders were accepted, and no card was left for them."),
            (counts.unclaimed, "orders were accepted, and no card was claimed for them in time."),
            (reads?.failed ?? 0, "looks at orders were answered with what the contract does not allow."),
        ].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
    }

    // MARK: Audit

    private func auditViolations(_ audit: NamedAudit) -> [String] {
        var found: [String] = []
        if !audit.figures.ok {
            let broken = audit.figures.checks.filter { !$0.ok }.map { "\($0.id) (\($0.statement))" }
            let names = broken.isEmpty ? "the stock does not add up" : broken.joined(separator: ", ")
            found.append("The \(audit.name) audit found the books wrong: \(names).")
        }
        guard let product = audit.figures.products.first(where: { $0.slug == slug }) else {
            return found + ["The \(audit.name) audit does not know the product \(slug)."]
        }
        let unsettled = counts.undelivered + counts.payFailed + counts.payUnknown + counts.unclaimed
        let claimed = counts.accepted - counts.rejected
        let bounds = [
            ("imported", product.imported, stock...stock),
            ("sold", product.sold, orders(counts.delivered...(counts.delivered + unsettled))),
            ("held", product.held, orders(counts.unpaid...(counts.unpaid + unsettled + uncertain))),
            (
                "sold and held together", product.sold + product.held,
                orders((claimed - counts.unclaimed)...(claimed + uncertain))
            ),
            (
                "available", product.available,
                (product.imported - product.sold - product.held)...(product.imported - product.sold - product.held)
            ),
        ]
        for (name, value, bound) in bounds where !bound.contains(value) {
            let expected =
                bound.count == 1 ? "\(bound.lowerBound)" : "\(bound.lowerBound) to \(bound.upperBound)"
            found.append("The \(audit.name) audit counts \(value) cards \(name), and the drill saw \(expected).")
        }
        return found
    }

    private func orders(_ orders: ClosedRange<Int>) -> ClosedRange<Int> {
        (orders.lowerBound * quantity)...(orders.upperBound * quantity)
    }

    // MARK: Void

    private func voids() -> [String] {
        var found: [String] = []
        if counts.accepted == 0 { found.append("No order was accepted.") }
        if max(lagP99, reads?.lag.p99 ?? 0) > maximumLag {
            let lagP99 = max(lagP99, reads?.lag.p99 ?? 0)
            found.append(
                """
                The generator did not keep up: 1 % of the arrivals came more than \(Figure.short(lagP99)) ms late, and \
                \(Figure.short(maximumLag)) ms are allowed.
                """)
        }
        if counts.arrivalsSent < counts.arrivalsPlanned {
            found.append("Only \(counts.arrivalsSent) of \(counts.arrivalsPlanned) arrivals were sent.")
        }
        return found
    }
}
