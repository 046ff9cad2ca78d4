public import Domain

/// Shows who is logged in.
public struct ListSessions: Sendable {
    private let tools: StaffTools

    /// Puts the parts together.
    public init(_ tools: StaffTools) { self.tools = tools }

    /// The sessions of whoever asks, the last used first.
    public func own(_ visit: StaffVisit) async throws(ShopError) -> [StaffVisit] {
        try await tools.store.sessions(of: visit.member.id, at: tools.clock.now())
    }

    /// All sessions of all members; there are never more than ``Limits/staffSessions``.
    ///
    /// - Throws: *forbidden* unless whoever asks may manage the staff.
    public func all(_ visit: StaffVisit) async throws(ShopError) -> [StaffVisit] {
        try visit.member.require(.manageStaff)
        return try await tools.store.sessions(of: nil, at: tools.clock.now())
    }
}
