/// The statements of what is SQLite's own: placing orders, and finding them by their buyer or their idempotency key.
/// See ``RecentOrders``. Their query plans are tested.
enum SQLiteStatements {
    // MARK: Placing

    static let bodyDigest = "SELECT body_digest FROM orders WHERE id = ?"
    static let insertOrder = """
        INSERT INTO orders (id, product_id, quantity, contact, channel, amount, currency, sealed_fields, query_tag,
            idempotency_key, body_digest, created_at, expires_at, price_lines, coupon_id, state, version)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'awaiting_payment', 1)
        """
    static let insertClaim = """
        INSERT INTO journal (order_id, version, event, from_state, to_state, at)
        VALUES (?, 1, 'claim', NULL, 'awaiting_payment', ?)
        """
    static let fence = "SELECT 1 FROM order_fences WHERE order_id = ?"
    static let anyFence = "SELECT 1 FROM order_fences LIMIT 1"

    // MARK: Finding

    static let recentOrderByKey = """
        SELECT order_id FROM recent_order_keys WHERE product_id = ? AND idempotency_key = ?
        """
    static let orderByKey = "SELECT order_id FROM order_keys WHERE product_id = ? AND idempotency_key = ?"
    /// Orders that no longer count towards their buyer's limit.
    static let hasEnded = "state NOT IN ('awaiting_payment', 'paid', 'delivered')"
    static let buyerUnits = """
        SELECT coalesce(sum(o.quantity), 0) AS total,
            coalesce(sum(o.quantity) FILTER (WHERE o.state = 'awaiting_payment'), 0) AS held
        FROM (
            SELECT order_id FROM recent_buyer_orders WHERE product_id = ?1 AND contact = ?2 AND ended = 0
            UNION ALL
            SELECT order_id FROM buyer_orders WHERE product_id = ?1 AND contact = ?2 AND ended = 0
        ) b CROSS JOIN orders o ON o.id = b.order_id
        """

    /// Goes through the buyer's orders that count, whatever they are of.
    static let couponUses = """
        SELECT count(*) FROM (
            SELECT order_id FROM recent_buyer_orders WHERE contact = ?1 AND ended = 0
            UNION ALL
            SELECT order_id FROM buyer_orders WHERE contact = ?1 AND ended = 0
        ) b CROSS JOIN orders o ON o.id = b.order_id WHERE o.coupon_id = ?2
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

    /// Everything above that touches a table which grows.
    static let hot: [String: String] = [
        "fence": fence, "bodyDigest": bodyDigest, "orderByKey": orderByKey, "couponUses": couponUses,
        "buyerUnits": buyerUnits,
        "recentOrderByKey": recentOrderByKey, "endRecent": endRecent, "endFiled": endFiled,
    ]
}
