/// The first schema. A migration that has been released is never changed; the next one is a new file.
///
/// Times are milliseconds since 1970, identifiers 16 bytes big-endian, states the words of the design's glossary.
enum Migration0001 {
    static let name = "0001_first_release"

    static let sql = """
        CREATE TABLE data_keys (
            id INTEGER PRIMARY KEY,
            purpose TEXT NOT NULL,
            wrapped BLOB NOT NULL
        );

        CREATE TABLE products (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            slug TEXT NOT NULL UNIQUE,
            title TEXT NOT NULL,
            amount INTEGER NOT NULL CHECK (amount >= 0),
            currency TEXT NOT NULL,
            max_per_order INTEGER NOT NULL CHECK (max_per_order >= 1),
            max_per_buyer INTEGER NOT NULL CHECK (max_per_buyer >= 1),
            max_held_per_buyer INTEGER NOT NULL CHECK (max_held_per_buyer >= 1),
            hold_seconds INTEGER NOT NULL CHECK (hold_seconds >= 1),
            opens_at INTEGER,
            closes_at INTEGER,
            fields TEXT NOT NULL
        );

        CREATE TABLE channels (
            name TEXT PRIMARY KEY,
            kind TEXT NOT NULL,
            settings BLOB NOT NULL,
            enabled INTEGER NOT NULL
        ) WITHOUT ROWID;

        CREATE TABLE batches (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            product_id INTEGER NOT NULL REFERENCES products (id),
            created_at INTEGER NOT NULL,
            imported INTEGER NOT NULL DEFAULT 0
        );

        CREATE TABLE orders (
            id BLOB PRIMARY KEY,
            product_id INTEGER NOT NULL REFERENCES products (id),
            quantity INTEGER NOT NULL CHECK (quantity >= 1),
            contact TEXT NOT NULL,
            channel TEXT NOT NULL,
            amount INTEGER NOT NULL,
            currency TEXT NOT NULL,
            fields TEXT,
            query_tag BLOB,
            idempotency_key TEXT,
            body_digest BLOB,
            state TEXT NOT NULL,
            version INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            expires_at INTEGER
        ) WITHOUT ROWID;
        CREATE UNIQUE INDEX orders_by_idempotency_key ON orders (product_id, idempotency_key)
            WHERE idempotency_key IS NOT NULL;
        CREATE INDEX orders_by_contact ON orders (contact, id);
        CREATE INDEX orders_by_query_tag ON orders (query_tag, id) WHERE query_tag IS NOT NULL;
        CREATE INDEX orders_due ON orders (expires_at) WHERE state = 'awaiting_payment';
        CREATE INDEX orders_by_state ON orders (state, id) WHERE state NOT IN ('awaiting_payment', 'delivered');

        CREATE TABLE order_fences (
            order_id BLOB PRIMARY KEY,
            created_at INTEGER NOT NULL
        ) WITHOUT ROWID;

        CREATE TABLE cards (
            id INTEGER PRIMARY KEY,
            product_id INTEGER NOT NULL REFERENCES products (id),
            batch_id INTEGER NOT NULL REFERENCES batches (id),
            state TEXT NOT NULL CHECK (state IN ('available', 'held', 'sold', 'voided')),
            order_id BLOB REFERENCES orders (id),
            fingerprint BLOB NOT NULL,
            secret BLOB NOT NULL,
            CHECK ((state IN ('held', 'sold')) = (order_id IS NOT NULL))
        );
        CREATE UNIQUE INDEX cards_by_fingerprint ON cards (product_id, fingerprint);
        CREATE INDEX cards_available ON cards (product_id, id) WHERE state = 'available';
        CREATE INDEX cards_by_order ON cards (order_id) WHERE order_id IS NOT NULL;

        CREATE TABLE buyer_units (
            product_id INTEGER NOT NULL REFERENCES products (id),
            contact TEXT NOT NULL,
            total INTEGER NOT NULL CHECK (total >= 0),
            held INTEGER NOT NULL CHECK (held >= 0 AND held <= total),
            PRIMARY KEY (product_id, contact)
        ) WITHOUT ROWID;

        CREATE TABLE attempts (
            id BLOB PRIMARY KEY,
            order_id BLOB NOT NULL REFERENCES orders (id),
            channel TEXT NOT NULL,
            amount INTEGER NOT NULL,
            currency TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            UNIQUE (order_id, channel)
        ) WITHOUT ROWID;

        CREATE TABLE payments (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            channel TEXT NOT NULL,
            provider_event TEXT,
            attempt TEXT,
            order_id BLOB,
            amount INTEGER,
            currency TEXT,
            verdict TEXT NOT NULL,
            resolution TEXT,
            received_at INTEGER NOT NULL,
            raw TEXT NOT NULL
        );
        CREATE UNIQUE INDEX payments_by_provider_event ON payments (channel, provider_event)
            WHERE verdict NOT IN ('forged', 'duplicate');
        CREATE INDEX payments_by_verdict ON payments (verdict, channel, id);
        CREATE INDEX payments_by_order ON payments (order_id) WHERE order_id IS NOT NULL;

        CREATE TABLE callback_counts (
            channel TEXT NOT NULL,
            verdict TEXT NOT NULL,
            count INTEGER NOT NULL,
            PRIMARY KEY (channel, verdict)
        ) WITHOUT ROWID;

        CREATE TABLE journal (
            id INTEGER PRIMARY KEY,
            order_id BLOB NOT NULL,
            version INTEGER NOT NULL,
            event TEXT NOT NULL,
            from_state TEXT,
            to_state TEXT NOT NULL,
            at INTEGER NOT NULL
        );
        CREATE UNIQUE INDEX journal_by_order ON journal (order_id, version);
        CREATE TRIGGER journal_is_never_changed BEFORE UPDATE ON journal
            BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
        CREATE TRIGGER journal_is_never_cut BEFORE DELETE ON journal
            BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

        CREATE TABLE outbox (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            topic TEXT NOT NULL,
            order_id BLOB NOT NULL,
            created_at INTEGER NOT NULL,
            sent_at INTEGER
        );
        CREATE INDEX outbox_unsent ON outbox (id) WHERE sent_at IS NULL;
        CREATE INDEX outbox_by_order ON outbox (order_id);

        CREATE TABLE probe (id INTEGER PRIMARY KEY, at INTEGER NOT NULL);
        """
}
