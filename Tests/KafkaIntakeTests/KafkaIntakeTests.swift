import CoreMetrics
import Domain
import KafkaClient
import NIOConcurrencyHelpers
import Shop
import TestKit
import Testing

@testable import KafkaIntake

@Suite("The intake's contract in Kafka")
struct KafkaContractTests {
    @Test("by Kafka and the order writer", arguments: IntakeContract.cases)
    func contract(contract: ContractCase<IntakeBench>) async throws {
        try await withStack { stack, _ in
            let writer = try stack.write()
            try await contract.run(
                IntakeBench(stack.intake, ledger: stack.ledger) {
                    try await stack.settled(writer)
                } stuck: { limits in
                    try stack.stuckIntake(limits)
                })
        }
    }
}

@Suite("Orders through Kafka")
struct KafkaIntakeTests {
    private func drafts(_ stack: IntakeStack, _ product: Product, _ numbers: ClosedRange<Int>) -> [OrderDraft] {
        numbers.map { stack.ledger.draft(product, buyer: $0) }
    }

    @Test("gate, outbox and watchers are told of each order once")
    func told() async throws {
        try await withStack { stack, _ in
            let product = try await stack.ledger.product(cards: 3)
            let writer = try stack.write()
            let drafts = drafts(stack, product, 1...5)
            for draft in drafts { #expect(await stack.accepted([draft]).count == 1) }
            try await stack.settled(writer)
            let ids = drafts.map(\.id)
            try await eventually("all are told") { stack.judged.withLockedValue { $0.count } == 5 }
            #expect(stack.judged.withLockedValue { Set($0) } == Set(ids))
            #expect(stack.gate.judgedOrders.count == 5 && Set(stack.gate.judgedOrders) == Set(ids))
            #expect(stack.gate.ends == [ids[3]: [.notPlaced], ids[4]: [.notPlaced]])
            try await eventually("the outbox") { stack.outbox.loggedOrders.withLockedValue { Set($0) } == Set(ids) }
            #expect(writer.health == .working && writer.lag == 0)
        }
    }

    @Test("how a ticket ends follows from what the ledger says")
    func ends() {
        let clock = MockClock()
        func draft() -> OrderDraft {
            Fixtures.draft(
                OrderID(Identifier(high: 0, low: 1)), Fixtures.product(), buyer: Fixtures.buyer(1), at: clock.now())
        }
        func order(_ id: UInt64, _ state: OrderState) -> Order {
            let other = Fixtures.draft(
                OrderID(Identifier(high: 0, low: id)), Fixtures.product(), buyer: Fixtures.buyer(1), at: clock.now())
            return Order(other, state: state, version: 1, expiresAt: nil)
        }
        let expected: [(Placement, TicketEnd?)] = [
            (.placed(order(1, .awaitingPayment)), nil), (.placed(order(1, .delivered)), .sold),
            (.existing(order(1, .awaitingPayment)), nil), (.existing(order(2, .awaitingPayment)), .released),
            (.mismatched, .released), (.refused(.soldOut), .notPlaced), (.fenced, .notPlaced), (.queued(draft()), nil),
        ]
        for (placement, end) in expected { #expect(OrderWriter.end(of: draft(), placement) == end) }
    }

    @Test("records that are no orders are parked, and the orders around them are placed")
    func poison() async throws {
        try await withStack(partitions: 1) { stack, _ in
            let product = try await stack.ledger.product(cards: 10)
            let drafts = drafts(stack, product, 1...6)
            #expect(await stack.accepted(Array(drafts.prefix(3))).count == 3)
            try await stack.inject(Array("no order".utf8), partition: 0)
            try await stack.inject([], partition: 0)
            stack.logLedger.refuse(drafts[4].id)
            #expect(await stack.accepted(Array(drafts.suffix(3))).count == 3)
            let writer = try stack.write()
            try await stack.settled(writer)
            #expect(try await stack.holding == Set(drafts.map(\.id)).subtracting([drafts[4].id]))
            let parked = try await stack.logLedger.parked(after: nil, limit: 10)
            #expect(parked.count == 3)
            #expect(parked.first?.record.position == 3 && parked.first?.record.bytes == Array("no order".utf8))
            #expect(parked.contains { $0.record.reason.hasPrefix("the ledger: ") })
            #expect(Set(stack.gate.judgedOrders) == Set(drafts.map(\.id)))
        }
    }

    @Test("busy and unknown outcomes of the ledger lose and repeat nothing")
    func ledgerFails() async throws {
        try await withStack(partitions: 1) { stack, _ in
            let product = try await stack.ledger.product(cards: 100)
            var limits = Limits()
            limits.batchOrders = 10
            let drafts = drafts(stack, product, 1...60)
            stack.logLedger.fail([
                .busy, .unknown(landed: true), .busy, .unknown(landed: false), .unknown(landed: true),
            ])
            #expect(await stack.accepted(drafts).count == 60)
            let writer = try stack.write(limits: limits)
            try await stack.settled(writer)
            #expect(try await stack.holding == Set(drafts.map(\.id)))
            #expect(Set(stack.gate.judgedOrders) == Set(drafts.map(\.id)) && stack.gate.judgedOrders.count == 60)
            try await stack.ledger.audit()
        }
    }

    @Test("two writers of the same partitions take each order once; when one is stopped the other goes on")
    func twoWriters() async throws {
        try await withStack(partitions: 1) { stack, _ in
            let product = try await stack.ledger.product(cards: 300)
            var limits = Limits()
            limits.batchOrders = 7
            let first = try stack.write(limits: limits)
            let second = try stack.write(limits: limits)
            let early = await stack.accepted(drafts(stack, product, 1...100))
            _ = await first.stop()
            let late = await stack.accepted(drafts(stack, product, 101...200))
            #expect(early.count == 100 && late.count == 100)
            try await stack.settled(second)
            #expect(try await stack.holding == Set((early + late).map(\.id)))
            // Each was told by the writer whose write the ledger took.
            try await eventually("all are told") { stack.judged.withLockedValue { $0.count } >= 200 }
            #expect(stack.judged.withLockedValue { $0.count } == 200)
            try await stack.ledger.audit()
        }
    }

    @Test("a node that dies between gate and log: its order is swept into the log and placed once")
    func swept() async throws {
        try await withStack { stack, _ in
            let product = try await stack.ledger.product(cards: 10)
            let drafts = drafts(stack, product, 1...3)
            // The second is in the log, and the outbox never heard; the third is too young.
            #expect(await stack.accepted([drafts[1]]).count == 1)
            stack.outbox.entries.withLockedValue { $0 = Array(drafts[0...1]) }
            stack.ledger.clock.advance(seconds: 60)
            let young = stack.ledger.draft(product, buyer: 9)
            stack.outbox.entries.withLockedValue { $0.append(young) }
            let writer = try stack.write()
            let sweeper = OutboxSweeper(
                outbox: stack.outbox, intake: stack.intake, clock: stack.ledger.clock, limits: Limits(),
                metrics: NOOPMetricsHandler.instance
            ) { _ in }
            await sweeper.sweep()
            try await stack.settled(writer)
            #expect(try await stack.holding == [drafts[0].id, drafts[1].id])
            try await eventually("the outbox") { stack.outbox.entries.withLockedValue { $0.map(\.id) } == [young.id] }
            await sweeper.sweep()
            try await stack.ledger.audit()
        }
    }

    @Test("a sweep writes nothing once its node may not write any more")
    func sweptByNobody() async throws {
        try await withStack { stack, _ in
            let product = try await stack.ledger.product(cards: 10)
            stack.outbox.entries.withLockedValue { $0 = drafts(stack, product, 1...3) }
            stack.ledger.clock.advance(seconds: 60)
            let sweeper = OutboxSweeper(
                outbox: stack.outbox, intake: stack.intake, clock: stack.ledger.clock, limits: Limits(),
                metrics: NOOPMetricsHandler.instance
            ) { _ in }
            let asked = NIOLockedValueBox(0)
            await sweeper.sweep {
                asked.withLockedValue { asked in
                    asked += 1
                    return asked == 1
                }
            }
            #expect(asked.withLockedValue { $0 } == 3, "asked before each")
            try await eventually("the one") { stack.outbox.loggedOrders.withLockedValue { $0.count } == 1 }
            let writer = try stack.write()
            try await stack.settled(writer)
            #expect(try await stack.holding.count == 1)
        }
    }

    @Test("a broker that is dead costs buyers no wait, and one that came back takes orders again")
    func deadBroker() async throws {
        var limits = Limits()
        limits.intakeSilenceMilliseconds = 200
        let broker = try await BrokerProcess(brokers: 2)
        try await broker.command("topic orders 1")
        let stack = try IntakeStack(brokers: broker.brokers, topic: "orders", partitions: 1, limits: limits)
        let product = try await stack.ledger.product(cards: 100)
        #expect(await stack.accepted(drafts(stack, product, 1...1)).count == 1)
        for number in 1...2 { try await broker.command("down \(number)") }
        try await eventually("orders are refused at once") {
            let refusal = NIOLockedValueBox<ShopError?>(nil)
            stack.intake.submit(.place(stack.ledger.draft(product, buyer: 3))) { result in
                if case .failure(let error) = result { refusal.withLockedValue { $0 = error } }
            }
            return refusal.withLockedValue { $0?.code } == .busy
        }
        for number in 1...2 { try await broker.command("up \(number)") }
        try await eventually("orders are taken again") {
            await stack.accepted([stack.ledger.draft(product, buyer: 4)]).count == 1
        }
        await stack.close()
    }

    @Test("how far the log is, is told under the name by which the ledger knows it")
    func progress() async throws {
        try await withStack { stack, _ in
            let product = try await stack.ledger.product(cards: 10)
            let writer = try stack.write()
            #expect(await stack.accepted(drafts(stack, product, 1...5)).count == 5)
            try await stack.settled(writer)
            let inquirer = try KafkaInquirer(brokers: stack.brokers)
            let ends = try await KafkaLogProgress(inquirer, log: stack.log, shard: 0).ends()
            #expect(ends.count == 2 && ends.values.reduce(0, +) == 5)
            for (partition, end) in ends where end > 0 {
                #expect(try await stack.logLedger.position(of: partition) == end)
            }
            _ = await inquirer.close()
        }
        let nobody = try KafkaInquirer(brokers: "127.0.0.1:1")
        let log = try unwrap(OrderLog())
        await #expect(throws: ShopError.self) { try await KafkaLogProgress(nobody, log: log, shard: 0).ends() }
        _ = await nobody.close()
    }

    @Test("a change of leaders under load loses nothing that was accepted")
    func leaderChange() async throws {
        try await withStack { stack, broker in
            let product = try await stack.ledger.product(cards: 600)
            let writer = try stack.write()
            async let first = stack.accepted(drafts(stack, product, 1...200))
            for partition in 0..<2 { try await broker.command("leader \(stack.log.topic) \(partition) 1") }
            async let second = stack.accepted(drafts(stack, product, 201...400))
            for partition in 0..<2 { try await broker.command("leader \(stack.log.topic) \(partition) 2") }
            let accepted = await first + second
            #expect(accepted.count == 400)
            try await stack.settled(writer)
            #expect(try await stack.holding == Set(accepted.map(\.id)))
            try await stack.ledger.audit()
        }
    }

    @Test("a broker that came back empty is another log, which is read from its beginning")
    func emptyBroker() async throws {
        let broker = try await BrokerProcess(topics: ["orders": 1])
        let stack = try IntakeStack(brokers: broker.brokers, topic: "orders", partitions: 1)
        let product = try await stack.ledger.product(cards: 10)
        let writer = try stack.write()
        #expect(await stack.accepted(drafts(stack, product, 1...3)).count == 3)
        try await stack.settled(writer)
        _ = await writer.stop()
        broker.kill()
        let another = try await BrokerProcess(topics: ["orders": 1])
        var settings = KafkaProducer.Settings(brokers: another.brokers)
        settings.deliveryMilliseconds = 5000
        let intake = try KafkaIntake(
            log: stack.log, settings: settings, limits: Limits(), ledger: stack.sqlite, outbox: nil,
            metrics: NOOPMetricsHandler.instance)
        let draft = stack.ledger.draft(product, buyer: 9)
        let isDone = NIOLockedValueBox(false)
        intake.submit(.place(draft)) { _ in isDone.withLockedValue { $0 = true } }
        try await eventually("it is logged") { isDone.withLockedValue { $0 } }
        let second = try stack.write(brokers: another.brokers)
        try await stack.settled(second)
        #expect(try await stack.holding.count == 4)
        #expect(stack.logLedger.partitions.count == 2 && second.health == .working)
        _ = await intake.stop()
        await stack.close()
    }

    @Test("a log that does not reach as far as the ledger stops the partition, and is told")
    func tooShort() async throws {
        try await withStack(partitions: 1) { stack, _ in
            let product = try await stack.ledger.product(cards: 10)
            let writer = try stack.write()
            #expect(await stack.accepted(drafts(stack, product, 1...2)).count == 2)
            try await stack.settled(writer)
            _ = await writer.stop()
            let partition = try unwrap(stack.logLedger.partitions.first)
            stack.logLedger.move(partition, to: 50)
            let second = try stack.write()
            try await eventually("it halts") { second.health != .working }
            guard case .halted(let reasons) = second.health else { throw ContractViolation.timeOut("halted") }
            #expect(reasons[0]?.contains("50") == true)
            try await eventually("it is told") { stack.halts.withLockedValue { $0.count } == 1 }
        }
    }

    @Test("a producer that ends is replaced, and orders are taken again")
    func replaced() async throws {
        let cluster = try KafkaMockCluster()
        let stack = try IntakeStack(brokers: cluster.brokers, topic: "orders", partitions: 1)
        try cluster.create(topic: "orders", partitions: 1)
        let product = try await stack.ledger.product(cards: 10)
        // 22 asks for the producer's number, which 31 forbids.
        cluster.fail(request: 22, errors: Array(repeating: 31, count: 3))
        try await eventually("an order is taken") {
            if case .success(.queued) = await stack.submit(stack.ledger.draft(product, buyer: 1)) {
                true
            } else {
                false
            }
        }
        await stack.close()
    }

    @Test("an order that is too large, or of a shard without partitions, is refused")
    func refused() async throws {
        try await withStack { stack, _ in
            let product = try await stack.ledger.product(cards: 10)
            let large = stack.ledger.draft(product, buyer: 1, sealedFields: Array(repeating: 1, count: 70_000))
            guard case .failure(let error) = await stack.submit(large) else {
                throw ContractViolation.timeOut("refused")
            }
            #expect(error.code == .tooLarge)
            let foreign = Fixtures.draft(
                OrderID(Identifier(time: Timestamp(milliseconds: 1), shard: 7, random: 1)), product,
                buyer: Fixtures.buyer(1), at: Timestamp(milliseconds: 1))
            #expect(stack.log.partition(of: foreign) == nil)
            guard case .failure = await stack.submit(foreign) else { throw ContractViolation.timeOut("refused") }
        }
    }

    @Test("a stopped intake has answered everything, and takes no more")
    func stop() async throws {
        try await withStack { stack, _ in
            let product = try await stack.ledger.product(cards: 10)
            let answers = NIOLockedValueBox(0)
            for draft in drafts(stack, product, 1...100) {
                stack.intake.submit(.place(draft)) { _ in answers.withLockedValue { $0 += 1 } }
            }
            #expect(await stack.intake.stop() == .ended)
            #expect(answers.withLockedValue { $0 } == 100)
            guard case .failure(let error) = await stack.submit(stack.ledger.draft(product, buyer: 1)) else {
                throw ContractViolation.timeOut("refused")
            }
            #expect(error.code == .busy)
        }
    }
}

@Suite("Parts of the Kafka intake")
struct KafkaIntakePartsTests {
    @Test("a shard's products spread over its partitions, and over no other shard's")
    func partitions() throws {
        let log = try unwrap(OrderLog(shards: 3, partitionsPerShard: 4))
        for shard in 0..<3 {
            let numbers = (1...20).map { product in
                log.partition(
                    of: Fixtures.draft(
                        OrderID(Identifier(time: Timestamp(milliseconds: 1), shard: UInt16(shard), random: 1)),
                        Fixtures.product(id: Int64(product)), buyer: Fixtures.buyer(1),
                        at: Timestamp(milliseconds: 1)))
            }
            #expect(Set(numbers) == Set(log.partitions(of: shard).map { Optional($0.number) }))
        }
        #expect(log.partitionCount == 12 && OrderLog(shards: 0) == nil && OrderLog(topic: "") == nil)
    }

    @Test("a sweep asks, writes, and asks again after a full page that went well, so many times")
    func sweeps() {
        var machine = SweepMachine(page: 2)
        #expect(machine.next(after: .woke) == .ask)
        #expect(machine.next(after: .found(2)) == .log)
        #expect(machine.next(after: .logged(2)) == .ask)
        #expect(machine.next(after: .found(2)) == .log)
        #expect(machine.next(after: .logged(1)) == .rest)
        #expect(machine.next(after: .woke) == .ask)
        #expect(machine.next(after: .found(0)) == .rest)
        #expect(machine.next(after: .failed) == .rest)
        _ = machine.next(after: .woke)
        var pages = 0
        while machine.next(after: .logged(2)) == .ask { pages += 1 }
        #expect(pages == SweepMachine.maximumPages - 1)
    }

    @Test("an outbox that cannot be asked is told, and the sweeper goes on")
    func outboxDown() async throws {
        try await withStack { stack, _ in
            stack.outbox.isDown.withLockedValue { $0 = true }
            let failures = NIOLockedValueBox(0)
            let sweeper = OutboxSweeper(
                outbox: stack.outbox, intake: stack.intake, clock: stack.ledger.clock, limits: Limits(),
                metrics: NOOPMetricsHandler.instance
            ) { _ in failures.withLockedValue { $0 += 1 } }
            for _ in 1...3 { await sweeper.sweep() }
            #expect(failures.withLockedValue { $0 } == 3)
        }
    }
}
