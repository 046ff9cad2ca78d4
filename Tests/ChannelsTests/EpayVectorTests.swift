import Domain
import Foundation
import Shop
import Testing

@testable import Channels

/// One of the vectors that were made with a running gateway. What each algorithm does not have is nil.
struct EpayVector: Decodable, Sendable, CustomTestStringConvertible {
    struct Order: Decodable, Sendable {
        let pid: String
        let number: String
        let fen: Int64

        enum CodingKeys: String, CodingKey {
            case pid
            case number = "out_trade_no"
            case fen = "amount_fen"
        }
    }

    struct Inputs: Decodable, Sendable {
        let params: [String: String]?
        let query: String?
        let key: String?
        let order: Order?
        let status: Int?
        let body: String?

        enum CodingKeys: String, CodingKey {
            case params, key, order, body
            case query = "query_string"
            case status = "http_status"
        }
    }

    struct Expected: Decodable, Sendable {
        let text: String?
        let sign: String?
        let isValid: Bool?
        let isFulfilled: Bool?
        let isSuccess: Bool?

        enum CodingKeys: String, CodingKey {
            case sign
            case text = "string_to_sign"
            case isValid = "signature_valid"
            case isFulfilled = "fulfil"
            case isSuccess = "ok"
        }
    }

    let name: String
    let algorithm: String
    let inputs: Inputs
    let expected: Expected

    var testDescription: String { name }

    static func of(_ algorithm: String) throws -> [EpayVector] {
        struct File: Decodable { let vectors: [EpayVector] }
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Vectors/epay_v1.json")
        return try JSONDecoder().decode(File.self, from: Data(contentsOf: url)).vectors
            .filter { $0.algorithm == algorithm }
    }
}

@Suite("Epay vectors")
struct EpayVectorTests {
    private static func channel(_ vector: EpayVector) throws -> EpayChannel {
        try EpayFixtures.channel([
            "key": try #require(vector.inputs.key), "pid": try #require(vector.inputs.order).pid,
        ])
    }

    @Test("none is left out")
    func count() throws {
        #expect(try EpayVector.of("epay-v1-md5").count == 2)
        #expect(try EpayVector.of("epay-v1-md5-notify").count == 19)
        #expect(try EpayVector.of("epay-v1-answer").count == 7)
    }

    @Test("requests are signed as the gateway wants them", arguments: try EpayVector.of("epay-v1-md5"))
    func requests(vector: EpayVector) throws {
        let (fields, key) = (try #require(vector.inputs.params), try #require(vector.inputs.key))
        #expect(EpaySignature.text(fields) == vector.expected.text)
        #expect(EpaySignature.sign(fields, key: key) == vector.expected.sign)
        #expect(EpaySignature.isValid(vector.expected.sign, of: fields, key: key))
    }

    @Test("notices are authentic or forged", arguments: try EpayVector.of("epay-v1-md5-notify"))
    func notices(vector: EpayVector) throws {
        let query = try #require(vector.inputs.query)
        let reading = try Self.channel(vector).read(EpayFixtures.get(query))
        #expect((reading.notice != nil) == vector.expected.isValid)
        if let text = vector.expected.text {
            #expect(EpaySignature.text(try #require(EpayForm.decode(query.utf8))) == text)
        }
    }

    @Test("a notice delivers only the order that it pays", arguments: try EpayVector.of("epay-v1-md5-notify"))
    func fulfilment(vector: EpayVector) throws {
        let order = try #require(vector.inputs.order)
        let reading = try Self.channel(vector).read(EpayFixtures.get(try #require(vector.inputs.query)))
        let isPaid =
            reading.notice.map {
                $0.claim == .paid && $0.attempt == order.number && $0.amount == EpayFixtures.money(order.fen)
                    && $0.channel == EpayFixtures.name
            } ?? false
        #expect(isPaid == vector.expected.isFulfilled)
    }

    @Test("the same fields as a form read the same", arguments: try EpayVector.of("epay-v1-md5-notify"))
    func forms(vector: EpayVector) throws {
        let (query, channel) = (try #require(vector.inputs.query), try Self.channel(vector))
        #expect(channel.read(EpayFixtures.post(query)) == channel.read(EpayFixtures.get(query)))
    }

    @Test("answers say whether it was done", arguments: try EpayVector.of("epay-v1-answer"))
    func answers(vector: EpayVector) throws {
        let body = Array(try #require(vector.inputs.body).utf8)
        let isRefund = vector.name.contains("-refund-")
        #expect(EpayAnswer.isSuccess(body, call: isRefund ? .refund : .create) == vector.expected.isSuccess)
        guard isRefund else { return }
        let answer = ProviderAnswer(status: try #require(vector.inputs.status), body: body)
        let reading = try EpayFixtures.channel().readRefund(answer)
        #expect((reading == .claimedDone) == vector.expected.isSuccess)
    }
}
