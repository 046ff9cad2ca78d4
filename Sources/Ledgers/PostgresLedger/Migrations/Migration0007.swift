/// How channels are offered: in which order, under which name, and for which amounts. Those that are there stay as they
/// are. Used in shard 0.
enum Migration0007 {
    static let name = "0007_channel_terms"

    static let sql = """
        ALTER TABLE channels ADD COLUMN position bigint NOT NULL DEFAULT 0;
        ALTER TABLE channels ADD COLUMN label text;
        -- JSON: currencies, each with its lowest and its highest amount.
        ALTER TABLE channels ADD COLUMN amounts text NOT NULL DEFAULT '[]';
        """
}
