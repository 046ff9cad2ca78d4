import CoreMetrics
import Crypto
import Domain
import Foundation
import NIOConcurrencyHelpers
import SQLiteLedger
import TestKit
import Testing

@testable import Shop

/// The staff's use cases on a ledger of their own, with hashes that cost little and are counted.
private struct StaffBench: Sendable {
    let ledger: LedgerBench
    let staff: StaffUseCases
    let hashes: NIOLockedValueBox<Int>

    static let origin = StaffOrigin(address: "192.0.2.1", agent: "test")
    static let password = "a good password"

    var clock: MockClock { ledger.clock }

    func owner() async throws -> StaffMember {
        let token = try unwrap(try await staff.setUpOwner.makeToken())
        return try await staff.setUpOwner.claim(token, name: "Owner", password: Self.password)
    }

    func logIn(
        _ name: String = "owner", _ password: String = password, code: String? = nil, from address: String = "192.0.2.1"
    ) async throws -> LogIn.Outcome {
        try await staff.logIn(
            name: name, password: password, code: code, origin: StaffOrigin(address: address, agent: "test"))
    }

    /// A log-in that must succeed.
    func opened(
        _ name: String = "owner", _ password: String = password, code: String? = nil
    ) async throws -> (token: String, visit: StaffVisit) {
        guard case .opened(let token, let visit) = try await logIn(name, password, code: code) else {
            throw NotLoggedIn(name: name)
        }
        return (token: token, visit: visit)
    }

    /// A second factor that is set up; its secret and the recovery codes. The present step is used up.
    func secondFactor(_ visit: StaffVisit) async throws -> (secret: [UInt8], codes: [String]) {
        let offer = try await staff.manageSecondFactor.begin(visit, issuer: "Shop")
        let secret = try unwrap(Base32.bytes(offer.secret))
        let code = TOTP.code(secret, step: TOTP.step(at: clock.now()))
        return (secret: secret, codes: try await staff.manageSecondFactor.confirm(visit, code: code))
    }
}

private struct NotLoggedIn: Error { let name: String }

private func withStaff(_ body: (StaffBench) async throws -> Void) async throws {
    let folder = try ShopProcess.makeFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let ledger = try SQLiteLedger(
        path: folder.appendingPathComponent(SQLiteLedger.fileName).path, limits: Limits(),
        metrics: NOOPMetricsHandler.instance)
    defer { ledger.close() }
    let bench = LedgerBench(ledger, clock: MockClock())
    let master = SymmetricKey(size: .bits256)
    let hashes = NIOLockedValueBox(0)
    var limits = Limits()
    limits.passwordsWaiting = 200
    let cost = try unwrap(ScryptCost(log2N: 1, blockSize: 1, parallelism: 1))
    let passwords = PasswordHasher(limits: limits, cost: cost, random: Secrets.random) { password, salt, cost in
        hashes.withLockedValue { $0 += 1 }
        return PasswordHasher.scrypt(password, salt, cost)
    }
    let tools = StaffTools(
        store: ledger, keys: try KeyRing(unwrapping: KeyRing.fresh(master: master), master: master),
        passwords: passwords, clock: bench.clock, limits: limits)
    try await body(StaffBench(ledger: bench, staff: StaffUseCases(tools), hashes: hashes))
}

@Suite("Staff: accounts")
struct StaffAccountTests {
    @Test("of 50 who claim one set-up token at once, one becomes the owner")
    func setUp() async throws {
        try await withStaff { bench in
            let token = try unwrap(try await bench.staff.setUpOwner.makeToken())
            let made = await withTaskGroup(of: Bool.self) { group in
                for number in 1...50 {
                    group.addTask {
                        let claimed = try? await bench.staff.setUpOwner.claim(
                            token, name: "n\(number)", password: StaffBench.password)
                        return claimed != nil
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(made == 1)
            #expect(try await bench.ledger.staff.staff().map(\.role) == [.owner])
            #expect(try await bench.staff.setUpOwner.makeToken() == nil)
        }
    }

    @Test("a wrong set-up token costs no hash, and a password that is refused leaves the right one usable")
    func setUpRefused() async throws {
        try await withStaff { bench in
            let token = try unwrap(try await bench.staff.setUpOwner.makeToken())
            for wrong in ["", "x", String(repeating: "0", count: 64), token.uppercased()] where wrong != token {
                try await refuses(.unauthorized) {
                    try await bench.staff.setUpOwner.claim(wrong, name: "ann", password: StaffBench.password)
                }
            }
            #expect(bench.hashes.withLockedValue { $0 } == 0)
            try await refuses(.invalidRequest) {
                try await bench.staff.setUpOwner.claim(token, name: "ann", password: "password123")
            }
            _ = try await bench.staff.setUpOwner.claim(token, name: "ann", password: StaffBench.password)
            try await refuses(.unauthorized) {
                try await bench.staff.setUpOwner.claim(token, name: "bob", password: StaffBench.password)
            }
        }
    }

    @Test("a set-up token ends after a day")
    func setUpEnds() async throws {
        try await withStaff { bench in
            let token = try unwrap(try await bench.staff.setUpOwner.makeToken())
            bench.clock.advance(seconds: 24 * 3600 - 1)
            #expect(try await bench.staff.setUpOwner.isOpen(token))
            bench.clock.advance(seconds: 1)
            #expect(try await !bench.staff.setUpOwner.isOpen(token))
        }
    }

    @Test("a new member can do nothing with the one-time password but choose another")
    func oneTimePassword() async throws {
        try await withStaff { bench in
            _ = try await bench.owner()
            let owner = try await bench.opened()
            let made = try await bench.staff.manageStaff.create(name: "bob", role: .staff, by: owner.visit)
            let bob = try await bench.opened("bob", made.password)
            #expect(bob.visit.member.mustChangePassword && !bob.visit.member.may(.read))
            try await refuses(.wrongState) { try await bench.staff.manageSecondFactor.begin(bob.visit, issuer: "") }
            try await refuses(.invalidRequest) {
                try await bench.staff.changePassword(bob.visit, current: made.password, password: made.password)
            }
            let other = try await bench.opened("bob", made.password)
            _ = try await bench.staff.changePassword(bob.visit, current: made.password, password: "bob's own words")
            #expect(try await bench.staff.readSession(bob.token)?.member.may(.changeOrders) == true)
            #expect(try await bench.staff.readSession(other.token) == nil)
            #expect(try await bench.logIn("bob", made.password) == .wrong)
        }
    }

    @Test("who is disabled is out at once, and out of every door")
    func disabled() async throws {
        try await withStaff { bench in
            _ = try await bench.owner()
            let owner = try await bench.opened()
            let made = try await bench.staff.manageStaff.create(name: "bob", role: .owner, by: owner.visit)
            let bob = try await bench.opened("bob", made.password)
            _ = try await bench.staff.manageStaff.disable(made.member.id, version: 1, by: owner.visit)
            #expect(try await bench.staff.readSession(bob.token) == nil)
            #expect(try await bench.logIn("bob", made.password) == .wrong)
            _ = try await bench.staff.manageStaff.disable(made.member.id, version: 2, false, by: owner.visit)
            #expect(try await bench.staff.readSession(bob.token) == nil)
            _ = try await bench.opened("bob", made.password)
        }
    }

    @Test("only those who may manage the staff do, and the last owner stays")
    func managing() async throws {
        try await withStaff { bench in
            let first = try await bench.owner()
            let owner = try await bench.opened()
            let made = try await bench.staff.manageStaff.create(name: "bob", role: .staff, by: owner.visit)
            var bob = try await bench.opened("bob", made.password)
            _ = try await bench.staff.changePassword(bob.visit, current: made.password, password: "bob's own words")
            bob = try await bench.opened("bob", "bob's own words")
            let manage = bench.staff.manageStaff
            try await refuses(.forbidden) { try await manage.list(by: bob.visit) }
            try await refuses(.forbidden) { try await manage.create(name: "x", role: .owner, by: bob.visit) }
            try await refuses(.forbidden) { try await manage.changeRole(2, version: 2, to: .owner, by: bob.visit) }
            try await refuses(.forbidden) { try await manage.disable(first.id, version: 1, by: bob.visit) }
            try await refuses(.forbidden) { try await manage.resetPassword(first.id, version: 1, by: bob.visit) }
            try await refuses(.forbidden) { try await bench.staff.listSessions.all(bob.visit) }
            try await refuses(.notFound) { try await bench.staff.endSession(owner.visit.session.id, by: bob.visit) }
            try await refuses(.wrongState) { try await manage.disable(first.id, version: 1, by: owner.visit) }
            try await refuses(.wrongState) {
                try await manage.changeRole(first.id, version: 1, to: .reader, by: owner.visit)
            }
            try await bench.staff.endSession(bob.visit.session.id, by: owner.visit)
            #expect(try await bench.staff.readSession(bob.token) == nil)
            let left = try await bench.staff.listSessions.all(owner.visit).map(\.member.name.text)
            #expect(left.sorted() == ["bob", "owner"], "the session that bob changed the password in is left")
        }
    }
}

@Suite("Staff: logging in")
struct StaffLogInTests {
    @Test("a name that nobody has, one that nobody can have, and one that somebody has cost one hash each")
    func sameWork() async throws {
        try await withStaff { bench in
            _ = try await bench.owner()
            let tries = [
                ("owner", StaffBench.password), ("owner", "wrong password"), ("nobody", "wrong password"),
                ("no/body", "wrong password"), ("owner", String(repeating: "x", count: 5000)),
            ]
            for (number, (name, password)) in tries.enumerated() {
                let before = bench.hashes.withLockedValue { $0 }
                let outcome = try await bench.logIn(name, password, from: "192.0.2.\(number + 10)")
                #expect(bench.hashes.withLockedValue { $0 } == before + 1, "\(name)")
                #expect(number == 0 || outcome == .wrong)
            }
        }
    }

    @Test("a session's token is made at the log-in, is new each time, and is stored as a digest only")
    func fixation() async throws {
        try await withStaff { bench in
            _ = try await bench.owner()
            let planted = String(repeating: "ab", count: 32)
            #expect(try await bench.staff.readSession(planted) == nil)
            let (first, second) = (try await bench.opened(), try await bench.opened())
            #expect(try await bench.staff.readSession(planted) == nil)
            #expect(Set([first.token, second.token, planted]).count == 3)
            #expect(first.token.utf8.count == 64)
            let now = bench.clock.now()
            let bytes = try unwrap(Hexadecimal.bytes(first.token))
            #expect(try await bench.ledger.staff.session(digest: bytes, at: now) == nil)
            let digest = Secrets.digest(token: first.token)
            #expect(try await bench.ledger.staff.session(digest: digest, at: now)?.session == first.visit.session)
            try await bench.staff.logOut(first.token)
            #expect(try await bench.staff.readSession(first.token) == nil)
            #expect(try await bench.staff.readSession(second.token)?.member.name.text == "owner")
        }
    }

    @Test("the use of a session is noted once a minute")
    func sliding() async throws {
        try await withStaff { bench in
            _ = try await bench.owner()
            let session = try await bench.opened()
            func lastSeen() async throws -> Timestamp? {
                let digest = Secrets.digest(token: session.token)
                return try await bench.ledger.staff.session(digest: digest, at: bench.clock.now())?.session.lastSeenAt
            }
            let start = bench.clock.now()
            bench.clock.advance(seconds: 59)
            _ = try await bench.staff.readSession(session.token)
            #expect(try await lastSeen() == start)
            bench.clock.advance(seconds: 1)
            _ = try await bench.staff.readSession(session.token)
            #expect(try await lastSeen() == bench.clock.now())
        }
    }

    @Test("after five wrong passwords the name is locked, whoever knows the right one, until the time is over")
    func lockout() async throws {
        try await withStaff { bench in
            _ = try await bench.owner()
            for number in 1...6 {
                #expect(try await bench.logIn("owner", "wrong password", from: "198.51.100.\(number)") == .wrong)
            }
            let hashes = bench.hashes.withLockedValue { $0 }
            let until = bench.clock.now().advanced(seconds: 30)
            #expect(try await bench.logIn() == .locked(until: until))
            #expect(bench.hashes.withLockedValue { $0 } == hashes, "a locked name costs no hash")
            bench.clock.advance(seconds: 30)
            _ = try await bench.opened()
            for _ in 1...5 { #expect(try await bench.logIn("owner", "wrong password") == .wrong) }
            _ = try await bench.opened()
        }
    }

    @Test("a code is asked for, counts once, and wrong ones lock the name")
    func secondFactor() async throws {
        try await withStaff { bench in
            _ = try await bench.owner()
            let session = try await bench.opened()
            let (secret, codes) = try await bench.secondFactor(session.visit)
            #expect(codes.count == 10 && Set(codes).count == 10)
            func code(_ offset: Int64) -> String { TOTP.code(secret, step: TOTP.step(at: bench.clock.now()) + offset) }
            #expect(try await bench.logIn() == .secondFactorNeeded)
            #expect(try await bench.logIn(code: "") == .secondFactorNeeded)
            #expect(try await bench.logIn("owner", "wrong password", code: code(0)) == .wrong)
            // The code that confirmed it is used up.
            #expect(try await bench.logIn(code: code(0)) == .wrong)
            _ = try await bench.opened(code: code(1))
            #expect(try await bench.logIn(code: code(1)) == .wrong)
            bench.clock.advance(seconds: 60)
            #expect(try await bench.logIn(code: code(-2)) == .wrong)
            _ = try await bench.opened(code: code(0))
            for number in 1...6 {
                #expect(try await bench.logIn(code: "000000", from: "198.51.100.\(number)") == .wrong)
            }
            guard case .locked = try await bench.logIn(code: code(1)) else {
                Issue.record("wrong codes do not lock")
                return
            }
        }
    }

    @Test("of 50 who use one recovery code at once, one is logged in")
    func recovery() async throws {
        try await withStaff { bench in
            _ = try await bench.owner()
            let session = try await bench.opened()
            let (_, codes) = try await bench.secondFactor(session.visit)
            let tools = bench.staff
            let record = try unwrap(try await bench.ledger.staff.staffRecord(session.visit.member.id))
            // Past the lock-out, which lets six tries begin: what is tested is that the store uses a code up once.
            let opened = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 1...50 {
                    group.addTask {
                        if number > 5 { return try await Self.open(bench, record.member, codes[0]) }
                        if case .opened = try await tools.logIn(
                            name: "owner", password: StaffBench.password, code: codes[0].uppercased(),
                            origin: StaffBench.origin)
                        {
                            return true
                        }
                        return false
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(opened == 1)
            #expect(try await bench.staff.manageSecondFactor.codesLeft(session.visit) == 9)
            _ = try await bench.opened(code: codes[1].replacing("-", with: " "))
        }
    }

    /// Opens a session by the digest of a recovery code, as a log-in does in the end.
    private static func open(_ bench: StaffBench, _ member: StaffMember, _ code: String) async throws -> Bool {
        let keys = bench.staff.logIn.tools.keys
        let digest = keys.recoveryDigest(try unwrap(RecoveryCode.normalized(code)), of: member.id)
        let opening = try await bench.ledger.staff.openSession(
            SessionDraft(
                digest: Secrets.random(32), member: member, proof: .recovery(digest), origin: StaffBench.origin,
                at: bench.clock.now(), expiresAt: bench.clock.now().advanced(seconds: 60)))
        if case .opened = opening { return true }
        return false
    }

    @Test("the second factor is removed by the password only, and by an owner who resets it")
    func removal() async throws {
        try await withStaff { bench in
            _ = try await bench.owner()
            let owner = try await bench.opened()
            let (secret, _) = try await bench.secondFactor(owner.visit)
            let manage = bench.staff.manageSecondFactor
            try await refuses(.wrongState) { try await manage.begin(owner.visit, issuer: "Shop") }
            try await refuses(.invalidRequest) { try await manage.remove(owner.visit, password: "wrong password") }
            #expect(try await bench.logIn() == .secondFactorNeeded)
            try await manage.remove(owner.visit, password: StaffBench.password)
            _ = try await bench.opened()
            #expect(try await manage.codesLeft(owner.visit) == 0)
            #expect(Base32.text(secret).utf8.count == 32)
        }
    }

    @Test("no secret of the staff is in the journal, and the member's name is")
    func journal() async throws {
        try await withStaff { bench in
            _ = try await bench.owner()
            let owner = try await bench.opened()
            let (secret, codes) = try await bench.secondFactor(owner.visit)
            let made = try await bench.staff.manageStaff.create(
                name: "bob", role: .staff, by: owner.visit, reason: "a new colleague")
            let journal = try await bench.ledger.cards.ownerJournal(after: nil, limit: 99)
            #expect(journal.map(\.subject) == ["bob made", "owner second factor set", "owner made"])
            #expect(journal[0].note == OwnerNote(actor: "owner", reason: "a new colleague"))
            let text = journal.map { "\($0)" }.joined()
            for hidden in [made.password, StaffBench.password, Base32.text(secret), "scrypt", owner.token] + codes {
                #expect(!text.contains(hidden))
            }
        }
    }
}
