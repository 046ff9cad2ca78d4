public import Domain

/// Makes the first owner, by a token that only whoever started the shop has seen.
public struct SetUpOwner: Sendable {
    private let tools: StaffTools

    /// Puts the parts together.
    public init(_ tools: StaffTools) { self.tools = tools }

    /// A fresh token, good for ``Limits/setupHours``, in the place of an earlier one; nil when there is a member. It is
    /// stored as a digest only: this is the one time that it is seen.
    public func makeToken() async throws(ShopError) -> String? {
        let (token, now) = (tools.token(), tools.clock.now())
        let expiresAt = now.advanced(seconds: tools.limits.setupHours * 3600)
        let isStored = try await tools.store.storeSetup(
            digest: Secrets.digest(token: token), at: now, expiresAt: expiresAt)
        return isStored ? token : nil
    }

    /// Whether that token would make the first owner now: what the page asks before it shows its form.
    public func isOpen(_ token: String) async throws(ShopError) -> Bool {
        guard Secrets.isToken(token) else { return false }
        return try await tools.store.isSetupOpen(digest: Secrets.digest(token: token), at: tools.clock.now())
    }

    /// Makes the first owner, once however many ask at the same time. They are not logged in by it.
    ///
    /// - Throws: *unauthorized* when the token is wrong, too old or used; *invalid_request* that names `name` or
    ///   `password`; *busy*.
    public func claim(_ token: String, name: String, password: String) async throws(ShopError) -> StaffMember {
        // Before the costly work, which strangers must not set off.
        guard try await isOpen(token) else {
            throw ShopError(.unauthorized, "the set-up token is wrong, too old, or used")
        }
        let name = try StaffName.parse(name)
        try PasswordRules.check(password, of: name)
        let hash = try await tools.passwords.hash(password)
        let deed = OwnerDeed(by: OwnerNote(actor: name.text, reason: nil), at: tools.clock.now())
        return try await tools.store.claimSetup(
            digest: Secrets.digest(token: token), name: name, passwordHash: hash, deed)
    }
}

extension StaffName {
    /// - Throws: *invalid_request* that names `name`.
    static func parse(_ text: String) throws(ShopError) -> StaffName {
        guard let name = StaffName(text) else {
            throw .invalid("name", "must have 1 to \(maximumLength) of a-z, 0-9, '.', '_' and '-'")
        }
        return name
    }
}
