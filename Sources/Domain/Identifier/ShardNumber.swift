/// Row numbers that carry the shard they live in, as identifiers do: the shard stands above the lowest 40 bits. The
/// numbers of shard 0, and so those of a shop on one machine, are plain. They all fit into the 53 bits that JSON's
/// readers agree on.
public enum ShardNumber {
    /// Bits of a row number that count rows.
    public static let bits: Int64 = 40
    /// The highest shard there may be.
    public static let maximumShard: UInt16 = 8191

    /// The shard that a row lives in.
    public static func shard(of number: Int64) -> UInt16 { UInt16(truncatingIfNeeded: max(0, number) >> bits) }

    /// The number before the first row of a shard.
    public static func start(of shard: UInt16) -> Int64 { Int64(shard) << bits }
}

extension ProductID {
    /// The shard that the product and its orders live in.
    public var shard: UInt16 { ShardNumber.shard(of: number) }
}
