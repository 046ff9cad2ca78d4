public import Domain

/// A member of the staff with what proves that it is them. Never leaves the shop.
public struct StaffRecord: Hashable, Sendable {
    /// The member.
    public let member: StaffMember
    /// The hash of the password, with its cost and salt.
    public let passwordHash: String
    /// The secret of the second factor, sealed; nil without one.
    public let sealedTOTP: [UInt8]?
    /// One that was shown and is not confirmed yet, sealed.
    public let pendingTOTP: [UInt8]?
    /// The last step of 30 seconds whose code was taken.
    public let lastStep: Int64?

    /// Puts stored parts together.
    public init(
        member: StaffMember, passwordHash: String, sealedTOTP: [UInt8]?, pendingTOTP: [UInt8]?, lastStep: Int64?
    ) {
        self.member = member
        self.passwordHash = passwordHash
        self.sealedTOTP = sealedTOTP
        self.pendingTOTP = pendingTOTP
        self.lastStep = lastStep
    }
}

/// What was shown beside the password, to be used up by the log-in.
public enum SecondProof: Hashable, Sendable {
    /// Nothing: the member has no second factor.
    case none
    /// The code of this step of 30 seconds. No code of this step or an earlier one is taken afterwards.
    case step(Int64)
    /// The digest of a recovery code.
    case recovery([UInt8])
}

/// A session that is to be opened.
public struct SessionDraft: Hashable, Sendable {
    /// SHA-256 of the token that the browser gets.
    public let digest: [UInt8]
    /// The member as it was when password and code were judged.
    public let member: StaffMember
    /// What is used up.
    public let proof: SecondProof
    /// From where.
    public let origin: StaffOrigin
    /// Now.
    public let at: Timestamp
    /// When it ends however much it is used.
    public let expiresAt: Timestamp

    /// Puts the parts together.
    public init(
        digest: [UInt8], member: StaffMember, proof: SecondProof, origin: StaffOrigin, at moment: Timestamp,
        expiresAt: Timestamp
    ) {
        self.digest = digest
        self.member = member
        self.proof = proof
        self.origin = origin
        at = moment
        self.expiresAt = expiresAt
    }
}

/// What became of a session that was to be opened.
public enum SessionOpening: Hashable, Sendable {
    /// It is open.
    case opened(StaffSession)
    /// The code was used before, by somebody who was faster.
    case proofUsed
    /// The member was changed or disabled since.
    case memberChanged
}

/// A session with whose it is.
public struct StaffVisit: Hashable, Sendable {
    /// The session.
    public let session: StaffSession
    /// Who is logged in.
    public let member: StaffMember

    /// Puts the parts together.
    public init(session: StaffSession, member: StaffMember) {
        self.session = session
        self.member = member
    }
}

/// What becomes of a password.
public struct PasswordChange: Hashable, Sendable {
    /// The new hash.
    public let hash: String
    /// Whether the member must choose another one at once.
    public let mustChange: Bool
    /// Whether the second factor goes with it.
    public let removesSecondFactor: Bool
    /// The session that goes on; all others of the member end.
    public let keeping: Int64?

    /// Puts the parts together.
    public init(hash: String, mustChange: Bool, removesSecondFactor: Bool = false, keeping: Int64? = nil) {
        self.hash = hash
        self.mustChange = mustChange
        self.removesSecondFactor = removesSecondFactor
        self.keeping = keeping
    }
}

/// Who may log in, and who is. Same errors as the ledger. Every change of a member is written to the owner's journal in
/// the same transaction, and is *wrong_state* when the member was changed since that version.
public protocol StaffStore: Sendable {
    /// All members, oldest first.
    func staff() async throws(ShopError) -> [StaffMember]
    /// One member; nil when there is none.
    func staffRecord(_ id: Int64) async throws(ShopError) -> StaffRecord?
    /// The member of that name; nil when there is none.
    func staffRecord(named name: StaffName) async throws(ShopError) -> StaffRecord?

    /// Keeps the digest of a token that makes the first owner, in the place of an earlier one. False, and nothing is
    /// kept, when there is a member.
    func storeSetup(digest: [UInt8], at moment: Timestamp, expiresAt: Timestamp) async throws(ShopError) -> Bool
    /// Whether that token would make the first owner now.
    func isSetupOpen(digest: [UInt8], at moment: Timestamp) async throws(ShopError) -> Bool
    /// Makes the first owner and uses the token up; *unauthorized* when it is not the one that is kept, or too old, or
    /// used.
    func claimSetup(
        digest: [UInt8], name: StaffName, passwordHash: String, _ deed: OwnerDeed
    ) async throws(ShopError) -> StaffMember

    /// Makes a member, who must choose another password; *already_exists* when the name is taken, *busy* when there are
    /// too many.
    func createStaff(
        _ name: StaffName, role: StaffRole, passwordHash: String, _ deed: OwnerDeed
    ) async throws(ShopError) -> StaffMember
    /// Changes what a member may do, and ends all their sessions; *wrong_state* when no enabled owner would be left.
    func changeStaff(
        _ id: Int64, version: Int, role: StaffRole, isDisabled: Bool, _ deed: OwnerDeed
    ) async throws(ShopError) -> StaffMember
    /// Changes a password and ends the member's sessions.
    func storePassword(
        _ change: PasswordChange, of id: Int64, version: Int, _ deed: OwnerDeed
    ) async throws(ShopError) -> StaffMember

    /// Keeps the sealed secret of a second factor that is to be confirmed, in the place of an earlier one. Changes
    /// nothing else; *wrong_state* when the member has one.
    func storePending(totp sealed: [UInt8], of id: Int64) async throws(ShopError)
    /// Makes the pending secret the member's, if it is still that one, and replaces the recovery codes.
    ///
    /// - Parameter step: of the code that confirmed it, used up by this
    func confirmTOTP(
        _ sealed: [UInt8], step: Int64, recovery digests: [[UInt8]], of id: Int64, version: Int, _ deed: OwnerDeed
    ) async throws(ShopError) -> StaffMember
    /// Removes second factor and recovery codes.
    func removeTOTP(of id: Int64, version: Int, _ deed: OwnerDeed) async throws(ShopError) -> StaffMember
    /// How many recovery codes are unused.
    func recoveryCodes(of id: Int64) async throws(ShopError) -> Int

    /// Uses the proof up and opens a session, or does neither. Sessions that have ended are cleared away; past the
    /// bound the one that was used longest ago ends.
    func openSession(_ draft: SessionDraft) async throws(ShopError) -> SessionOpening
    /// The session of that digest, if it is live and its member is not disabled.
    func session(digest: [UInt8], at moment: Timestamp) async throws(ShopError) -> StaffVisit?
    /// Notes that a session was used.
    func touchSession(_ id: Int64, at moment: Timestamp) async throws(ShopError)
    /// Sessions that are live, of one member or of all, the last used first.
    func sessions(of member: Int64?, at moment: Timestamp) async throws(ShopError) -> [StaffVisit]
    /// Ends a session; false when there was none. With a member, only one of theirs.
    func endSession(_ id: Int64, of member: Int64?) async throws(ShopError) -> Bool
    /// Ends the session of that digest, if there is one.
    func endSession(digest: [UInt8]) async throws(ShopError)
}
