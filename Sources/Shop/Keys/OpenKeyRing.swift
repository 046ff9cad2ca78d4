public import Crypto
public import Domain

/// Opens the keys of a ledger with the master key; a new ledger gets fresh ones first.
public struct OpenKeyRing: Sendable {
    private let catalog: any Catalog

    /// - Parameter catalog: where the wrapped keys are kept
    public init(catalog: any Catalog) { self.catalog = catalog }

    /// The unwrapped keys.
    ///
    /// - Throws: *internal* when the master key does not fit.
    public func callAsFunction(master: SymmetricKey) async throws(ShopError) -> KeyRing {
        var wrapped = try await catalog.wrappedKeys()
        if wrapped.isEmpty {
            wrapped = try KeyRing.fresh(master: master)
            try await catalog.store(wrapped)
        }
        return try KeyRing(unwrapping: wrapped, master: master)
    }
}
