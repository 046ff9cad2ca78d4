import Crypto
import Domain
import Shop
import TestKit
import Testing

@Suite("Keys")
struct KeyRingTests {
    private let master = SymmetricKey(size: .bits256)
    private let product = ProductID(1)

    private func ring() throws -> KeyRing {
        try KeyRing(unwrapping: KeyRing.fresh(master: master), master: master)
    }

    @Test("a sealed value opens in its own context only, and unchanged only")
    func sealing() throws {
        let ring = try ring()
        let secret = Array("CARD-SECRET".utf8)
        let sealed = try ring.seal(secret, context: "card:1")
        #expect(try ring.open(sealed, context: "card:1") == secret)
        #expect(throws: ShopError.self) { try ring.open(sealed, context: "card:2") }
        for index in sealed.indices {
            var changed = sealed
            changed[index] ^= 1
            #expect(throws: ShopError.self) { try ring.open(changed, context: "card:1") }
        }
        #expect(throws: ShopError.self) { try ring.open([], context: "card:1") }
    }

    @Test("the same value is sealed differently each time")
    func freshness() throws {
        let ring = try ring()
        #expect(try ring.seal([1], context: "") != ring.seal([1], context: ""))
    }

    @Test("another master key is refused")
    func wrongMaster() throws {
        let wrapped = try KeyRing.fresh(master: master)
        #expect(throws: ShopError.self) {
            try KeyRing(unwrapping: wrapped, master: SymmetricKey(size: .bits256))
        }
    }

    @Test("a ring that lacks a purpose is refused")
    func incomplete() throws {
        let wrapped = try KeyRing.fresh(master: master)
        #expect(throws: ShopError.self) { try KeyRing(unwrapping: Array(wrapped.dropLast()), master: master) }
    }

    @Test("fingerprints tell secrets and products apart, and query tags contacts and passwords")
    func digests() throws {
        let ring = try ring()
        let fingerprint = ring.fingerprint(of: [1], product: product)
        #expect(fingerprint == ring.fingerprint(of: [1], product: product))
        #expect(fingerprint != ring.fingerprint(of: [2], product: product))
        #expect(fingerprint != ring.fingerprint(of: [1], product: ProductID(2)))
        let tag = ring.queryTag(buyer: Buyer(stored: "a@b.c"), password: "pass")
        #expect(tag != ring.queryTag(buyer: Buyer(stored: "a@b.c"), password: "Pass"))
        #expect(tag != ring.queryTag(buyer: Buyer(stored: "a@b.cp"), password: "ass"))
    }

    @Test("an order's token opens that order only")
    func tokens() throws {
        let ring = try ring()
        let (order, other) = (OrderID(Identifier(high: 1, low: 1)), OrderID(Identifier(high: 1, low: 2)))
        let token = ring.token(for: order)
        #expect(ring.accepts(token: token, for: order))
        #expect(!ring.accepts(token: token, for: other))
        for wrong in ["", "00", token.uppercased(), String(token.dropLast()), token + "0", String(token.dropLast(2))] {
            #expect(!ring.accepts(token: wrong, for: order))
        }
    }

    // MARK: Rotation

    private func sealingKey(of sealed: [UInt8]) -> UInt32 { sealed.prefix(4).reduce(0) { $0 << 8 | UInt32($1) } }

    @Test("after a rotation, what was sealed before opens, and what is sealed now uses a fresh key")
    func rotationOfSealing() throws {
        let next = SymmetricKey(size: .bits256)
        let wrapped = try KeyRing.fresh(master: master)
        let rewrapped = try KeyRing.rewrapped(wrapped, from: master, to: next)
        let (before, after) = (
            try KeyRing(unwrapping: wrapped, master: master), try KeyRing(unwrapping: rewrapped, master: next)
        )
        let old = try before.seal([1, 2, 3], context: "card:1")
        let new = try after.seal([1, 2, 3], context: "card:1")
        #expect(try after.open(old, context: "card:1") == [1, 2, 3])
        #expect(try after.open(new, context: "card:1") == [1, 2, 3])
        #expect(throws: ShopError.self) { try before.open(new, context: "card:1") }
        #expect(sealingKey(of: old) == 1)
        #expect(sealingKey(of: new) == 5)
        // A value that claims to be sealed by another key does not open.
        #expect(throws: ShopError.self) { try after.open([0, 0, 0, 5] + old.dropFirst(4), context: "card:1") }
        #expect(throws: ShopError.self) { try after.open([0, 0, 0, 1] + new.dropFirst(4), context: "card:1") }
    }

    @Test("after a rotation, old tokens are accepted, and cards and contacts are still recognised")
    func rotationOfTokens() throws {
        let next = SymmetricKey(size: .bits256)
        let wrapped = try KeyRing.fresh(master: master)
        let before = try KeyRing(unwrapping: wrapped, master: master)
        let after = try KeyRing(unwrapping: KeyRing.rewrapped(wrapped, from: master, to: next), master: next)
        let order = OrderID(Identifier(high: 1, low: 1))
        let (old, new) = (before.token(for: order), after.token(for: order))
        #expect(old != new)
        #expect(after.accepts(token: old, for: order))
        #expect(after.accepts(token: new, for: order))
        #expect(!before.accepts(token: new, for: order))
        #expect(!after.accepts(token: old, for: OrderID(Identifier(high: 1, low: 2))))
        #expect(after.fingerprint(of: [1], product: product) == before.fingerprint(of: [1], product: product))
        let buyer = Buyer(stored: "a@b.c")
        #expect(after.queryTag(buyer: buyer, password: "pass") == before.queryTag(buyer: buyer, password: "pass"))
    }

    @Test("a rotation keeps every key and adds one for sealing and one for tokens, again and again")
    func rotationAddsKeys() throws {
        var (wrapped, old) = (try KeyRing.fresh(master: master), master)
        for round in 1...3 {
            let new = SymmetricKey(size: .bits256)
            let rewrapped = try KeyRing.rewrapped(wrapped, from: old, to: new)
            #expect(rewrapped.prefix(wrapped.count).map(\.id) == wrapped.map(\.id))
            #expect(rewrapped.prefix(wrapped.count).map(\.purpose) == wrapped.map(\.purpose))
            #expect(rewrapped.dropFirst(wrapped.count).map(\.purpose) == ["sealing", "token"])
            #expect(rewrapped.map(\.id) == Array(1...UInt32(4 + 2 * round)))
            #expect(Set(rewrapped.map(\.wrapped)).isDisjoint(with: wrapped.map(\.wrapped)))
            #expect(throws: ShopError.self) { try KeyRing(unwrapping: rewrapped, master: old) }
            (wrapped, old) = (rewrapped, new)
        }
    }

    @Test("a rotation needs the right old master key and another new one")
    func rotationRefusals() throws {
        let wrapped = try KeyRing.fresh(master: master)
        let other = SymmetricKey(size: .bits256)
        #expect(throws: ShopError.self) { try KeyRing.rewrapped(wrapped, from: other, to: master) }
        #expect(throws: ShopError.self) { try KeyRing.rewrapped(wrapped, from: master, to: master) }
        #expect(throws: ShopError.self) { try KeyRing.rewrapped([], from: master, to: other) }
    }

    @Test("a wrapped key cannot be passed off under another number or for another purpose")
    func swappedKeys() throws {
        let wrapped = try KeyRing.fresh(master: master)
        let next = SymmetricKey(size: .bits256)
        let rotated = try KeyRing.rewrapped(wrapped, from: master, to: next)
        for first in rotated.indices {
            for second in rotated.indices where second != first {
                var swapped = rotated
                swapped[first] = WrappedKey(
                    id: rotated[first].id, purpose: rotated[first].purpose, wrapped: rotated[second].wrapped)
                #expect(throws: ShopError.self) { try KeyRing(unwrapping: swapped, master: next) }
                #expect(throws: ShopError.self) { try KeyRing.rewrapped(swapped, from: next, to: master) }
            }
        }
        var renamed = rotated
        renamed[0] = WrappedKey(id: rotated[0].id, purpose: "token", wrapped: rotated[0].wrapped)
        #expect(throws: ShopError.self) { try KeyRing(unwrapping: renamed, master: next) }
    }

    @Test("a master key has a fingerprint that does not change")
    func masterFingerprint() {
        let known = SymmetricKey(data: Array(repeating: 7 as UInt8, count: 32))
        // printf 'sluice master key' | openssl dgst -sha256 -mac HMAC -macopt hexkey:0707…07
        #expect(KeyRing.masterFingerprint(known) == "32c55a894f4da5b6")
        #expect(KeyRing.masterFingerprint(master) != KeyRing.masterFingerprint(known))
    }
}
