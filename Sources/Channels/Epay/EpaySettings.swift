import Domain

/// What the owner sets for one gateway, checked.
struct EpaySettings: Sendable {
    let gateway: EpayAddress
    /// The merchant number, `pid`.
    let merchant: String
    let key: String
    /// How the buyer pays, such as `alipay`; nil leaves the choice to the gateway's own page.
    let type: String?
    let refundsAreOn: Bool

    private static let names: Set<String> = ["gateway", "key", "pid", "refunds", "type"]

    /// Errors: *invalid_request* that names the setting and never shows its value.
    init(_ given: [String: String]) throws(ShopError) {
        if let name = given.keys.filter({ !Self.names.contains($0) }).min() {
            throw .invalid("settings.\(name.prefix(64))", "is not a setting of an epay channel")
        }
        guard let gateway = EpayAddress(try Self.required("gateway", of: given)) else {
            throw .invalid(
                "settings.gateway",
                "must be an http or https address: a host, perhaps a port and a path of letters, digits and -._~")
        }
        self.gateway = gateway
        merchant = try Self.required("pid", of: given)
        guard Self.isText(merchant, upTo: 20, of: UInt8(ascii: "0")...UInt8(ascii: "9")) else {
            throw .invalid("settings.pid", "must have 1 to 20 digits")
        }
        key = try Self.required("key", of: given)
        guard Self.isText(key, upTo: 128, of: 0x21...0x7E) else {
            throw .invalid("settings.key", "must have 1 to 128 printable ASCII characters and no white space")
        }
        type = given["type"]
        if let type, !Self.isText(type, upTo: 20, of: UInt8(ascii: "a")...UInt8(ascii: "z")) {
            throw .invalid("settings.type", "must have 1 to 20 lower-case letters, such as alipay")
        }
        switch given["refunds"] {
        case "on": refundsAreOn = true
        case "off", nil: refundsAreOn = false
        default: throw .invalid("settings.refunds", "must be on or off")
        }
    }

    /// The settings as they are stored; what was left out stays out.
    var stored: [String: String] {
        var all = ["gateway": gateway.text, "pid": merchant, "key": key]
        all["type"] = type
        all["refunds"] = refundsAreOn ? "on" : nil
        return all
    }

    private static func required(_ name: String, of given: [String: String]) throws(ShopError) -> String {
        guard let value = given[name] else { throw .invalid("settings.\(name)", "is required") }
        return value
    }

    private static func isText(_ text: String, upTo length: Int, of characters: ClosedRange<UInt8>) -> Bool {
        (1...length).contains(text.utf8.count) && text.utf8.allSatisfy(characters.contains)
    }
}

extension EpaySettings {
    /// A text of the gateway in which the key, as it is or escaped for JSON or an address, is replaced by `***`.
    func masked(_ bytes: [UInt8]) -> String {
        let quoted = key.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        var rest = bytes
        // Bytes, since a character that combines with the key's last one would hide the key from a comparison of texts.
        for spelling in [quoted.replacing("/", with: "\\/"), quoted, EpayForm.encode(key), key] {
            rest = rest.replacing(Array(spelling.utf8), with: Array("***".utf8))
        }
        return String(decoding: rest, as: UTF8.self)
    }
}
