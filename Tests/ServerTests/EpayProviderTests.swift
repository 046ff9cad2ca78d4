import Domain
import Server
import Shop
import TestKit
import Testing

@Suite("A shop and an epay gateway", .timeLimit(.minutes(2)))
struct EpayProviderTests {
    @Test("money whose callback does not come is found by asking, and the callback that comes later is a duplicate")
    func silentMoney() async throws {
        try await withBench { bench in
            let order = try await bench.order("12345")
            let attempt = try await bench.begin(order)
            let notice = try await bench.gateway.pay(outTradeNo: attempt)
            let caller = CountingCaller(bench.shop.ports.caller)
            let queries = bench.queries(through: caller)
            bench.clock.advance(seconds: 59)
            await queries.round()
            #expect(caller.count == 0)
            #expect(try await bench.state(order) == .awaitingPayment)
            bench.clock.advance(seconds: 1)
            await queries.round()
            #expect(caller.count == 1)
            #expect(try await bench.state(order) == .delivered)
            #expect(try await bench.secrets(order) == ["CARD-1"])
            let answer = try await bench.notify(notice)
            #expect(answer.verdict == .duplicate && answer.word == "success")
            #expect(try await bench.verdicts() == [.duplicate, .accepted])
            bench.clock.advance(seconds: 86_400)
            await queries.round()
            #expect(caller.count == 1)
            #expect(bench.faults.count == 0, "\(bench.faults.text)")
            try await bench.audit()
        }
    }

    @Test("nobody is asked about an order that its callback has paid")
    func callbackFirst() async throws {
        try await withBench { bench in
            _ = try await bench.delivered()
            let caller = CountingCaller(bench.shop.ports.caller)
            for _ in QuerySchedule.seconds {
                bench.clock.advance(seconds: 86_400)
                await bench.queries(through: caller).round()
            }
            #expect(caller.count == 0)
            #expect(try await bench.verdicts() == [.accepted])
        }
    }

    @Test("an unpaid attempt is asked about on schedule and no more, past the end of its hold")
    func schedule() async throws {
        try await withBench { bench in
            let order = try await bench.order("12345")
            let attempt = try await bench.begin(order)
            let caller = CountingCaller(bench.shop.ports.caller)
            let queries = bench.queries(through: caller)
            var passed: Int64 = 0
            for (number, seconds) in QuerySchedule.seconds.enumerated() {
                bench.clock.advance(seconds: seconds - passed - 1)
                await queries.round()
                #expect(caller.count == number, "before \(seconds) seconds")
                bench.clock.advance(seconds: 1)
                for _ in 1...3 { await queries.round() }
                #expect(caller.count == number + 1, "at \(seconds) seconds")
                await bench.sweep()
                passed = seconds
            }
            #expect(try await bench.state(order) == .expired)
            for _ in 1...30 {
                bench.clock.advance(seconds: 86_400)
                await queries.round()
            }
            #expect(caller.count == QuerySchedule.seconds.count)
            #expect(bench.faults.count == 0, "\(bench.faults.text)")
            // Its money may still come by callback.
            #expect(try await bench.notify(try await bench.gateway.pay(outTradeNo: attempt)).verdict == .late)
            #expect(try await bench.state(order) == .delivered)
            try await bench.audit()
        }
    }

    @Test("a shop that was down asks once for what it has missed, and finds late money")
    func missedQueries() async throws {
        try await withBench { bench in
            let order = try await bench.order("12345")
            let attempt = try await bench.begin(order)
            let caller = CountingCaller(bench.shop.ports.caller)
            let queries = bench.queries(through: caller)
            bench.clock.advance(seconds: 3600)
            for _ in 1...3 { await queries.round() }
            #expect(caller.count == 1)
            await bench.sweep()
            _ = try await bench.gateway.pay(outTradeNo: attempt)
            bench.clock.advance(seconds: 3600)
            await queries.round()
            #expect(caller.count == 2)
            #expect(try await bench.verdicts() == [.late])
            #expect(try await bench.state(order) == .delivered)
            try await bench.audit()
        }
    }

    @Test("a gateway that is down fails a round and nothing else")
    func deadGateway() async throws {
        try await withBench { bench in
            let (order, other) = (try await bench.order("12345"), "54321")
            _ = try await bench.begin(order)
            await bench.gateway.stop()
            bench.clock.advance(seconds: 60)
            await bench.queries().round()
            #expect(bench.faults.count == 1)
            bench.clock.advance(seconds: 540)
            await bench.queries().round()
            await bench.sweep()
            #expect(try await bench.state(order) == .expired)
            #expect(try await bench.state(try await bench.order(other)) == .awaitingPayment)
            #expect(!bench.faults.text.contains(EpayGateway.key) && !bench.faults.text.contains(bench.gateway.url))
            try await bench.audit()
        }
    }

    @Test("while a gateway lets wait for its answer, holds end and orders are placed")
    func slowGateway() async throws {
        try await withBench { bench in
            let order = try await bench.order("12345")
            _ = try await bench.begin(order)
            let caller = StuckCaller()
            bench.clock.advance(seconds: 600)
            async let round: Void = bench.queries(through: caller).round()
            await caller.untilAsked()
            await bench.sweep()
            #expect(try await bench.state(order) == .expired)
            #expect(try await bench.state(try await bench.order("54321")) == .awaitingPayment)
            #expect(bench.faults.count == 0)
            caller.letGo()
            await round
            #expect(bench.faults.count == 1)
            try await bench.audit()
        }
    }

    @Test("a refund is done when the gateway shows the money as given back, and is not asked for twice")
    func refund() async throws {
        try await withBench { bench in
            let (order, attempt) = try await bench.delivered()
            let refunded = try await bench.shop.useCases.refundOrder(order, isDone: false, by: bench.owner)
            #expect(refunded.order.state == .refunded)
            #expect(refunded.cases.map(\.outcome) == ["the provider gave it back"])
            let shown = try await bench.gateway.order(outTradeNo: attempt)
            #expect(shown["status"] == "2" && shown["refundmoney"] == "19.90")
            let again = try await bench.shop.useCases.refundOrder(order, isDone: false, by: bench.owner)
            #expect(again.cases == refunded.cases)
            #expect(try await bench.gateway.order(outTradeNo: attempt).body == shown.body)
            #expect(try await bench.secrets(order).isEmpty)
            try await bench.audit()
        }
    }

    @Test("a refund that the gateway refuses waits with its words, and the owner may settle it by hand")
    func refusedRefund() async throws {
        try await withBench(refunds: false) { bench in
            let (order, attempt) = try await bench.delivered()
            for _ in 1...2 {
                let pending = try await bench.shop.useCases.refundOrder(order, isDone: false, by: bench.owner)
                #expect(pending.order.state == .refundPending)
                #expect(pending.cases.map(\.state) == [.requested])
                #expect(pending.cases.map(\.outcome) == ["the provider refused: refunds are switched off"])
            }
            #expect(try await bench.gateway.order(outTradeNo: attempt)["status"] == "1")
            #expect(try await bench.secrets(order).isEmpty)
            try await bench.audit()
            let pending = try #require(try await bench.shop.ports.ledger.refunds(RefundFilter(limit: 9)).first)
            let settled = try await bench.shop.useCases.refundOrder(case: pending.id, isDone: true, by: bench.owner)
            #expect(settled.state == .done && settled.note == bench.owner)
            #expect(try await bench.state(order) == .refunded)
            try await bench.audit()
        }
    }

    @Test("without the owner's leave no gateway is told to refund", arguments: ["off", nil])
    func refundsNotSwitchedOn(setting: String?) async throws {
        try await withBench(setting: setting) { bench in
            let (order, attempt) = try await bench.delivered()
            let pending = try await bench.shop.useCases.refundOrder(order, isDone: false, by: bench.owner)
            #expect(pending.order.state == .refundPending)
            #expect(pending.cases.first?.outcome?.hasSuffix("pay back by hand") == true)
            #expect(try await bench.gateway.order(outTradeNo: attempt)["status"] == "1")
            try await bench.audit()
        }
    }

    @Test("a gateway that says the key aloud does not get it written down")
    func keyIsNotKept() async throws {
        try await withBench(cards: 2, refunds: false) { bench in
            let caller = EchoingCaller(caller: bench.shop.ports.caller)
            let order = try await bench.order("12345")
            _ = try await bench.gateway.pay(outTradeNo: try await bench.begin(order))
            // The gateway has never heard of this one.
            _ = try await bench.shop.useCases.beginPayment(try await bench.order("54321"), channel: "epay")
            bench.clock.advance(seconds: 60)
            await bench.queries(through: caller).round()
            #expect(try await bench.state(order) == .delivered)
            #expect(bench.faults.text.contains("***: there is no such order"), "\(bench.faults.text)")
            let ports = bench.shop.ports
            let refundOrder = RefundOrder(
                ledger: ports.ledger, catalog: ports.cache, caller: caller, announcer: bench.shop.useCases.announcer,
                clock: bench.clock, limits: ports.limits)
            let cases = try await refundOrder(order, isDone: false, by: bench.owner).cases
            #expect(cases.map(\.outcome) == ["the provider refused: ***: refunds are switched off"])
            // What the gateway answered is kept with the payment, so the search does look there.
            #expect(try !bench.files(holding: "api_trade_no").isEmpty)
            #expect(try bench.files(holding: EpayGateway.key) == [])
            #expect(!bench.faults.text.contains(EpayGateway.key))
        }
    }
}
