/// The statements that placing, paying and ending an order run. Their query plans are tested.
enum Statements {
    // MARK: Orders

    static let orderColumns = """
        o.id, o.product_id, p.slug, o.quantity, o.contact, o.channel, o.amount, o.currency, \
        o.price_lines, o.coupon_id, o.sealed_fields, o.state, o.version, o.created_at, o.expires_at, p.kind
        """
    static let order = """
        SELECT \(orderColumns) FROM orders o JOIN products p ON p.id = o.product_id WHERE o.id = ?
        """
    static let bodyDigest = "SELECT body_digest FROM orders WHERE id = ?"
    static let recentOrderByKey = """
        SELECT order_id FROM recent_order_keys WHERE product_id = ? AND idempotency_key = ?
        """
    static let orderByKey = "SELECT order_id FROM order_keys WHERE product_id = ? AND idempotency_key = ?"
    static let insertOrder = """
        INSERT INTO orders (id, product_id, quantity, contact, channel, amount, currency, sealed_fields, query_tag,
            idempotency_key, body_digest, created_at, expires_at, price_lines, coupon_id, state, version)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'awaiting_payment', 1)
        """
    static let insertClaim = """
        INSERT INTO journal (order_id, version, event, from_state, to_state, at)
        VALUES (?, 1, 'claim', NULL, 'awaiting_payment', ?)
        """
    static let moveOrder = """
        UPDATE orders SET state = ?, version = version + 1 WHERE id = ? AND state = ? AND version = ?
        """
    static let dueOrders = """
        SELECT \(orderColumns) FROM orders o JOIN products p ON p.id = o.product_id
        WHERE o.state = 'awaiting_payment' AND o.expires_at <= ? ORDER BY o.expires_at LIMIT ?
        """
    static let waitingOrders = """
        SELECT \(orderColumns) FROM orders o JOIN products p ON p.id = o.product_id
        WHERE o.state = 'paid' AND o.state NOT IN ('awaiting_payment', 'delivered') AND o.product_id = ?
            AND o.quantity <= ?
        ORDER BY o.id LIMIT ?
        """
    /// Goes through all paid orders: those that wait for the owner or for stock.
    static let waitingProducts = """
        SELECT DISTINCT o.product_id FROM orders o JOIN products p ON p.id = o.product_id
        WHERE o.state = 'paid' AND o.state NOT IN ('awaiting_payment', 'delivered')
            AND p.kind IN ('card', 'shared_counted')
        """
    static let fence = "SELECT 1 FROM order_fences WHERE order_id = ?"
    static let anyFence = "SELECT 1 FROM order_fences LIMIT 1"
    static let insertFence = "INSERT OR IGNORE INTO order_fences (order_id, created_at) VALUES (?, ?)"
    static let insertJournal = """
        INSERT INTO journal (order_id, version, event, from_state, to_state, at, actor, reason)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """
    static let insertOutbox = "INSERT INTO outbox (topic, order_id, created_at) VALUES (?, ?, ?)"

    // MARK: Cards

    static let availableCards = """
        SELECT id FROM cards WHERE product_id = ? AND state = 'available' AND preview IS NULL ORDER BY id LIMIT ?
        """
    static let pickableCard = """
        SELECT surcharge FROM cards WHERE id = ? AND product_id = ? AND state = 'available' AND preview IS NOT NULL
        """
    static let pickableCards = """
        SELECT id, product_id, batch_id, state, order_id, preview, surcharge FROM cards
        WHERE product_id = ? AND state = 'available' AND preview IS NOT NULL AND id > ? ORDER BY id LIMIT ?
        """
    static let claimCard = "UPDATE cards SET state = 'held', order_id = ? WHERE id = ? AND state = 'available'"
    static let releaseCards = """
        UPDATE cards SET state = 'available', order_id = NULL WHERE order_id = ? AND state = 'held'
        """
    static let deliverCards = "UPDATE cards SET state = 'sold' WHERE order_id = ? AND state = 'held'"
    static let soldSecrets = "SELECT secret, note FROM cards WHERE order_id = ? AND state = 'sold' ORDER BY id"

    // MARK: Buyers

    /// Orders that no longer count towards their buyer's limit.
    static let hasEnded = "state NOT IN ('awaiting_payment', 'paid', 'delivered')"
    static let buyerUnits = """
        SELECT coalesce(sum(o.quantity), 0), coalesce(sum(o.quantity) FILTER (WHERE o.state = 'awaiting_payment'), 0)
        FROM (
            SELECT order_id FROM recent_buyer_orders WHERE product_id = ?1 AND contact = ?2 AND ended = 0
            UNION ALL
            SELECT order_id FROM buyer_orders WHERE product_id = ?1 AND contact = ?2 AND ended = 0
        ) b CROSS JOIN orders o ON o.id = b.order_id
        """

    // MARK: Coupons

    static let coupon = """
        SELECT version, enabled, max_uses, max_uses_per_buyer, uses FROM coupons WHERE id = ?
        """
    /// Goes through the buyer's orders that count, whatever they are of.
    static let couponUses = """
        SELECT count(*) FROM (
            SELECT order_id FROM recent_buyer_orders WHERE contact = ?1 AND ended = 0
            UNION ALL
            SELECT order_id FROM buyer_orders WHERE contact = ?1 AND ended = 0
        ) b CROSS JOIN orders o ON o.id = b.order_id WHERE o.coupon_id = ?2
        """
    /// The guard is the limit itself, so that no use is ever one too many.
    static let useCoupon = """
        UPDATE coupons SET uses = uses + ?1
        WHERE id = ?2 AND uses + ?1 >= 0 AND (?1 < 0 OR max_uses IS NULL OR uses + ?1 <= max_uses)
        """

    // MARK: Filing

    static let fileRecent = "INSERT INTO recent_buyer_orders VALUES (?, ?, 0, ?)"
    static let fileRecentKey = "INSERT INTO recent_order_keys VALUES (?, ?, ?)"
    static let file = "INSERT INTO buyer_orders VALUES (?, ?, 0, ?)"
    static let fileKey = "INSERT INTO order_keys VALUES (?, ?, ?)"
    static let endRecent = """
        UPDATE recent_buyer_orders SET ended = ?4 WHERE product_id = ?1 AND contact = ?2 AND ended = 1 - ?4
            AND order_id = ?3
        """
    static let endFiled = """
        UPDATE buyer_orders SET ended = ?4 WHERE product_id = ?1 AND contact = ?2 AND ended = 1 - ?4
            AND order_id = ?3
        """

    // MARK: Payments

    static let attempt = "SELECT id, order_id, channel, amount, currency, created_at FROM attempts WHERE id = ?"
    static let attemptOfOrder = """
        SELECT id, order_id, channel, amount, currency, created_at FROM attempts WHERE order_id = ? AND channel = ?
        """
    static let paymentsByEvent = """
        SELECT order_id, attempt, amount, currency, claim, verdict, resolution FROM payments
        WHERE channel = ? AND provider_event = ? AND verdict NOT IN ('forged', 'duplicate')
        """
    static let insertPayment = """
        INSERT INTO payments (channel, provider_event, attempt, order_id, amount, currency, verdict, resolution,
            received_at, raw, claim)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    static let resolvePayments = "UPDATE payments SET resolution = ? WHERE order_id = ? AND resolution = ?"
    static let resolvePayment = "UPDATE payments SET resolution = ? WHERE id = ? AND resolution = ?"
    static let payment = "SELECT * FROM payments WHERE id = ?"
    static let dueQueries = """
        SELECT a.id, a.order_id, a.channel, a.amount, a.currency, a.created_at, a.queries
        FROM attempts a WHERE a.next_query_at IS NOT NULL AND a.next_query_at <= ? ORDER BY a.next_query_at LIMIT ?
        """
    static let countCallback = """
        INSERT INTO callback_counts (channel, verdict, count) VALUES (?, ?, ?)
        ON CONFLICT (channel, verdict) DO UPDATE SET count = count + excluded.count
        """
    static let pruneCallbacks = """
        DELETE FROM payments WHERE verdict = ?1 AND channel = ?2 AND id <= (
            SELECT id FROM payments WHERE verdict = ?1 AND channel = ?2 ORDER BY id DESC LIMIT 1 OFFSET ?3)
        """

    // MARK: Refunds

    static let refundColumns = """
        SELECT r.*, y.channel, y.attempt, y.amount IS NOT NULL AND y.claim = 'paid' AS is_certain,
            (SELECT count(*) FROM payments z WHERE z.order_id = y.order_id AND z.attempt = y.attempt
                AND z.resolution IS NOT NULL) AS payments_of_attempt
        FROM refunds r JOIN payments y ON y.id = r.payment_id
        """
    static let refund = "\(refundColumns) WHERE r.id = ?"
    static let openRefund = """
        INSERT INTO refunds (order_id, payment_id, amount, currency, state, created_at, changed_at)
        VALUES (?, ?, ?, ?, 'open', ?, ?)
        """
    static let moveRefund = """
        UPDATE refunds SET state = ?, version = version + 1, actor = coalesce(actor, ?), reason = coalesce(reason, ?),
            outcome = ?, changed_at = ?
        WHERE id = ? AND state = ?
        """

    /// Everything above that touches a table which grows.
    static let hot: [String: String] = [
        "order": order, "orderByKey": orderByKey, "moveOrder": moveOrder, "dueOrders": dueOrders,
        "waitingOrders": waitingOrders, "fence": fence,
        "availableCards": availableCards, "pickableCard": pickableCard, "pickableCards": pickableCards,
        "coupon": coupon, "couponUses": couponUses, "useCoupon": useCoupon, "claimCard": claimCard,
        "releaseCards": releaseCards,
        "deliverCards": deliverCards, "soldSecrets": soldSecrets, "buyerUnits": buyerUnits,
        "recentOrderByKey": recentOrderByKey, "endRecent": endRecent, "endFiled": endFiled,
        "bodyDigest": bodyDigest,
        "attempt": attempt, "attemptOfOrder": attemptOfOrder,
        "paymentsByEvent": paymentsByEvent, "pruneCallbacks": pruneCallbacks, "resolvePayments": resolvePayments,
        "resolvePayment": resolvePayment, "payment": payment, "dueQueries": dueQueries, "refund": refund,
        "moveRefund": moveRefund,
    ]
}
