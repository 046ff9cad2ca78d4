package import Domain
package import Shop

// The steps that every change of an order is made of, inside one open transaction. Each step checks how many rows it
// touched; a wrong number undoes the whole change.
extension SQLTransaction {
    // MARK: Orders

    /// An order that is only to be looked at.
    package func order(_ id: OrderID) throws -> Order? {
        try first(Statements.order, [id]).map { try Order(row: $0) }
    }

    /// An order that is to be changed: nobody else changes it until the transaction ends. Orders are locked before
    /// everything else.
    package func lockedOrder(_ id: OrderID) throws -> Order? {
        try first("\(Statements.order) \(dialect.forUpdate(of: "o"))", [id]).map { try Order(row: $0) }
    }

    /// Moves an order by the state machine, guarded by state and version, and writes the journal.
    package func move(
        _ order: Order, _ event: OrderEvent, at moment: Timestamp, by note: OwnerNote? = nil
    ) throws -> Order {
        guard let state = order.state.after(event) else {
            throw ShopError(.wrongState, "an order that is \(order.state.rawValue) cannot \(event.rawValue)")
        }
        try run(Statements.moveOrder, [state, order.id, order.state, order.version], rows: 1)
        let moved = order.moved(to: state)
        if order.state.countsForBuyer != state.countsForBuyer {
            try file(order, counts: state.countsForBuyer)
            if let coupon = order.coupon { try use(coupon, by: state.countsForBuyer ? 1 : -1) }
        }
        try journal(moved, event, from: order.state, at: moment, by: note)
        return moved
    }

    /// Writes down a step of an order that was made.
    package func journal(
        _ order: Order, _ event: OrderEvent, from: OrderState?, at moment: Timestamp, by note: OwnerNote? = nil
    ) throws {
        try run(
            Statements.insertJournal,
            [order.id, order.version, event, from, order.state, moment, note?.actor, note?.reason], rows: 1)
    }

    package func product(_ id: ProductID) throws -> Product {
        guard let row = try first(Statements.product, [id]) else { throw SQLRow.damaged("product_id") }
        return try Product(row: row)
    }

    /// Writes down something that the owner did.
    package func log(_ action: String, subject: String, by note: OwnerNote, at moment: Timestamp) throws {
        try log(action, subject: subject, OwnerDeed(by: note, at: moment))
    }

    /// Writes down a change, with what the thing was like before it and after it.
    package func log(
        _ action: String, subject: String, _ deed: OwnerDeed, before: JournalFacts? = nil, after: JournalFacts? = nil
    ) throws {
        let bytes = Limits.journalBytes
        try run(
            """
            INSERT INTO owner_journal (at, actor, action, subject, reason, before, after)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """,
            [
                deed.at, deed.note.actor, action, subject, deed.note.reason, before?.json(maximumBytes: bytes),
                after?.json(maximumBytes: bytes),
            ], rows: 1)
    }

    // MARK: Cards

    package func availableCards(of product: ProductID, limit: Int) throws -> [Int64] {
        try column(Statements.availableCards(orderedBy: dialect.cardOrder), [product, limit])
    }

    /// What a card that may be picked costs more; nil when it is not there to be picked.
    package func surcharge(of card: Int64, _ product: ProductID) throws -> Int64? {
        try value(Statements.pickableCard, [card, product])
    }

    /// The cards that an order without any may have; nil when they are not all there.
    package func cards(for order: Order) throws -> [Int64]? {
        let picks = order.picks.map(\.card)
        if !picks.isEmpty {
            return try picks.allSatisfy { try surcharge(of: $0, order.product) != nil } ? picks : nil
        }
        let drawn = try availableCards(of: order.product, limit: order.quantity)
        return drawn.count == order.quantity ? drawn : nil
    }

    package func claim(_ cards: some Collection<Int64>, for order: OrderID) throws {
        for card in cards { try run(Statements.claimCard, [order, card], rows: 1) }
    }

    /// Gives held cards back to the pool.
    package func release(_ order: Order) throws {
        if order.kind.isPooled { try run(Statements.releaseCards, [order.id], rows: order.quantity) }
    }

    /// Marks held cards as sold, and leaves word of the delivery in the outbox.
    package func handOver(_ order: Order, at moment: Timestamp) throws {
        if order.kind.isPooled { try run(Statements.deliverCards, [order.id], rows: order.quantity) }
        try run(Statements.insertOutbox, ["order.delivered", order.id, moment], rows: 1)
    }

    // MARK: Changes that go past the gate

    /// Gives a number to a change of a product's pool, or of its buyers' units, that no ticket of the gate stands for:
    /// one more than the last of that product. Comes last in a transaction, since whoever else needs a number of the
    /// product waits until this one ends.
    package func numberChange(of product: ProductID) throws -> Int64 {
        guard let number: Int64 = try value(Statements.numberChange, [product]) else { throw SQLRow.damaged("number") }
        return number
    }

    // MARK: Coupons

    /// What is known of a coupon that is about to be used; nil when there is none.
    package func coupon(_ id: CouponID) throws -> CouponState? {
        try first("\(Statements.coupon) \(dialect.forUpdate)", [id]).map { try CouponState(row: $0) }
    }

    /// Counts uses of a coupon, or gives them back when negative.
    package func use(_ coupon: CouponID, by count: Int) throws {
        try run(Statements.useCoupon, [count, coupon], rows: 1)
    }
}

/// A coupon as it stands in an open transaction.
package struct CouponState {
    package let version: Int
    package let isEnabled: Bool
    package let uses: CouponUses
    package var used: Int

    package init(row: SQLRow) throws {
        guard let uses = CouponUses(total: try row["max_uses"], perBuyer: try row["max_uses_per_buyer"]) else {
            throw SQLRow.damaged("max_uses")
        }
        self.uses = uses
        version = try row["version"]
        isEnabled = try row["enabled"]
        used = try row["uses"]
    }

    /// Why an order cannot use it; nil when it can.
    ///
    /// - Parameter byBuyer: counts the buyer's uses; asked only when they matter
    package func refusal(byBuyer: () throws -> Int) rethrows -> Refusal? {
        uses.refusal(used: used, byBuyer: uses.perBuyer == nil ? 0 : try byBuyer())
    }
}
