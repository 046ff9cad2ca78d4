/// What the shop is called and how it looks, and its pictures.
enum Migration0006 {
    static let name = "0006_settings"

    static let sql = """
        -- One row, or none as long as the owner has said nothing.
        CREATE TABLE shop_settings (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            name TEXT NOT NULL,
            tagline TEXT NOT NULL,
            logo TEXT,
            accent TEXT,
            time_zone TEXT NOT NULL,
            contact TEXT NOT NULL,
            filing TEXT NOT NULL,
            terms TEXT NOT NULL,
            privacy TEXT NOT NULL,
            refunds TEXT NOT NULL,
            version INTEGER NOT NULL CHECK (version >= 1)
        );

        -- Named by their content, so a row is never changed.
        CREATE TABLE pictures (
            name TEXT PRIMARY KEY,
            bytes BLOB NOT NULL,
            created_at INTEGER NOT NULL
        );
        """
}
