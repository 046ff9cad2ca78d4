/// Changes of a product's stock that no ticket of the gate stands for are numbered.
enum Migration0005 {
    static let name = "0005_stock_changes"

    static let sql = """
        -- The number of the last change of a product's pool, or of its buyers' units, past the gate; none before the
        -- first. A table of its own: orders do not touch it.
        CREATE TABLE stock_changes (
            product_id INTEGER PRIMARY KEY REFERENCES products (id),
            number INTEGER NOT NULL CHECK (number >= 1)
        );
        """
}
