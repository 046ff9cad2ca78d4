/// The address that buyers and providers see.
public enum PublicURL {
    /// The host of an `http` or `https` address; nil when it is neither.
    public static func host(_ url: String) -> String? {
        guard let scheme = ["http://", "https://"].first(where: url.hasPrefix) else { return nil }
        let authority = url.dropFirst(scheme.count).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard !authority.isEmpty, !authority.contains("@") else { return nil }
        if authority.hasPrefix("[") {
            return authority.firstIndex(of: "]").map { String(authority[..<$0].dropFirst()) }
        }
        return String(authority.prefix { $0 != ":" })
    }

    /// Whether only this machine can reach it.
    public static func isLoopback(_ url: String) -> Bool {
        guard let host = host(url) else { return false }
        return host == "localhost" || IPAddress(text: host)?.isLoopback == true
    }
}
