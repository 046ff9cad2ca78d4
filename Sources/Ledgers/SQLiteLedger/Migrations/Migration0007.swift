/// Who may log in to the back office and who is; what the owner's journal says of before and after; indexes of pages.
enum Migration0007 {
    static let name = "0007_staff"

    static let sql = """
        CREATE TABLE staff (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL UNIQUE,
            role TEXT NOT NULL CHECK (role IN ('owner', 'staff', 'read_only')),
            password TEXT NOT NULL,
            must_change INTEGER NOT NULL CHECK (must_change IN (0, 1)),
            -- Sealed.
            totp BLOB,
            -- One that was shown and is not confirmed.
            totp_pending BLOB,
            -- The last step whose code was taken.
            totp_step INTEGER,
            disabled INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
            created_at INTEGER NOT NULL,
            version INTEGER NOT NULL DEFAULT 1
        );

        CREATE TABLE staff_recovery (
            staff_id INTEGER NOT NULL REFERENCES staff (id),
            digest BLOB NOT NULL,
            used_at INTEGER,
            PRIMARY KEY (staff_id, digest)
        ) WITHOUT ROWID;

        CREATE TABLE staff_sessions (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            -- SHA-256 of what the browser holds.
            digest BLOB NOT NULL UNIQUE,
            staff_id INTEGER NOT NULL REFERENCES staff (id),
            created_at INTEGER NOT NULL,
            last_seen_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            address TEXT NOT NULL,
            agent TEXT NOT NULL
        );
        CREATE INDEX staff_sessions_by_member ON staff_sessions (staff_id);

        -- One row, or none.
        CREATE TABLE staff_setup (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            digest BLOB NOT NULL,
            created_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL
        );

        ALTER TABLE owner_journal ADD COLUMN before TEXT;
        ALTER TABLE owner_journal ADD COLUMN after TEXT;

        -- Pages of what is rare among many payments. What is not rare is found by going through the newest.
        CREATE INDEX payments_unusual ON payments (verdict, id) WHERE verdict <> 'accepted';
        CREATE INDEX payments_unsettled ON payments (resolution, id) WHERE resolution <> 'delivered';
        """
}
