/// Fields of a query or of a form (`application/x-www-form-urlencoded`), read strictly.
///
/// Whatever could be read in two ways is not read at all, because the signature covers only the decoded fields.
enum EpayForm {
    /// A notice has about ten fields; gateways may add a few.
    static let maximumFields = 64
    static let maximumNameLength = 64

    private static let digits = Array("0123456789ABCDEF".utf8)

    /// Nil for a broken percent escape, bytes that are not UTF-8, a repeated name, too many fields, or a name of other
    /// characters than letters, digits and `-._~`. So lists such as `a[]` are nil, and no name holds the `=` and `&` of
    /// the string to sign.
    static func decode(_ bytes: some Collection<UInt8>) -> [String: String]? {
        var fields: [String: String] = [:]
        for pair in bytes.split(separator: UInt8(ascii: "&")) {
            let end = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            guard fields.count < maximumFields, let name = text(pair[..<end]), isName(name),
                let value = text(pair[end...].dropFirst()), fields.updateValue(value, forKey: name) == nil
            else { return nil }
        }
        return fields
    }

    /// The fields in the order given.
    static func encode(_ fields: [(name: String, value: String)]) -> String {
        fields.map { "\(encode($0.name))=\(encode($0.value))" }.joined(separator: "&")
    }

    /// Everything but unreserved characters is escaped, so that a space cannot become a plus on its way.
    static func encode(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if isUnreserved(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Letters, digits and `-._~` (RFC 3986, section 2.3).
    static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }

    private static func isName(_ name: String) -> Bool {
        (1...maximumNameLength).contains(name.utf8.count) && name.utf8.allSatisfy(isUnreserved)
    }

    private static func text(_ escaped: some Sequence<UInt8>) -> String? {
        var bytes: [UInt8] = []
        var rest = escaped.makeIterator()
        while let byte = rest.next() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = rest.next().flatMap(digit), let low = rest.next().flatMap(digit) else { return nil }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
