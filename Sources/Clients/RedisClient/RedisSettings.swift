import Foundation

/// Where Redis is, and what may be asked of it at once.
public struct RedisSettings: Hashable, Sendable {
    /// An address that is none.
    public struct Invalid: Error, CustomStringConvertible {
        /// What is wrong; never holds the password.
        public let description: String
    }

    /// Name or address.
    public var host: String
    /// Port, 6379 unless given.
    public var port: Int
    /// User of an access list; nil for the default one.
    public var user: String?
    /// Its password; nil when none is asked for.
    public var password: String?
    /// Number of the database.
    public var database = 0
    /// Whether the connection is encrypted; the certificate is verified.
    public var isEncrypted = false
    /// File with the certificates that may sign the server's, in PEM; nil for those of the system.
    public var authorities: String?

    /// What replies may cost.
    public var bounds = RedisBounds()
    /// Commands that wait for their replies, per connection; beyond, they are refused.
    public var pendingCommands = 16_384
    /// Bytes of commands that wait for their replies, per connection.
    public var pendingBytes = 32 << 20
    /// Bytes of one command.
    public var commandBytes = 8 << 20
    /// Milliseconds that a reply may take, and that connecting may take; past it the connection is closed.
    public var timeoutMilliseconds: Int64 = 2000
    /// Milliseconds between attempts to connect: the shortest and the longest mean.
    public var redialMilliseconds: ClosedRange<Int64> = 20...2000
    /// Channels that one subscriber listens to.
    public var subscriptions = 10_000

    /// Reads `redis://user:password@host:port/db`, or `rediss://` for an encrypted connection. All but the host may
    /// be left out.
    public init(url text: String) throws(Invalid) {
        guard let parts = URLComponents(string: text), ["redis", "rediss"].contains(parts.scheme) else {
            throw Invalid(description: "must begin with redis:// or rediss://")
        }
        guard let host = parts.host, !host.isEmpty else { throw Invalid(description: "no host is named") }
        guard parts.query == nil, parts.fragment == nil else {
            throw Invalid(description: "nothing may follow the number of the database")
        }
        // An IPv6 address comes in brackets.
        self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        port = parts.port ?? 6379
        guard (1...65_535).contains(port) else { throw Invalid(description: "the port is out of range") }
        user = parts.user.flatMap { $0.isEmpty ? nil : $0 }
        password = parts.password
        guard user == nil || password != nil else { throw Invalid(description: "a user without a password") }
        isEncrypted = parts.scheme == "rediss"
        let path = parts.path.drop { $0 == "/" }
        guard !path.isEmpty else { return }
        guard let number = Int(path), (0...1_000_000).contains(number) else {
            throw Invalid(description: "the database must be a number")
        }
        database = number
    }
}

extension RedisSettings: CustomStringConvertible {
    /// The address without user and password, fit for a log.
    public var description: String { "\(isEncrypted ? "rediss" : "redis")://\(host):\(port)/\(database)" }
}
