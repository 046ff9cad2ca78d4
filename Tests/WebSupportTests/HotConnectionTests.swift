import Testing

@testable import WebSupport

@Suite("Hot connections")
struct HotConnectionTests {
    /// A story on one connection. Its words: `H` and `O` begin a hot and an ordinary request, `L` an ordinary one after
    /// which nothing is read; `b` and `e` are body and end; `i` ends the input, `f` is a failure; `A` writes the hot
    /// answer and `X` one that closes, `B` ends an answer of the handlers behind and `C` says that it closes; `q` is
    /// the stop of the shop and `g` the end of the connection; `n` and `y` tell whether the peer takes its answers.
    struct Story: CustomTestStringConvertible, Sendable {
        let name: String
        let events: String
        /// For each event: what was passed (`p`), taken (`t`), dropped (`d`) and made to wait (`w`), then `|` if
        /// reading is held up, and `Q` if the handlers behind hear of the stop.
        let expected: String

        init(_ name: String, _ events: String, _ expected: String) {
            self.name = name
            self.events = events
            self.expected = expected
        }

        var testDescription: String { name }
    }

    private static let stories = [
        Story("a hot request", "H b b e A", "tH tb tb te -"),
        Story("two in turn", "H b e A H b e A", "tH tb te - tH tb te -"),
        Story("an ordinary request", "O b e B", "pO pb pe -"),
        Story("ordinary ones may be pipelined", "O e O e B B H e", "pO pe pO pe - - tH te"),
        Story("hot after ordinary waits", "O e H b e B A", "pO pe wH| wb| we| tHtbte -"),
        Story("ordinary after hot waits", "H e O b e A B", "tH te wO| wb| we| pOpbpe -"),
        Story("hot after hot waits", "H e H e A A", "tH te wH| we| tHte -"),
        Story(
            "the queue is worked off in order", "H e H e O e H e A A B A",
            "tH te wH| we| wO| we| wH| we| tHte| pOpe| tHte -"),
        Story("a queue that ends within a body", "O e H b B b e A", "pO pe wH| wb| tHtb tb te -"),
        Story("an answer before the end of its request", "H A b e H e", "tH - db de tH te"),
        Story("an answer before the end, and then an ordinary request", "H b A b e O e", "tH tb - db de pO pe"),
        Story("an answer that closes", "H b X b e H b e O e", "tH tb - db de dH db de dO de"),
        Story("after an answer that closes a failure is nobody's", "H X f i", "tH - df pi"),
        Story("nothing is hot after the last request", "L e B H e", "pL pe - pH pe"),
        Story("nothing is hot after the last request, waiting or not", "L e H e B", "pL pe pH pe -"),
        Story("nothing is hot after an answer behind that closes", "O e H e C B", "pO pe wH| we| | pHpe"),
        Story("the end of input waits for the answer", "H e i A", "tH te wi| pi"),
        Story("the end of input within a request ends it", "H b i", "tH tb pi"),
        Story("the end of input after an ordinary request is passed", "O e i B", "pO pe pi -"),
        Story("the end of input behind a waiting request", "O e H e i B A", "pO pe wH| we| wi| tHte| pi"),
        Story("a failure waits for the answer", "H e f A", "tH te wf| pf"),
        Story("a failure within a request is told behind", "H b f B", "tH tb pf -"),
        Story("a failure within a request that is answered", "H A b f", "tH - db pf"),
        Story("a failure without a request", "f B H e", "pf - tH te"),
        Story("the shop stops when nothing is owed", "q", "Q"),
        Story("the shop stops while a hot request is read", "H b q b e A", "tH tb - tb te Q"),
        Story("the shop stops while a hot request is in flight", "H e q A", "tH te - Q"),
        Story("the shop stops while an ordinary request is answered", "O e q B", "pO pe - Q"),
        Story("the shop stops while a request waits", "O e H e q B A", "pO pe wH| we| | tHte Q"),
        Story("the shop stops and the queue goes on", "H e O e q A B", "tH te wO| we| | pOpe Q"),
        Story("the shop stops once", "q H e A", "Q tH te -"),
        Story("a peer that takes no answers is not read from", "H e n A y", "tH te | | -"),
        Story("a peer that takes no answers may wait for one", "n O e y B", "| pO| pe| - -"),
        Story("the connection ends in flight", "H e g", "tH te -"),
        Story("the connection ends while something waits", "O e H e g B", "pO pe wH| we| - -"),
    ]

    @Test("one side at a time, in order, nothing lost", arguments: stories)
    func story(_ story: Story) {
        var connection = HotConnection<String>()
        let told = story.events.split(separator: " ").map { Self.tell(String($0), to: &connection) }
        #expect(told.joined(separator: " ") == story.expected)
    }

    private static func tell(_ event: String, to connection: inout HotConnection<String>) -> String {
        var actions = ""
        if let arrival = arrivals[event] {
            actions = letter(connection.arrived(arrival, event)) + event
        } else {
            switch event {
            case "A", "X": connection.answered(closes: event == "X")
            case "B": connection.behindAnswered()
            case "C": connection.behindCloses()
            case "q": connection.quiesce()
            case "n", "y": connection.isWritable = event == "y"
            default: connection.gone()
            }
        }
        // After "C" the shell does nothing: the answer's end follows.
        if event != "C" {
            while let (verdict, item) = connection.next() { actions += letter(verdict) + item }
        }
        if !connection.mayRead { actions += "|" }
        if connection.takeQuiescing() { actions += "Q" }
        return actions.isEmpty ? "-" : actions
    }

    private static let arrivals: [String: HotConnection<String>.Arrival] = [
        "H": .head(.hot), "O": .head(.ordinary(isLast: false)), "L": .head(.ordinary(isLast: true)), "b": .body,
        "e": .end, "i": .inputClosed, "f": .failure,
    ]

    private static func letter(_ verdict: HotConnection<String>.Verdict) -> String {
        switch verdict {
        case .pass: "p"
        case .take: "t"
        case .drop: "d"
        case .wait: "w"
        }
    }

    @Test("whatever comes, nothing is lost, repeated or put out of order", arguments: 0..<200)
    func random(seed: Int) {
        var generator = SeededGenerator(state: UInt64(seed))
        var connection = HotConnection<Int>()
        var (sent, handled) = (0, [Int]())
        var isInRequest = false
        func drain() { while let (_, item) = connection.next() { handled.append(item) } }
        for _ in 0..<500 {
            switch UInt8.random(in: 0..<4, using: &generator) {
            case 0 where connection.owesHot && connection.mayRead == false: connection.answered(closes: false)
            case 1: connection.behindAnswered()
            default:
                let arrivals: [HotConnection<Int>.Arrival] =
                    isInRequest ? [.body, .end] : [.head(.hot), .head(.ordinary(isLast: false))]
                let arrival = arrivals.randomElement(using: &generator) ?? .end
                isInRequest = arrival != .end
                if connection.arrived(arrival, sent) != .wait { handled.append(sent) }
                sent += 1
            }
            drain()
        }
        for _ in 0..<1000 {
            if connection.owesHot { connection.answered(closes: false) }
            connection.behindAnswered()
            drain()
        }
        #expect(handled == Array(0..<sent))
    }
}

/// SplitMix64.
private struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
