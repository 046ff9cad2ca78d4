/// A range of network addresses: the first `length` bits of `network`.
public struct AddressRange: Hashable, Sendable {
    /// The address of the network, 4 bytes (IPv4) or 16 (IPv6); bits beyond the length are zero.
    public let network: [UInt8]
    /// How many bits count.
    public let length: Int

    /// Bits beyond the length are cleared. Nil for another number of bytes, or a length that is none.
    public init?(network: [UInt8], length: Int) {
        guard network.count == 4 || network.count == 16, (0...network.count * 8).contains(length) else { return nil }
        self.network = Self.masked(network, length)
        self.length = length
    }

    /// Whether an address lies in the range.
    public func contains(_ address: [UInt8]) -> Bool {
        address.count == network.count && Self.masked(address, length) == network
    }

    static func masked(_ address: [UInt8], _ length: Int) -> [UInt8] {
        address.enumerated().map { index, byte in
            let bits = min(8, max(0, length - 8 * index))
            return byte & UInt8(truncatingIfNeeded: 0xFF00 >> bits)
        }
    }
}

/// Who may not buy.
public enum BlockedParty: Hashable, Sendable {
    /// One buyer.
    case contact(Buyer)
    /// All e-mail addresses of one domain, in lower case.
    case domain(String)
    /// Everybody behind these addresses.
    case addresses(AddressRange)

    /// A domain as the blacklist keeps it; nil when it is none.
    public static func domain(named text: String) -> BlockedParty? {
        // A domain is one exactly if somebody in it can be a buyer.
        guard let buyer = Buyer(contact: "x@" + text) else { return nil }
        return .domain(String(buyer.contact.dropFirst(2)))
    }
}

/// An entry of the blacklist.
public struct Block: Hashable, Sendable {
    /// Row number in its ledger, from 1.
    public let id: Int64
    /// Who.
    public let party: BlockedParty
    /// Why, for the owner.
    public let reason: String?
    /// Since when.
    public let createdAt: Timestamp

    /// Puts stored parts together.
    public init(id: Int64, party: BlockedParty, reason: String?, createdAt: Timestamp) {
        self.id = id
        self.party = party
        self.reason = reason
        self.createdAt = createdAt
    }
}

/// Everybody who may not buy, ready to be asked for each order, however long the list is.
public struct Blacklist: Sendable {
    private var contacts: Set<String> = []
    private var domains: Set<String> = []
    /// By the length of the range: a look for each length that is in use.
    private var ranges: [Int: Set<[UInt8]>] = [:]

    /// Nobody is on it.
    public init() {}

    /// Puts the entries in.
    public init(_ blocks: some Sequence<Block>) {
        for block in blocks {
            switch block.party {
            case .contact(let buyer): contacts.insert(buyer.contact)
            case .domain(let domain): domains.insert(domain)
            case .addresses(let range): ranges[range.length, default: []].insert(range.network)
            }
        }
    }

    /// Whether a buyer is on it.
    public func contains(_ buyer: Buyer) -> Bool {
        if contacts.contains(buyer.contact) { return true }
        guard !domains.isEmpty, let at = buyer.contact.utf8.lastIndex(of: UInt8(ascii: "@")) else { return false }
        return domains.contains(String(buyer.contact[buyer.contact.utf8.index(after: at)...]))
    }

    /// Whether an address, of 4 or 16 bytes, is on it.
    public func contains(address: [UInt8]) -> Bool {
        // The length of the address is part of the network, so IPv4 and IPv6 do not meet.
        ranges.contains { length, networks in
            length <= address.count * 8 && networks.contains(AddressRange.masked(address, length))
        }
    }
}
