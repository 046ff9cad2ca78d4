/// What every card shop has: categories, tiers, coupons, typed fields that are sealed, cards to be picked, a blacklist,
/// announcements, and the history of replaced cards.
enum Migration0004 {
    static let name = "0004_offers"

    static let sql = """
        CREATE TABLE categories (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            slug TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL,
            position INTEGER NOT NULL,
            hidden INTEGER NOT NULL CHECK (hidden IN (0, 1))
        );

        ALTER TABLE products ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
        ALTER TABLE products ADD COLUMN category_id INTEGER REFERENCES categories (id);
        ALTER TABLE products ADD COLUMN tiers TEXT NOT NULL DEFAULT '[]';
        ALTER TABLE products ADD COLUMN pickable INTEGER NOT NULL DEFAULT 0 CHECK (pickable IN (0, 1));
        ALTER TABLE products ADD COLUMN description TEXT NOT NULL DEFAULT '';
        ALTER TABLE products ADD COLUMN instructions TEXT NOT NULL DEFAULT '';
        ALTER TABLE products ADD COLUMN picture TEXT;
        ALTER TABLE products ADD COLUMN stock_display TEXT NOT NULL DEFAULT 'exact'
            CHECK (stock_display IN ('exact', 'band', 'hidden'));
        ALTER TABLE products ADD COLUMN position INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE products ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0 CHECK (hidden IN (0, 1));
        -- The highest limit a buyer ever had: who bought under it has not broken a lower one that came later.
        ALTER TABLE products ADD COLUMN most_per_buyer INTEGER NOT NULL DEFAULT 0;
        UPDATE products SET most_per_buyer = max_per_buyer, fields = (
            SELECT json_group_array(json_object('name', value, 'label', value, 'kind', 'text',
                'isOptional', json('false'), 'choices', json('[]')))
            FROM json_each(products.fields));

        CREATE TABLE coupons (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            code TEXT NOT NULL UNIQUE,
            version INTEGER NOT NULL DEFAULT 1,
            fixed INTEGER CHECK (fixed >= 1),
            percent INTEGER CHECK (percent BETWEEN 1 AND 100),
            currency TEXT NOT NULL,
            minimum INTEGER NOT NULL CHECK (minimum >= 0),
            products TEXT NOT NULL,
            category_id INTEGER REFERENCES categories (id),
            max_uses INTEGER CHECK (max_uses >= 1),
            max_uses_per_buyer INTEGER CHECK (max_uses_per_buyer >= 1),
            -- The highest there ever was; null for without end.
            most_uses_per_buyer INTEGER,
            opens_at INTEGER,
            closes_at INTEGER,
            enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
            -- Orders that use it and count for their buyer.
            uses INTEGER NOT NULL DEFAULT 0 CHECK (uses >= 0),
            created_at INTEGER NOT NULL,
            CHECK ((fixed IS NULL) <> (percent IS NULL)),
            CHECK (max_uses IS NULL OR uses <= max_uses)
        );

        -- By buyer first: a coupon is used by a buyer's orders of any product.
        CREATE TABLE orders_of_buyers (
            product_id INTEGER NOT NULL,
            contact TEXT NOT NULL,
            ended INTEGER NOT NULL CHECK (ended IN (0, 1)),
            order_id BLOB NOT NULL,
            PRIMARY KEY (contact, ended, product_id, order_id)
        ) WITHOUT ROWID;
        INSERT INTO orders_of_buyers SELECT * FROM buyer_orders ORDER BY contact, ended, product_id, order_id;
        DROP TABLE buyer_orders;
        ALTER TABLE orders_of_buyers RENAME TO buyer_orders;

        ALTER TABLE orders ADD COLUMN coupon_id INTEGER REFERENCES coupons (id);
        -- Null when the goods at their price are all there is.
        ALTER TABLE orders ADD COLUMN price_lines TEXT;
        -- What was in the clear is sealed when the shop starts; see SQLiteLedger+Fields.
        ALTER TABLE orders ADD COLUMN sealed_fields BLOB;
        INSERT INTO meta SELECT 'plain_fields', '' WHERE EXISTS (SELECT 1 FROM orders WHERE fields IS NOT NULL);

        -- A card with a preview is picked by its buyer; one without is drawn.
        ALTER TABLE cards ADD COLUMN preview TEXT;
        ALTER TABLE cards ADD COLUMN surcharge INTEGER CHECK ((surcharge IS NULL) = (preview IS NULL));
        DROP INDEX cards_available;
        CREATE INDEX cards_available ON cards (product_id, id) WHERE state = 'available' AND preview IS NULL;
        CREATE INDEX cards_pickable ON cards (product_id, id) WHERE state = 'available' AND preview IS NOT NULL;

        CREATE TABLE replacements (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            order_id BLOB NOT NULL REFERENCES orders (id),
            card_id INTEGER NOT NULL UNIQUE REFERENCES cards (id),
            replacement_id INTEGER NOT NULL UNIQUE REFERENCES cards (id),
            at INTEGER NOT NULL,
            actor TEXT NOT NULL,
            reason TEXT
        );
        CREATE INDEX replacements_by_order ON replacements (order_id, id);

        CREATE TABLE announcements (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            title TEXT NOT NULL,
            text TEXT NOT NULL,
            opens_at INTEGER,
            closes_at INTEGER,
            pinned INTEGER NOT NULL CHECK (pinned IN (0, 1)),
            created_at INTEGER NOT NULL
        );

        CREATE TABLE blocks (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            kind TEXT NOT NULL CHECK (kind IN ('contact', 'domain', 'addresses')),
            -- A contact, a domain, or the bytes of a network and the length of its prefix.
            value BLOB NOT NULL,
            length INTEGER NOT NULL DEFAULT 0,
            reason TEXT,
            created_at INTEGER NOT NULL,
            UNIQUE (kind, value, length)
        );
        """
}
