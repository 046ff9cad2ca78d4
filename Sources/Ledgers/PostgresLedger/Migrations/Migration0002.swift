/// Changes of a product's stock that no ticket of the gate stands for are numbered.
enum Migration0002 {
    static let name = "0002_stock_changes"

    static let sql = """
        -- The number of the last change of a product's pool, or of its buyers' units, past the gate; none before the
        -- first. A table of its own, so that orders neither touch it nor wait for who does. Its row is locked from the
        -- change to the commit: so the numbers of a product are committed in their order, and a snapshot that has one
        -- has all before it.
        CREATE TABLE stock_changes (
            product_id bigint PRIMARY KEY REFERENCES products (id),
            number bigint NOT NULL CHECK (number >= 1)
        ) WITH (fillfactor = 50);
        """
}
