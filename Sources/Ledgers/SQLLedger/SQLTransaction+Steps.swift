import Domain
import Foundation
import GRDB
import Shop

/// The steps that every change of an order is made of, inside one open transaction. Each step checks how many rows it
/// touched; a wrong number undoes the whole change.
struct LedgerTransaction {
    let database: Database

    // MARK: Orders

    func order(_ id: OrderID) throws -> Order? {
        try Row.fetchOne(database.cachedStatement(sql: Statements.order), arguments: [id.identifier.data])
            .map { try Order(row: $0) }
    }

    /// Moves an order by the state machine, guarded by state and version, and writes the journal.
    func move(
        _ order: Order, _ event: OrderEvent, at moment: Timestamp, by note: OwnerNote? = nil
    ) throws -> Order {
        guard let state = order.state.after(event) else {
            throw ShopError(.wrongState, "an order that is \(order.state.rawValue) cannot \(event.rawValue)")
        }
        try run(
            Statements.moveOrder, [state.rawValue, order.id.identifier.data, order.state.rawValue, order.version],
            rows: 1)
        let moved = order.moved(to: state)
        if order.state.countsForBuyer != state.countsForBuyer {
            try count(order, counts: state.countsForBuyer)
            if let coupon = order.coupon { try use(coupon, by: state.countsForBuyer ? 1 : -1) }
        }
        try journal(moved, event, from: order.state, at: moment, by: note)
        return moved
    }

    func journal(
        _ order: Order, _ event: OrderEvent, from: OrderState?, at moment: Timestamp, by note: OwnerNote? = nil
    ) throws {
        try run(
            Statements.insertJournal,
            [
                order.id.identifier.data, order.version, event.rawValue, from?.rawValue, order.state.rawValue,
                moment.milliseconds, note?.actor, note?.reason,
            ], rows: 1)
    }

    func product(_ id: ProductID) throws -> Product {
        let statement = try database.cachedStatement(sql: "SELECT * FROM products WHERE id = ?")
        guard let row = try Row.fetchOne(statement, arguments: [id.number]) else { throw Row.damaged("product_id") }
        return try Product(row: row)
    }

    /// Writes down something that the owner did.
    func log(_ action: String, subject: String, by note: OwnerNote, at moment: Timestamp) throws {
        try run(
            "INSERT INTO owner_journal (at, actor, action, subject, reason) VALUES (?, ?, ?, ?, ?)",
            [moment.milliseconds, note.actor, action, subject, note.reason], rows: 1)
    }

    func log(_ action: String, subject: String, _ deed: OwnerDeed) throws {
        try log(action, subject: subject, by: deed.note, at: deed.at)
    }

    // MARK: Cards

    func availableCards(of product: ProductID, limit: Int) throws -> [Int64] {
        try Int64.fetchAll(
            database.cachedStatement(sql: Statements.availableCards), arguments: [product.number, limit])
    }

    /// What a card that may be picked costs more; nil when it is not there to be picked.
    func surcharge(of card: Int64, _ product: ProductID) throws -> Int64? {
        try Int64.fetchOne(
            database.cachedStatement(sql: Statements.pickableCard), arguments: [card, product.number])
    }

    /// The cards that an order without any may have; nil when they are not all there.
    func cards(for order: Order) throws -> [Int64]? {
        let picks = order.picks.map(\.card)
        if !picks.isEmpty {
            return try picks.allSatisfy { try surcharge(of: $0, order.product) != nil } ? picks : nil
        }
        let drawn = try availableCards(of: order.product, limit: order.quantity)
        return drawn.count == order.quantity ? drawn : nil
    }

    func claim(_ cards: some Collection<Int64>, for order: OrderID) throws {
        for card in cards { try run(Statements.claimCard, [order.identifier.data, card], rows: 1) }
    }

    /// Gives held cards back to the pool.
    func release(_ order: Order) throws {
        if order.kind.isPooled { try run(Statements.releaseCards, [order.id.identifier.data], rows: order.quantity) }
    }

    /// Marks held cards as sold, and leaves word of the delivery in the outbox.
    func handOver(_ order: Order, at moment: Timestamp) throws {
        if order.kind.isPooled { try run(Statements.deliverCards, [order.id.identifier.data], rows: order.quantity) }
        try run(
            Statements.insertOutbox, ["order.delivered", order.id.identifier.data, moment.milliseconds], rows: 1)
    }

    // MARK: Buyers

    /// Counted from the buyer's orders; on the writing connection only.
    func units(of buyer: Buyer, product: ProductID) throws -> BuyerUnits {
        let statement = try database.cachedStatement(sql: Statements.buyerUnits)
        guard let row = try Row.fetchOne(statement, arguments: [product.number, buyer.contact]) else { return .none }
        return BuyerUnits(total: row[0], held: row[1])
    }

    /// How often a buyer's orders use a coupon; on the writing connection only.
    func uses(of coupon: CouponID, by buyer: Buyer) throws -> Int {
        let statement = try database.cachedStatement(sql: Statements.couponUses)
        return try Int.fetchOne(statement, arguments: [buyer.contact, coupon.number]) ?? 0
    }

    /// What is known of a coupon; nil when there is none.
    func coupon(_ id: CouponID) throws -> CouponState? {
        let statement = try database.cachedStatement(sql: Statements.coupon)
        guard let row = try Row.fetchOne(statement, arguments: [id.number]) else { return nil }
        guard let uses = CouponUses(total: row["max_uses"], perBuyer: row["max_uses_per_buyer"]) else {
            throw Row.damaged("max_uses")
        }
        return CouponState(version: row["version"], isEnabled: row["enabled"], uses: uses, used: row["uses"])
    }

    /// Counts uses of a coupon, or gives them back when negative.
    func use(_ coupon: CouponID, by count: Int) throws {
        try run(Statements.useCoupon, [count, coupon.number], rows: 1)
    }

    /// Says of an order whether it counts towards its buyer's limit.
    private func count(_ order: Order, counts: Bool) throws {
        let arguments: StatementArguments = [
            order.product.number, order.buyer.contact, order.id.identifier.data, counts ? 0 : 1,
        ]
        let touched = try run(Statements.endRecent, arguments) + run(Statements.endFiled, arguments)
        guard touched == 1 else {
            throw ShopError(.internalFault, "an order is not filed under its buyer once", cause: "\(touched) times")
        }
    }

    // MARK: Parts

    /// Runs a statement that must touch exactly so many rows.
    func run(_ sql: String, _ arguments: StatementArguments, rows: Int) throws {
        let touched = try run(sql, arguments)
        guard touched == rows else {
            throw ShopError(
                .internalFault, "a guarded write found another state than expected", cause: "\(touched) rows: \(sql)")
        }
    }

    /// Runs a statement and says how many rows it touched.
    @discardableResult
    func run(_ sql: String, _ arguments: StatementArguments) throws -> Int {
        try database.cachedStatement(sql: sql).execute(arguments: arguments)
        return database.changesCount
    }
}

/// A coupon as it stands in an open transaction.
struct CouponState {
    let version: Int
    let isEnabled: Bool
    let uses: CouponUses
    var used: Int

    /// Why an order cannot use it; nil when it can.
    ///
    /// - Parameter byBuyer: counts the buyer's uses; asked only when they matter
    func refusal(byBuyer: () throws -> Int) rethrows -> Refusal? {
        uses.refusal(used: used, byBuyer: uses.perBuyer == nil ? 0 : try byBuyer())
    }
}
