/// What the clients of Redis, PostgreSQL and Kafka carry, against real engines on this machine: each measure prints its
/// number beside its goal. `EngineRates redis postgres kafka` runs those that are named, or all.
@main
enum EngineRates {
    private static let measures: [(name: String, run: @Sendable () async throws -> Void)] = [
        ("redis", redisRates), ("postgres", postgresRates), ("kafka", kafkaRates),
    ]

    static func main() async throws {
        let named = CommandLine.arguments.dropFirst()
        for measure in measures where named.isEmpty || named.contains(measure.name) {
            try await measure.run()
        }
    }
}
