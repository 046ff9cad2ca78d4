public import Domain
public import KafkaClient
public import Shop

/// Where the partitions of a shard end.
public struct KafkaLogProgress: LogProgress {
    private let inquirer: KafkaInquirer
    private let partitions: [KafkaPartition]

    /// - Parameters:
    ///   - inquirer: may be shared with others
    ///   - shard: the shard whose partitions are asked about
    public init(_ inquirer: KafkaInquirer, log: OrderLog, shard: UInt16) {
        self.inquirer = inquirer
        partitions = log.partitions(of: Int(shard))
    }

    public func ends() async throws(ShopError) -> [LogPartition: Int64] {
        do throws(KafkaError) {
            // Anew each time: a log that was made anew has another name.
            let cluster = try await inquirer.cluster()
            var ends: [LogPartition: Int64] = [:]
            for partition in partitions {
                ends[LogPartition(cluster: cluster, partition)] = try await inquirer.edges(of: partition).high
            }
            return ends
        } catch {
            throw ShopError(.busy, "the log cannot be asked", cause: "\(error)")
        }
    }
}

extension LogPartition {
    /// The name of a log says in which cluster it is.
    init(cluster: String, _ partition: KafkaPartition) {
        self.init(log: "\(cluster)/\(partition.topic)", number: partition.number)
    }
}
