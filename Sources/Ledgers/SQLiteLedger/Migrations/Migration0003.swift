/// What finds an order by its buyer or its idempotency key leaves the path of placing it: both lie at random places of
/// the file, and each such place cost a page of the log an order. See ``RecentOrders``.
///
/// A buyer's units are counted from the orders themselves now, so the table that counted them goes.
enum Migration0003 {
    static let name = "0003_recent_orders"

    static let sql = """
        CREATE TABLE buyer_orders (
            product_id INTEGER NOT NULL,
            contact TEXT NOT NULL,
            ended INTEGER NOT NULL CHECK (ended IN (0, 1)),
            order_id BLOB NOT NULL,
            PRIMARY KEY (product_id, contact, ended, order_id)
        ) WITHOUT ROWID;
        INSERT INTO buyer_orders
            SELECT product_id, contact, state NOT IN ('awaiting_payment', 'paid', 'delivered') AS ended, id
            FROM orders ORDER BY product_id, contact, ended, id;

        CREATE TABLE order_keys (
            product_id INTEGER NOT NULL,
            idempotency_key TEXT NOT NULL,
            order_id BLOB NOT NULL,
            PRIMARY KEY (product_id, idempotency_key)
        ) WITHOUT ROWID;
        INSERT INTO order_keys
            SELECT product_id, idempotency_key, id FROM orders WHERE idempotency_key IS NOT NULL
            ORDER BY product_id, idempotency_key;

        CREATE TABLE filed_orders (through BLOB NOT NULL);
        INSERT INTO filed_orders SELECT coalesce(max(id), x'') FROM orders;

        -- The journal is its own index.
        CREATE TABLE steps (
            order_id BLOB NOT NULL,
            version INTEGER NOT NULL,
            event TEXT NOT NULL,
            from_state TEXT,
            to_state TEXT NOT NULL,
            at INTEGER NOT NULL,
            actor TEXT,
            reason TEXT,
            PRIMARY KEY (order_id, version)
        ) WITHOUT ROWID;
        INSERT INTO steps
            SELECT order_id, version, event, from_state, to_state, at, actor, reason FROM journal
            ORDER BY order_id, version;
        DROP TABLE journal;
        ALTER TABLE steps RENAME TO journal;
        CREATE TRIGGER journal_is_never_changed BEFORE UPDATE ON journal
            BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
        CREATE TRIGGER journal_is_never_cut BEFORE DELETE ON journal
            BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

        DROP INDEX orders_by_contact;
        DROP INDEX orders_by_idempotency_key;
        DROP TABLE buyer_units;
        """
}
