public import Domain
public import Shop

// The staff lives in shard 0, as all that the whole shop shares.
extension ShardedLedger: StaffStore {
    public func staff() async throws(ShopError) -> [StaffMember] { try await home.staff() }

    public func staffRecord(_ id: Int64) async throws(ShopError) -> StaffRecord? { try await home.staffRecord(id) }

    public func staffRecord(named name: StaffName) async throws(ShopError) -> StaffRecord? {
        try await home.staffRecord(named: name)
    }

    public func storeSetup(
        digest: [UInt8], at moment: Timestamp, expiresAt: Timestamp
    ) async throws(ShopError) -> Bool {
        try await home.storeSetup(digest: digest, at: moment, expiresAt: expiresAt)
    }

    public func isSetupOpen(digest: [UInt8], at moment: Timestamp) async throws(ShopError) -> Bool {
        try await home.isSetupOpen(digest: digest, at: moment)
    }

    public func claimSetup(
        digest: [UInt8], name: StaffName, passwordHash: String, _ deed: OwnerDeed
    ) async throws(ShopError) -> StaffMember {
        try await home.claimSetup(digest: digest, name: name, passwordHash: passwordHash, deed)
    }

    public func createStaff(
        _ name: StaffName, role: StaffRole, passwordHash: String, _ deed: OwnerDeed
    ) async throws(ShopError) -> StaffMember {
        try await home.createStaff(name, role: role, passwordHash: passwordHash, deed)
    }

    public func changeStaff(
        _ id: Int64, version: Int, role: StaffRole, isDisabled: Bool, _ deed: OwnerDeed
    ) async throws(ShopError) -> StaffMember {
        try await home.changeStaff(id, version: version, role: role, isDisabled: isDisabled, deed)
    }

    public func storePassword(
        _ change: PasswordChange, of id: Int64, version: Int, _ deed: OwnerDeed
    ) async throws(ShopError) -> StaffMember {
        try await home.storePassword(change, of: id, version: version, deed)
    }

    public func storePending(totp sealed: [UInt8], of id: Int64) async throws(ShopError) {
        try await home.storePending(totp: sealed, of: id)
    }

    public func confirmTOTP(
        _ sealed: [UInt8], step: Int64, recovery digests: [[UInt8]], of id: Int64, version: Int, _ deed: OwnerDeed
    ) async throws(ShopError) -> StaffMember {
        try await home.confirmTOTP(sealed, step: step, recovery: digests, of: id, version: version, deed)
    }

    public func removeTOTP(of id: Int64, version: Int, _ deed: OwnerDeed) async throws(ShopError) -> StaffMember {
        try await home.removeTOTP(of: id, version: version, deed)
    }

    public func recoveryCodes(of id: Int64) async throws(ShopError) -> Int { try await home.recoveryCodes(of: id) }

    public func openSession(_ draft: SessionDraft) async throws(ShopError) -> SessionOpening {
        try await home.openSession(draft)
    }

    public func session(digest: [UInt8], at moment: Timestamp) async throws(ShopError) -> StaffVisit? {
        try await home.session(digest: digest, at: moment)
    }

    public func touchSession(_ id: Int64, at moment: Timestamp) async throws(ShopError) {
        try await home.touchSession(id, at: moment)
    }

    public func sessions(of member: Int64?, at moment: Timestamp) async throws(ShopError) -> [StaffVisit] {
        try await home.sessions(of: member, at: moment)
    }

    public func endSession(_ id: Int64, of member: Int64?) async throws(ShopError) -> Bool {
        try await home.endSession(id, of: member)
    }

    public func endSession(digest: [UInt8]) async throws(ShopError) { try await home.endSession(digest: digest) }
}
