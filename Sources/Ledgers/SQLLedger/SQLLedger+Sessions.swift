public import Domain
public import Shop

// Who of the staff is logged in.
extension SQLLedger {
    public func openSession(_ draft: SessionDraft) async throws(ShopError) -> SessionOpening {
        let limits = limits
        return try await write(.urgent) { transaction in
            let member = draft.member
            // Locked, so that whoever disables the member either comes first or ends this session.
            let sql = """
                SELECT * FROM staff WHERE id = ? AND version = ? AND disabled = 0 \(transaction.dialect.forUpdate)
                """
            guard let row = try transaction.first(sql, [member.id, member.version]) else { return .memberChanged }
            let record = try StaffRecord(row: row)
            guard try transaction.use(draft.proof, of: record, at: draft.at) else { return .proofUsed }
            try transaction.makeRoomForSession(at: draft.at, limits)
            let id = try transaction.inserted(
                """
                INSERT INTO staff_sessions (digest, staff_id, created_at, last_seen_at, expires_at, address, agent)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    draft.digest, member.id, draft.at, draft.at, draft.expiresAt, draft.origin.address,
                    draft.origin.agent,
                ])
            return .opened(
                StaffSession(
                    id: id, member: member.id, createdAt: draft.at, lastSeenAt: draft.at, expiresAt: draft.expiresAt,
                    origin: draft.origin))
        }
    }

    public func session(digest: [UInt8], at moment: Timestamp) async throws(ShopError) -> StaffVisit? {
        let idle = moment.advanced(seconds: -limits.sessionIdleHours * 3600)
        return try await readOnce { transaction in
            try transaction.first(
                "\(Self.liveSessions) AND e.digest = ?", [moment, idle, digest]
            ).map { try StaffVisit(row: $0) }
        }
    }

    public func touchSession(_ id: Int64, at moment: Timestamp) async throws(ShopError) {
        _ = try await write(.urgent) { transaction in
            try transaction.run(
                "UPDATE staff_sessions SET last_seen_at = ? WHERE id = ? AND last_seen_at < ?", [moment, id, moment])
        }
    }

    public func sessions(of member: Int64?, at moment: Timestamp) async throws(ShopError) -> [StaffVisit] {
        let idle = moment.advanced(seconds: -limits.sessionIdleHours * 3600)
        var arguments: SQLArguments = [moment, idle]
        if let member { arguments += [member] }
        let sql = """
            \(Self.liveSessions) \(member == nil ? "" : "AND e.staff_id = ?") ORDER BY e.last_seen_at DESC, e.id DESC
            """
        return try await read { [arguments] transaction in
            try transaction.rows(sql, arguments).map { try StaffVisit(row: $0) }
        }
    }

    private static var liveSessions: String {
        """
        SELECT s.*, e.id AS session_id, e.created_at AS opened_at, e.last_seen_at, e.expires_at, e.address, e.agent
        FROM staff_sessions e JOIN staff s ON s.id = e.staff_id
        WHERE s.disabled = 0 AND e.expires_at > ? AND e.last_seen_at > ?
        """
    }

    public func endSession(_ id: Int64, of member: Int64?) async throws(ShopError) -> Bool {
        var conditions = SQLConditions()
        conditions.add("id = ?", id)
        if let member { conditions.add("staff_id = ?", member) }
        return try await write(.urgent) { [conditions] transaction in
            try transaction.run("DELETE FROM staff_sessions WHERE \(conditions.sql)", conditions.arguments) == 1
        }
    }

    public func endSession(digest: [UInt8]) async throws(ShopError) {
        _ = try await write(.urgent) { try $0.run("DELETE FROM staff_sessions WHERE digest = ?", [digest]) }
    }
}

extension SQLTransaction {
    /// Uses up what was shown beside the password; false when it was used before. The member is locked.
    fileprivate func use(_ proof: SecondProof, of record: StaffRecord, at moment: Timestamp) throws -> Bool {
        let id = record.member.id
        switch proof {
        case .none: return record.sealedTOTP == nil
        case .step(let step):
            return try run(
                """
                UPDATE staff SET totp_step = ? WHERE id = ? AND totp IS NOT NULL
                    AND (totp_step IS NULL OR totp_step < ?)
                """, [step, id, step]) == 1
        case .recovery(let digest):
            let used = try run(
                "UPDATE staff_recovery SET used_at = ? WHERE staff_id = ? AND digest = ? AND used_at IS NULL",
                [moment, id, digest])
            guard used == 1 else { return false }
            let deed = OwnerDeed(by: OwnerNote(actor: record.member.name.text, reason: nil), at: moment)
            let left = try unusedRecoveryCodes(of: id)
            try log("staff", subject: "\(record.member.name) used a recovery code, \(left) left", deed)
            return true
        }
    }

    fileprivate func makeRoomForSession(at moment: Timestamp, _ limits: Limits) throws {
        try run(
            "DELETE FROM staff_sessions WHERE expires_at <= ? OR last_seen_at <= ?",
            [moment, moment.advanced(seconds: -limits.sessionIdleHours * 3600)])
        let surplus = try integer("SELECT count(*) FROM staff_sessions") - limits.staffSessions + 1
        guard surplus > 0 else { return }
        try run(
            """
            DELETE FROM staff_sessions WHERE id IN (
                SELECT id FROM staff_sessions ORDER BY last_seen_at, id LIMIT ?)
            """, [surplus])
    }
}

extension StaffVisit {
    init(row: SQLRow) throws {
        let session = StaffSession(
            id: try row["session_id"], member: try row["id"], createdAt: try row["opened_at"],
            lastSeenAt: try row["last_seen_at"], expiresAt: try row["expires_at"],
            origin: StaffOrigin(address: try row["address"], agent: try row["agent"]))
        self.init(session: session, member: try StaffMember(row: row))
    }
}
