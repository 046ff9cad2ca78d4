import Foundation
import KafkaClient
import NIOConcurrencyHelpers
import TestKit

/// What became of records.
final class Reports: Sendable {
    typealias Answer = Result<KafkaPosition, KafkaProduceFailure>

    private let answers = NIOLockedValueBox<[Int: [Answer]]>([:])
    private let order = NIOLockedValueBox<[Int]>([])

    func reply(_ number: Int) -> KafkaProducer.Reply {
        { [answers, order] answer in
            answers.withLockedValue { $0[number, default: []].append(answer) }
            order.withLockedValue { $0.append(number) }
        }
    }

    var all: [Int: [Answer]] { answers.withLockedValue { $0 } }
    /// Records in the order of their answers.
    var sequence: [Int] { order.withLockedValue { $0 } }
    var count: Int { order.withLockedValue { $0.count } }
    var positions: [KafkaPosition] { all.values.flatMap { $0 }.compactMap { try? $0.get() } }
    var failures: [KafkaProduceFailure] {
        all.values.flatMap { $0 }.compactMap { answer in
            if case .failure(let failure) = answer { failure } else { nil }
        }
    }
}

/// What a consumer told.
final class Told: Sendable {
    private let events = NIOLockedValueBox<[KafkaConsumerEvent]>([])

    func tell(_ event: KafkaConsumerEvent) { events.withLockedValue { $0.append(event) } }

    var all: [KafkaConsumerEvent] { events.withLockedValue { $0 } }

    var batches: [KafkaBatch] {
        all.compactMap { event in
            if case .batch(let batch) = event { batch } else { nil }
        }
    }

    func records(_ partition: Int32 = 0) -> [KafkaRecord] {
        batches.filter { $0.partition.number == partition }.flatMap(\.records)
    }

    var assigned: [KafkaPartition] {
        all.flatMap { event in
            if case .assigned(let partitions) = event { partitions } else { [KafkaPartition]() }
        }
    }

    var revoked: [KafkaPartition] {
        all.flatMap { event in
            if case .revoked(let partitions, _) = event { partitions } else { [KafkaPartition]() }
        }
    }
}

/// A cluster of the test's process, and clients of it.
enum ClientBench {
    static func partition(_ number: Int32 = 0, of topic: String = "t") -> KafkaPartition {
        KafkaPartition(topic: topic, number: number)
    }

    /// Writes records `0`, `1` and so on to one partition, each in its place.
    static func fill(_ brokers: String, _ count: Int, partition: Int32 = 0, topic: String = "t") async throws {
        let producer = try KafkaProducer(KafkaProducer.Settings(brokers: brokers))
        let reports = Reports()
        for number in 0..<count {
            producer.produce(
                topic: topic, partition: partition, key: [], value: Array("\(number)".utf8),
                reply: reports.reply(number))
        }
        try await eventually("records are written") { reports.count == count }
        try expect(reports.positions.count, is: count)
        try expect(await producer.close(), is: .ended)
    }

    /// Threads of this process that the client or the library started.
    static func threads() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").compactMap { task in
            let name = try? String(contentsOfFile: "/proc/self/task/\(task)/comm", encoding: .utf8)
            return name.map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
        }.filter { $0.hasPrefix("rdk:") || $0.hasPrefix("kafka-") }
    }
}
