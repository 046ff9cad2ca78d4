public import Domain

/// Ends a session that is named in a list.
public struct EndSession: Sendable {
    private let tools: StaffTools

    /// Puts the parts together.
    public init(_ tools: StaffTools) { self.tools = tools }

    /// Ends a session of one's own, or of anybody for those who may manage the staff.
    ///
    /// - Throws: *not_found* when there is none, or it is somebody else's.
    public func callAsFunction(_ id: Int64, by visit: StaffVisit) async throws(ShopError) {
        let owner = visit.member.may(.manageStaff) ? nil : visit.member.id
        guard try await tools.store.endSession(id, of: owner) else {
            throw ShopError(.notFound, "no such session")
        }
    }
}
