import NIOCore
import Testing

@testable import RedisClient

@Suite("The machines of a connection")
struct MachineTests {
    private static func settings(_ change: (inout RedisSettings) -> Void = { _ in }) throws -> RedisSettings {
        var settings = try RedisSettings(url: "redis://localhost")
        change(&settings)
        return settings
    }

    // MARK: The link

    private static func link(greetings: Int) -> LinkMachine {
        LinkMachine(backoff: Backoff(100...1000), greetings: greetings)
    }

    @Test("a link is up once every greeting is answered, and only then passes replies on")
    func greeting() {
        var link = Self.link(greetings: 2)
        #expect(link.start() == [.dial])
        #expect(link.start() == [])
        #expect(link.connected() == [.greet])
        #expect(link.received(.status("OK")) == [])
        #expect(link.received(.status("OK")) == [.up])
        #expect(link.received(.integer(1)) == [.pass(.integer(1))])
        #expect(link.greetingOverdue() == [])
    }

    @Test("a greeting that is refused or not answered cuts the link, which is dialled anew")
    func refused() {
        var link = Self.link(greetings: 1)
        _ = link.start()
        _ = link.connected()
        #expect(link.received(.error("WRONGPASS")) == [.complain("WRONGPASS"), .cut])
        #expect(link.closed(random: 0) == [.redial(50)])
        #expect(link.redialDue() == [.dial])
        _ = link.connected()
        #expect(link.greetingOverdue().last == .cut)
        #expect(link.closed(random: 0) == [.redial(100)])
    }

    @Test("a link that was up tells that it is down, once, and waits the shortest time again")
    func down() {
        var link = Self.link(greetings: 1)
        _ = link.start()
        #expect(link.closed(random: 0) == [.redial(50)])
        #expect(link.redialDue() == [.dial])
        #expect(link.connected() == [.greet])
        #expect(link.received(.status("PONG")) == [.up])
        #expect(link.abandon() == [.down, .cut])
        #expect(link.abandon() == [])
        #expect(link.received(.integer(1)) == [])
        #expect(link.closed(random: 0) == [.redial(50)])
        #expect(link.closed(random: 0) == [])
    }

    @Test("an ended link is not dialled any more, and a connection that comes late is cut")
    func ended() {
        var link = Self.link(greetings: 1)
        _ = link.start()
        #expect(link.end() == [])
        #expect(link.connected() == [.cut])
        #expect(link.closed(random: 0) == [])
        #expect(link.redialDue() == [])
    }

    @Test("waits grow to the longest, half of each at random")
    func backoff() {
        var backoff = Backoff(100...1000)
        let waits = (0..<5).map { _ in backoff.next(random: 0) }
        #expect(waits == [50, 100, 200, 400, 500])
        backoff.reset()
        #expect(backoff.next(random: 50) == 100)
        #expect((100...200).contains(backoff.next(random: .max)))
        #expect((200...400).contains(backoff.next(random: 12_345)))
    }

    // MARK: Commands

    private static let start = NIODeadline.uptimeNanoseconds(0)

    private static func commands(_ change: (inout RedisSettings) -> Void = { _ in }) throws -> CommandMachine<Int> {
        var machine = CommandMachine<Int>(try settings(change))
        machine.cameUp()
        return machine
    }

    @Test("the first command of a tick asks for a flush, and replies come in order")
    func order() throws {
        var machine = try Self.commands()
        let deadline = Self.start + .milliseconds(2000)
        #expect(machine.send(1, bytes: 1, now: Self.start) == .write(flush: true, timer: deadline))
        #expect(machine.send(2, bytes: 1, now: Self.start) == .write(flush: false, timer: nil))
        #expect(machine.flushed() == true)
        #expect(machine.flushed() == false)
        #expect(machine.send(3, bytes: 1, now: Self.start) == .write(flush: true, timer: nil))
        #expect(machine.replied() == 1)
        #expect(machine.replied() == 2)
        #expect(machine.replied() == nil, "the third was not even written")
    }

    @Test("past a bound a command is refused, and taken again after a reply")
    func bounds() throws {
        var machine = try Self.commands {
            $0.pendingCommands = 3
            $0.pendingBytes = 10
            $0.commandBytes = 8
        }
        #expect(machine.send(0, bytes: 9, now: Self.start) == .refuse(.refused))
        _ = machine.send(1, bytes: 8, now: Self.start)
        #expect(machine.send(2, bytes: 3, now: Self.start) == .refuse(.refused))
        _ = machine.send(3, bytes: 1, now: Self.start)
        _ = machine.send(4, bytes: 1, now: Self.start)
        #expect(machine.send(5, bytes: 0, now: Self.start) == .refuse(.refused))
        _ = machine.flushed()
        #expect(machine.replied() == 1)
        #expect(machine.send(6, bytes: 8, now: Self.start) == .write(flush: true, timer: nil))
    }

    @Test("what was written is unknown after a loss, what was not is unavailable, and so is all that follows")
    func loss() throws {
        var machine = try Self.commands()
        _ = machine.send(1, bytes: 1, now: Self.start)
        _ = machine.flushed()
        _ = machine.send(2, bytes: 1, now: Self.start)
        let lost = machine.wentDown()
        #expect(lost.map(\.waiting) == [1, 2])
        #expect(lost.map(\.error) == [.unknown, .unavailable])
        #expect(machine.send(3, bytes: 1, now: Self.start) == .refuse(.unavailable))
        #expect(machine.depth == 0)
    }

    @Test("one timer watches the oldest command")
    func deadline() throws {
        var machine = try Self.commands()
        func at(_ milliseconds: Int64) -> NIODeadline { Self.start + .milliseconds(milliseconds) }
        _ = machine.send(1, bytes: 1, now: at(0))
        _ = machine.send(2, bytes: 1, now: at(500))
        _ = machine.flushed()
        _ = machine.replied()
        #expect(machine.timerFired(now: at(2000)) == .later(at(2500)))
        #expect(machine.timerFired(now: at(2500)) == .giveUp)
        _ = machine.wentDown()
        machine.cameUp()
        #expect(machine.send(3, bytes: 1, now: at(3000)) == .write(flush: true, timer: at(5000)))
        _ = machine.flushed()
        _ = machine.replied()
        #expect(machine.timerFired(now: at(5000)) == .none)
        #expect(machine.send(4, bytes: 1, now: at(6000)) == .write(flush: true, timer: at(8000)))
    }

    // MARK: Subscriptions

    @Test("a channel is asked for once, whoever listens, again after a loss, and let go with the last")
    func subscriptions() {
        var machine = SubscriptionMachine<Int>(maximum: 2)
        #expect(machine.add(1, to: "c").send == nil)
        #expect(machine.cameUp() == [RedisCommand("SUBSCRIBE", "c")])
        let second = machine.add(2, to: "c")
        #expect(second.number != nil && second.send == nil)
        #expect(machine.add(3, to: "d").number == nil, "too many")
        let message = RedisValue.array([.bytes(Array("message".utf8)), .bytes([0x63]), .bytes([7])])
        guard case .message([1, 2], [7]) = machine.received(message) else { return #expect(Bool(false), "not heard") }
        machine.wentDown()
        #expect(machine.cameUp() == [RedisCommand("SUBSCRIBE", "c")])
        #expect(machine.remove(1, from: "c") == nil)
        #expect(machine.remove(second.number ?? 0, from: "c") == RedisCommand("UNSUBSCRIBE", "c"))
        guard case .message([], [7]) = machine.received(message) else { return #expect(Bool(false), "still heard") }
    }

    @Test("a question that nobody answered means that the connection is dead")
    func silence() {
        var machine = SubscriptionMachine<Int>(maximum: 2)
        #expect(machine.ping() == true, "there is no connection yet")
        _ = machine.cameUp()
        #expect(machine.ping() == true)
        _ = machine.received(.array([]))
        #expect(machine.ping() == true)
        #expect(machine.ping() == false)
    }

    // MARK: Settings

    @Test("addresses are read")
    func addresses() throws {
        let plain = try RedisSettings(url: "redis://localhost")
        #expect(plain.host == "localhost" && plain.port == 6379 && plain.database == 0 && !plain.isEncrypted)
        let whole = try RedisSettings(url: "rediss://bob:p%40ss@[::1]:7000/3")
        #expect(whole.host == "::1" && whole.port == 7000 && whole.database == 3 && whole.isEncrypted)
        #expect(whole.user == "bob" && whole.password == "p@ss")
        #expect("\(whole)" == "rediss://::1:7000/3", "it shows no password")
        let password = try RedisSettings(url: "redis://:secret@10.0.0.1/")
        #expect(password.user == nil && password.password == "secret")
    }

    @Test(
        "what is no address is refused",
        arguments: [
            "", "localhost", "http://localhost", "redis://", "redis://h/x", "redis://h/-1", "redis://h/0?a=b",
            "redis://bob@h", "redis://h:0", "redis://h:70000",
        ])
    func invalid(text: String) { #expect(throws: RedisSettings.Invalid.self) { try RedisSettings(url: text) } }
}
