public import Domain
public import Shop

// Figures for whoever runs the shop.
extension SQLLedger {
    public func figures(_ span: FigureSpan) async throws(ShopError) -> [SalesFigures] {
        // An order's number begins with the time it was made, so the range is one of the primary key and needs no index
        // that each order would pay for. Number and time are written apart from each other, hence the margin.
        let margin: Int64 = 60
        func edge(_ moment: Timestamp) -> Identifier {
            Identifier(time: Timestamp(milliseconds: max(0, moment.milliseconds)), shard: 0, random: 0)
        }
        var arguments: SQLArguments = [
            span.start, span.bucket.rawValue * 1000, edge(span.start.advanced(seconds: -margin)),
            edge(span.end.advanced(seconds: margin)), span.start, span.end,
        ]
        if let product = span.product { arguments += [product] }
        let sql = Statements.figures(ofProduct: span.product != nil)
        // One such question may go through all orders of a year, so it must not hold up the clean-up of the log.
        return try await readAtLeisure { [arguments] transaction in
            var figures = (0..<span.count).map { SalesFigures(start: span.start(of: $0)) }
            try transaction.each(sql, arguments) { row in
                let bucket: Int = try row["bucket"]
                guard figures.indices.contains(bucket), let currency = Currency(code: try row["currency"]) else {
                    throw SQLRow.damaged("created_at")
                }
                let takings: Int64? = try row["takings"]
                figures[bucket].add(
                    SalesFigures(
                        start: span.start(of: bucket), placed: try row["placed"], delivered: try row["delivered"],
                        expired: try row["expired"], takings: takings.map { [currency: $0] } ?? [:]))
            }
            return figures
        }
    }
}

extension Statements {
    /// Counts of the orders in a range of the primary key.
    package static func figures(ofProduct: Bool) -> String {
        """
        SELECT (created_at - ?) / ? AS bucket, currency,
            count(*) FILTER (WHERE state NOT IN ('queued', 'rejected')) AS placed,
            count(*) FILTER (WHERE state = 'delivered') AS delivered,
            count(*) FILTER (WHERE state = 'expired') AS expired,
            CAST(sum(amount) FILTER (WHERE state IN ('paid', 'delivered')) AS BIGINT) AS takings
        FROM orders WHERE id >= ? AND id < ? AND created_at >= ? AND created_at < ?
            \(ofProduct ? "AND product_id = ?" : "")
        GROUP BY bucket, currency
        """
    }
}
