import Crypto

/// A Lua script with the digest that Redis knows it by.
public struct RedisScript: Hashable, Sendable {
    /// The Lua.
    public let source: String
    /// Its SHA-1 in hexadecimal. Worked out here, which saves asking; SHA-1 is a name here and protects nothing.
    public let digest: String

    /// Works out the digest, once.
    public init(_ source: some Sequence<UInt8>) {
        let bytes = Array(source)
        self.source = String(decoding: bytes, as: UTF8.self)
        digest = Insecure.SHA1.hash(data: bytes).map { byte in
            String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }.joined()
    }

    /// A call of the script, to which keys and then other arguments are to be added.
    ///
    /// - Parameter keys: how many of the arguments are keys
    public func call(keys: Int) -> RedisCommand { RedisCommand("EVALSHA", digest, String(keys)) }

    /// The same call with the source in place of the digest.
    func sent(whole call: RedisCommand) -> RedisCommand { call.replacing(first: 2, with: ["EVAL", source]) }
}
