public import Domain

/// Opens a session for somebody who knows a password, and has the second factor if there is one.
public struct LogIn: Sendable {
    /// What came of it.
    public enum Outcome: Hashable, Sendable {
        /// They are logged in. The token goes into a cookie and is stored nowhere; it is made here and nowhere else, so
        /// that nobody can be given one beforehand.
        case opened(token: String, StaffVisit)
        /// Name, password or code is wrong, or the member is disabled: nobody is told which.
        case wrong
        /// Too many wrong tries by this name or from this address.
        case locked(until: Timestamp)
        /// Name and password are right, and a code is asked for.
        case secondFactorNeeded
    }

    /// Longest password that is looked at, in UTF-8 bytes: four for each character that ``PasswordRules`` allows.
    private static let maximumBytes = 4 * PasswordRules.length.upperBound

    let tools: StaffTools

    /// Puts the parts together.
    public init(_ tools: StaffTools) { self.tools = tools }

    /// Judges a log-in. A name that nobody has costs the same work as one that somebody has.
    ///
    /// - Parameter code: six digits of the authenticator, or a recovery code
    /// - Throws: *busy* when too many log in at once; then the try does not count.
    public func callAsFunction(
        name text: String, password: String, code: String? = nil, origin: StaffOrigin
    ) async throws(ShopError) -> Outcome {
        let name = StaffName(text)
        if let until = tools.lockout.begin(name, origin.address, at: tools.clock.now()) { return .locked(until: until) }
        do throws(ShopError) {
            let outcome = try await judged(name, password, code, origin)
            switch outcome {
            case .opened: tools.lockout.succeed(name, origin.address)
            case .secondFactorNeeded: tools.lockout.abandon(name, origin.address)
            case .wrong, .locked: break
            }
            return outcome
        } catch {
            tools.lockout.abandon(name, origin.address)
            throw error
        }
    }

    private func judged(
        _ name: StaffName?, _ password: String, _ code: String?, _ origin: StaffOrigin
    ) async throws(ShopError) -> Outcome {
        var record: StaffRecord?
        if let name { record = try await tools.store.staffRecord(named: name) }
        let isLong = password.utf8.count > Self.maximumBytes
        let fits = try await tools.passwords.fits(isLong ? "" : password, record?.passwordHash)
        guard let record, fits, !isLong, !record.member.isDisabled else { return .wrong }
        guard record.sealedTOTP != nil else { return try await open(record.member, .none, origin) }
        guard let code, !code.isEmpty else { return .secondFactorNeeded }
        guard let proof = try proof(code, of: record) else { return .wrong }
        return try await open(record.member, proof, origin)
    }

    /// What a code proves; nil when it is wrong. Whether it was used before, the store decides.
    private func proof(_ code: String, of record: StaffRecord) throws(ShopError) -> SecondProof? {
        guard let sealed = record.sealedTOTP else { return SecondProof.none }
        let digits = code.filter { $0 != " " }
        if digits.utf8.count == TOTP.digits {
            let secret = try tools.secret(sealed, of: record.member)
            return TOTP.step(of: digits, secret, at: tools.clock.now(), after: record.lastStep).map { .step($0) }
        }
        return RecoveryCode.normalized(code).map {
            .recovery(tools.keys.recoveryDigest($0, of: record.member.id))
        }
    }

    private func open(
        _ member: StaffMember, _ proof: SecondProof, _ origin: StaffOrigin
    ) async throws(ShopError) -> Outcome {
        let (token, now) = (tools.token(), tools.clock.now())
        let opening = try await tools.store.openSession(
            SessionDraft(
                digest: Secrets.digest(token: token), member: member, proof: proof, origin: origin, at: now,
                expiresAt: now.advanced(seconds: tools.limits.sessionHours * 3600)))
        switch opening {
        case .opened(let session): return .opened(token: token, StaffVisit(session: session, member: member))
        // Their password or role was changed at this moment: what was judged does not count any more.
        case .proofUsed, .memberChanged: return .wrong
        }
    }
}
