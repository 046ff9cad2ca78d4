import KafkaClient
import NIOConcurrencyHelpers
import TestKit
import Testing

/// The ledger of these tests: where each partition is read next, and what was handled of it, by whom.
private final class Handled: Sendable {
    struct State {
        var next: [Int32: Int64] = [:]
        var positions: [Int32: [Int64]] = [:]
        var owners: [Int32: Set<String>] = [:]
    }

    let state = NIOLockedValueBox(State())

    /// Handles a batch as a ledger does: only from the position that it has.
    func handle(_ batch: KafkaBatch) -> Int64 {
        state.withLockedValue { state in
            let number = batch.partition.number
            for record in batch.records where record.position == state.next[number, default: 0] {
                state.positions[number, default: []].append(record.position)
                state.next[number] = record.position + 1
            }
            return state.next[number, default: 0]
        }
    }

    func position(_ number: Int32) -> Int64 { state.withLockedValue { $0.next[number, default: 0] } }
    var count: Int { state.withLockedValue { $0.positions.values.map(\.count).reduce(0, +) } }
}

/// A member of the group that handles what it reads.
private final class Member: Sendable {
    let told = Told()
    let consumer: NIOLockedValueBox<KafkaConsumer?>
    let owned = NIOLockedValueBox<Set<KafkaPartition>>([])

    init(_ brokers: String, _ handled: Handled) throws {
        var settings = KafkaConsumer.Settings(brokers: brokers, group: "g", reads: .group(topic: "t", member: nil))
        // A new group of the mock gathers for three seconds, in which a member gives no sign of life.
        settings.sessionMilliseconds = 4000
        consumer = NIOLockedValueBox(nil)
        let made = try KafkaConsumer(settings) { [told, consumer, owned] event in
            told.tell(event)
            switch event {
            case .assigned(let partitions):
                owned.withLockedValue { $0.formUnion(partitions) }
                for partition in partitions {
                    consumer.withLockedValue { $0 }?.start(partition, at: handled.position(partition.number))
                }
            case .revoked(let partitions, _):
                owned.withLockedValue { $0.subtract(partitions) }
            case .batch(let batch):
                _ = handled.handle(batch)
                consumer.withLockedValue { $0 }?.takeNext(batch.partition)
            case .end, .nothingThere, .failed:
                break
            }
        }
        consumer.withLockedValue { $0 = made }
    }

    func close() async -> KafkaEnding? { await consumer.withLockedValue { $0 }?.close() }
}

@Suite("Groups")
struct GroupTests {
    @Test("partitions move to who joins and back, each read by one, every record handled once")
    func rebalance() async throws {
        let cluster = try KafkaMockCluster()
        try cluster.create(topic: "t", partitions: 4)
        let handled = Handled()
        let first = try Member(cluster.brokers, handled)
        try await eventually("the first has all") { first.owned.withLockedValue { $0.count } == 4 }
        for partition in 0..<4 { try await ClientBench.fill(cluster.brokers, 100, partition: Int32(partition)) }
        try await eventually("the first reads") { handled.count == 400 }

        let second = try Member(cluster.brokers, handled)
        try await eventually("both have two", within: 120) {
            first.owned.withLockedValue { $0.count } == 2 && second.owned.withLockedValue { $0.count } == 2
        }
        #expect(first.owned.withLockedValue { $0 }.isDisjoint(with: second.owned.withLockedValue { $0 }))
        for partition in 0..<4 { try await ClientBench.fill(cluster.brokers, 100, partition: Int32(partition)) }
        try await eventually("both read") { handled.count == 800 }
        // The second began where the owner had it begin.
        let begun = second.told.batches.flatMap(\.records).map(\.position).min()
        #expect(begun == 100)

        #expect(await first.close() == .ended)
        try await eventually("the second has all", within: 120) { second.owned.withLockedValue { $0.count } == 4 }
        for partition in 0..<4 { try await ClientBench.fill(cluster.brokers, 50, partition: Int32(partition)) }
        try await eventually("it reads") { handled.count == 1000 }
        for partition in 0..<4 {
            let positions = handled.state.withLockedValue { $0.positions[Int32(partition)] }
            #expect(positions == Array(0..<250))
        }
        #expect(await second.close() == .ended)
    }
}
