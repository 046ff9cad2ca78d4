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
}
