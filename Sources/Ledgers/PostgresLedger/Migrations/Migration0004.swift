/// What the shop is called and how it looks, and its pictures. Used in shard 0.
enum Migration0004 {
    static let name = "0004_settings"

    static let sql = """
        -- One row, or none as long as the owner has said nothing.
        CREATE TABLE shop_settings (
            id bigint PRIMARY KEY CHECK (id = 1),
            name text NOT NULL,
            tagline text NOT NULL,
            logo text,
            accent text,
            time_zone text NOT NULL,
            contact text NOT NULL,
            filing text NOT NULL,
            terms text NOT NULL,
            privacy text NOT NULL,
            refunds text NOT NULL,
            version bigint NOT NULL CHECK (version >= 1)
        );

        -- Named by their content, so a row is never changed.
        CREATE TABLE pictures (
            name text COLLATE "C" PRIMARY KEY,
            bytes bytea NOT NULL,
            created_at bigint NOT NULL
        );
        -- They are compressed already.
        ALTER TABLE pictures ALTER COLUMN bytes SET STORAGE EXTERNAL;
        """
}
