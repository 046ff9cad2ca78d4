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

    // MARK: Cards

    func availableCards(of product: ProductID, limit: Int) throws -> [Int64] {
        try Int64.fetchAll(
            database.cachedStatement(sql: Statements.availableCards), arguments: [product.number, limit])
    }

    func claim(_ cards: some Collection<Int64>, for order: OrderID) throws {
        for card in cards { try run(Statements.claimCard, [order.identifier.data, card], rows: 1) }
    }

    /// Gives held cards back to the pool and the units back to the buyer.
    func release(_ order: Order) throws {
        if order.kind.isPooled { try run(Statements.releaseCards, [order.id.identifier.data], rows: order.quantity) }
        try takeUnits(order, total: order.quantity, held: order.quantity)
    }

    /// Makes what an unpaid order holds the buyer's, and leaves word of it in the outbox.
    func deliver(_ order: Order, at moment: Timestamp) throws {
        try takeUnits(order, total: 0, held: order.quantity)
        try handOver(order, at: moment)
    }

    /// Marks held cards as sold, and leaves word of the delivery in the outbox.
    func handOver(_ order: Order, at moment: Timestamp) throws {
        if order.kind.isPooled { try run(Statements.deliverCards, [order.id.identifier.data], rows: order.quantity) }
        try run(
            Statements.insertOutbox, ["order.delivered", order.id.identifier.data, moment.milliseconds], rows: 1)
    }

    // MARK: Buyers

    func units(of buyer: Buyer, product: ProductID) throws -> BuyerUnits {
        let statement = try database.cachedStatement(sql: Statements.buyerUnits)
        guard let row = try Row.fetchOne(statement, arguments: [product.number, buyer.contact]) else { return .none }
        return BuyerUnits(total: row[0], held: row[1])
    }

    /// Counts units for the order's buyer.
    func addUnits(_ order: Order, held: Int) throws {
        try run(
            Statements.addBuyerUnits, [order.product.number, order.buyer.contact, order.quantity, held], rows: 1)
    }

    /// Takes units off the order's buyer.
    func takeUnits(_ order: Order, total: Int, held: Int) throws {
        try run(Statements.takeBuyerUnits, [total, held, order.product.number, order.buyer.contact], rows: 1)
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
