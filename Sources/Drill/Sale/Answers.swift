import Foundation
import NIOCore

/// What came back on a connection.
enum Reply: Sendable {
    case answer(HTTPAnswer)
    /// Something that is not an answer.
    case malformed
    /// The connection broke, or the time was up.
    case lost
}

/// What an answer to a new order says.
struct PlaceAnswer: Sendable {
    /// The order that was named, with the token that opens it.
    struct Order: Decodable, Sendable {
        let id: String
        let token: String
        let status: String?

        /// Whether it is written down and no card is claimed yet.
        var isQueued: Bool { status == "queued" }
    }

    let outcome: PlaceOutcome
    let order: Order?

    init(_ reply: Reply) {
        switch reply {
        case .lost: (outcome, order) = (.unknown, nil)
        case .malformed: (outcome, order) = (.failed, nil)
        case .answer(let answer):
            switch answer.status {
            case 200, 201, 202:
                order = answer.decode(Order.self).flatMap { $0.id.isEmpty || $0.token.isEmpty ? nil : $0 }
                outcome = order == nil ? .failed : answer.status == 200 ? .repeated : .accepted
            case 409: (outcome, order) = (Self.conflict(answer), nil)
            case 429, 503: (outcome, order) = (.refused, nil)
            case 504: (outcome, order) = (.unknown, nil)
            default: (outcome, order) = (.failed, nil)
            }
        }
    }

    private static let soldOut = Array(#""code":"sold_out""#.utf8)

    /// Nearly all answers of a flash sale are this one, so its text is looked for before anything is decoded.
    private static func conflict(_ answer: HTTPAnswer) -> PlaceOutcome {
        if answer.contains(soldOut) { return .soldOut }
        switch answer.code {
        case "sold_out": return .soldOut
        case "limit_reached": return .limited
        case "not_on_sale": return .refused
        default: return .failed
        }
    }
}

extension PayAnswer {
    init(_ reply: Reply) {
        switch reply {
        case .lost: self = .unknown
        case .malformed: self = .failed
        case .answer(let answer):
            switch answer.status {
            case 200: self = .done
            case 409 where answer.code == "not_ready": self = .later
            case 429, 503: self = .later
            case 504: self = .unknown
            default: self = .failed
            }
        }
    }
}

/// What a look at an order showed, with the cards.
struct OrderView: Sendable {
    private struct Body: Decodable {
        let status: String
        let cards: [String]?
    }

    let answer: ReadAnswer
    let cards: [String]

    init(_ reply: Reply, quantity: Int) {
        var cards: [String] = []
        switch reply {
        case .lost: answer = .lost
        case .malformed: answer = .failed
        case .answer(let reply) where reply.status == 200:
            let body = reply.decode(Body.self)
            switch body?.status {
            case "delivered":
                cards = body?.cards ?? []
                answer = .delivered(isWhole: cards.count == quantity)
            case "queued": answer = .queued
            case "rejected": answer = .rejected
            case nil: answer = .failed
            default: answer = .notYet
            }
        case .answer(let reply): answer = [429, 503, 504].contains(reply.status) ? .lost : .failed
        }
        self.cards = cards
    }
}

extension HTTPAnswer {
    private struct ProblemBody: Decodable {
        let code: String
    }

    /// The code of a refusal.
    var code: String? { decode(ProblemBody.self)?.code }

    func decode<Value: Decodable>(_ type: Value.Type) -> Value? {
        try? JSONDecoder().decode(type, from: Data(body.readableBytesView))
    }

    func contains(_ text: [UInt8]) -> Bool {
        body.withUnsafeReadableBytes { bytes in
            guard bytes.count >= text.count else { return false }
            for start in 0...(bytes.count - text.count) where bytes[start] == text[0] {
                if text.indices.allSatisfy({ bytes[start + $0] == text[$0] }) { return true }
            }
            return false
        }
    }
}
