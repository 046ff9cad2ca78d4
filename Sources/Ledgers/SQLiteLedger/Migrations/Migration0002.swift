/// Money and stock of a real owner: kinds of products, late money, queries, refund cases, notes of cards, who did what.
enum Migration0002 {
    static let name = "0002_money_and_stock"

    static let sql = """
        CREATE TABLE meta (
            name TEXT PRIMARY KEY,
            value TEXT NOT NULL
        ) WITHOUT ROWID;

        ALTER TABLE products ADD COLUMN kind TEXT NOT NULL DEFAULT 'card'
            CHECK (kind IN ('card', 'shared_counted', 'shared_endless', 'manual'));
        ALTER TABLE products ADD COLUMN late_money TEXT NOT NULL DEFAULT 'deliver'
            CHECK (late_money IN ('deliver', 'wait', 'review'));
        ALTER TABLE products ADD COLUMN shared_secret BLOB;

        -- Numbers of cards must not come again after a batch was taken out, so the table is made anew.
        CREATE TABLE cards_with_notes (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            product_id INTEGER NOT NULL REFERENCES products (id),
            batch_id INTEGER NOT NULL REFERENCES batches (id),
            state TEXT NOT NULL CHECK (state IN ('available', 'held', 'sold', 'voided')),
            order_id BLOB REFERENCES orders (id),
            fingerprint BLOB NOT NULL,
            secret BLOB NOT NULL,
            note BLOB,
            CHECK ((state IN ('held', 'sold')) = (order_id IS NOT NULL))
        );
        INSERT INTO cards_with_notes (id, product_id, batch_id, state, order_id, fingerprint, secret)
            SELECT id, product_id, batch_id, state, order_id, fingerprint, secret FROM cards;
        DROP TABLE cards;
        ALTER TABLE cards_with_notes RENAME TO cards;
        CREATE UNIQUE INDEX cards_by_fingerprint ON cards (product_id, fingerprint);
        CREATE INDEX cards_available ON cards (product_id, id) WHERE state = 'available';
        CREATE INDEX cards_by_order ON cards (order_id) WHERE order_id IS NOT NULL;
        CREATE INDEX cards_by_batch ON cards (batch_id, id);

        ALTER TABLE batches ADD COLUMN undone INTEGER NOT NULL DEFAULT 0;

        ALTER TABLE attempts ADD COLUMN queries INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE attempts ADD COLUMN next_query_at INTEGER;
        CREATE INDEX attempts_to_query ON attempts (next_query_at) WHERE next_query_at IS NOT NULL;

        ALTER TABLE payments ADD COLUMN claim TEXT NOT NULL DEFAULT 'paid';
        DROP INDEX payments_by_provider_event;
        CREATE INDEX payments_by_provider_event ON payments (channel, provider_event)
            WHERE verdict NOT IN ('forged', 'duplicate');
        CREATE UNIQUE INDEX payments_of_money ON payments (channel, provider_event) WHERE resolution IS NOT NULL;
        CREATE INDEX payments_in_review ON payments (id) WHERE resolution = 'review';

        ALTER TABLE journal ADD COLUMN actor TEXT;
        ALTER TABLE journal ADD COLUMN reason TEXT;

        CREATE TABLE refunds (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            order_id BLOB NOT NULL REFERENCES orders (id),
            payment_id INTEGER NOT NULL UNIQUE REFERENCES payments (id),
            amount INTEGER NOT NULL CHECK (amount >= 0),
            currency TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('open', 'requested', 'done')),
            version INTEGER NOT NULL DEFAULT 1,
            actor TEXT,
            reason TEXT,
            outcome TEXT,
            told_at INTEGER,
            created_at INTEGER NOT NULL,
            changed_at INTEGER NOT NULL
        );
        CREATE INDEX refunds_by_order ON refunds (order_id);
        CREATE INDEX refunds_by_state ON refunds (state, id);

        CREATE TABLE fulfilments (
            order_id BLOB PRIMARY KEY REFERENCES orders (id),
            secret BLOB NOT NULL,
            created_at INTEGER NOT NULL
        ) WITHOUT ROWID;

        CREATE TABLE owner_journal (
            id INTEGER PRIMARY KEY,
            at INTEGER NOT NULL,
            actor TEXT NOT NULL,
            action TEXT NOT NULL,
            subject TEXT NOT NULL,
            reason TEXT
        );
        CREATE TRIGGER owner_journal_is_never_changed BEFORE UPDATE ON owner_journal
            BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
        CREATE TRIGGER owner_journal_is_never_cut BEFORE DELETE ON owner_journal
            BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
        """
}
