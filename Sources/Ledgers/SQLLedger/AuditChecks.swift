/// An invariant, with a query that counts how often it is broken.
struct CountedCheck: Sendable {
    let id: String
    let statement: String
    /// A query for the number of violations.
    let violations: String

    static let all = [
        CountedCheck(
            id: "I1", statement: "available + held + sold + voided = imported, per product",
            violations: """
                SELECT count(*) FROM products p WHERE
                    (SELECT CAST(coalesce(sum(b.imported), 0) AS BIGINT) FROM batches b WHERE b.product_id = p.id)
                    <> (SELECT count(*) FROM cards c WHERE c.product_id = p.id)
                """),
        CountedCheck(
            id: "I2", statement: "an order has as many cards, held or sold, as its state says, of its own product",
            violations: """
                WITH owned AS (
                    SELECT o.id, o.quantity, o.state,
                        min(CASE WHEN p.kind IN ('card', 'shared_counted') THEN 1 ELSE 0 END) AS pooled,
                        count(c.id) AS cards,
                        count(c.id) FILTER (WHERE c.product_id = o.product_id AND c.state
                            = CASE WHEN o.state = 'awaiting_payment' THEN 'held' ELSE 'sold' END) AS fitting
                    FROM orders o JOIN products p ON p.id = o.product_id LEFT JOIN cards c ON c.order_id = o.id
                    GROUP BY o.id)
                SELECT count(*) FROM owned WHERE cards <> fitting
                    OR state NOT IN ('refund_pending', 'refunded') AND cards
                        <> CASE WHEN pooled = 1 AND state IN ('awaiting_payment', 'delivered') THEN quantity ELSE 0 END
                    OR state IN ('refund_pending', 'refunded') AND cards NOT IN (0, quantity)
                """),
        CountedCheck(
            id: "I6", statement: "a buyer has no more than the product's limit; a key stands for one order at most",
            violations: """
                SELECT (SELECT count(*) FROM (
                        SELECT o.product_id, sum(o.quantity) AS total FROM orders o
                        WHERE o.state IN ('awaiting_payment', 'paid', 'delivered') GROUP BY o.product_id, o.contact) c
                        JOIN products p ON p.id = c.product_id WHERE c.total > p.most_per_buyer)
                    + (SELECT count(*) FROM (
                        SELECT 1 FROM orders WHERE idempotency_key IS NOT NULL
                        GROUP BY product_id, idempotency_key HAVING count(*) > 1) k)
                """),
        CountedCheck(
            id: "I7", statement: "delivered implies a verified payment of the exact amount",
            violations: """
                SELECT count(*) FROM orders o WHERE o.state = 'delivered' AND NOT EXISTS (
                    SELECT 1 FROM payments y WHERE y.order_id = o.id AND y.verdict IN ('accepted', 'late')
                        AND y.resolution = 'delivered' AND y.amount = o.amount AND y.currency = o.currency)
                """),
        CountedCheck(
            id: "I8",
            statement: "every verified payment ends as delivered, refunded, confirmed or in review, as its order says",
            violations: """
                SELECT (SELECT count(*) FROM payments WHERE resolution IS NULL AND verdict IN ('accepted', 'late'))
                    + (SELECT count(*) FROM payments WHERE resolution IS NOT NULL AND (claim = 'not_paid'
                        OR verdict IN ('forged', 'duplicate')
                        OR resolution NOT IN ('delivered', 'pending', 'review', 'refunded', 'confirmed')))
                    + (SELECT count(*) FROM payments y JOIN orders o ON o.id = y.order_id
                        WHERE y.resolution = 'delivered'
                            AND o.state NOT IN ('delivered', 'refund_pending', 'refunded')
                        OR y.resolution = 'pending' AND o.state NOT IN ('paid', 'refund_pending', 'refunded')
                        OR y.resolution = 'refunded' AND NOT EXISTS (
                            SELECT 1 FROM refunds r WHERE r.payment_id = y.id AND r.state = 'done'))
                    + (SELECT count(*) FROM orders o WHERE o.state IN ('paid', 'refund_pending', 'refunded', 'review')
                        AND NOT EXISTS (SELECT 1 FROM payments y WHERE y.order_id = o.id
                            AND y.resolution = CASE o.state WHEN 'paid' THEN 'pending' WHEN 'review' THEN 'review'
                                WHEN 'refunded' THEN 'refunded' ELSE y.resolution END))
                    + (SELECT count(*) FROM (SELECT order_id FROM payments
                        WHERE resolution IN ('delivered', 'pending') GROUP BY order_id HAVING count(*) > 1) twice)
                """),
        CountedCheck(
            id: "I9", statement: "a refund case is about its order's money, and an order waits for requested ones",
            violations: """
                SELECT (SELECT count(*) FROM refunds r JOIN payments y ON y.id = r.payment_id
                        WHERE y.order_id IS DISTINCT FROM r.order_id
                            OR (r.state = 'done') <> (y.resolution = 'refunded'))
                    + (SELECT count(*) FROM orders o WHERE o.state = 'refund_pending' AND NOT EXISTS (
                        SELECT 1 FROM refunds r WHERE r.order_id = o.id AND r.state = 'requested'))
                """),
        CountedCheck(
            id: "I12", statement: "the journal has every version of every order, by legal moves, and ends in its state",
            violations: """
                SELECT (SELECT count(*) FROM (
                        SELECT version, from_state, lag(to_state) OVER steps AS before,
                            row_number() OVER steps AS number
                        FROM journal WINDOW steps AS (PARTITION BY order_id ORDER BY version)) j
                        WHERE version <> number OR from_state IS DISTINCT FROM before)
                    + (SELECT count(*) FROM orders o WHERE NOT EXISTS (
                        SELECT 1 FROM journal j WHERE j.order_id = o.id AND j.version = o.version
                            AND j.to_state = o.state))
                    + (SELECT count(*) FROM journal j JOIN orders o ON o.id = j.order_id WHERE j.version > o.version)
                """),
        CountedCheck(
            id: "I13", statement: "every delivered order has exactly one message in the outbox",
            violations: """
                SELECT count(*) FROM orders o WHERE o.state = 'delivered' AND 1 <> (
                    SELECT count(*) FROM outbox x WHERE x.order_id = o.id AND x.topic = 'order.delivered')
                """),
        CountedCheck(
            id: "I15", statement: "an order that was cancelled before it came never came",
            violations: "SELECT count(*) FROM order_fences f JOIN orders o ON o.id = f.order_id"),
        CountedCheck(
            id: "I21",
            statement: "a coupon is used as often as it says, and no more than it may be, by all and by each",
            violations: """
                WITH used AS (
                    SELECT coupon_id, contact, count(*) AS uses FROM orders
                    WHERE coupon_id IS NOT NULL AND state IN ('awaiting_payment', 'paid', 'delivered')
                    GROUP BY coupon_id, contact)
                SELECT (SELECT count(*) FROM coupons c WHERE c.uses > c.max_uses OR c.uses <> (
                        SELECT CAST(coalesce(sum(u.uses), 0) AS BIGINT) FROM used u WHERE u.coupon_id = c.id))
                    + (SELECT count(*) FROM used u JOIN coupons c ON c.id = u.coupon_id
                        WHERE u.uses > c.most_uses_per_buyer)
                """),
        CountedCheck(
            id: "I22", statement: "the lines of an order's price come to its amount; what is picked is the order's",
            violations: """
                SELECT (SELECT count(*) FROM orders WHERE amount < 0)
                    + (SELECT count(*) FROM cards c JOIN orders o ON o.id = c.order_id
                        WHERE NOT EXISTS (SELECT 1 FROM replacements r WHERE r.replacement_id = c.id)
                            AND CASE WHEN c.preview IS NULL THEN coalesce(o.price_lines, '') LIKE '%pick=%'
                                ELSE coalesce(';' || o.price_lines || ';', '') NOT LIKE '%;pick='
                                    || CAST(c.surcharge AS TEXT) || ',' || CAST(c.id AS TEXT) || ';%' END)
                """),
    ]
}
