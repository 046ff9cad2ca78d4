import TestKit
import Testing

@testable import PostgresClient

@Suite("PostgreSQL: queue, reconnecting, settings")
struct MachineTests {
    @Test("a lane takes so many and no more")
    func bound() {
        var queue = JobQueue<Int>(maximum: 2, connections: 4)
        #expect([1, 2, 3].map { queue.add($0, to: .urgent) } == [true, true, false])
        #expect([4, 5, 6].map { queue.add($0, to: .patient) } == [true, true, false])
        #expect(queue.takeAll() == [1, 2, 4, 5])
        #expect(queue.isEmpty)
    }

    @Test("urgent ones run first, and patient ones do not starve")
    func order() {
        var queue = JobQueue<Int>(maximum: 100, connections: 2)
        for number in 0..<40 { _ = queue.add(number, to: .urgent) }
        _ = queue.add(100, to: .patient)
        let run = (0..<41).map { _ in queue.next()?.job }
        #expect(run.first == 0)
        #expect(run.firstIndex(of: 100) == 16)
        #expect(queue.next() == nil)
    }

    @Test("one connection is kept for urgent ones")
    func reserve() {
        var queue = JobQueue<Int>(maximum: 10, connections: 3)
        for number in 0..<3 { _ = queue.add(number, to: .patient) }
        #expect(queue.next()?.job == 0)
        #expect(queue.next()?.job == 1)
        #expect(queue.next() == nil)
        _ = queue.add(9, to: .urgent)
        #expect(queue.next()?.job == 9)
        queue.ended(.urgent)
        #expect(queue.next() == nil)
        queue.ended(.patient)
        #expect(queue.next()?.job == 2)
        var single = JobQueue<Int>(maximum: 10, connections: 1)
        _ = single.add(1, to: .patient)
        #expect(single.next()?.job == 1)
    }

    @Test("pauses between tries to connect double up to a bound, and are cut short by chance")
    func pauses() {
        var machine = ReconnectMachine()
        #expect(machine.pause(at: 0) == 0)
        var pauses: [Int64] = []
        for _ in 0..<10 {
            machine.failed(at: 1000, chance: 1)
            pauses.append(machine.pause(at: 1000))
        }
        #expect(pauses == [100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000, 5000])
        #expect(machine.pause(at: 1000 + 4990) == 10)
        #expect(machine.pause(at: 99_999) == 0)
        machine.failed(at: 0, chance: 0)
        #expect(machine.pause(at: 0) == 2500)
        machine.connected()
        machine.failed(at: 0, chance: 0)
        #expect(machine.pause(at: 0) == 50)
    }

    @Test(
        "an address that is none is refused without a word of it", arguments: ["", "host=x", "postgres://a:s3cret@[/"])
    func badAddress(url: String) throws {
        let error = try #require(throws: PostgresSettings.InvalidAddress.self) { try PostgresSettings(url: url) }
        #expect(!"\(error)".contains("s3cret"))
    }

    @Test("the password is in no message")
    func password() async throws {
        var settings = try PostgresSettings(url: "postgresql://shop:s3cret@127.0.0.1:1/ledger")
        #expect(settings.name == "127.0.0.1:1/ledger")
        #expect(settings.redacted("the s3cret is s3cret") == "the *** is ***")
        settings.connections = 1
        let client = PostgresClient(settings)
        let failure = try await failure { () async throws(PostgresFailure) in
            try await client.transaction(.snapshot, .urgent) { _ in }
        }
        client.close()
        guard case .unavailable(let reason) = failure else { throw failure }
        #expect(reason.contains("refused") && !"\(failure)".contains("s3cret"))
    }
}
