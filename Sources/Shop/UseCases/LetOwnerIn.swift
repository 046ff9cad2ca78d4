public import Domain

/// Makes an owner, or lets a member in as an owner who has lost their password or second factor. For commands on the
/// shop's own machine: whoever can run one can read the ledger anyway.
public struct LetOwnerIn: Sendable {
    private static let note = OwnerNote(actor: "command", reason: nil)

    private let store: any StaffStore
    private let passwords: PasswordHasher
    private let clock: any Clock
    private let random: @Sendable (Int) -> [UInt8]

    /// Puts the parts together.
    public init(
        store: any StaffStore, passwords: PasswordHasher, clock: any Clock,
        random: @escaping @Sendable (Int) -> [UInt8] = Secrets.random
    ) {
        self.store = store
        self.passwords = passwords
        self.clock = clock
        self.random = random
    }

    /// Returns the member with a one-time password, which is shown this once. The second factor is removed, all their
    /// sessions end, and they must choose another password before anything else.
    ///
    /// - Throws: *invalid_request* that names `name`; *busy*.
    public func callAsFunction(_ name: String) async throws(ShopError) -> (member: StaffMember, password: String) {
        let name = try StaffName.parse(name)
        let password = RecoveryCode.make(random)
        let hash = try await passwords.hash(password)
        let deed = OwnerDeed(by: Self.note, at: clock.now())
        guard let known = try await store.staffRecord(named: name)?.member else {
            return (try await store.createStaff(name, role: .owner, passwordHash: hash, deed), password)
        }
        // The password first: cut off in between, nobody has become an owner by a password of their own.
        let change = PasswordChange(hash: hash, mustChange: true, removesSecondFactor: true)
        var member = try await store.storePassword(change, of: known.id, version: known.version, deed)
        if member.isDisabled || member.role != .owner {
            member = try await store.changeStaff(
                member.id, version: member.version, role: .owner, isDisabled: false, deed)
        }
        return (member, password)
    }
}
