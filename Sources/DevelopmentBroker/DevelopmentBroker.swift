import ArgumentParser
import Dispatch
import Foundation
import KafkaClient

/// The command.
@main
struct DevelopmentBroker: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "development-broker",
        abstract: "A Kafka cluster for development: in memory, not durable.",
        discussion: """
            Serves librdkafka's mock cluster on free loopback ports and prints `ready host:port,...` once it does.
            Nothing is kept on disk, and each partition keeps at most its last 5 MiB or 100,000 batches.

            Takes commands as lines on standard input, and answers each with one line, `ok` or `error ...`:
              down BROKER              cut and refuse connections of a broker
              up BROKER                take connections again
              rtt MILLISECONDS         answer so much later, all brokers
              leader TOPIC PARTITION BROKER
              topic NAME PARTITIONS
            """)

    @Option(help: "How many brokers, 1 to 10; they are numbered from 1.")
    var brokers = 1
    @Option(help: "A topic to create, NAME:PARTITIONS; may be given more than once.")
    var topic: [String] = []
    @Flag(help: "End when standard input does.")
    var untilStdinEnds = false

    func run() throws {
        let cluster = try KafkaMockCluster(brokers: brokers)
        for topic in topic {
            let parts = topic.split(separator: ":")
            guard parts.count == 2, let partitions = Int(parts[1]) else {
                throw ValidationError("--topic \(topic): is not NAME:PARTITIONS")
            }
            try cluster.create(topic: String(parts[0]), partitions: partitions)
        }
        FileHandle.standardError.write(
            Data(
                """
                development-broker: NOT DURABLE. Records are in memory only, and each partition drops its oldest \
                beyond 5 MiB or 100,000 batches.\n
                """.utf8))
        signal(SIGTERM, SIG_IGN)
        let ending = DispatchSource.makeSignalSource(signal: SIGTERM)
        ending.setEventHandler { Foundation.exit(0) }
        ending.resume()
        Self.say("ready \(cluster.brokers)")
        let commands = BrokerCommands(cluster: cluster, brokers: brokers)
        while let line = readLine() { Self.say(commands.answer(line)) }
        guard !untilStdinEnds else { return }
        dispatchMain()
    }

    private static func say(_ line: String) {
        FileHandle.standardOutput.write(Data("\(line)\n".utf8))
    }
}

/// Does what a line says.
struct BrokerCommands {
    let cluster: KafkaMockCluster
    let brokers: Int

    /// One line.
    func answer(_ line: String) -> String {
        let words = line.split(separator: " ").map(String.init)
        do throws(KafkaError) {
            guard try perform(words) else { return "error not a command: \(line)" }
            return "ok"
        } catch {
            return "error \(error)"
        }
    }

    private func perform(_ words: [String]) throws(KafkaError) -> Bool {
        let numbers = words.dropFirst().map { Int32($0) }
        switch (words.first, words.count) {
        case ("down", 2):
            guard let broker = numbers[0] else { return false }
            try cluster.takeDown(broker)
        case ("up", 2):
            guard let broker = numbers[0] else { return false }
            try cluster.bringUp(broker)
        case ("rtt", 2):
            guard let milliseconds = numbers[0], milliseconds >= 0 else { return false }
            for broker in 1...brokers { try cluster.delay(Int32(broker), milliseconds: milliseconds) }
        case ("leader", 4):
            guard let partition = numbers[1], let broker = numbers[2] else { return false }
            try cluster.lead(KafkaPartition(topic: words[1], number: partition), by: broker)
        case ("topic", 3):
            guard let partitions = numbers[1] else { return false }
            try cluster.create(topic: words[1], partitions: Int(partitions))
        default:
            return false
        }
        return true
    }
}
