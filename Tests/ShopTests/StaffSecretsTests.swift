import Domain
import NIOConcurrencyHelpers
import TestKit
import Testing

@testable import Shop

@Suite("Codes and hashes of the staff")
struct StaffSecretsTests {
    private let secret = Array("12345678901234567890".utf8)

    @Test(
        "the codes of RFC 6238, appendix B, for SHA-1",
        arguments: [
            (59, "94287082"), (1_111_111_109, "07081804"), (1_111_111_111, "14050471"), (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"), (20_000_000_000, "65353130"),
        ] as [(Int64, String)])
    func rfc6238(seconds: Int64, code: String) {
        let step = TOTP.step(at: Timestamp(milliseconds: seconds * 1000))
        #expect(TOTP.code(secret, step: step, digits: 8) == code)
        #expect(TOTP.code(secret, step: step) == String(code.suffix(6)))
    }

    @Test("a code counts in its step, the one before and the one after, and not after it was used")
    func window() throws {
        let now = Timestamp(milliseconds: 1_000_000_000)
        let present = TOTP.step(at: now)
        for offset in -2...2 as ClosedRange<Int64> {
            let code = TOTP.code(secret, step: present + offset)
            let found = TOTP.step(of: code, secret, at: now, after: nil)
            #expect(found == (abs(offset) <= 1 ? present + offset : nil))
            let again = TOTP.step(of: code, secret, at: now, after: present)
            #expect(again == (offset == 1 ? present + 1 : nil))
        }
        for wrong in ["", "12345", "1234567", "abcdef"] {
            #expect(TOTP.step(of: wrong, secret, at: now, after: nil) == nil)
        }
    }

    @Test("the address for authenticator apps has all that they need, escaped")
    func uri() throws {
        let uri = TOTP.uri(secret: secret, issuer: "卡 & Co", account: try unwrap(StaffName("ann")))
        #expect(
            uri == "otpauth://totp/%E5%8D%A1%20%26%20Co:ann?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
                + "&issuer=%E5%8D%A1%20%26%20Co&algorithm=SHA1&digits=6&period=30")
    }

    @Test(
        "the vectors of RFC 4648, section 10",
        arguments: [
            ("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ])
    func base32(plain: String, text: String) {
        #expect(Base32.text(plain.utf8) == text)
        #expect(Base32.bytes(text) == Array(plain.utf8))
        #expect(Base32.bytes(text.lowercased() + "===") == Array(plain.utf8))
    }

    @Test("what is no Base32 is none", arguments: ["M", "MZX", "MZXW6Y", "M1", "MZ", "M Y", "MY=Q", "МY"])
    func notBase32(text: String) { #expect(Base32.bytes(text) == nil) }

    // MARK: Passwords

    @Test("a password is hashed at the standard cost under a salt of its own, and fits its hash only")
    func passwords() async throws {
        let hasher = PasswordHasher(limits: Limits())
        let (first, second) = (try await hasher.hash("open sesame!"), try await hasher.hash("open sesame!"))
        #expect(first.hasPrefix("scrypt$15$8$1$") && first != second)
        #expect(first.split(separator: "$").map(\.count) == [6, 2, 1, 1, 32, 64])
        #expect(try await hasher.fits("open sesame!", first))
        #expect(try await !hasher.fits("open sesame?", first))
        #expect(try await !hasher.fits("open sesame!", nil))
    }

    @Test("scrypt is that of RFC 7914, section 12")
    func rfc7914() async throws {
        // Its second and third vectors, of which the first 32 bytes are the key.
        let vectors = [
            ("password", "NaCl", 10, 8, 16, "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"),
            (
                "pleaseletmein", "SodiumChloride", 14, 8, 1,
                "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
            ),
        ]
        for (password, salt, log2N, blockSize, parallelism, key) in vectors {
            let cost = try unwrap(ScryptCost(log2N: log2N, blockSize: blockSize, parallelism: parallelism))
            let derived = PasswordHasher.scrypt(Array(password.utf8), Array(salt.utf8), cost)
            #expect(Hexadecimal.text(try unwrap(derived)) == key)
        }
    }

    @Test("a stored hash that would take all memory, or is damaged, is refused")
    func damaged() async throws {
        let hasher = PasswordHasher(limits: Limits())
        let (salt, key) = (String(repeating: "0", count: 32), String(repeating: "0", count: 64))
        let damaged = [
            "", "x", "scrypt$31$8$1$\(salt)$\(key)", "scrypt$20$32$1$\(salt)$\(key)",
            "scrypt$0$8$1$\(salt)$\(key)", "scrypt$15$8$1$00$\(key)", "scrypt$15$8$1$\(salt)$00",
            "bcrypt$15$8$1$\(salt)$\(key)",
        ]
        for text in damaged {
            await #expect(throws: ShopError.self, "\(text)") { try await hasher.fits("", text) }
        }
    }

    @Test("two passwords are hashed at once, so many wait, and the next one is told that it is busy")
    func queue() throws {
        var queue = PasswordQueue<Int>(atOnce: 2, maximumWaiting: 3)
        func answer(_ job: Int) -> String {
            switch queue.add(job) {
            case .start: "start"
            case .wait: "wait"
            case .full: "full"
            }
        }
        #expect((1...6).map(answer) == ["start", "start", "wait", "wait", "wait", "full"])
        #expect(queue.next() == 3)
        #expect(answer(7) == "wait")
        #expect([queue.next(), queue.next(), queue.next()] == [4, 5, 7])
        #expect(queue.next() == nil && queue.working == 1)
        #expect(answer(8) == "start")
        #expect(queue.next() == nil && queue.next() == nil && queue.working == 0)
    }

    @Test("of 200 at the same time at most two are worked on, and all others get an answer")
    func atOnce() async throws {
        let counts = NIOLockedValueBox((now: 0, most: 0))
        let hasher = PasswordHasher(limits: Limits(), cost: .standard, random: Secrets.random) { _, _, _ in
            counts.withLockedValue { counts in
                counts.now += 1
                counts.most = max(counts.most, counts.now)
            }
            let key = (0..<20_000).reduce(into: [UInt8](repeating: 0, count: 32)) { $0[$1 % 32] &+= 1 }
            counts.withLockedValue { $0.now -= 1 }
            return key
        }
        let hashed = await withTaskGroup(of: Bool.self) { group in
            for _ in 1...200 { group.addTask { (try? await hasher.hash("password")) != nil } }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(hashed >= 2 && counts.withLockedValue { $0.most } <= 2)
    }
}
