import SQLLedger

/// What placing a batch runs: a fixed number of statements, each for the whole batch. Their query plans are tested.
///
/// Each look-up is LATERAL, with a LIMIT that keeps it so: one walk down an index for each order of the batch. As a
/// plain join, the planner may read all orders once and hold each against each, which it takes for cheap as long as it
/// remembers the table as it was before the sale, nearly empty.
enum PlaceStatements {
    /// The products in the order of their numbers, so that two batches do not wait for each other.
    static let lock = """
        SELECT pg_advisory_xact_lock_shared(\(AdvisoryLock.fences))
        UNION ALL SELECT pg_advisory_xact_lock(product) FROM unnest($1::bigint[]) AS product
        """
    static let coupons = """
        SELECT id, version, enabled, max_uses, max_uses_per_buyer, uses FROM coupons
        WHERE id = ANY($1::bigint[]) ORDER BY id FOR UPDATE
        """
    static let ordersByID = """
        SELECT \(Statements.orderColumns), NULL::text AS idempotency_key, NULL::bytea AS body_digest
        FROM unnest($1::bytea[]) AS k (id)
        CROSS JOIN LATERAL (SELECT * FROM orders WHERE id = k.id LIMIT 1) o
        CROSS JOIN LATERAL (SELECT slug, kind FROM products WHERE id = o.product_id LIMIT 1) p
        """
    static let ordersByKey = """
        SELECT \(Statements.orderColumns), o.idempotency_key, o.body_digest
        FROM unnest($1::bigint[], $2::text[]) AS k (product_id, idempotency_key)
        CROSS JOIN LATERAL (
            SELECT * FROM orders WHERE product_id = k.product_id
                AND idempotency_key = k.idempotency_key COLLATE "C" LIMIT 1) o
        CROSS JOIN LATERAL (SELECT slug, kind FROM products WHERE id = o.product_id LIMIT 1) p
        """
    static let fences = "SELECT order_id FROM order_fences WHERE order_id = ANY($1::bytea[])"
    /// Product, contact, units in all, and those of them that are held.
    static let units = """
        SELECT b.product_id, b.contact, u.total, u.held
        FROM unnest($1::bigint[], $2::text[]) AS b (product_id, contact)
        CROSS JOIN LATERAL (
            SELECT CAST(sum(quantity) AS bigint) AS total,
                CAST(coalesce(sum(quantity) FILTER (WHERE state = 'awaiting_payment'), 0) AS bigint) AS held
            FROM orders WHERE product_id = b.product_id AND contact = b.contact COLLATE "C"
                AND state IN ('awaiting_payment', 'paid', 'delivered')) u
        WHERE u.total IS NOT NULL
        """
    /// Coupon, contact, and how often.
    static let uses = """
        SELECT u.coupon_id, u.contact, o.count
        FROM unnest($1::bigint[], $2::text[]) AS u (coupon_id, contact)
        CROSS JOIN LATERAL (
            SELECT count(*) AS count FROM orders WHERE coupon_id = u.coupon_id AND contact = u.contact COLLATE "C"
                AND state IN ('awaiting_payment', 'paid', 'delivered')) o
        """
    static let picks = """
        SELECT id, product_id, surcharge FROM cards
        WHERE id = ANY($1::bigint[]) AND state = 'available' AND preview IS NOT NULL ORDER BY id FOR UPDATE
        """
    /// The oldest free cards of each product from a place on, as many as its orders could take.
    static let available = """
        SELECT w.product_id, c.id, c.place
        FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS w (product_id, count, start)
        CROSS JOIN LATERAL (
            SELECT id, place FROM cards
            WHERE product_id = w.product_id AND state = 'available' AND preview IS NULL AND place >= w.start
            ORDER BY place LIMIT w.count FOR UPDATE SKIP LOCKED) c
        """
    /// Orders with their first step, and the second one of those that are settled at once.
    static let insert = """
        WITH placed AS (
            INSERT INTO orders (id, product_id, quantity, contact, channel, amount, currency, price_lines, coupon_id,
                sealed_fields, query_tag, idempotency_key, body_digest, state, version, created_at, expires_at)
            SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::bigint[],
                $7::text[], $8::text[], $9::bigint[], $10::bytea[], $11::bytea[], $12::text[], $13::bytea[],
                $14::text[], $15::bigint[], $16::bigint[], $17::bigint[])
            RETURNING id, state, version, created_at
        )
        INSERT INTO journal (order_id, version, event, from_state, to_state, at)
        SELECT id, 1, CASE state WHEN 'rejected' THEN 'reject' ELSE 'claim' END, NULL,
            CASE state WHEN 'rejected' THEN state ELSE 'awaiting_payment' END, created_at FROM placed
        UNION ALL
        SELECT id, 2, CASE state WHEN 'paid' THEN 'pay' ELSE 'deliver' END, 'awaiting_payment', state, created_at
        FROM placed WHERE version = 2
        """
    /// Without a join, for which the planner might go through all cards.
    static let claim = """
        UPDATE cards SET state = ($3::text[])[array_position($1::bigint[], id)],
            order_id = ($2::bytea[])[array_position($1::bigint[], id)]
        WHERE id = ANY($1::bigint[]) AND state = 'available'
        """
    /// The guard is the limit itself, so that no use is ever one too many.
    static let use = """
        UPDATE coupons c SET uses = c.uses + t.count FROM unnest($1::bigint[], $2::bigint[]) AS t (id, count)
        WHERE c.id = t.id AND (c.max_uses IS NULL OR c.uses + t.count <= c.max_uses)
        """
    /// What an order of which nothing is to be paid leaves besides: its payment is an entry of nothing.
    static let settle = """
        WITH settled AS (
            SELECT * FROM unnest($1::bytea[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[])
                AS s (id, channel, event, currency, resolution, at)
        ), delivered AS (
            INSERT INTO outbox (topic, order_id, created_at)
            SELECT 'order.delivered', id, at FROM settled WHERE resolution = 'delivered'
        )
        INSERT INTO payments (channel, provider_event, order_id, amount, currency, verdict, resolution, received_at,
            raw, claim)
        SELECT channel, event, id, 0, currency, 'accepted', resolution, at, 'nothing to pay', 'paid' FROM settled
        """

    // MARK: Logs

    static let move = "UPDATE log_positions SET next = $4 WHERE log = $1 AND partition = $2 AND next = $3"
    static let begin = """
        INSERT INTO log_positions (log, partition, next) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
        """
    static let park = """
        INSERT INTO parked_records (log, partition, position, bytes, reason, parked_at)
        SELECT $1, $2, position, bytes, reason, $3 FROM unnest($4::bigint[], $5::bytea[], $6::text[])
            AS t (position, bytes, reason)
        """
}
