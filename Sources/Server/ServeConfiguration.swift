import Configuration
public import Domain
import Shop
import WebSupport

/// A host and a port to listen on.
public struct ListenAddress: Hashable, Sendable {
    /// Name or address; IPv6 without brackets.
    public let host: String
    /// 0 lets the system choose.
    public let port: Int

    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Nil unless the text is `HOST:PORT` or `[IPV6]:PORT`.
    public init?(text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65_535).contains(port)
        else { return nil }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        guard !host.isEmpty else { return nil }
        self.host = host
        self.port = port
    }

    /// The address as a URL with the port that was really bound.
    public func url(port: Int) -> String {
        "http://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }
}

/// What the operator has set, read once at start.
public struct ServeConfiguration: Sendable {
    /// The folder of the shop; nil for a node of a cluster, which keeps nothing.
    public var data: String?
    /// Where buyers come.
    public var listen: ListenAddress
    /// Where providers call; with the buyers when nil.
    public var listenCallbacks: ListenAddress?
    /// Where the owner works; with the buyers when nil.
    public var listenAdmin: ListenAddress?
    /// Which roles run here.
    public var roles: Set<Role> = Set(Role.allCases)
    /// Whether to put a demo catalog into an empty shop.
    public var isDemo = false
    /// Bearer token of the admin API; secret.
    public var adminToken: String?
    /// 32 bytes in base64; secret.
    public var masterKey: String?
    /// The address that buyers and providers see; the listen address when nil.
    public var publicURL: String?
    /// Proxies whose forwarding header is believed.
    public var trustedProxies: [AddressRange] = []
    /// Whether a sandbox may be enabled on a public address.
    public var allowsSandbox = false
    /// Bound of the ledger's file in pages of 4 KiB, to rehearse a full disk.
    public var maximumPages: Int?
    /// Whether orders are answered on the event loop of their connection, in front of Hummingbird.
    public var usesHotRoute = true
    /// Where the engines of the cluster are; nil for a shop on one machine.
    public internal(set) var cluster: ClusterSettings?
    /// The program that holds drills; this one when nil.
    public var program: String?
    /// What came of the restore for which the process begins anew.
    var lastRestore: RestoreOutcome?
    /// Every bound.
    public var limits = Limits()

    /// What a node does.
    public enum Role: String, CaseIterable, Sendable {
        /// API and pages.
        case web
        /// Places orders.
        case orders
        /// Takes callbacks.
        case payments
        /// Delivers orders that waited for restock.
        case delivery
        /// Ends holds.
        case upkeep
    }

    /// A shop on one machine with nothing set.
    public init(data: String?, listen: ListenAddress) {
        self.data = data
        self.listen = listen
    }

    /// Reads the environment: `SLUICE_ADMIN_TOKEN` (secret), `SLUICE_MASTER_KEY` (secret), `SLUICE_PUBLIC_URL`,
    /// `SLUICE_TRUSTED_PROXIES` (comma-separated CIDR), `SLUICE_ALLOW_SANDBOX` (`1`), `SLUICE_MAX_LEDGER_PAGES`,
    /// `SLUICE_HOT_ROUTE` (`0`), and the three variables of a cluster (secret).
    ///
    /// - Throws: *invalid_request* that names the variable or option at fault.
    public mutating func readEnvironment() throws(ShopError) {
        let reader = ClusterSettings.environment()
        adminToken = reader.string(forKey: "sluice.admin.token", isSecret: true)
        masterKey = reader.string(forKey: "sluice.master.key", isSecret: true)
        if let url = reader.string(forKey: "sluice.public.url") {
            guard PublicURL.host(url) != nil else {
                throw .invalid("SLUICE_PUBLIC_URL", "must begin with http:// or https:// and name a host")
            }
            publicURL = url.hasSuffix("/") ? String(url.dropLast()) : url
        }
        for text in (reader.string(forKey: "sluice.trusted.proxies") ?? "").split(separator: ",") {
            guard let range = AddressRange(text: text.trimmingCharacters(in: " ")) else {
                throw .invalid("SLUICE_TRUSTED_PROXIES", "\(text) is not an address range such as 10.0.0.0/8")
            }
            trustedProxies.append(range)
        }
        allowsSandbox = reader.string(forKey: "sluice.allow.sandbox") == "1"
        usesHotRoute = reader.string(forKey: "sluice.hot.route") != "0"
        maximumPages = reader.int(forKey: "sluice.max.ledger.pages")
        cluster = try ClusterSettings.read(reader)
        try checkForm()
    }

    /// Whether what was given fits the kind of shop.
    private func checkForm() throws(ShopError) {
        guard cluster != nil else {
            guard data != nil else {
                throw .invalid("--data", "is missing: a shop on one machine keeps its ledger there")
            }
            guard roles == Set(Role.allCases) else { throw .invalid("--roles", "a shop on one machine runs all roles") }
            return
        }
        guard !roles.isEmpty else { throw .invalid("--roles", "names no role") }
        guard masterKey != nil else {
            throw .invalid("SLUICE_MASTER_KEY", "is missing: all nodes of a cluster are given the same one")
        }
        guard adminToken?.isEmpty == false || !roles.contains(.web) else {
            throw .invalid("SLUICE_ADMIN_TOKEN", "is missing: all web nodes of a cluster are given the same one")
        }
    }
}

extension StringProtocol {
    func trimmingCharacters(in character: Character) -> String {
        String(drop { $0 == character }.reversed().drop { $0 == character }.reversed())
    }
}
