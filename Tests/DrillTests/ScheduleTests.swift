import Testing

@testable import Drill

@Suite("When arrivals come")
struct ScheduleTests {
    private let second: Int64 = 1_000_000_000

    @Test("phases follow each other, and a burst is one instant")
    func phases() throws {
        let schedule = try ArrivalSchedule(text: "1000x2, burst 3,500x0.5")
        #expect(schedule.count == 2000 + 3 + 250)
        #expect(schedule.nanoseconds == 2 * second + second / 2)
        #expect(schedule.offset(of: 0) == 0)
        #expect(schedule.offset(of: 1) == 1_000_000)
        #expect(schedule.offset(of: 1999) == 1_999_000_000)
        for arrival in 2000..<2003 { #expect(schedule.offset(of: arrival) == 2 * second) }
        #expect(schedule.offset(of: 2003) == 2 * second)
        #expect(schedule.offset(of: 2004) == 2 * second + 2_000_000)
        #expect(schedule.offset(of: 2252) == 2 * second + 249 * 2_000_000)
    }

    @Test("an arrival's moment is exact after ten million of them, also at a rate that does not divide a second")
    func noDrift() {
        for rate in [3, 7, 4999, 5000, 999_983] {
            let schedule = ArrivalSchedule(arrivals: 10_000_000, perSecond: rate)
            for arrival in [0, 1, rate, 3 * rate, 9_999_999] {
                #expect(schedule.offset(of: arrival) == Int64(arrival) * second / Int64(rate))
            }
        }
    }

    @Test("no arrival comes before the one before it")
    func order() throws {
        let schedule = try ArrivalSchedule(text: "burst 5,333x1,burst 2,7x1.5,10000x0.1")
        let offsets = (0..<schedule.count).map { schedule.offset(of: $0) }
        #expect(offsets == offsets.sorted())
        #expect(offsets.last.map { $0 < schedule.nanoseconds } == true)
    }

    @Test(
        "what is no load is refused by a sentence that names the option",
        arguments: [
            "", "5", "5x", "x5", "0x5", "1000001x1", "5x0", "5x-1", "5x3601", "5xinf", "5xnan", "burst", "burst 0",
            "burst x", "burst 10000001", "1000000x11", "5x5,,5x5", "1x0.5",
        ])
    func refused(text: String) {
        let error = #expect(throws: DrillError.self) { try ArrivalSchedule(text: text) }
        #expect(error?.description.hasPrefix("--load: ") == true, "\(text)")
    }

    @Test("every setting out of its range is refused by a sentence that names the option")
    func settings() {
        let changes: [(String, (inout DrillSettings) -> Void)] = [
            ("--cards", { $0.cards = -1 }), ("--buyers", { $0.buyers = 0 }), ("--rate", { $0.rate = 0 }),
            ("--load", { $0.load = "much" }), ("--quantity", { $0.quantity = 2 }), ("--repeats", { $0.repeats = 0.6 }),
            ("--paid", { $0.paid = 1.1 }), ("--pay-after", { $0.payAfter = "2..1" }),
            ("--pay-after", { $0.payAfter = "1" }), ("--pay-after", { $0.payAfter = "1..x" }),
            ("--connections", { $0.connections = 0 }), ("--timeout", { $0.timeout = 0 }),
            ("--drain", { $0.drain = -1 }), ("--max-lag", { $0.maximumLag = 0 }), ("--amount", { $0.amount = 0 }),
            ("--currency", { $0.currency = "cny" }), ("--max-per-order", { $0.maxPerOrder = 0 }),
            ("--max-per-buyer", { $0.maxPerBuyer = 0 }), ("--hold-seconds", { $0.holdSeconds = 61 }),
            ("--slug", { $0.slug = "A" }), ("--slug", { $0.slug = "" }), ("--repeats", { $0.repeats = .nan }),
        ]
        for (option, change) in changes {
            var settings = DrillSettings(slug: "drill", seed: 1)
            #expect(throws: Never.self) { try settings.validate() }
            change(&settings)
            let error = #expect(throws: DrillError.self) { try settings.validate() }
            #expect(error?.description.hasPrefix(option) == true, "\(option): \(error?.description ?? "")")
        }
    }

    @Test("decimals are read in the time to pay, and only plain addresses are driven")
    func values() throws {
        var settings = DrillSettings(slug: "drill", seed: 1)
        settings.payAfter = "0.5..2.5"
        #expect(try settings.plan(host: "h", port: 1).buyers.payAfter == 500_000_000...2_500_000_000)
        #expect(try Rehearsal.address("http://127.0.0.1:8080") == ("127.0.0.1", 8080))
        #expect(try Rehearsal.address("http://shop.example/") == ("shop.example", 80))
        for url in ["https://shop.example", "shop.example:80", "http://shop.example/path", "http://"] {
            #expect(throws: DrillError.self) { try Rehearsal.address(url) }
        }
    }
}
