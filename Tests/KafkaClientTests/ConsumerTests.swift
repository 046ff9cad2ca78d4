import KafkaClient
import NIOConcurrencyHelpers
import TestKit
import Testing

@Suite("Consuming")
struct ConsumerTests {
    private func settings(_ brokers: String, _ numbers: [Int32] = [0]) -> KafkaConsumer.Settings {
        KafkaConsumer.Settings(
            brokers: brokers, group: "g", reads: .partitions(numbers.map { ClientBench.partition($0) }))
    }

    @Test("from the position the owner gives, in order, each record once")
    func fromPosition() async throws {
        let cluster = try KafkaMockCluster()
        try cluster.create(topic: "t", partitions: 1)
        try await ClientBench.fill(cluster.brokers, 1000)
        let told = Told()
        let consumer = try KafkaConsumer(settings(cluster.brokers), tell: told.tell)
        #expect(told.records().isEmpty)
        consumer.start(ClientBench.partition(), at: 400)
        try await eventually("records") {
            consumer.takeNext(ClientBench.partition())
            return told.records().count >= 600
        }
        #expect(told.records().map(\.position) == Array(400..<1000))
        #expect(told.records().allSatisfy { $0.value == Array("\($0.position)".utf8) })
        #expect(told.batches.allSatisfy { $0.records.count <= 256 })
        #expect(told.batches.last?.logEnd == 1000)
        try await eventually("the end") { told.all.contains(.end(ClientBench.partition(), position: 1000)) }
        // Again, from elsewhere.
        consumer.start(ClientBench.partition(), at: 990)
        try await eventually("records again") { told.records().count >= 610 }
        #expect(told.records().suffix(10).map(\.position) == Array(990..<1000))
        #expect(await consumer.close() == .ended)
    }

    @Test("what is written while it reads comes soon")
    func live() async throws {
        let cluster = try KafkaMockCluster()
        try cluster.create(topic: "t", partitions: 1)
        let told = Told()
        let consumer = try KafkaConsumer(settings(cluster.brokers), tell: told.tell)
        consumer.start(ClientBench.partition(), at: 0)
        for round in 1...3 {
            try await ClientBench.fill(cluster.brokers, 10)
            try await eventually("round \(round)") {
                consumer.takeNext(ClientBench.partition())
                return told.records().count == round * 10
            }
        }
        #expect(await consumer.close() == .ended)
    }

    @Test("nothing more is read while the owner has a batch, and other partitions go on")
    func backPressure() async throws {
        let cluster = try KafkaMockCluster()
        try cluster.create(topic: "t", partitions: 2)
        try await ClientBench.fill(cluster.brokers, 2000, partition: 0)
        try await ClientBench.fill(cluster.brokers, 2000, partition: 1)
        let told = Told()
        let consumer = try KafkaConsumer(settings(cluster.brokers, [0, 1]), tell: told.tell)
        let (slow, fast) = (ClientBench.partition(0), ClientBench.partition(1))
        consumer.start(slow, at: 0)
        consumer.start(fast, at: 0)
        try await eventually("the other partition is read") {
            consumer.takeNext(fast)
            return told.records(1).count == 2000
        }
        #expect(told.batches.filter { $0.partition == slow }.count == 1)
        try await eventually("and this one, when it is asked for") {
            consumer.takeNext(slow)
            return told.records(0).count == 2000
        }
        #expect(told.records(0).map(\.position) == Array(0..<2000))
        #expect(await consumer.close() == .ended)
    }

    @Test("a partition that was full is read on from elsewhere, as when another writer was faster")
    func fullThenMoved() async throws {
        let cluster = try KafkaMockCluster()
        try cluster.create(topic: "t", partitions: 1)
        try await ClientBench.fill(cluster.brokers, 500)
        let told = Told()
        var settings = settings(cluster.brokers)
        settings.batch.records = 7
        let consumer = try KafkaConsumer(settings, tell: told.tell)
        for position: Int64 in [0, 100, 300] {
            let before = told.batches.count
            consumer.start(ClientBench.partition(), at: position)
            // More than one batch stands in the log, so reading was paused behind this one.
            try await eventually("a batch from \(position)") {
                told.batches.dropFirst(before).contains { $0.records.first?.position == position }
            }
        }
        #expect(await consumer.close() == .ended)
    }

    @Test("a position that the log does not have stops the partition, and is told", arguments: [10, 50_000])
    func nothingThere(position: Int64) async throws {
        let cluster = try KafkaMockCluster()
        try cluster.create(topic: "t", partitions: 1)
        try await ClientBench.fill(cluster.brokers, 5)
        let told = Told()
        let consumer = try KafkaConsumer(settings(cluster.brokers), tell: told.tell)
        consumer.start(ClientBench.partition(), at: position)
        try await eventually("it is told") {
            told.all.contains { event in
                if case .nothingThere(_, position, _) = event { true } else { false }
            }
        }
        #expect(told.records().isEmpty)
        consumer.start(ClientBench.partition(), at: 0)
        try await eventually("it is read from elsewhere") { told.records().count == 5 }
        #expect(await consumer.close() == .ended)
    }

    @Test("edges and the cluster's name can be asked, and a partition that is not there is an error")
    func questions() async throws {
        let cluster = try KafkaMockCluster()
        try cluster.create(topic: "t", partitions: 1)
        try await ClientBench.fill(cluster.brokers, 7)
        let consumer = try KafkaConsumer(settings(cluster.brokers)) { _ in }
        #expect(try await consumer.edges(of: ClientBench.partition()) == KafkaEdges(low: 0, high: 7))
        let name = try await consumer.cluster()
        let other = try KafkaMockCluster()
        let another = try KafkaConsumer(settings(other.brokers)) { _ in }
        #expect(try await another.cluster() != name)
        await #expect(throws: KafkaError.self) {
            try await consumer.edges(of: ClientBench.partition(9), within: 200)
        }
        try cluster.takeDown(1)
        await #expect(throws: KafkaError.self) { try await consumer.edges(of: ClientBench.partition(), within: 200) }
        try cluster.bringUp(1)
        #expect(await consumer.close() == .ended)
        await #expect(throws: KafkaError.closed) { try await consumer.edges(of: ClientBench.partition()) }
        _ = await another.close()
    }

    @Test("a leader that changes while it reads loses and repeats nothing")
    func leaderChange() async throws {
        let cluster = try KafkaMockCluster(brokers: 2)
        try cluster.create(topic: "t", partitions: 1)
        try cluster.lead(ClientBench.partition(), by: 1)
        try await ClientBench.fill(cluster.brokers, 3000)
        let told = Told()
        let consumer = try KafkaConsumer(settings(cluster.brokers), tell: told.tell)
        consumer.start(ClientBench.partition(), at: 0)
        try await eventually("some") { told.records().count > 0 }
        try cluster.lead(ClientBench.partition(), by: 2)
        try await eventually("records") {
            consumer.takeNext(ClientBench.partition())
            return told.records().count >= 3000
        }
        #expect(told.records().map(\.position) == Array(0..<3000))
        #expect(await consumer.close() == .ended)
    }

    @Test("closing before a broker that hangs returns")
    func closeHanging() async throws {
        let broker = try await BrokerProcess(topics: ["t": 1])
        let told = Told()
        let consumer = try KafkaConsumer(settings(broker.brokers), tell: told.tell)
        consumer.start(ClientBench.partition(), at: 0)
        try await eventually("connected") { !told.all.filter { $0 != .assigned([ClientBench.partition()]) }.isEmpty }
        broker.pause()
        // That it returns at all, while the broker hangs, is what is tested.
        _ = await consumer.close(within: 300)
        broker.resume()
    }

    @Test("hostile settings are refused")
    func hostile() throws {
        var settings = settings("127.0.0.1:1")
        settings.further = ["enable.auto.commit": "true"]
        #expect(throws: KafkaError.self) { try KafkaConsumer(settings) { _ in } }
        settings.further = [:]
        settings.batch.records = 0
        #expect(throws: KafkaError.self) { try KafkaConsumer(settings) { _ in } }
        settings.batch.records = 1
        settings.group = ""
        #expect(throws: KafkaError.self) { try KafkaConsumer(settings) { _ in } }
    }
}
