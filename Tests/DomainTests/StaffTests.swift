import TestKit
import Testing

@testable import Domain

@Suite("Staff")
struct StaffTests {
    @Test("an owner may do everything, the staff the daily work, a reader only look")
    func rights() {
        #expect(StaffRole.owner.rights == Set(StaffRight.allCases))
        #expect(StaffRole.reader.rights == [.read])
        #expect(StaffRole.staff.rights == [.read, .changeCatalog, .importCards, .changeOrders])
        for right in [StaffRight.seeSecrets, .refund, .changeChannels, .changeSettings, .manageStaff, .backUp, .drill] {
            #expect(!StaffRole.staff.may(right), "\(right)")
        }
        #expect(StaffRole.allCases.map(\.rawValue) == ["owner", "staff", "read_only"])
    }

    @Test("who is disabled, or must choose a password, may do nothing whatever the role")
    func barred() throws {
        let name = try unwrap(StaffName("ann"))
        for (isDisabled, mustChange) in [(true, false), (false, true), (false, false)] {
            let member = StaffMember(
                id: 1, name: name, role: .owner, isDisabled: isDisabled, hasTOTP: false,
                mustChangePassword: mustChange, createdAt: Timestamp(milliseconds: 0), version: 1)
            #expect(member.may(.read) == (!isDisabled && !mustChange))
        }
    }

    @Test("names are folded, and hold only what cannot be taken for something else")
    func names() {
        #expect(StaffName("Ann.B_2-c")?.text == "ann.b_2-c")
        let refused = ["", " ann", "ann b", "änn", "ann\u{0}", "ann@x", "а", String(repeating: "a", count: 65)]
        for text in refused { #expect(StaffName(text) == nil, "\(text)") }
        #expect(StaffName(String(repeating: "a", count: 64)) != nil)
    }

    @Test("what a client says of itself is cut, on a whole character, and has no control characters")
    func origin() {
        let origin = StaffOrigin(address: "::1", agent: "a\r\nb\u{7f}" + String(repeating: "两", count: 100))
        #expect(origin.agent.hasPrefix("a  b 两") && origin.agent.utf8.count == 200)
        #expect(StaffOrigin(address: String(repeating: "1", count: 99), agent: "").address.utf8.count == 64)
    }

    @Test(
        "passwords that are short, long, the name, common or monotonous are refused",
        arguments: [
            ("123456789", PasswordRules.Fault.length), (String(repeating: "ab1!", count: 51), .length),
            ("anna-banana", .isName), ("ANNA-BANANA", .isName), ("anna-bananaanna-banana", .isName),
            ("ananab-anna", .isName), ("Password123", .isCommon), ("woaini1314520", .isCommon),
            ("aaaaaaaaaaaa", .isMonotonous), ("abababababab", .isMonotonous),
        ])
    func passwords(password: String, fault: PasswordRules.Fault) throws {
        #expect(PasswordRules.fault(password, of: try unwrap(StaffName("anna-banana"))) == fault)
    }

    @Test("any other password of 10 to 200 characters is taken")
    func goodPasswords() throws {
        let name = try unwrap(StaffName("ann"))
        for password in ["tr0ub4dor&", "四个字的密码加上十个字", String(repeating: "ab1!", count: 50), "ann likes tea"] {
            #expect(PasswordRules.fault(password, of: name) == nil, "\(password)")
        }
    }

    @Test("a session ends after its idle time, and at its end however much it is used")
    func sessions() {
        let start = Timestamp(milliseconds: 1000)
        func session(seen: Int64) -> StaffSession {
            StaffSession(
                id: 1, member: 1, createdAt: start, lastSeenAt: start.advanced(seconds: seen),
                expiresAt: start.advanced(seconds: 168 * 3600), origin: StaffOrigin(address: "", agent: ""))
        }
        let idle = start.advanced(seconds: 12 * 3600)
        #expect(session(seen: 0).isLive(at: idle.advanced(milliseconds: -1), idleHours: 12))
        #expect(!session(seen: 0).isLive(at: idle, idleHours: 12))
        let end = start.advanced(seconds: 168 * 3600)
        #expect(session(seen: 167 * 3600).isLive(at: end.advanced(milliseconds: -1), idleHours: 12))
        #expect(!session(seen: 168 * 3600).isLive(at: end, idleHours: 12))
    }
}

@Suite("Lock-out of log-ins")
struct LoginLockoutTests {
    private let start = Timestamp(milliseconds: 1_000_000)

    private func name(_ text: String) throws -> StaffName { try unwrap(StaffName(text)) }

    @Test("five tries are free, then each failure locks for twice as long, up to an hour")
    func delays() throws {
        var lockout = LoginLockout(maximumKeys: 10)
        let ann = try name("ann")
        var now = start
        for _ in 1...5 { #expect(lockout.begin(name: ann, address: "a", at: now) == nil) }
        for seconds in [30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600] as [Int64] {
            #expect(lockout.begin(name: ann, address: "a", at: now) == nil)
            let until = now.advanced(seconds: seconds)
            #expect(lockout.begin(name: ann, address: "a", at: until.advanced(milliseconds: -1)) == until)
            now = until
        }
    }

    @Test("a name is locked from every address, and an address for every name")
    func keys() throws {
        var lockout = LoginLockout(maximumKeys: 100)
        let ann = try name("ann")
        for number in 1...6 { #expect(lockout.begin(name: ann, address: "\(number)", at: start) == nil) }
        #expect(lockout.begin(name: ann, address: "fresh", at: start) != nil)
        for number in 1...6 { _ = lockout.begin(name: try name("n\(number)"), address: "bad", at: start) }
        #expect(lockout.begin(name: try name("bob"), address: "bad", at: start) != nil)
        #expect(lockout.begin(name: try name("bob"), address: "good", at: start) == nil)
    }

    @Test("success resets the name, and gives the address only that one try back")
    func success() throws {
        var lockout = LoginLockout(maximumKeys: 100)
        let (ann, bob) = (try name("ann"), try name("bob"))
        for _ in 1...4 { _ = lockout.begin(name: ann, address: "a", at: start) }
        #expect(lockout.begin(name: ann, address: "a", at: start) == nil)
        lockout.succeed(name: ann, address: "a")
        for number in 1...5 { #expect(lockout.begin(name: ann, address: "x\(number)", at: start) == nil) }
        // The address has four failures left of before: the fifth is free, the sixth locks.
        for _ in 1...2 { #expect(lockout.begin(name: bob, address: "a", at: start) == nil) }
        #expect(lockout.begin(name: bob, address: "a", at: start) == start.advanced(seconds: 30))
    }

    @Test("a try that could not be judged does not count, and one at the same time does")
    func abandoned() throws {
        var lockout = LoginLockout(maximumKeys: 100)
        let ann = try name("ann")
        for _ in 1...50 {
            #expect(lockout.begin(name: ann, address: "a", at: start) == nil)
            lockout.abandon(name: ann, address: "a")
        }
        #expect(lockout.count == 0)
        let begun = (1...50).count { _ in lockout.begin(name: ann, address: "a", at: start) == nil }
        #expect(begun == 6)
    }

    @Test("failures are forgotten after a day")
    func forgetting() throws {
        var lockout = LoginLockout(maximumKeys: 100)
        let ann = try name("ann")
        for _ in 1...6 { _ = lockout.begin(name: ann, address: "a", at: start) }
        let later = start.advanced(seconds: 24 * 3600)
        for _ in 1...6 { #expect(lockout.begin(name: ann, address: "a", at: later) == nil) }
        #expect(lockout.begin(name: ann, address: "a", at: later) != nil)
    }

    @Test("memory is bounded, and a locked key is not pushed out of it")
    func room() throws {
        var lockout = LoginLockout(maximumKeys: 20)
        let ann = try name("ann")
        for _ in 1...6 { _ = lockout.begin(name: ann, address: "a", at: start) }
        for number in 1...200 {
            _ = lockout.begin(name: try name("n\(number)"), address: "b\(number)", at: start)
            #expect(lockout.count <= 20)
        }
        #expect(lockout.begin(name: ann, address: "c", at: start) == start.advanced(seconds: 30))
        // When every key is locked, strangers wait.
        var full = LoginLockout(maximumKeys: 2)
        for _ in 1...6 { _ = full.begin(name: ann, address: "a", at: start) }
        #expect(full.begin(name: try name("bob"), address: "b", at: start) != nil)
    }
}
