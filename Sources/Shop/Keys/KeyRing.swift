public import Crypto
public import Domain
import FoundationEssentials

/// The keys of one ledger, unwrapped. Secrets are sealed before any store or queue sees them.
///
/// A sealed value is: number of the data key (4 bytes, big-endian), then the AES-GCM box (nonce 12, ciphertext,
/// tag 16). The context, such as the product, is authenticated with it, so that a value cannot be moved elsewhere.
public struct KeyRing: Sendable {
    /// What a data key is for. The raw values are stored.
    public enum Purpose: String, CaseIterable, Sendable {
        /// Seals secrets of cards, settings of channels and what buyers fill in.
        case sealing
        /// Recognises a card that was imported before.
        case fingerprint
        /// Makes bearer tokens of orders.
        case token
        /// Makes query tags of contact and password.
        case query
    }

    private struct DataKey: Sendable {
        let id: UInt32
        let key: SymmetricKey
    }

    private let keys: [Purpose: [DataKey]]

    /// Bytes of a fingerprint, a query tag and a body digest.
    public static let digestLength = 16

    /// Unwraps stored keys.
    ///
    /// - Throws: *internal* when a key cannot be unwrapped, which means that the master key is not the one the data
    ///   folder was made with, or when a purpose has no key.
    public init(unwrapping wrapped: [WrappedKey], master: SymmetricKey) throws(ShopError) {
        var keys: [Purpose: [DataKey]] = [:]
        for key in wrapped {
            guard let purpose = Purpose(rawValue: key.purpose) else { continue }
            let bytes = try Self.unwrap(key, with: master)
            keys[purpose, default: []].append(DataKey(id: key.id, key: SymmetricKey(data: bytes)))
        }
        for purpose in Purpose.allCases where keys[purpose] == nil {
            throw ShopError(.internalFault, "the data folder has no key for \(purpose.rawValue)")
        }
        self.keys = keys.mapValues { $0.sorted { $0.id > $1.id } }
    }

    /// Makes one fresh data key a purpose, wrapped.
    public static func fresh(master: SymmetricKey) throws(ShopError) -> [WrappedKey] {
        var made: [WrappedKey] = []
        for (index, purpose) in Purpose.allCases.enumerated() {
            made.append(try fresh(purpose, id: UInt32(index + 1), master: master))
        }
        return made
    }

    private static func fresh(_ purpose: Purpose, id: UInt32, master: SymmetricKey) throws(ShopError) -> WrappedKey {
        let bytes = SymmetricKey(size: .bits256).withUnsafeBytes { [UInt8]($0) }
        return try wrap(bytes, id: id, purpose: purpose.rawValue, with: master)
    }

    // MARK: Rotation

    /// Purposes that get a fresh data key with every rotation. The keys of fingerprints and query tags stay for ever:
    /// what they have digested can only be found again with them.
    private static let renewed: [Purpose] = [.sealing, .token]

    /// Wraps every key by another master key, and adds fresh keys for sealing and tokens. What is sealed or signed from
    /// then on uses the fresh ones; what was sealed or signed before still opens with the old ones.
    ///
    /// - Throws: *internal* when a key cannot be unwrapped by the old master key, or both master keys are the same.
    public static func rewrapped(
        _ wrapped: [WrappedKey], from old: SymmetricKey, to new: SymmetricKey
    ) throws(ShopError) -> [WrappedKey] {
        guard old != new else { throw ShopError(.internalFault, "the new master key is the old one") }
        guard let newest = wrapped.map(\.id).max(), newest <= UInt32.max - UInt32(renewed.count) else {
            throw ShopError(.internalFault, "the data folder has no data keys, or too many")
        }
        var made: [WrappedKey] = []
        for key in wrapped {
            made.append(try wrap(try unwrap(key, with: old), id: key.id, purpose: key.purpose, with: new))
        }
        for (index, purpose) in renewed.enumerated() {
            made.append(try fresh(purpose, id: newest + UInt32(index + 1), master: new))
        }
        // What cannot be opened again must not replace what can.
        _ = try KeyRing(unwrapping: made, master: new)
        return made
    }

    /// What a master key is told by without showing it: 16 hexadecimal digits of a keyed digest.
    public static func masterFingerprint(_ master: SymmetricKey) -> String {
        Hexadecimal.text(
            HMAC<SHA256>.authenticationCode(for: Array("sluice master key".utf8), using: master).prefix(8))
    }

    /// Says that a master key is not the one a data folder was sealed with.
    public static func misfit(stored: String, given: String) -> ShopError {
        ShopError(
            .internalFault,
            "the master key does not fit this shop: it was sealed with the key whose fingerprint is \(stored), "
                + "the given one has \(given)")
    }

    // MARK: Sealing

    /// Seals a value for a context.
    public func seal(_ value: some Sequence<UInt8>, context: String) throws(ShopError) -> [UInt8] {
        let key = newest(.sealing)
        let prefix = withUnsafeBytes(of: key.id.bigEndian) { Array($0) }
        return try Self.seal(Array(value), with: key.key, context: context, after: prefix)
    }

    /// Opens a sealed value.
    ///
    /// - Throws: *internal* when the value was changed, moved or sealed by an unknown key.
    public func open(_ sealed: [UInt8], context: String) throws(ShopError) -> [UInt8] {
        let id = sealed.prefix(4).reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
        guard let key = keys[.sealing]?.first(where: { $0.id == id }),
            let value = Self.open(Array(sealed.dropFirst(4)), with: key.key, context: context)
        else { throw ShopError(.internalFault, "a sealed value cannot be opened") }
        return value
    }

    /// The context of a card's secret.
    public static func cardContext(_ product: ProductID) -> String { "card:\(product.number)" }

    /// The context of what all buyers of a shared product get.
    public static func sharedContext(_ product: Slug) -> String { "shared:\(product.text)" }

    /// The context of what the owner wrote for one order.
    public static func orderContext(_ order: OrderID) -> String { "order:\(order.text)" }

    /// The context of what the buyer of one order filled in.
    public static func fieldsContext(_ order: OrderID) -> String { "fields:\(order.text)" }

    /// The context of a channel's settings.
    public static func channelContext(_ name: Slug) -> String { "channel:\(name.text)" }

    /// The context of the secret of a member's second factor.
    public static func totpContext(_ member: Int64) -> String { "totp:\(member)" }

    // MARK: Digests

    /// The same secret of the same product has the same fingerprint.
    public func fingerprint(of secret: some Sequence<UInt8>, product: ProductID) -> [UInt8] {
        digest(.fingerprint, Array("\(product.number):".utf8) + Array(secret))
    }

    /// What orders of a contact are found by. The parts are separated by a byte that neither may hold.
    public func queryTag(buyer: Buyer, password: String) -> [UInt8] {
        digest(.query, Array(buyer.contact.utf8) + [0] + Array(password.utf8))
    }

    /// Makes a digest of a request into one that tells nothing without the key.
    public func bodyDigest(_ digest: [UInt8]) -> [UInt8] {
        // A query tag is made of a contact, which holds no such byte.
        self.digest(.query, [0] + digest)
    }

    /// What a recovery code of a member of the staff is found by. Longer than what ``bodyDigest(_:)`` makes one of.
    public func recoveryDigest(_ code: String, of member: Int64) -> [UInt8] {
        digest(.query, [0] + Array("recovery code of the member \(member): \(code)".utf8))
    }

    private func digest(_ purpose: Purpose, _ bytes: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: bytes, using: newest(purpose).key).prefix(Self.digestLength))
    }

    // MARK: Order tokens

    /// The bearer token of an order: 64 hexadecimal digits.
    public func token(for order: OrderID) -> String {
        Hexadecimal.text(HMAC<SHA256>.authenticationCode(for: order.identifier.bytes, using: newest(.token).key))
    }

    /// Whether a token is the order's, under any key that is still kept; compared in constant time.
    public func accepts(token: String, for order: OrderID) -> Bool {
        guard let code = Hexadecimal.bytes(token) else { return false }
        return (keys[.token] ?? []).contains { key in
            HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: order.identifier.bytes, using: key.key)
        }
    }

    // MARK: Forms

    /// What a page writes into its forms for a browser that keeps this number: 64 hexadecimal digits.
    public func formToken(_ nonce: String) -> String {
        Hexadecimal.text(HMAC<SHA256>.authenticationCode(for: Self.formText(nonce), using: newest(.token).key))
    }

    /// Whether a form carries what a page wrote for that number, under any key that is still kept; compared in
    /// constant time.
    public func accepts(formToken: String, nonce: String) -> Bool {
        guard let code = Hexadecimal.bytes(formToken) else { return false }
        return (keys[.token] ?? []).contains { key in
            HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: Self.formText(nonce), using: key.key)
        }
    }

    /// Longer than an order's bytes, so that no token of an order is one of a form.
    private static func formText(_ nonce: String) -> [UInt8] { Array("form:\(nonce):of a page".utf8) }

    // MARK: Parts

    private func newest(_ purpose: Purpose) -> DataKey {
        // The initialiser refuses a ring that lacks a purpose.
        guard let key = keys[purpose]?.first else { preconditionFailure("no key for \(purpose.rawValue)") }
        return key
    }

    /// Number and purpose are authenticated with a wrapped key, so that none can be passed off as another.
    private static func wrappingContext(id: UInt32, purpose: String) -> String { "data-key:\(id):\(purpose)" }

    private static func wrap(
        _ key: [UInt8], id: UInt32, purpose: String, with master: SymmetricKey
    ) throws(ShopError) -> WrappedKey {
        let context = wrappingContext(id: id, purpose: purpose)
        return WrappedKey(id: id, purpose: purpose, wrapped: try seal(key, with: master, context: context))
    }

    private static func unwrap(_ key: WrappedKey, with master: SymmetricKey) throws(ShopError) -> [UInt8] {
        let context = wrappingContext(id: key.id, purpose: key.purpose)
        guard let bytes = open(key.wrapped, with: master, context: context) else {
            throw ShopError(.internalFault, "the master key does not fit this shop")
        }
        return bytes
    }

    private static func seal(
        _ value: [UInt8], with key: SymmetricKey, context: String, after prefix: [UInt8] = []
    ) throws(ShopError) -> [UInt8] {
        do {
            let box = try AES.GCM.seal(value, using: key, authenticating: Array(context.utf8))
            // The parts one by one are copied byte by byte.
            guard let combined = box.combined else { throw CryptoKitError.incorrectParameterSize }
            return prefix + combined
        } catch {
            throw ShopError(.internalFault, "a value could not be sealed", cause: "\(error)")
        }
    }

    private static func open(_ sealed: [UInt8], with key: SymmetricKey, context: String) -> [UInt8]? {
        guard let box = try? AES.GCM.SealedBox(combined: sealed),
            let value = try? AES.GCM.open(box, using: key, authenticating: Array(context.utf8))
        else { return nil }
        return Array(value)
    }
}

/// Lower-case hexadecimal digits.
public enum Hexadecimal {
    private static let digits = Array("0123456789abcdef".utf8)

    /// Two digits a byte.
    public static func text(_ bytes: some Sequence<UInt8>) -> String {
        var characters: [UInt8] = []
        for byte in bytes {
            characters.append(digits[Int(byte >> 4)])
            characters.append(digits[Int(byte & 15)])
        }
        return String(decoding: characters, as: UTF8.self)
    }

    /// Nil for an odd number of digits or another character. Upper case is not accepted.
    public static func bytes(_ text: String) -> [UInt8]? {
        let characters = Array(text.utf8)
        guard characters.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: characters.count, by: 2) {
            guard let high = value(characters[index]), let low = value(characters[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func value(_ character: UInt8) -> UInt8? {
        switch character {
        case 0x30...0x39: character - 0x30
        case 0x61...0x66: character - 0x61 + 10
        default: nil
        }
    }
}
