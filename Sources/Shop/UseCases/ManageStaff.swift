public import Domain

/// Makes, changes and disables members of the staff.
public struct ManageStaff: Sendable {
    private let tools: StaffTools

    /// Puts the parts together.
    public init(_ tools: StaffTools) { self.tools = tools }

    /// All members, oldest first.
    ///
    /// - Throws: *forbidden*.
    public func list(by visit: StaffVisit) async throws(ShopError) -> [StaffMember] {
        try visit.member.require(.manageStaff)
        return try await tools.store.staff()
    }

    /// Makes a member with a one-time password: who logs in by it can do nothing before they have chosen another. It is
    /// shown this once.
    ///
    /// - Throws: *forbidden*; *invalid_request* that names `name`; *already_exists*; *busy*.
    public func create(
        name: String, role: StaffRole, by visit: StaffVisit, reason: String? = nil
    ) async throws(ShopError) -> (member: StaffMember, password: String) {
        try visit.member.require(.manageStaff)
        let name = try StaffName.parse(name)
        let password = RecoveryCode.make(tools.random)
        let hash = try await tools.passwords.hash(password)
        let member = try await tools.store.createStaff(
            name, role: role, passwordHash: hash, tools.deed(visit.member, reason))
        return (member: member, password: password)
    }

    /// Changes the role; all sessions of the member end.
    ///
    /// - Parameter version: of the member that whoever asks has seen
    /// - Throws: *forbidden*; *not_found*; *wrong_state* when the member was changed since, or is the last owner who
    ///   can log in.
    public func changeRole(
        _ id: Int64, version: Int, to role: StaffRole, by visit: StaffVisit, reason: String? = nil
    ) async throws(ShopError) -> StaffMember {
        try visit.member.require(.manageStaff)
        let member = try await tools.record(id).member
        return try await tools.store.changeStaff(
            id, version: version, role: role, isDisabled: member.isDisabled, tools.deed(visit.member, reason))
    }

    /// Keeps a member from logging in, or lets them again; all sessions of the member end.
    ///
    /// - Throws: as ``changeRole(_:version:to:by:reason:)``.
    public func disable(
        _ id: Int64, version: Int, _ isDisabled: Bool = true, by visit: StaffVisit, reason: String? = nil
    ) async throws(ShopError) -> StaffMember {
        try visit.member.require(.manageStaff)
        let member = try await tools.record(id).member
        return try await tools.store.changeStaff(
            id, version: version, role: member.role, isDisabled: isDisabled, tools.deed(visit.member, reason))
    }

    /// Replaces a forgotten password by a one-time password, which is shown this once; all sessions of the member end.
    ///
    /// - Parameter removesSecondFactor: for somebody who lost their authenticator and the recovery codes
    /// - Throws: *forbidden*; *not_found*; *wrong_state* when the member was changed since; *busy*.
    public func resetPassword(
        _ id: Int64, version: Int, removesSecondFactor: Bool = false, by visit: StaffVisit, reason: String? = nil
    ) async throws(ShopError) -> (member: StaffMember, password: String) {
        try visit.member.require(.manageStaff)
        _ = try await tools.record(id)
        let password = RecoveryCode.make(tools.random)
        let change = PasswordChange(
            hash: try await tools.passwords.hash(password), mustChange: true,
            removesSecondFactor: removesSecondFactor)
        let member = try await tools.store.storePassword(
            change, of: id, version: version, tools.deed(visit.member, reason))
        return (member: member, password: password)
    }
}

extension StaffMember {
    /// - Throws: *forbidden* unless the member may do it now.
    public func require(_ right: StaffRight) throws(ShopError) {
        guard may(right) else { throw ShopError(.forbidden, "your role does not allow this") }
    }
}
