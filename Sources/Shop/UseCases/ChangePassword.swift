public import Domain

/// Changes the password of whoever asks.
public struct ChangePassword: Sendable {
    private let tools: StaffTools

    /// Puts the parts together.
    public init(_ tools: StaffTools) { self.tools = tools }

    /// Changes it; all other sessions of the member end.
    ///
    /// - Returns: the member as it is now
    /// - Throws: *invalid_request* that names `current` or `password`; *rate_limited* when `current` was wrong too
    ///   often; *wrong_state* when the member was changed meanwhile; *busy*.
    public func callAsFunction(
        _ visit: StaffVisit, current: String, password: String
    ) async throws(ShopError) -> StaffMember {
        let record = try await tools.record(visit.member.id)
        try PasswordRules.check(password, of: record.member.name)
        guard password != current else { throw .invalid("password", "must be another one than before") }
        try await tools.check(current, of: record, from: visit.session.origin, field: "current")
        let change = PasswordChange(
            hash: try await tools.passwords.hash(password), mustChange: false, keeping: visit.session.id)
        return try await tools.store.storePassword(
            change, of: record.member.id, version: record.member.version, tools.deed(record.member))
    }
}
