import KafkaClient
import TestKit
import Testing

@Suite("Asking brokers")
struct InquirerTests {
    @Test("how many partitions a topic has; one that is not there is not created by asking")
    func partitions() async throws {
        let cluster = try KafkaMockCluster()
        try cluster.create(topic: "t", partitions: 7)
        let inquirer = try KafkaInquirer(brokers: cluster.brokers)
        #expect(try await inquirer.partitionCount(of: "t", within: 10_000) == 7)
        for _ in 1...3 { #expect(try await inquirer.partitionCount(of: "nothing", within: 10_000) == nil) }
        try cluster.create(topic: "nothing", partitions: 2)
        #expect(try await inquirer.partitionCount(of: "nothing", within: 10_000) == 2)
        #expect(await inquirer.close() == .ended)
        await #expect(throws: KafkaError.closed) { try await inquirer.partitionCount(of: "t") }
    }

    @Test("edges and the cluster's name")
    func edges() async throws {
        let cluster = try KafkaMockCluster()
        try cluster.create(topic: "t", partitions: 1)
        try await ClientBench.fill(cluster.brokers, 10)
        let inquirer = try KafkaInquirer(brokers: cluster.brokers)
        let edges = try await inquirer.edges(of: ClientBench.partition(), within: 10_000)
        #expect(edges == KafkaEdges(low: 0, high: 10))
        #expect(try await !inquirer.cluster(within: 10_000).isEmpty)
        #expect(await inquirer.close() == .ended)
    }

    @Test("a broker that does not answer is given up in time")
    func nobody() async throws {
        let inquirer = try KafkaInquirer(brokers: "127.0.0.1:1")
        let began = ContinuousClock.now
        await #expect(throws: KafkaError.self) { try await inquirer.partitionCount(of: "t", within: 200) }
        #expect(began.duration(to: .now) < .seconds(30))
        #expect(await inquirer.close() == .ended)
    }
}
