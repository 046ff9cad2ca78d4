public import Domain

/// Says who holds a session's token.
public struct ReadSession: Sendable {
    /// Seconds that must have passed before a use is noted again.
    private static let noteSeconds: Int64 = 60

    private let tools: StaffTools

    /// Puts the parts together.
    public init(_ tools: StaffTools) { self.tools = tools }

    /// The session and its member as they are now; nil when it has ended, the member is disabled, or there never was
    /// one. Its use is noted at most once a minute.
    public func callAsFunction(_ token: String) async throws(ShopError) -> StaffVisit? {
        guard Secrets.isToken(token) else { return nil }
        let now = tools.clock.now()
        guard let visit = try await tools.store.session(digest: Secrets.digest(token: token), at: now) else {
            return nil
        }
        if visit.session.lastSeenAt.advanced(seconds: Self.noteSeconds) <= now {
            // A ledger that takes no writes must not log everybody out.
            do throws(ShopError) { try await tools.store.touchSession(visit.session.id, at: now) } catch {}
        }
        return visit
    }
}
