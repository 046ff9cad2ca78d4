public import Domain

/// Ends the session of whoever asks.
public struct LogOut: Sendable {
    private let tools: StaffTools

    /// Puts the parts together.
    public init(_ tools: StaffTools) { self.tools = tools }

    /// Ends the session; one that has ended stays so.
    public func callAsFunction(_ token: String) async throws(ShopError) {
        guard Secrets.isToken(token) else { return }
        try await tools.store.endSession(digest: Secrets.digest(token: token))
    }
}
