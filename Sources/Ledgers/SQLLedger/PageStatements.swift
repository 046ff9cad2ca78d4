import Domain
package import Shop

/// Pages of what grows without end. Each goes along an index in the order that it shows, or along one that holds only
/// what it asks for, however many rows there are.
package enum PageStatements {
    package static let journal = "SELECT * FROM owner_journal WHERE id < ? ORDER BY id DESC LIMIT ?"

    /// - Parameter condition: holds for a buyer's orders; its placeholders stand for the contact
    package static func orders(_ filter: OrderFilter, ofBuyer condition: String) -> (String, SQLArguments) {
        var conditions = SQLConditions()
        switch filter.state {
        case nil: break
        case .awaitingPayment?:
            // They are few among all, and the newest: without this, a page of the last few went through all the others.
            conditions.add("o.id IN (SELECT id FROM orders WHERE state = 'awaiting_payment')")
        case .delivered?: conditions.add("o.state = 'delivered'")
        case let state?:
            conditions.add("o.state = ?", state)
            // The words of the partial index, so that it may be used.
            conditions.add("o.state NOT IN ('awaiting_payment', 'delivered')")
        }
        if let buyer = filter.buyer { conditions.add(condition, buyer.contact) }
        if let after = filter.after { conditions.add("o.id < ?", after) }
        let sql = """
            SELECT \(Statements.orderColumns) FROM orders o JOIN products p ON p.id = o.product_id
            WHERE \(conditions.sql) ORDER BY o.id DESC LIMIT ?
            """
        return (sql, conditions.arguments + [filter.limit])
    }

    package static func payments(_ filter: PaymentFilter) -> (String, SQLArguments) {
        var conditions = SQLConditions()
        // The words of the partial indexes, so that they may be used.
        switch filter.verdict {
        // Nearly all are: by the index of verdicts all of them would be sorted for each page.
        case .accepted: conditions.add("verdict || '' = ?", PaymentVerdict.accepted)
        case let verdict?: conditions.add("verdict = ? AND verdict <> 'accepted'", verdict)
        case nil: break
        }
        switch filter.resolution {
        case .review: conditions.add("resolution = 'review'")
        case let resolution?:
            conditions.add("resolution = ?", resolution)
            if resolution != .delivered { conditions.add("resolution <> 'delivered'") }
        case nil: break
        }
        if let order = filter.order { conditions.add("order_id = ?", order) }
        if let after = filter.after { conditions.add("id < ?", after) }
        let sql = "SELECT * FROM payments WHERE \(conditions.sql) ORDER BY id DESC LIMIT ?"
        return (sql, conditions.arguments + [filter.limit])
    }

    package static func refunds(_ filter: RefundFilter) -> (String, SQLArguments) {
        var conditions = SQLConditions()
        // The word itself, so that PostgreSQL knows how rare it is before it chooses an index.
        if let state = filter.state { conditions.add("r.state = '\(state.rawValue)'") }
        if let order = filter.order { conditions.add("r.order_id = ?", order) }
        if let after = filter.after { conditions.add("r.id < ?", after) }
        let sql = "\(Statements.refundColumns) WHERE \(conditions.sql) ORDER BY r.id DESC LIMIT ?"
        return (sql, conditions.arguments + [filter.limit])
    }

    /// What follows the columns.
    package static func cards(_ filter: CardFilter) -> (String, SQLArguments) {
        // The plus keeps SQLite on the row numbers: by an index of the product it would sort all cards for each page.
        var conditions = SQLConditions()
        conditions.add("id > ?", filter.after)
        conditions.add("+product_id = ?", filter.product)
        if let state = filter.state { conditions.add("state = ?", state) }
        if let batch = filter.batch { conditions.add("batch_id = ?", batch) }
        if let pool = filter.pool { conditions.add(pool == .drawn ? "preview IS NULL" : "preview IS NOT NULL") }
        if let order = filter.order { conditions.add("order_id = ?", order) }
        return ("WHERE \(conditions.sql) ORDER BY id LIMIT ?", conditions.arguments + [filter.limit])
    }
}
