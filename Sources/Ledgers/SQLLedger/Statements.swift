/// The statements that placing, paying and ending an order run. Their query plans are tested.
package enum Statements {
    // MARK: Orders

    package static let orderColumns = """
        o.id, o.product_id, p.slug, o.quantity, o.contact, o.channel, o.amount, o.currency, \
        o.price_lines, o.coupon_id, o.sealed_fields, o.state, o.version, o.created_at, o.expires_at, p.kind
        """
    package static let order = """
        SELECT \(orderColumns) FROM orders o JOIN products p ON p.id = o.product_id WHERE o.id = ?
        """
    /// One row in any case. Fences are looked at only when there is no order.
    package static let standing = """
        SELECT \(orderColumns),
            CASE WHEN o.id IS NULL THEN (SELECT count(*) FROM order_fences WHERE order_id = ?1) ELSE 0 END AS fences
        FROM (SELECT 1) one LEFT JOIN orders o ON o.id = ?1 LEFT JOIN products p ON p.id = o.product_id
        """
    package static let product = "SELECT * FROM products WHERE id = ?"
    package static let moveOrder = """
        UPDATE orders SET state = ?, version = version + 1 WHERE id = ? AND state = ? AND version = ?
        """
    package static let dueOrders = """
        SELECT \(orderColumns) FROM orders o JOIN products p ON p.id = o.product_id
        WHERE o.state = 'awaiting_payment' AND o.expires_at <= ? ORDER BY o.expires_at LIMIT ?
        """
    package static let waitingOrders = """
        SELECT \(orderColumns) FROM orders o JOIN products p ON p.id = o.product_id
        WHERE o.state = 'paid' AND o.state NOT IN ('awaiting_payment', 'delivered') AND o.product_id = ?
            AND o.quantity <= ?
        ORDER BY o.id LIMIT ?
        """
    /// Goes through all paid orders: those that wait for the owner or for stock.
    package static let waitingProducts = """
        SELECT DISTINCT o.product_id FROM orders o JOIN products p ON p.id = o.product_id
        WHERE o.state = 'paid' AND o.state NOT IN ('awaiting_payment', 'delivered')
            AND p.kind IN ('card', 'shared_counted')
        """
    package static let insertFence = """
        INSERT INTO order_fences (order_id, created_at) VALUES (?, ?) ON CONFLICT DO NOTHING
        """
    package static let insertJournal = """
        INSERT INTO journal (order_id, version, event, from_state, to_state, at, actor, reason)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """
    package static let insertOutbox = "INSERT INTO outbox (topic, order_id, created_at) VALUES (?, ?, ?)"

    // MARK: Cards

    package static let availableCards = availableCards(orderedBy: "id")
    package static func availableCards(orderedBy column: String) -> String {
        """
        SELECT id FROM cards WHERE product_id = ? AND state = 'available' AND preview IS NULL
        ORDER BY \(column) LIMIT ?
        """
    }
    package static let pickableCard = """
        SELECT surcharge FROM cards WHERE id = ? AND product_id = ? AND state = 'available' AND preview IS NOT NULL
        """
    package static let pickableCards = """
        SELECT \(cardColumns) FROM cards
        WHERE product_id = ? AND state = 'available' AND preview IS NOT NULL AND id > ? ORDER BY id LIMIT ?
        """
    package static let cardColumns = "id, product_id, batch_id, state, order_id, preview, surcharge"
    package static let card = "SELECT \(cardColumns) FROM cards WHERE id = ?"
    package static let cardByFingerprint = "SELECT \(cardColumns) FROM cards WHERE product_id = ? AND fingerprint = ?"
    /// Goes through all cards in the order of their numbers: the plus keeps SQLite from an index of the product.
    package static let countedCards = """
        SELECT p.slug, c.state, c.count FROM (
            SELECT +product_id AS product, state, count(*) AS count FROM cards GROUP BY +product_id, state
        ) c JOIN products p ON p.id = c.product
        """
    package static let claimCard = "UPDATE cards SET state = 'held', order_id = ? WHERE id = ? AND state = 'available'"
    package static let releaseCards = """
        UPDATE cards SET state = 'available', order_id = NULL WHERE order_id = ? AND state = 'held'
        """
    package static let deliverCards = "UPDATE cards SET state = 'sold' WHERE order_id = ? AND state = 'held'"
    package static let soldSecrets = "SELECT secret, note FROM cards WHERE order_id = ? AND state = 'sold' ORDER BY id"

    package static let numberChange = """
        INSERT INTO stock_changes (product_id, number) VALUES (?, 1)
        ON CONFLICT (product_id) DO UPDATE SET number = stock_changes.number + 1 RETURNING number
        """

    // MARK: Coupons

    package static let coupon = """
        SELECT version, enabled, max_uses, max_uses_per_buyer, uses FROM coupons WHERE id = ?
        """
    /// The guard is the limit itself, so that no use is ever one too many.
    package static let useCoupon = """
        UPDATE coupons SET uses = uses + ?1
        WHERE id = ?2 AND uses + ?1 >= 0 AND (?1 < 0 OR max_uses IS NULL OR uses + ?1 <= max_uses)
        """

    // MARK: Payments

    package static let attempt = "SELECT id, order_id, channel, amount, currency, created_at FROM attempts WHERE id = ?"
    package static let attemptOfOrder = """
        SELECT id, order_id, channel, amount, currency, created_at FROM attempts WHERE order_id = ? AND channel = ?
        """
    package static let paymentsByEvent = """
        SELECT order_id, attempt, amount, currency, claim, verdict, resolution FROM payments
        WHERE channel = ? AND provider_event = ? AND verdict NOT IN ('forged', 'duplicate')
        """
    package static let insertPayment = """
        INSERT INTO payments (channel, provider_event, attempt, order_id, amount, currency, verdict, resolution,
            received_at, raw, claim)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    package static let resolvePayments = "UPDATE payments SET resolution = ? WHERE order_id = ? AND resolution = ?"
    package static let resolvePayment = "UPDATE payments SET resolution = ? WHERE id = ? AND resolution = ?"
    package static let payment = "SELECT * FROM payments WHERE id = ?"
    package static let dueQueries = """
        SELECT a.id, a.order_id, a.channel, a.amount, a.currency, a.created_at, a.queries
        FROM attempts a WHERE a.next_query_at IS NOT NULL AND a.next_query_at <= ? ORDER BY a.next_query_at LIMIT ?
        """
    package static let countCallback = """
        INSERT INTO callback_counts (channel, verdict, count) VALUES (?, ?, ?)
        ON CONFLICT (channel, verdict) DO UPDATE SET count = callback_counts.count + excluded.count
        """
    package static let pruneCallbacks = """
        DELETE FROM payments WHERE verdict = ?1 AND channel = ?2 AND id <= (
            SELECT id FROM payments WHERE verdict = ?1 AND channel = ?2 ORDER BY id DESC LIMIT 1 OFFSET ?3)
        """

    // MARK: Refunds

    package static let refundColumns = """
        SELECT r.*, y.channel, y.attempt,
            CASE WHEN y.amount IS NOT NULL AND y.claim = 'paid' THEN 1 ELSE 0 END AS is_certain,
            (SELECT count(*) FROM payments z WHERE z.order_id = y.order_id AND z.attempt = y.attempt
                AND z.resolution IS NOT NULL) AS payments_of_attempt
        FROM refunds r JOIN payments y ON y.id = r.payment_id
        """
    package static let refund = "\(refundColumns) WHERE r.id = ?"
    package static let openRefund = """
        INSERT INTO refunds (order_id, payment_id, amount, currency, state, created_at, changed_at)
        VALUES (?, ?, ?, ?, 'open', ?, ?)
        """
    package static let moveRefund = """
        UPDATE refunds SET state = ?, version = version + 1, actor = coalesce(actor, ?), reason = coalesce(reason, ?),
            outcome = ?, changed_at = ?
        WHERE id = ? AND state = ?
        """

    /// Everything above that touches a table which grows.
    package static let hot: [String: String] = [
        "order": order, "standing": standing, "moveOrder": moveOrder, "dueOrders": dueOrders,
        "waitingOrders": waitingOrders,
        "availableCards": availableCards, "pickableCard": pickableCard, "pickableCards": pickableCards,
        "coupon": coupon, "useCoupon": useCoupon, "claimCard": claimCard,
        "releaseCards": releaseCards,
        "deliverCards": deliverCards, "soldSecrets": soldSecrets,
        "attempt": attempt, "attemptOfOrder": attemptOfOrder,
        "paymentsByEvent": paymentsByEvent, "pruneCallbacks": pruneCallbacks, "resolvePayments": resolvePayments,
        "resolvePayment": resolvePayment, "payment": payment, "dueQueries": dueQueries, "refund": refund,
        "moveRefund": moveRefund,
    ]
}
