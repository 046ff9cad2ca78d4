public import Crypto
public import Domain

/// Opens the keys of a ledger with the master key; a new ledger gets fresh ones first. Of several nodes
/// that open a new one at once, all end with the keys of the first.
public struct OpenKeyRing: Sendable {
    private let catalog: any Catalog

    /// - Parameter catalog: where the wrapped keys are kept
    public init(catalog: any Catalog) { self.catalog = catalog }

    /// The unwrapped keys.
    ///
    /// - Throws: *internal* when the master key does not fit; the sentence names both fingerprints.
    public func callAsFunction(master: SymmetricKey) async throws(ShopError) -> KeyRing {
        let given = KeyRing.masterFingerprint(master)
        var wrapped = try await catalog.wrappedKeys()
        if wrapped.isEmpty {
            try await catalog.store(try KeyRing.fresh(master: master), fingerprint: given)
            // Those that are there now, whoever made them.
            wrapped = try await catalog.wrappedKeys()
        }
        let stored = try await catalog.masterKeyFingerprint()
        if let stored, stored != given { throw KeyRing.misfit(stored: stored, given: given) }
        let ring = try KeyRing(unwrapping: wrapped, master: master)
        // A ledger of the first release has not noted whose key it was sealed with.
        if stored == nil { try await catalog.replaceKeys(wrapped, fingerprint: given) }
        return ring
    }
}
