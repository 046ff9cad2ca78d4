import Domain
import Shop
import Testing

@testable import Channels

@Suite("Epay callbacks")
struct EpayCallbackTests {
    private let channel: EpayChannel

    init() throws { channel = try EpayFixtures.channel() }

    private func read(_ changes: [String: String?]) -> CallbackReading {
        var fields = EpayFixtures.notice
        for (name, value) in changes { fields[name] = value }
        return channel.read(EpayFixtures.get(EpayFixtures.signed(fields)))
    }

    @Test("a right one says what was paid")
    func right() {
        #expect(
            read([:])
                == .authentic(
                    PaymentNotice(
                        channel: EpayFixtures.name, providerEvent: "2026010203040500001",
                        attempt: EpayFixtures.attempt.id.text, amount: EpayFixtures.money(1990))))
    }

    // MARK: Tampering

    /// The notice with one bit of one field's name or value changed, for every bit of every field.
    private static func flips(of fields: [String: String]) -> [[(name: String, value: [UInt8])]] {
        func flipped(_ bytes: [UInt8]) -> [[UInt8]] {
            (0..<bytes.count * 8).map { bit in
                var copy = bytes
                copy[bit / 8] ^= 1 << (bit % 8)
                return copy
            }
        }
        return fields.flatMap { name, value in
            let rest = fields.filter { $0.key != name }.map { (name: $0.key, value: Array($0.value.utf8)) }
            let values = flipped(Array(value.utf8)).map { rest + [(name: name, value: $0)] }
            let names = flipped(Array(name.utf8)).compactMap { String(validating: $0, as: UTF8.self) }
            return values + names.map { rest + [(name: $0, value: Array(value.utf8))] }
        }
    }

    /// Every byte escaped, so that any byte can be sent.
    private static func query(_ fields: [(name: String, value: [UInt8])]) -> String {
        func escaped(_ bytes: [UInt8]) -> String {
            bytes.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
        return fields.map { "\(escaped(Array($0.name.utf8)))=\(escaped($0.value))" }.joined(separator: "&")
    }

    @Test("one changed bit anywhere in the signed fields is refused")
    func flippedBits() throws {
        var fields = EpayFixtures.notice
        fields["param"] = "u=7;来源=首页"
        let proof = ["sign": EpaySignature.sign(fields, key: EpayFixtures.key), "sign_type": "MD5"]
        let tail = "&" + EpayFixtures.query(proof)
        let untouched = fields.map { (name: $0, value: Array($1.utf8)) }
        #expect(channel.read(EpayFixtures.get(Self.query(untouched) + tail)).notice != nil)
        let flips = Self.flips(of: fields)
        var readable = 0
        for flip in flips {
            let query = Self.query(flip) + tail
            #expect(channel.read(EpayFixtures.get(query)) == .forged, "\(query)")
            if EpayForm.decode(query.utf8) != nil { readable += 1 }
        }
        // Most must fail by the signature, not because they cannot be read.
        #expect(flips.count > 1000)
        #expect(readable > flips.count / 2)
    }

    @Test("one changed digit of the signature is refused, and so is any other text in its place")
    func flippedSignature() {
        let fields = EpayFixtures.notice
        let sign = EpaySignature.sign(fields, key: EpayFixtures.key)
        let digits = Array("0123456789abcdef")
        var wrong = [
            "", " ", sign + "0", String(sign.dropLast()), " " + sign, sign + " ", sign + "\n", sign.uppercased(),
            String(repeating: "0", count: 32), EpaySignature.sign(fields, key: ""),
            EpaySignature.sign(fields, key: EpayFixtures.key + "A"),
        ]
        for position in 0..<32 {
            for digit in digits {
                var copy = Array(sign)
                guard copy[position] != digit else { continue }
                copy[position] = digit
                wrong.append(String(copy))
            }
        }
        for sign in wrong {
            let query = EpayFixtures.query(fields.merging(["sign": sign]) { _, new in new })
            #expect(channel.read(EpayFixtures.get(query)) == .forged, "\(sign)")
        }
    }

    @Test("a repeated parameter is refused, whatever it is and wherever it stands")
    func repeated() {
        let query = EpayFixtures.signed(EpayFixtures.notice)
        for pair in query.split(separator: "&") {
            #expect(channel.read(EpayFixtures.get("\(query)&\(pair)")) == .forged)
            #expect(channel.read(EpayFixtures.get("\(pair)&\(query)")) == .forged)
        }
        #expect(channel.read(EpayFixtures.get("\(query)&remark=")).notice != nil)
        #expect(channel.read(EpayFixtures.get("\(query)&remark=&remark=")) == .forged)
        #expect(channel.read(EpayFixtures.get("\(query)&%6doney=0.01")) == .forged)
    }

    @Test(
        "the notice does not choose the algorithm",
        arguments: ["RSA", "md5", "MD5 ", " MD5", "", "HMAC", "SHA256", "MD5,RSA"])
    func algorithm(name: String) {
        let fields = EpayFixtures.notice
        let proof = ["sign": EpaySignature.sign(fields, key: EpayFixtures.key), "sign_type": name]
        let query = EpayFixtures.query(fields.merging(proof) { _, new in new })
        #expect(channel.read(EpayFixtures.get(query)) == .forged)
    }

    @Test("what can be read in two ways is not read")
    func ambiguous() {
        let query = EpayFixtures.signed(EpayFixtures.notice)
        let added = [
            "a[]=", "a[0]=", "a%5B%5D=", "=", "=1", "remark=%20", "remark=+", "remark=%09%0d%0a", "remark=%00",
            "remark=%E3%80%80", "remark=%", "remark=%4", "remark=%zz", "remark=%ff", "remark=%c0%80", "%ff=", "a%26b=",
            "a%3Db=", "a b=", "%C3%A9=",
        ]
        for pair in added { #expect(channel.read(EpayFixtures.get("\(query)&\(pair)")) == .forged, "\(pair)") }
        let many = (0..<EpayForm.maximumFields).map { "a\($0)=" }.joined(separator: "&")
        #expect(channel.read(EpayFixtures.get("\(query)&\(many)")) == .forged)
        #expect(channel.read(EpayFixtures.get("\(query)&&remark&")).notice != nil)
    }

    @Test("a right signature over blank or listed fields is refused as well")
    func signedButAmbiguous() {
        #expect(read(["remark": " "]) == .forged)
        #expect(read(["remark": "\u{3000}\t"]) == .forged)
        #expect(read(["remark[]": "1"]) == .forged)
        #expect(read(["a=b": "1"]) == .forged)
    }

    @Test("a payment has one number, however the signed string is split into fields")
    func split() {
        // The string to sign is the same for both, the payment's number would not be.
        let joined = ["trade_node": nil, "trade_no": "2026010203040500001&trade_node=7"] as [String: String?]
        #expect(read(["trade_node": "7"]).notice?.providerEvent == "2026010203040500001")
        #expect(read(joined) == .forged)
        #expect(read(["out_trade_no": "A&param=1"]) == .forged)
    }

    // MARK: Ways of sending

    @Test("fields come as a query or as a form, never as both")
    func ways() {
        let fields = EpayFixtures.signed(EpayFixtures.notice)
        #expect(channel.read(EpayFixtures.post(fields)).notice != nil)
        #expect(
            channel.read(EpayFixtures.post(fields, type: "Application/X-WWW-Form-Urlencoded; charset=UTF-8")).notice
                != nil)
        #expect(channel.read(EpayFixtures.post("", type: "text/plain", query: fields)).notice != nil)
        for type in [nil, "", "text/plain", "application/json", "multipart/form-data"] {
            #expect(channel.read(EpayFixtures.post(fields, type: type)) == .forged)
        }
        #expect(channel.read(EpayFixtures.post(fields, query: fields)) == .forged)
        #expect(channel.read(EpayFixtures.post(fields, query: "a=")) == .forged)
        #expect(channel.read(EpayFixtures.post("a=", query: fields)) == .forged)
        #expect(channel.read(EpayFixtures.get("")) == .forged)
        let bytes = CallbackRequest(
            query: "", contentType: "application/x-www-form-urlencoded", body: Array("\(fields)&a=".utf8) + [0xFF])
        #expect(channel.read(bytes) == .forged)
    }

    // MARK: What is said

    @Test("every field that matters is checked after the signature")
    func fields() {
        #expect(read(["pid": "1009"]).notice?.claim == .paidToAnother)
        #expect(read(["pid": nil]).notice?.claim == .paidToAnother)
        #expect(read(["pid": "01001"]).notice?.claim == .paidToAnother)
        for status in [nil, "", "TRADE_CLOSED", "trade_success", "TRADE_SUCCESS ", "TRADE_SUCCESSFUL"] {
            #expect(read(["trade_status": status]).notice?.claim == .notPaid)
            #expect(read(["trade_status": status, "pid": "1009"]).notice?.claim == .notPaid)
        }
        #expect(read(["trade_no": nil]) == .forged)
        #expect(read(["out_trade_no": nil]) == .forged)
        for number in ["", "é", "a\u{7F}", "a\n", String(repeating: "1", count: 129)] {
            #expect(read(["trade_no": number]) == .forged)
            #expect(read(["out_trade_no": number]) == .forged)
        }
        let longest = String(repeating: "1", count: 128)
        #expect(read(["trade_no": longest]).notice?.providerEvent == longest)
        #expect(read(["out_trade_no": longest]).notice?.attempt == longest)
    }

    @Test(
        "an amount that cannot be trusted is no amount",
        arguments: ["1e2", "-1", "+1", " 1", "1,00", "¥1", "19.899"])
    func amounts(text: String) throws {
        let notice = try #require(read(["money": text]).notice)
        #expect(notice.amount == nil)
        #expect(notice.claim == .paid)
    }

    @Test("an absent amount is no amount")
    func noAmount() throws {
        #expect(try #require(read(["money": nil]).notice).amount == nil)
        #expect(try #require(read(["money": ""]).notice).amount == nil)
    }

    @Test("a name that holds the separators changes nothing but the name")
    func separators() throws {
        let notice = try #require(read(["name": "a&money=0.01&out_trade_no=B&x=&amp;"]).notice)
        #expect(notice.amount == EpayFixtures.money(1990))
        #expect(notice.attempt == EpayFixtures.attempt.id.text)
    }
}
