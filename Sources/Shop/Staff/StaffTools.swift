public import Domain
import NIOConcurrencyHelpers

/// What the use cases of the staff stand on.
public struct StaffTools: Sendable {
    /// Who may log in, and who is.
    public let store: any StaffStore
    /// The unwrapped keys.
    public let keys: KeyRing
    /// Hashes passwords.
    public let passwords: PasswordHasher
    /// Slows down whoever guesses, on this node.
    public let lockout: LockoutKeeper
    /// Tells the time.
    public let clock: any Clock
    /// Every bound.
    public let limits: Limits
    /// Unpredictable bytes.
    public let random: @Sendable (Int) -> [UInt8]

    /// Puts the parts together.
    public init(
        store: any StaffStore, keys: KeyRing, passwords: PasswordHasher, clock: any Clock, limits: Limits,
        random: @escaping @Sendable (Int) -> [UInt8] = Secrets.random
    ) {
        self.store = store
        self.keys = keys
        self.passwords = passwords
        lockout = LockoutKeeper(limits: limits)
        self.clock = clock
        self.limits = limits
        self.random = random
    }

    /// A fresh token: 64 hexadecimal digits of 32 random bytes.
    func token() -> String { Hexadecimal.text(random(32)) }

    /// What a member does now.
    func deed(_ member: StaffMember, _ reason: String? = nil) -> OwnerDeed {
        OwnerDeed(by: OwnerNote(actor: member.name.text, reason: reason), at: clock.now())
    }

    /// The member as it is now, with what proves that it is them.
    ///
    /// - Throws: *not_found*.
    func record(_ id: Int64) async throws(ShopError) -> StaffRecord {
        guard let record = try await store.staffRecord(id) else {
            throw ShopError(.notFound, "no such member of the staff")
        }
        return record
    }

    /// Judges the password of somebody who is logged in already, as slowly for guesses as a log-in.
    ///
    /// - Throws: *invalid_request* that names `field` when it is wrong; *rate_limited* when the name is locked.
    func check(
        _ password: String, of record: StaffRecord, from origin: StaffOrigin, field: String
    ) async throws(ShopError) {
        let (name, address) = (record.member.name, origin.address)
        if lockout.begin(name, address, at: clock.now()) != nil {
            throw ShopError(.rateLimited, "too many wrong passwords; try again later")
        }
        let fits: Bool
        do throws(ShopError) {
            fits = try await passwords.fits(password, record.passwordHash)
        } catch {
            lockout.abandon(name, address)
            throw error
        }
        guard fits else { throw .invalid(field, "is not your password") }
        lockout.succeed(name, address)
    }

    /// The sealed secret of a second factor, opened.
    func secret(_ sealed: [UInt8], of member: StaffMember) throws(ShopError) -> [UInt8] {
        try keys.open(sealed, context: KeyRing.totpContext(member.id))
    }
}

/// The lock-out of this node, for many tasks at once.
public final class LockoutKeeper: Sendable {
    private let lockout: NIOLockedValueBox<LoginLockout>

    /// - Parameter limits: how many names and addresses are remembered
    public init(limits: Limits) {
        lockout = NIOLockedValueBox(LoginLockout(maximumKeys: limits.loginKeys))
    }

    func begin(_ name: StaffName?, _ address: String, at moment: Timestamp) -> Timestamp? {
        lockout.withLockedValue { $0.begin(name: name, address: address, at: moment) }
    }

    func succeed(_ name: StaffName?, _ address: String) {
        lockout.withLockedValue { $0.succeed(name: name, address: address) }
    }

    func abandon(_ name: StaffName?, _ address: String) {
        lockout.withLockedValue { $0.abandon(name: name, address: address) }
    }
}

/// The codes that stand in for a lost authenticator: 16 characters of Base32, shown in fours.
enum RecoveryCode {
    static let count = 10
    private static let bytes = 10

    static func make(_ random: (Int) -> [UInt8]) -> String { grouped(Base32.text(random(bytes)).lowercased()) }

    /// Fours with hyphens between.
    static func grouped(_ text: String) -> String {
        var grouped = ""
        for (index, character) in text.enumerated() {
            if index > 0, index.isMultiple(of: 4) { grouped += "-" }
            grouped.append(character)
        }
        return grouped
    }

    /// As it is digested: without hyphens and blanks, in lower case; nil when it cannot be one.
    static func normalized(_ text: String) -> String? {
        guard text.utf8.count <= 64 else { return nil }
        let kept = text.lowercased().filter { $0 != "-" && $0 != " " }
        return kept.utf8.count == 16 && Base32.bytes(kept) != nil ? kept : nil
    }
}
