import Testing

@testable import Drill

@Suite("Buyers")
struct BuyersTests {
    private static func buyers(seed: UInt64 = 1, repeats: Double = 0, paid: Double = 1) -> Buyers {
        Buyers(seed: seed, repeats: repeats, paid: paid, payAfter: 1_000_000...5_000_000)
    }

    @Test("a million buyers have a million contacts and keys, in no order")
    func distinct() {
        let buyers = Self.buyers()
        var contacts: Set<UInt64> = []
        var keys: Set<UInt64> = []
        var rising = 0
        var last: UInt64 = 0
        for buyer in 0..<1_000_000 {
            let contact = buyers.contact(buyer)
            rising += contact > last ? 1 : 0
            last = contact
            contacts.insert(contact)
            keys.insert(buyers.key(buyer).high)
        }
        #expect(contacts.count == 1_000_000)
        #expect(keys.count == 1_000_000)
        #expect((490_000...510_000).contains(rising))
    }

    @Test("a seed makes the same buyers again, and another seed makes others")
    func seeds() {
        let (one, again, other) = (Self.buyers(), Self.buyers(), Self.buyers(seed: 2))
        for buyer in 0..<100 {
            #expect(one.contact(buyer) == again.contact(buyer))
            #expect(one.key(buyer) == again.key(buyer))
            #expect(one.contact(buyer) != other.contact(buyer))
            #expect(one.key(buyer).low != one.key(buyer).high)
        }
    }

    @Test(
        "exactly the share of the arrivals are repeats, each of a buyer who came before",
        arguments: [0, 0.01, 0.3, 0.5])
    func repeats(share: Double) {
        let buyers = Self.buyers(repeats: share)
        var repeated = 0
        for arrival in 0..<20_000 {
            let buyer = buyers.buyer(of: arrival)
            if buyers.isRepeat(arrival) {
                repeated += 1
                #expect(buyer < arrival && !buyers.isRepeat(buyer) && arrival - buyer <= 1010)
            } else {
                #expect(buyer == arrival)
            }
        }
        #expect(repeated == Int(20_000 * share))
        #expect(repeated == buyers.repeats(among: 20_000))
    }

    @Test("so many arrivals bring so many buyers, and the last one is a buyer's first")
    func arrivals() {
        for (share, buyers) in [(0.0, 1), (0.01, 10_000), (0.01, 99), (0.01, 100), (0.5, 7), (0.333, 1000)] {
            let arrivals = Buyers.arrivals(bringing: buyers, repeats: share)
            let all = Self.buyers(repeats: share)
            #expect(arrivals - all.repeats(among: arrivals) == buyers)
            #expect(!all.isRepeat(arrivals - 1))
        }
        #expect(Buyers.arrivals(bringing: 10_000, repeats: 0) == 10_000)
    }

    @Test("the share of buyers who pay is kept, and nobody pays sooner or later than was said")
    func paying() {
        for share in [0, 0.25, 1] {
            let buyers = Self.buyers(paid: share)
            let paying = (0..<100_000).filter { buyers.pays($0) }.count
            #expect(abs(paying - Int(100_000 * share)) < 1000)
        }
        let delays = (0..<10_000).map { Self.buyers().payDelay($0) }
        #expect(delays.allSatisfy { (1_000_000...5_000_000).contains($0) })
        #expect(Set(delays).count > 9000)
    }

    @Test("a card is known by its name, and no other name is taken for one")
    func cards() {
        let names = CardNames(slug: "drill-1")
        #expect(names.number(of: names.name(17)) == 17)
        for name in ["", "DRILL-drill-1-", "DRILL-drill-1-017", "DRILL-drill-1-+1", "DRILL-drill-2-1", "17"] {
            #expect(names.number(of: name) == nil)
        }
    }
}
