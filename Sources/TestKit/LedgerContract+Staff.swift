import Domain
import Shop

// Who may log in, and who is.
extension LedgerContract {
    static var staffCases: [ContractCase<LedgerBench>] {
        [
            ContractCase("of 50 claims of one set-up token one makes the owner", setupOnce),
            ContractCase("a set-up token is replaced, ends, and is refused when there is a member", setupEnds),
            ContractCase("members come back as they were made, and a name is there once", members),
            ContractCase("the last owner who can log in stays one, also when two disable each other", lastOwner),
            ContractCase("whoever is changed or disabled loses all sessions", sessionsEnd),
            ContractCase("a password change keeps one session, and is refused after another change", passwordChange),
            ContractCase("a session is found until it is idle or old, and slides", sessionLife),
            ContractCase("past the bound the session that was used longest ago ends", sessionRoom),
            ContractCase("of 50 uses of one recovery code one opens a session", recoveryOnce),
            ContractCase("of 50 uses of one step one opens a session, and none of an earlier step", stepOnce),
            ContractCase("what was judged before a change of the member opens nothing", staleJudgement),
        ]
    }

    private static func name(_ text: String) throws -> StaffName { try unwrap(StaffName(text)) }

    private static func owner(_ bench: LedgerBench, _ name: String = "owner") async throws -> StaffMember {
        try await bench.staff.createStaff(Self.name(name), role: .owner, passwordHash: "hash", bench.deed)
    }

    private static func open(
        _ bench: LedgerBench, _ member: StaffMember, _ digest: UInt8, _ proof: SecondProof = .none
    ) async throws -> SessionOpening {
        try await bench.staff.openSession(
            SessionDraft(
                digest: [digest], member: member, proof: proof, origin: StaffOrigin(address: "::1", agent: "browser"),
                at: bench.clock.now(), expiresAt: bench.clock.now().advanced(seconds: 168 * 3600)))
    }

    private static func visit(_ bench: LedgerBench, _ digest: UInt8) async throws -> StaffVisit? {
        try await bench.staff.session(digest: [digest], at: bench.clock.now())
    }

    // MARK: Set-up

    @Sendable private static func setupOnce(_ bench: LedgerBench) async throws {
        let now = bench.clock.now()
        try expect(
            try await bench.staff.storeSetup(digest: [1], at: now, expiresAt: now.advanced(seconds: 9)), is: true)
        let made = try await concurrently(50) { number in
            do {
                _ = try await bench.staff.claimSetup(
                    digest: [1], name: name("n\(number)"), passwordHash: "hash", bench.deed)
                return 1
            } catch let error as ShopError where error.code == .unauthorized {
                return 0
            }
        }
        try expect(made, is: 1)
        let staff = try await bench.staff.staff()
        try expect(staff.map(\.role), is: [.owner])
        try expect(staff.map(\.mustChangePassword), is: [false])
    }

    @Sendable private static func setupEnds(_ bench: LedgerBench) async throws {
        let store = bench.staff
        func isOpen(_ digest: UInt8) async throws -> Bool {
            try await store.isSetupOpen(digest: [digest], at: bench.clock.now())
        }
        for digest in 1...2 as ClosedRange<UInt8> {
            let now = bench.clock.now()
            _ = try await store.storeSetup(digest: [digest], at: now, expiresAt: now.advanced(seconds: 60))
        }
        try expect(try await isOpen(1) == false, "the earlier one is replaced")
        try expect(try await isOpen(2), "the later one counts")
        bench.clock.advance(seconds: 60)
        try expect(try await isOpen(2) == false, "it has ended")
        try await refuses(.unauthorized) {
            try await store.claimSetup(digest: [2], name: name("ann"), passwordHash: "hash", bench.deed)
        }
        _ = try await owner(bench)
        let now = bench.clock.now()
        try expect(try await store.storeSetup(digest: [3], at: now, expiresAt: now.advanced(seconds: 9)), is: false)
        try expect(try await isOpen(3) == false, "there is a member")
    }

    // MARK: Members

    @Sendable private static func members(_ bench: LedgerBench) async throws {
        let store = bench.staff
        let ann = try await owner(bench, "Ann")
        let bob = try await store.createStaff(name("bob"), role: .reader, passwordHash: "bob's", bench.deed)
        try expect(try await store.staff(), is: [ann, bob])
        try expect(bob.mustChangePassword && !bob.hasTOTP && !bob.isDisabled && bob.version == 1, "as it was made")
        let record = try unwrap(try await store.staffRecord(named: name("BOB")))
        try expect(record.member, is: bob)
        try expect(record.passwordHash, is: "bob's")
        try expect(try await store.staffRecord(bob.id), is: record)
        try expect(try await store.staffRecord(99), is: nil)
        try expect(try await store.staffRecord(named: name("eve")), is: nil)
        try await refuses(.alreadyExists) {
            try await store.createStaff(name("ANN"), role: .staff, passwordHash: "", bench.deed)
        }
        try await refuses(.notFound) {
            try await store.changeStaff(99, version: 1, role: .staff, isDisabled: false, bench.deed)
        }
        let changed = try await store.changeStaff(bob.id, version: 1, role: .staff, isDisabled: true, bench.deed)
        try expect(changed.role == .staff && changed.isDisabled && changed.version == 2, "as it was changed")
        try await refuses(.wrongState) {
            try await store.changeStaff(bob.id, version: 1, role: .owner, isDisabled: false, bench.deed)
        }
        let entry = try unwrap(try await bench.cards.ownerJournal(after: nil, limit: 1).first)
        try expect(entry.action, is: "staff")
        try expect(entry.subject, is: "bob changed")
        try expect(
            entry.before,
            is: #"{"role":"read_only","disabled":false,"second_factor":false,"must_change_password":true}"#)
        try expect(
            entry.after, is: #"{"role":"staff","disabled":true,"second_factor":false,"must_change_password":true}"#)
    }

    @Sendable private static func lastOwner(_ bench: LedgerBench) async throws {
        let store = bench.staff
        for round in 1...10 {
            let pair = [try await owner(bench, "a\(round)"), try await owner(bench, "b\(round)")]
            // Those of the round before are no owners any more, except the one that stayed.
            for earlier in try await store.staff() where earlier.role == .owner && !pair.map(\.id).contains(earlier.id)
            {
                _ = try await store.changeStaff(
                    earlier.id, version: earlier.version, role: .staff, isDisabled: false, bench.deed)
            }
            let lost = try await concurrently(2) { number in
                let member = pair[number - 1]
                do {
                    _ = try await store.changeStaff(
                        member.id, version: 1, role: number == 1 ? .staff : .owner, isDisabled: number == 2, bench.deed)
                    return 1
                } catch let error as ShopError where error.code == .wrongState {
                    return 0
                }
            }
            try expect(lost, is: 1, "one of the two is the last")
            let left = try await store.staff().filter { $0.role == .owner && !$0.isDisabled }
            try expect(left.count, is: 1)
        }
    }

    @Sendable private static func sessionsEnd(_ bench: LedgerBench) async throws {
        let store = bench.staff
        let ann = try await owner(bench, "ann")
        var bob = try await owner(bench, "bob")
        func logIn() async throws {
            for digest in 1...3 as ClosedRange<UInt8> { _ = try await open(bench, bob, digest) }
            try expect(try await store.sessions(of: bob.id, at: bench.clock.now()).count, is: 3)
        }
        _ = try await open(bench, ann, 9)
        try await logIn()
        bob = try await store.changeStaff(bob.id, version: 1, role: .staff, isDisabled: false, bench.deed)
        try expect(try await visit(bench, 1), is: nil, "the role was changed")
        try await logIn()
        let change = PasswordChange(hash: "new", mustChange: true)
        bob = try await store.storePassword(change, of: bob.id, version: 2, bench.deed)
        try expect(try await visit(bench, 2), is: nil, "the password was reset")
        try await logIn()
        bob = try await store.changeStaff(bob.id, version: 3, role: .staff, isDisabled: true, bench.deed)
        try expect(try await visit(bench, 3), is: nil, "disabled")
        try expect(try await open(bench, bob, 4), is: .memberChanged, "who is disabled gets none")
        try expect(try await visit(bench, 9)?.member, is: ann, "of others nothing has changed")
        try expect(try await store.sessions(of: nil, at: bench.clock.now()).map(\.member), is: [ann])
    }

    @Sendable private static func passwordChange(_ bench: LedgerBench) async throws {
        let store = bench.staff
        let ann = try await owner(bench, "ann")
        guard case .opened(let kept) = try await open(bench, ann, 1) else {
            throw ContractViolation(description: "no session")
        }
        _ = try await open(bench, ann, 2)
        let change = PasswordChange(hash: "new", mustChange: false, keeping: kept.id)
        let changed = try await store.storePassword(change, of: ann.id, version: 1, bench.deed)
        try expect(changed.mustChangePassword, is: false)
        try expect(try await store.staffRecord(ann.id)?.passwordHash, is: "new")
        try expect(try await visit(bench, 1), is: StaffVisit(session: kept, member: changed))
        try expect(try await visit(bench, 2), is: nil)
        try await refuses(.wrongState) {
            try await store.storePassword(change, of: ann.id, version: 1, bench.deed)
        }
    }

    // MARK: Sessions

    @Sendable private static func sessionLife(_ bench: LedgerBench) async throws {
        let store = bench.staff
        let ann = try await owner(bench, "ann")
        guard case .opened(let session) = try await open(bench, ann, 1) else {
            throw ContractViolation(description: "no session")
        }
        try expect(session.origin, is: StaffOrigin(address: "::1", agent: "browser"))
        try expect(try await visit(bench, 1), is: StaffVisit(session: session, member: ann))
        try expect(try await visit(bench, 2), is: nil)
        let idle = limits.sessionIdleHours * 3600
        for _ in 1...14 {
            bench.clock.advance(seconds: idle - 1)
            try expect(try await visit(bench, 1)?.session.id, is: session.id)
            try await store.touchSession(session.id, at: bench.clock.now())
        }
        try expect(try await visit(bench, 1)?.session.lastSeenAt, is: bench.clock.now())
        bench.clock.advance(seconds: 14)
        try expect(try await visit(bench, 1), is: nil, "it is too old")
        _ = try await open(bench, ann, 2)
        bench.clock.advance(seconds: idle)
        try expect(try await visit(bench, 2), is: nil, "it was idle")
        guard case .opened(let third) = try await open(bench, ann, 3) else {
            throw ContractViolation(description: "no session")
        }
        try expect(try await store.endSession(third.id, of: ann.id + 1), is: false, "it is somebody else's")
        try expect(try await store.endSession(third.id, of: ann.id), is: true)
        try expect(try await visit(bench, 3), is: nil)
        _ = try await open(bench, ann, 4)
        try await store.endSession(digest: [4])
        try expect(try await store.sessions(of: nil, at: bench.clock.now()).isEmpty, "all have ended")
    }

    @Sendable private static func sessionRoom(_ bench: LedgerBench) async throws {
        let ann = try await owner(bench, "ann")
        for digest in 1...UInt8(limits.staffSessions) {
            _ = try await open(bench, ann, digest)
            bench.clock.advance(seconds: 1)
        }
        let oldest = try unwrap(try await visit(bench, 1)).session
        try await bench.staff.touchSession(oldest.id, at: bench.clock.now())
        _ = try await open(bench, ann, 100)
        try expect(try await visit(bench, 2), is: nil)
        try expect(try await visit(bench, 1)?.session.id, is: oldest.id)
        try expect(
            try await bench.staff.sessions(of: ann.id, at: bench.clock.now()).count, is: limits.staffSessions)
    }

    // MARK: Second factor

    private static func withTOTP(_ bench: LedgerBench) async throws -> StaffMember {
        let ann = try await owner(bench, "ann")
        try await bench.staff.storePending(totp: [7], of: ann.id)
        try await refuses(.wrongState) {
            try await bench.staff.confirmTOTP([8], step: 1, recovery: [], of: ann.id, version: 1, bench.deed)
        }
        let member = try await bench.staff.confirmTOTP(
            [7], step: 100, recovery: [[1], [2], [3]], of: ann.id, version: 1, bench.deed)
        try expect(member.hasTOTP, is: true)
        try await refuses(.wrongState) { try await bench.staff.storePending(totp: [9], of: ann.id) }
        return member
    }

    @Sendable private static func recoveryOnce(_ bench: LedgerBench) async throws {
        let ann = try await withTOTP(bench)
        let opened = try await concurrently(50) { number in
            if case .opened = try await open(bench, ann, UInt8(number), .recovery([2])) { 1 } else { 0 }
        }
        try expect(opened, is: 1)
        try expect(try await bench.staff.recoveryCodes(of: ann.id), is: 2)
        try expect(try await open(bench, ann, 99, .recovery([9])), is: .proofUsed)
        let bare = try await bench.staff.removeTOTP(of: ann.id, version: ann.version, bench.deed)
        try expect(try await bench.staff.recoveryCodes(of: ann.id), is: 0)
        try expect(bare.hasTOTP, is: false)
    }

    @Sendable private static func stepOnce(_ bench: LedgerBench) async throws {
        let ann = try await withTOTP(bench)
        try expect(try await open(bench, ann, 98, .step(100)), is: .proofUsed, "the code that confirmed it")
        let opened = try await concurrently(50) { number in
            if case .opened = try await open(bench, ann, UInt8(number), .step(101)) { 1 } else { 0 }
        }
        try expect(opened, is: 1)
        try expect(try await open(bench, ann, 99, .step(100)), is: .proofUsed)
        try expect(try await open(bench, ann, 97, .none), is: .proofUsed, "a code is needed")
    }

    @Sendable private static func staleJudgement(_ bench: LedgerBench) async throws {
        let ann = try await owner(bench, "ann")
        _ = try await bench.staff.storePassword(
            PasswordChange(hash: "new", mustChange: false), of: ann.id, version: 1, bench.deed)
        try expect(try await open(bench, ann, 1), is: .memberChanged)
        try expect(try await visit(bench, 1), is: nil)
    }
}
