import Foundation
import KafkaClient
import TestKit
import Testing

@Suite("The development broker and the end of clients")
struct LifeCycleTests {
    @Test("the broker answers commands, and ends as asked")
    func broker() async throws {
        let broker = try await BrokerProcess(brokers: 2, topics: ["t": 2])
        #expect(broker.brokers.split(separator: ",").count == 2)
        try await ClientBench.fill(broker.brokers, 3)
        for command in ["down 1", "up 1", "rtt 1", "rtt 0", "leader t 0 2", "topic other 3"] {
            try await broker.command(command)
        }
        for command in ["", "down", "down x", "leader t 0 99", "rtt -1", "fly 1"] {
            #expect(await broker.answer(to: command).hasPrefix("error"), "\(command)")
        }
        #expect(broker.stop() == 0)
        let second = try await BrokerProcess()
        #expect(try second.closeInput() == 0)
    }

    @Test("clients that are closed leave no thread behind")
    func threads() async throws {
        let broker = try await BrokerProcess(topics: ["t": 1])
        for round in 0..<5 {
            let producer = try KafkaProducer(KafkaProducer.Settings(brokers: broker.brokers))
            let settings = KafkaConsumer.Settings(
                brokers: broker.brokers, group: "threads", reads: .partitions([ClientBench.partition()]))
            let consumer = try KafkaConsumer(settings) { _ in }
            consumer.start(ClientBench.partition(), at: 0)
            let reports = Reports()
            producer.produce(topic: "t", partition: 0, key: [], value: [1], reply: reports.reply(round))
            try await eventually("an answer") { reports.count == 1 }
            #expect(await producer.close() == .ended)
            #expect(await consumer.close() == .ended)
        }
        // Other tests run beside this one and have threads of their own, but they come to an end.
        try await eventually("no thread is left", within: 120) { try ClientBench.threads().isEmpty }
    }
}
