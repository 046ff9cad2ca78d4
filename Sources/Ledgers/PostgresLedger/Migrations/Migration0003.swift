/// Who leads, and products whose category lives in another database.
enum Migration0003 {
    static let name = "0003_leases"

    static let sql = """
        CREATE TABLE leases (
            name text COLLATE "C" PRIMARY KEY,
            holder text COLLATE "C" NOT NULL,
            -- Never goes back: what was done in an earlier one is known by it.
            term bigint NOT NULL CHECK (term >= 1),
            until timestamptz NOT NULL
        ) WITH (fillfactor = 50);

        -- Categories live in shard 0, whichever shard a product or a coupon is in.
        ALTER TABLE products DROP CONSTRAINT products_category_id_fkey;
        ALTER TABLE coupons DROP CONSTRAINT coupons_category_id_fkey;
        """
}
