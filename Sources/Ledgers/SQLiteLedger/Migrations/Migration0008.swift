/// How channels are offered: in which order, under which name, and for which amounts. Those that are there stay as they
/// are.
enum Migration0008 {
    static let name = "0008_channel_terms"

    static let sql = """
        ALTER TABLE channels ADD COLUMN position INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE channels ADD COLUMN label TEXT;
        -- JSON: currencies, each with its lowest and its highest amount.
        ALTER TABLE channels ADD COLUMN amounts TEXT NOT NULL DEFAULT '[]';
        """
}
