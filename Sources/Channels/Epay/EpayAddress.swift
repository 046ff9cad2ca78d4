/// The base address of a gateway.
struct EpayAddress: Hashable, Sendable {
    /// Without a slash at its end.
    let text: String
    /// Whether a secret may travel there: over TLS, or without leaving this machine.
    let keepsSecrets: Bool

    private static let maximumLength = 512

    /// Nil unless the text is `http://` or `https://`, a host, perhaps a port and perhaps a plain path.
    init?(_ given: String) {
        // After this, a character is a byte.
        guard given.utf8.count <= Self.maximumLength, given.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            let scheme = ["https://", "http://"].first(where: given.hasPrefix)
        else { return nil }
        let authority = given.dropFirst(scheme.count).prefix { $0 != "/" }
        var path = given.dropFirst(scheme.count + authority.count)
        guard let host = Self.host(authority),
            path.utf8.allSatisfy({ EpayForm.isUnreserved($0) || $0 == UInt8(ascii: "/") })
        else { return nil }
        while path.hasSuffix("/") { path.removeLast() }
        text = scheme + authority + path
        keepsSecrets = scheme == "https://" || Self.isLoopback(host)
    }

    /// The host without the brackets of an IPv6 address; nil when something is wrong with it or with the port.
    private static func host(_ authority: Substring) -> String? {
        let host: Substring
        let port: Substring
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            host = authority[..<end].dropFirst()
            port = authority[end...].dropFirst()
            guard host.contains(":"), host.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }) else { return nil }
        } else {
            host = authority.prefix { $0 != ":" }
            port = authority.dropFirst(host.count)
            guard !host.isEmpty, host.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "-" || $0 == "." }) else {
                return nil
            }
        }
        return isPort(port) ? host.lowercased() : nil
    }

    /// Nothing, or a colon and a number.
    private static func isPort(_ text: Substring) -> Bool {
        let digits = text.dropFirst()
        return text.isEmpty
            || text.hasPrefix(":") && (1...5).contains(digits.count) && digits.allSatisfy(\.isNumber)
                && Int(digits).map { (1...65_535).contains($0) } == true
    }

    /// `localhost`, `127.0.0.0/8` and `::1`, in their usual spelling only.
    private static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127"
            && parts.allSatisfy { part in UInt8(part).map { String($0) == part } ?? false }
    }
}
