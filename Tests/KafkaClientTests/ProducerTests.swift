import KafkaClient
import NIOConcurrencyHelpers
import TestKit
import Testing

@testable import KafkaClient

@Suite("Producing")
struct ProducerTests {
    private func withCluster(
        brokers: Int = 1, partitions: Int = 4, _ change: (inout KafkaProducer.Settings) -> Void = { _ in },
        _ body: (KafkaMockCluster, KafkaProducer, Reports) async throws -> Void
    ) async throws {
        let cluster = try KafkaMockCluster(brokers: brokers)
        try cluster.create(topic: "t", partitions: partitions)
        var settings = KafkaProducer.Settings(brokers: cluster.brokers)
        change(&settings)
        let producer = try KafkaProducer(settings)
        do {
            try await body(cluster, producer, Reports())
        } catch {
            _ = await producer.close(within: 0)
            throw error
        }
        #expect(await producer.close(within: 0) == .ended)
    }

    private func produce(_ count: Int, partitions: Int = 4, _ producer: KafkaProducer, _ reports: Reports) {
        for number in 0..<count {
            producer.produce(
                topic: "t", partition: Int32(number % partitions), key: [1], value: Array("record \(number)".utf8),
                reply: reports.reply(number))
        }
    }

    @Test("20,000 records are answered once each, in the order of their partition")
    func order() async throws {
        try await withCluster { _, producer, reports in
            produce(20_000, producer, reports)
            try await eventually("answers") { reports.count == 20_000 }
            #expect(reports.all.count == 20_000 && reports.failures.isEmpty)
            for partition in 0..<4 {
                let sequence = reports.sequence.filter { $0 % 4 == partition }
                let isInOrder = sequence == sequence.sorted()
                #expect(isInOrder)
                let offsets = sequence.compactMap { try? reports.all[$0]?.first?.get().offset }
                let isWhole = offsets == Array(0..<5000)
                #expect(isWhole)
            }
            #expect(producer.pending == 0)
        }
    }

    @Test("a full queue refuses at once, and what was taken is answered")
    func full() async throws {
        try await withCluster {
            $0.queueRecords = 10
            $0.deliveryMilliseconds = 500
        } _: { cluster, producer, reports in
            try cluster.takeDown(1)
            produce(50, producer, reports)
            #expect(reports.count == 40, "refused before the call returned")
            #expect(
                reports.failures.allSatisfy {
                    if case .refused(let reason) = $0 { reason.name == "_QUEUE_FULL" } else { false }
                })
            try await eventually("the rest is answered") { reports.count == 50 }
            #expect(reports.all.values.allSatisfy { $0.count == 1 })
        }
    }

    @Test("a full queue by bytes refuses as well")
    func fullBytes() async throws {
        try await withCluster {
            $0.queueKilobytes = 1
            $0.deliveryMilliseconds = 300
        } _: { cluster, producer, reports in
            try cluster.takeDown(1)
            for number in 0..<20 {
                producer.produce(
                    topic: "t", partition: 0, key: [], value: Array(repeating: 7, count: 200),
                    reply: reports.reply(number))
            }
            #expect(reports.count > 10)
            try await eventually("the rest is answered") { reports.count == 20 }
        }
    }

    @Test("with the broker down nothing is persisted, and that is said after the delivery time-out")
    func down() async throws {
        try await withCluster {
            $0.deliveryMilliseconds = 500
        } _: { cluster, producer, reports in
            try cluster.takeDown(1)
            produce(10, producer, reports)
            try await eventually("answers") { reports.count == 10 }
            for failure in reports.failures {
                guard case .notPersisted = failure else { throw ContractViolation.timeOut("not persisted: \(failure)") }
            }
            #expect(reports.failures.count == 10)
        }
    }

    @Test("a record that was sent and not acknowledged in time is unknown, though it is there")
    func unknown() async throws {
        try await withCluster {
            $0.deliveryMilliseconds = 700
        } _: { cluster, producer, reports in
            produce(1, producer, reports)
            try await eventually("connected") { reports.count == 1 }
            try cluster.delay(1, milliseconds: 3000)
            producer.produce(topic: "t", partition: 1, key: [], value: [1], reply: reports.reply(1))
            try await eventually("answer") { reports.count == 2 }
            guard case .failure(.unknown)? = reports.all[1]?.first else {
                throw ContractViolation.timeOut("unknown: \(String(describing: reports.all[1]))")
            }
        }
    }

    @Test("a change of leaders and two seconds of round trip lose nothing")
    func leaderChange() async throws {
        try await withCluster(brokers: 2) { cluster, producer, reports in
            for partition in 0..<4 { try cluster.lead(ClientBench.partition(Int32(partition)), by: 1) }
            produce(1000, producer, reports)
            for partition in 0..<4 { try cluster.lead(ClientBench.partition(Int32(partition)), by: 2) }
            produce(1000, producer, reports)
            try await eventually("answers") { reports.count == 2000 }
            try cluster.delay(2, milliseconds: 2000)
            produce(10, producer, reports)
            try await eventually("late answers") { reports.count == 2010 }
            let isWhole = reports.failures.isEmpty
            #expect(isWhole, "\(reports.failures.count) failures")
        }
    }

    @Test("what can never be written is refused")
    func refused() async throws {
        try await withCluster { _, producer, reports in
            produce(1, producer, reports)
            try await eventually("metadata is known") { reports.count == 1 }
            producer.produce(topic: "t", partition: 99, key: [], value: [], reply: reports.reply(1))
            producer.produce(topic: "", partition: 0, key: [], value: [], reply: reports.reply(2))
            producer.produce(
                topic: "t", partition: 0, key: [], value: Array(repeating: 0, count: 2 << 20), reply: reports.reply(3))
            try await eventually("answers") { reports.count == 4 }
            for number in 1...3 {
                guard case .failure(.refused)? = reports.all[number]?.first else {
                    throw ContractViolation.timeOut("refusal of \(number): \(String(describing: reports.all[number]))")
                }
            }
        }
    }

    @Test("a fatal error answers all that is pending, and the producer ends itself")
    func fatal() async throws {
        let cluster = try KafkaMockCluster()
        try cluster.create(topic: "t", partitions: 1)
        // 22 asks for the producer's number; 31 forbids it for ever.
        cluster.fail(request: 22, errors: Array(repeating: 31, count: 100))
        let reasons = NIOLockedValueBox<[KafkaReason]>([])
        let reports = Reports()
        let producer = try KafkaProducer(
            KafkaProducer.Settings(brokers: cluster.brokers),
            onFatal: { reason in reasons.withLockedValue { $0.append(reason) } })
        produce(10, partitions: 1, producer, reports)
        try await eventually("it ends") { reasons.withLockedValue { $0.count } == 1 }
        #expect(reports.count == 10 && reports.failures.count == 10)
        produce(1, partitions: 1, producer, reports)
        #expect(reports.count == 11, "refused at once")
        #expect(await producer.close() == .ended)
    }

    @Test("closing waits for what is pending, and refuses the rest")
    func close() async throws {
        let cluster = try KafkaMockCluster()
        try cluster.create(topic: "t", partitions: 4)
        let producer = try KafkaProducer(KafkaProducer.Settings(brokers: cluster.brokers))
        let reports = Reports()
        produce(5000, producer, reports)
        async let ending = producer.close()
        #expect(await ending == .ended)
        produce(1, producer, reports)
        #expect(reports.count == 5001)
        #expect(reports.positions.count == 5000)
    }

    @Test("closing before a broker that hangs returns, and answers everything")
    func closeHanging() async throws {
        let broker = try await BrokerProcess(topics: ["t": 4])
        let producer = try KafkaProducer(KafkaProducer.Settings(brokers: broker.brokers))
        let reports = Reports()
        produce(10, producer, reports)
        try await eventually("connected") { reports.count == 10 }
        broker.pause()
        produce(10, producer, reports)
        let ending = await producer.close(within: 300)
        broker.resume()
        #expect(ending == .ended)
        #expect(reports.count == 20)
    }

    @Test("logs, errors and statistics are told")
    func observer() async throws {
        let cluster = try KafkaMockCluster()
        let told = NIOLockedValueBox<Set<String>>([])
        var settings = KafkaProducer.Settings(brokers: cluster.brokers)
        settings.statisticsMilliseconds = 50
        settings.further = ["debug": "broker"]
        let observer = KafkaObserver(
            log: { level, text in
                if (0...7).contains(level), !text.isEmpty { told.withLockedValue { _ = $0.insert("log") } }
            }, failed: { _ in told.withLockedValue { _ = $0.insert("failed") } },
            statistics: { text in
                if text.hasPrefix("{") { told.withLockedValue { _ = $0.insert("statistics") } }
            })
        let producer = try KafkaProducer(settings, observer: observer)
        try cluster.takeDown(1)
        try await eventually("all are told") { told.withLockedValue { $0.count } == 3 }
        _ = await producer.close()
    }

    @Test(
        "hostile settings are refused with their name",
        arguments: [
            ("enable.idempotence", "false"), ("acks", "0"), ("plugin.library.paths", "/tmp/evil.so"),
            ("no.such.setting", "1"), ("socket.keepalive.enable", "never"), ("client.id", "a\u{0}b"),
            ("test.mock.num.brokers", "3"),
        ])
    func hostile(name: String, value: String) throws {
        var settings = KafkaProducer.Settings(brokers: "127.0.0.1:1")
        settings.further = [name: value]
        let error = #expect(throws: KafkaError.self) { try KafkaProducer(settings) }
        #expect(error.map { "\($0)" }?.hasPrefix(name) == true)
        #expect(throws: KafkaError.self) { try KafkaProducer(KafkaProducer.Settings(brokers: "")) }
        settings.further = [:]
        settings.queueRecords = 0
        #expect(throws: KafkaError.self) { try KafkaProducer(settings) }
    }
}
