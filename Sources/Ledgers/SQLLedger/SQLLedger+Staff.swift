public import Domain
public import Shop

// Who may log in.
extension SQLLedger {
    public func staff() async throws(ShopError) -> [StaffMember] {
        try await read { transaction in
            try transaction.rows("SELECT * FROM staff ORDER BY id").map { try StaffMember(row: $0) }
        }
    }

    public func staffRecord(_ id: Int64) async throws(ShopError) -> StaffRecord? {
        try await read { try $0.staffRecord(id) }
    }

    public func staffRecord(named name: StaffName) async throws(ShopError) -> StaffRecord? {
        try await read { transaction in
            try transaction.first("SELECT * FROM staff WHERE name = ?", [name]).map { try StaffRecord(row: $0) }
        }
    }

    // MARK: The first owner

    public func storeSetup(
        digest: [UInt8], at moment: Timestamp, expiresAt: Timestamp
    ) async throws(ShopError) -> Bool {
        try await write(.urgent) { transaction in
            guard try !transaction.exists("SELECT id FROM staff LIMIT 1", []) else { return false }
            try transaction.run(
                """
                INSERT INTO staff_setup (id, digest, created_at, expires_at) VALUES (1, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET digest = excluded.digest, created_at = excluded.created_at,
                    expires_at = excluded.expires_at
                """, [digest, moment, expiresAt], rows: 1)
            return true
        }
    }

    public func isSetupOpen(digest: [UInt8], at moment: Timestamp) async throws(ShopError) -> Bool {
        try await read { transaction in
            try transaction.exists(
                "SELECT id FROM staff_setup WHERE digest = ? AND expires_at > ?", [digest, moment])
                && !transaction.exists("SELECT id FROM staff LIMIT 1", [])
        }
    }

    public func claimSetup(
        digest: [UInt8], name: StaffName, passwordHash: String, _ deed: OwnerDeed
    ) async throws(ShopError) -> StaffMember {
        try await write(.urgent) { transaction in
            // Of those that come at once, one removes the row; the others wait for it and find none.
            let isUsed = try transaction.run(
                "DELETE FROM staff_setup WHERE digest = ? AND expires_at > ?", [digest, deed.at])
            guard isUsed == 1, try !transaction.exists("SELECT id FROM staff LIMIT 1", []) else {
                throw ShopError(.unauthorized, "the set-up token is wrong, too old, or used")
            }
            let columns: SQLArguments = [name, StaffRole.owner, passwordHash, false, deed.at]
            return try transaction.insertStaff(columns, deed)
        }
    }

    // MARK: Members

    public func createStaff(
        _ name: StaffName, role: StaffRole, passwordHash: String, _ deed: OwnerDeed
    ) async throws(ShopError) -> StaffMember {
        let maximum = limits.staff
        return try await write(.urgent) { transaction in
            try transaction.checkRoom(in: "staff", maximum)
            return try transaction.insertStaff([name, role, passwordHash, true, deed.at], deed)
        }
    }

    public func changeStaff(
        _ id: Int64, version: Int, role: StaffRole, isDisabled: Bool, _ deed: OwnerDeed
    ) async throws(ShopError) -> StaffMember {
        try await write(.urgent) { transaction in
            // All owners are locked, in one order: of two that disable each other, the second finds one left.
            let sql = "SELECT id FROM staff WHERE role = 'owner' AND disabled = 0 ORDER BY id"
            let owners: [Int64] = try transaction.column("\(sql) \(transaction.dialect.forUpdate)")
            let before = try transaction.lockedStaff(id, version: version).member
            if owners == [id], role != .owner || isDisabled {
                throw ShopError(.wrongState, "this is the last owner who can log in")
            }
            try transaction.run(
                "UPDATE staff SET role = ?, disabled = ?, version = version + 1 WHERE id = ? AND version = ?",
                [role, isDisabled, id, version], rows: 1)
            try transaction.endSessions(of: id, except: nil)
            return try transaction.logStaff(before, "changed", deed)
        }
    }

    public func storePassword(
        _ change: PasswordChange, of id: Int64, version: Int, _ deed: OwnerDeed
    ) async throws(ShopError) -> StaffMember {
        try await write(.urgent) { transaction in
            let before = try transaction.lockedStaff(id, version: version).member
            try transaction.run(
                "UPDATE staff SET password = ?, must_change = ?, version = version + 1 WHERE id = ? AND version = ?",
                [change.hash, change.mustChange, id, version], rows: 1)
            if change.removesSecondFactor { try transaction.removeTOTP(of: id) }
            try transaction.endSessions(of: id, except: change.keeping)
            return try transaction.logStaff(before, change.mustChange ? "password reset" : "password changed", deed)
        }
    }

    // MARK: Second factor

    public func storePending(totp sealed: [UInt8], of id: Int64) async throws(ShopError) {
        try await write(.urgent) { transaction in
            let stored = try transaction.run(
                "UPDATE staff SET totp_pending = ? WHERE id = ? AND totp IS NULL", [sealed, id])
            guard stored == 1 else { throw ShopError(.wrongState, "the second factor must be removed first") }
        }
    }

    public func confirmTOTP(
        _ sealed: [UInt8], step: Int64, recovery digests: [[UInt8]], of id: Int64, version: Int, _ deed: OwnerDeed
    ) async throws(ShopError) -> StaffMember {
        try await write(.urgent) { transaction in
            let before = try transaction.lockedStaff(id, version: version).member
            let confirmed = try transaction.run(
                """
                UPDATE staff SET totp = totp_pending, totp_pending = NULL, totp_step = ?, version = version + 1
                WHERE id = ? AND version = ? AND totp IS NULL AND totp_pending = ?
                """, [step, id, version, sealed])
            guard confirmed == 1 else { throw ShopError.changedMeanwhile("second factor") }
            try transaction.run("DELETE FROM staff_recovery WHERE staff_id = ?", [id])
            for digest in digests {
                try transaction.run(
                    "INSERT INTO staff_recovery (staff_id, digest) VALUES (?, ?)", [id, digest], rows: 1)
            }
            return try transaction.logStaff(before, "second factor set", deed)
        }
    }

    public func removeTOTP(of id: Int64, version: Int, _ deed: OwnerDeed) async throws(ShopError) -> StaffMember {
        try await write(.urgent) { transaction in
            let before = try transaction.lockedStaff(id, version: version).member
            try transaction.removeTOTP(of: id)
            try transaction.run("UPDATE staff SET version = version + 1 WHERE id = ?", [id], rows: 1)
            return try transaction.logStaff(before, "second factor removed", deed)
        }
    }

    public func recoveryCodes(of id: Int64) async throws(ShopError) -> Int {
        try await read { try $0.unusedRecoveryCodes(of: id) }
    }
}

extension SQLTransaction {
    func staffRecord(_ id: Int64) throws -> StaffRecord? {
        try first("SELECT * FROM staff WHERE id = ?", [id]).map { try StaffRecord(row: $0) }
    }

    func unusedRecoveryCodes(of id: Int64) throws -> Int {
        try integer("SELECT count(*) FROM staff_recovery WHERE staff_id = ? AND used_at IS NULL", [id])
    }

    /// A member whom nobody else changes until the transaction ends.
    fileprivate func lockedStaff(_ id: Int64, version: Int) throws -> StaffRecord {
        guard let row = try first("SELECT * FROM staff WHERE id = ? \(dialect.forUpdate)", [id]) else {
            throw ShopError(.notFound, "no such member of the staff")
        }
        let record = try StaffRecord(row: row)
        guard record.member.version == version else { throw ShopError.changedMeanwhile("member of the staff") }
        return record
    }

    fileprivate func insertStaff(_ columns: SQLArguments, _ deed: OwnerDeed) throws -> StaffMember {
        let inserted = try insert(
            """
            INSERT INTO staff (name, role, password, must_change, created_at) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT DO NOTHING
            """, columns)
        guard let id = inserted, let record = try staffRecord(id) else {
            throw ShopError(.alreadyExists, "a member of the staff has this name", field: "name")
        }
        let member = record.member
        try log("staff", subject: "\(member.name) made", deed, after: member.facts)
        return member
    }

    /// Writes down what became of a member, and returns it as it is now.
    fileprivate func logStaff(_ before: StaffMember, _ what: String, _ deed: OwnerDeed) throws -> StaffMember {
        guard let after = try staffRecord(before.id)?.member else { throw SQLRow.damaged("staff") }
        try log("staff", subject: "\(after.name) \(what)", deed, before: before.facts, after: after.facts)
        return after
    }

    fileprivate func removeTOTP(of id: Int64) throws {
        try run("UPDATE staff SET totp = NULL, totp_pending = NULL, totp_step = NULL WHERE id = ?", [id], rows: 1)
        try run("DELETE FROM staff_recovery WHERE staff_id = ?", [id])
    }

    fileprivate func endSessions(of member: Int64, except kept: Int64?) throws {
        try run("DELETE FROM staff_sessions WHERE staff_id = ? AND id <> ?", [member, kept ?? 0])
    }
}

extension StaffMember {
    init(row: SQLRow) throws {
        self.init(
            id: try row["id"], name: try row["name"], role: try row["role"], isDisabled: try row["disabled"],
            hasTOTP: (try row["totp"] as [UInt8]?) != nil, mustChangePassword: try row["must_change"],
            createdAt: try row["created_at"], version: try row["version"])
    }

    /// Without password and secret, which stay out of the journal.
    fileprivate var facts: JournalFacts {
        var facts = JournalFacts()
        facts.add("role", role.rawValue)
        facts.add("disabled", isDisabled)
        facts.add("second_factor", hasTOTP)
        facts.add("must_change_password", mustChangePassword)
        return facts
    }
}

extension StaffRecord {
    init(row: SQLRow) throws {
        self.init(
            member: try StaffMember(row: row), passwordHash: try row["password"], sealedTOTP: try row["totp"],
            pendingTOTP: try row["totp_pending"], lastStep: try row["totp_step"])
    }
}
