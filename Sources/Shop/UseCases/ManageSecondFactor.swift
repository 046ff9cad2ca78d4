public import Domain

/// Sets up the second factor of whoever asks, and removes it.
public struct ManageSecondFactor: Sendable {
    /// What an authenticator app is told, by hand or as a QR code. Shown once.
    public struct Offer: Hashable, Sendable {
        /// The secret in Base32.
        public let secret: String
        /// The same as an `otpauth:` address.
        public let uri: String
    }

    private let tools: StaffTools

    /// Puts the parts together.
    public init(_ tools: StaffTools) { self.tools = tools }

    /// Makes a secret that counts only once it is confirmed; an earlier one that was not is forgotten.
    ///
    /// - Parameter issuer: the shop's name, as the app will show it
    /// - Throws: *wrong_state* when the member has a second factor, or must choose a password first.
    public func begin(_ visit: StaffVisit, issuer: String) async throws(ShopError) -> Offer {
        try mayChange(visit)
        let secret = tools.random(TOTP.secretBytes)
        let sealed = try tools.keys.seal(secret, context: KeyRing.totpContext(visit.member.id))
        try await tools.store.storePending(totp: sealed, of: visit.member.id)
        return offer(secret, of: visit, issuer)
    }

    /// The secret that waits to be confirmed, for whoever has given a wrong code; nil when none waits.
    ///
    /// - Parameter issuer: the shop's name, as the app will show it
    public func pending(_ visit: StaffVisit, issuer: String) async throws(ShopError) -> Offer? {
        let record = try await tools.record(visit.member.id)
        guard let sealed = record.pendingTOTP, record.sealedTOTP == nil else { return nil }
        return offer(try tools.secret(sealed, of: record.member), of: visit, issuer)
    }

    private func offer(_ secret: [UInt8], of visit: StaffVisit, _ issuer: String) -> Offer {
        Offer(
            secret: Base32.text(secret), uri: TOTP.uri(secret: secret, issuer: issuer, account: visit.member.name))
    }

    /// Confirms the secret by a code of it. From then on a code is asked for at each log-in.
    ///
    /// - Returns: ten recovery codes, each good for one log-in; shown this once
    /// - Throws: *invalid_request* that names `code`; *wrong_state* when nothing was begun.
    public func confirm(_ visit: StaffVisit, code: String) async throws(ShopError) -> [String] {
        try mayChange(visit)
        let record = try await tools.record(visit.member.id)
        guard let sealed = record.pendingTOTP, record.sealedTOTP == nil else {
            throw ShopError(.wrongState, "no second factor waits to be confirmed")
        }
        let secret = try tools.secret(sealed, of: record.member)
        let digits = code.filter { $0 != " " }
        guard let step = TOTP.step(of: digits, secret, at: tools.clock.now(), after: nil) else {
            throw .invalid("code", "does not fit; check the clock of your device")
        }
        let codes = (0..<RecoveryCode.count).map { _ in RecoveryCode.make(tools.random) }
        let digests = codes.compactMap { RecoveryCode.normalized($0) }.map {
            tools.keys.recoveryDigest($0, of: record.member.id)
        }
        _ = try await tools.store.confirmTOTP(
            sealed, step: step, recovery: digests, of: record.member.id, version: record.member.version,
            tools.deed(record.member))
        return codes
    }

    /// Removes it, and the recovery codes.
    ///
    /// - Throws: *invalid_request* that names `password` when it is wrong; *rate_limited*; *wrong_state* when there is
    ///   none; *busy*.
    public func remove(_ visit: StaffVisit, password: String) async throws(ShopError) {
        try mayChange(visit)
        let record = try await tools.record(visit.member.id)
        guard record.sealedTOTP != nil else { throw ShopError(.wrongState, "there is no second factor") }
        try await tools.check(password, of: record, from: visit.session.origin, field: "password")
        _ = try await tools.store.removeTOTP(
            of: record.member.id, version: record.member.version, tools.deed(record.member))
    }

    /// How many recovery codes are left.
    public func codesLeft(_ visit: StaffVisit) async throws(ShopError) -> Int {
        try await tools.store.recoveryCodes(of: visit.member.id)
    }

    private func mayChange(_ visit: StaffVisit) throws(ShopError) {
        guard !visit.member.mustChangePassword else {
            throw ShopError(.wrongState, "choose a password of your own first")
        }
    }
}
