import NIOCore
import Testing

@testable import Drill

@Suite("The journey of an order")
struct JourneyTests {
    private static func play(_ events: [Journey.Event], pays: Bool = true, delay: Int64 = 0) -> [Journey.Action] {
        var journey = Journey(pays: pays, payDelay: delay)
        return events.map { journey.handle($0) }
    }

    @Test("a paid order is read, and shows its cards")
    func delivered() {
        #expect(
            Self.play([.accepted, .paid(.done), .read(.delivered(isWhole: true)), .timeUp])
                == [.pay, .read, .end(.delivered), .nothing])
        #expect(Self.play([.accepted, .moment], delay: 5) == [.wait(5), .pay])
    }

    @Test("who does not want to pay does not")
    func unpaid() {
        #expect(Self.play([.accepted, .moment], pays: false) == [.end(.unpaid), .nothing])
        #expect(Self.play([.accepted, .timeUp], delay: 5) == [.wait(5), .end(.unpaid)])
    }

    @Test("too few or too many cards are no delivery")
    func wrongNumber() {
        #expect(Self.play([.accepted, .paid(.done), .read(.delivered(isWhole: false))]).last == .end(.failed))
    }

    @Test("a payment that is put off is tried again, less and less often")
    func putOff() {
        let actions = Self.play([.accepted, .paid(.later), .moment, .paid(.later), .moment, .paid(.done)])
        #expect(actions == [.pay, .wait(250_000_000), .pay, .wait(500_000_000), .pay, .read])
        var journey = Journey(pays: true, payDelay: 0)
        _ = journey.handle(.accepted)
        for _ in 0..<100 {
            guard case .wait(let pause) = journey.handle(.paid(.later)) else { return #expect(Bool(false)) }
            #expect(pause <= 2_000_000_000)
            #expect(journey.handle(.moment) == .pay)
        }
        #expect(Self.play([.accepted, .paid(.later), .timeUp]).last == .end(.failed))
    }

    @Test("an order that was paid is read until it is delivered, or the time is up")
    func undelivered() {
        let start: [Journey.Event] = [.accepted, .paid(.done), .read(.notYet), .moment, .read(.lost), .moment]
        #expect(Self.play(start + [.read(.delivered(isWhole: true))]).last == .end(.delivered))
        #expect(Self.play(start + [.timeUp]).last == .end(.undelivered))
        #expect(Self.play(start + [.read(.failed)]).last == .end(.failed))
    }

    @Test("a payment without an answer is unknown, unless the order shows that it came")
    func unknownPayment() {
        let start: [Journey.Event] = [.accepted, .paid(.unknown)]
        #expect(Self.play(start) == [.pay, .read])
        #expect(Self.play(start + [.read(.delivered(isWhole: true))]).last == .end(.delivered))
        #expect(Self.play(start + [.read(.notYet)]).last == .end(.unknown))
        #expect(Self.play(start + [.timeUp]).last == .end(.unknown))
        #expect(Self.play([.accepted, .paid(.failed)]).last == .end(.failed))
        #expect(Self.play([.accepted, .timeUp]).last == .end(.unknown))
    }

    @Test("a queued order is read until its cards are claimed, then paid")
    func queued() {
        let start: [Journey.Event] = [.queued, .moment, .read(.queued), .moment, .read(.lost), .moment]
        #expect(
            Self.play(start) == [.wait(250_000_000), .read, .wait(500_000_000), .read, .wait(1_000_000_000), .read])
        #expect(Self.play(start + [.read(.notYet)]).last == .pay)
        #expect(Self.play(start + [.read(.notYet)], pays: false).last == .end(.unpaid))
        #expect(Self.play(start + [.read(.rejected)]).last == .end(.rejected))
        #expect(Self.play(start + [.read(.delivered(isWhole: true))]).last == .end(.failed))
        #expect(Self.play(start + [.timeUp]).last == .end(.unclaimed))
        #expect(Self.play([.queued, .timeUp]).last == .end(.unclaimed))
        var journey = Journey(pays: true, payDelay: 0)
        _ = journey.handle(.queued)
        #expect(journey.isQueued)
        _ = (journey.handle(.moment), journey.handle(.read(.notYet)))
        #expect(!journey.isQueued)
    }

    @Test("an order cannot be rejected once it was paid")
    func rejectedLate() {
        #expect(Self.play([.accepted, .paid(.done), .read(.rejected)]).last == .end(.failed))
        #expect(Self.play([.accepted, .paid(.done), .read(.queued), .timeUp]).last == .end(.undelivered))
        #expect(Self.play([.accepted, .paid(.unknown), .read(.queued)]).last == .end(.unknown))
    }

    @Test("what does not belong to a step changes nothing")
    func stray() {
        #expect(Self.play([.moment, .paid(.done), .read(.notYet)]) == [.nothing, .nothing, .nothing])
        #expect(Self.play([.accepted, .moment, .read(.lost)]) == [.pay, .nothing, .nothing])
    }
}

@Suite("What answers say")
struct AnswerTests {
    private static func reply(_ status: Int, _ body: String = "{}") -> Reply {
        var bytes = Wire.answer(status, body)
        var reader = HTTPAnswerReader()
        return (try? reader.next(&bytes)).flatMap { $0 }.map { Reply.answer($0) } ?? .malformed
    }

    private static let order = #"{"id":"i","token":"t","status":"awaiting_payment"}"#

    @Test("each answer to an order has one outcome")
    func placing() {
        let table: [(Int, String, PlaceOutcome)] = [
            (201, Self.order, .accepted), (202, Self.order, .accepted), (200, Self.order, .repeated),
            (201, "{}", .failed), (201, "", .failed), (201, #"{"id":"","token":"t"}"#, .failed),
            (409, #"{"code":"sold_out"}"#, .soldOut), (409, #"{"code": "sold_out"}"#, .soldOut),
            (409, #"{"code":"limit_reached"}"#, .limited), (409, #"{"code":"not_on_sale"}"#, .refused),
            (409, #"{"code":"wrong_state"}"#, .failed), (409, "", .failed), (429, "{}", .refused),
            (503, "{}", .refused), (504, "{}", .unknown), (500, "{}", .failed), (400, "{}", .failed),
            (422, "{}", .failed), (404, "{}", .failed), (302, "{}", .failed),
        ]
        for (status, body, outcome) in table {
            let answer = PlaceAnswer(Self.reply(status, body))
            #expect(answer.outcome == outcome, "\(status) \(body)")
            #expect((answer.order != nil) == [.accepted, .repeated].contains(outcome))
        }
        #expect(PlaceAnswer(Self.reply(202, Self.order)).order?.isQueued == false)
        let queued = #"{"id":"i","token":"t","status":"queued"}"#
        for status in [200, 202] { #expect(PlaceAnswer(Self.reply(status, queued)).order?.isQueued == true) }
        #expect(PlaceAnswer(.lost).outcome == .unknown)
        #expect(PlaceAnswer(.malformed).outcome == .failed)
    }

    @Test("a look at an order counts the cards")
    func reading() {
        func answer(_ status: Int, _ body: String) -> String {
            "\(OrderView(Self.reply(status, body), quantity: 2).answer)"
        }
        let whole = #"{"status":"delivered","cards":["a","b\n"]}"#
        #expect(answer(200, whole) == "\(ReadAnswer.delivered(isWhole: true))")
        #expect(OrderView(Self.reply(200, whole), quantity: 2).cards == ["a", "b\n"])
        #expect(answer(200, #"{"status":"delivered","cards":["a"]}"#) == "\(ReadAnswer.delivered(isWhole: false))")
        #expect(answer(200, #"{"status":"delivered"}"#) == "\(ReadAnswer.delivered(isWhole: false))")
        #expect(answer(200, #"{"status":"paid"}"#) == "\(ReadAnswer.notYet)")
        #expect(answer(200, #"{"status":"queued"}"#) == "\(ReadAnswer.queued)")
        #expect(answer(200, #"{"status":"rejected"}"#) == "\(ReadAnswer.rejected)")
        #expect(answer(200, "[]") == "\(ReadAnswer.failed)")
        #expect(answer(503, "{}") == "\(ReadAnswer.lost)")
        #expect(answer(404, "{}") == "\(ReadAnswer.failed)")
    }

    @Test("an answer in any pieces is read the same")
    func pieces() throws {
        let whole = Wire.answer(201, Self.order)
        for cut in 1..<whole.readableBytes {
            var (reader, bytes) = (HTTPAnswerReader(), whole)
            var first = bytes.readSlice(length: cut) ?? bytes
            #expect(try reader.next(&first) == nil)
            first.writeBuffer(&bytes)
            let answer = try #require(try reader.next(&first))
            #expect(answer.status == 201 && answer.isLast == false)
            #expect(String(buffer: answer.body) == Self.order)
            #expect(first.readableBytes == 0)
        }
    }

    @Test(
        "what is not such an answer is refused",
        arguments: [
            "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 99 OK\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", "nonsense nonsense\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", String(repeating: "x", count: 40_000),
        ])
    func refused(text: String) {
        #expect(throws: HTTPAnswerReader.Malformed.self) {
            var (reader, bytes) = (HTTPAnswerReader(), Wire.bytes(text))
            return try reader.next(&bytes)
        }
    }

    @Test("an order's bytes are a whole request, with the buyer's key and contact")
    func request() {
        let requests = OrderRequests(host: "h:1", slug: "s", quantity: 3)
        var buffer = Wire.bytes("left over")
        requests.place(contact: 0xAB, key: (1, 0xFFFF_FFFF_FFFF_FFFE), into: &buffer)
        let body = #"{"product":"s","quantity":3,"contact":"00000000000000ab@drill.example","channel":"sandbox"}"#
        #expect(
            String(buffer: buffer) == """
                POST /api/v1/orders HTTP/1.1\r\nHost: h:1\r\n\
                Idempotency-Key: 0000000000000001fffffffffffffffe\r\nContent-Type: application/json\r\n\
                Content-Length: \(body.utf8.count)\r\n\r\n\(body)
                """)
    }

    @Test("each buyer has an address, the same in all requests")
    func forwarded() {
        let requests = OrderRequests(host: "h:1", slug: "s", quantity: 1, isForwarded: true)
        let field = "\r\nX-Forwarded-For: 2001:5678:1234:abcd::1\r\n"
        let order = PlaceAnswer.Order(id: "i", token: "t", status: nil)
        let contact: UInt64 = 0xABCD_1234_5678_9999
        var buffers = [ByteBuffer(), ByteBuffer(), ByteBuffer()]
        requests.place(contact: contact, key: (1, 2), into: &buffers[0])
        requests.pay(order, contact: contact, into: &buffers[1])
        requests.read(order, contact: contact, into: &buffers[2])
        for buffer in buffers {
            let text = String(buffer: buffer)
            #expect(text.contains(field), "\(text)")
            #expect(text.contains("Host: h:1\r\n"))
        }
        #expect(String(buffer: buffers[0]).contains("Idempotency-Key: 00000000000000010000000000000002\r\n"))
        #expect(String(buffer: buffers[0]).contains(#""contact":"abcd123456789999@drill.example""#))
    }
}
