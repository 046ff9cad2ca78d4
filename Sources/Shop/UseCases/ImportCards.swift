public import Domain

/// What an import did.
public struct ImportReport: Hashable, Sendable {
    /// Number of the batch.
    public let batch: Int64
    /// Cards added.
    public var imported = 0
    /// Cards that the product has or had already.
    public var duplicates = 0
    /// Lines that are no card: too long, or not UTF-8.
    public var rejected = 0
}

/// Adds cards to a product's pool from a stream of text, one card a line, in constant memory.
public struct ImportCards: Sendable {
    private let catalog: any Catalog
    private let cache: CatalogCache
    private let gate: any Gate
    private let keys: KeyRing
    private let clock: any Clock
    private let limits: Limits

    /// Puts the parts together.
    public init(
        catalog: any Catalog, cache: CatalogCache, gate: any Gate, keys: KeyRing, clock: any Clock, limits: Limits
    ) {
        self.catalog = catalog
        self.cache = cache
        self.gate = gate
        self.keys = keys
        self.clock = clock
        self.limits = limits
    }

    /// Imports slice by slice; orders go first. What was imported before a failure stays, and repeating the import
    /// adds only what is missing.
    ///
    /// - Parameters:
    ///   - slug: the product
    ///   - chunks: the bytes of the text, in order
    /// - Throws: *no_such_product*, *malformed* when the stream fails, and whatever the ledger throws.
    public func callAsFunction<Chunks: AsyncSequence>(
        _ slug: String, from chunks: Chunks
    ) async throws(ShopError) -> ImportReport where Chunks.Element == [UInt8] {
        guard let slug = Slug(slug), let product = cache.product(slug) else {
            throw ShopError(.noSuchProduct, "no product is called that")
        }
        var progress = Progress(
            product: product.id,
            report: ImportReport(batch: try await catalog.openBatch(of: product.id, at: clock.now())))
        var lines = CardLines(maximumLength: limits.cardBytes)
        do {
            for try await bytes in chunks { try await take(lines.append(bytes), &progress) }
        } catch let error as ShopError {
            throw error
        } catch {
            throw ShopError(.malformed, "the text ended early", cause: "\(error)")
        }
        try await take(lines.finish(), &progress)
        try await add(&progress)
        return progress.report
    }

    private struct Progress {
        let product: ProductID
        var report: ImportReport
        var slice: [SealedCard] = []
    }

    private func take(_ lines: [[UInt8]?], _ progress: inout Progress) async throws(ShopError) {
        for line in lines {
            guard let secret = line else {
                progress.report.rejected += 1
                continue
            }
            progress.slice.append(try seal(secret, of: progress.product))
            if progress.slice.count == limits.importSliceCards { try await add(&progress) }
        }
    }

    private func seal(_ secret: [UInt8], of product: ProductID) throws(ShopError) -> SealedCard {
        SealedCard(
            fingerprint: keys.fingerprint(of: secret, product: product),
            secret: try keys.seal(secret, context: KeyRing.cardContext(product)))
    }

    private func add(_ progress: inout Progress) async throws(ShopError) {
        guard !progress.slice.isEmpty else { return }
        let added = try await catalog.add(progress.slice, to: progress.product, batch: progress.report.batch)
        Failpoint.hit(.importAfterCommit)
        gate.restock(progress.product, by: added.imported)
        progress.report.imported += added.imported
        progress.report.duplicates += added.duplicates
        progress.slice.removeAll(keepingCapacity: true)
    }
}

/// Cuts a stream of bytes into the lines of an import: LF or CRLF, blank lines skipped, a byte order mark dropped.
public struct CardLines: Sendable {
    private var rest: [UInt8] = []
    private var isTooLong = false
    private var isFirst = true
    private let maximumLength: Int

    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// - Parameter maximumLength: bytes of a line
    public init(maximumLength: Int) { self.maximumLength = maximumLength }

    /// The lines that the bytes complete; nil stands for a line that is too long or not UTF-8.
    public mutating func append(_ bytes: [UInt8]) -> [[UInt8]?] {
        var lines: [[UInt8]?] = []
        var start = bytes.startIndex
        while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
            extend(bytes[start..<end])
            complete(into: &lines)
            start = end + 1
        }
        extend(bytes[start...])
        return lines
    }

    /// The last line, if the text does not end with a line break.
    public mutating func finish() -> [[UInt8]?] {
        var lines: [[UInt8]?] = []
        complete(into: &lines)
        return lines
    }

    private mutating func extend(_ bytes: ArraySlice<UInt8>) {
        // Two bytes more than the longest line: a carriage return, and one to know that it is too long.
        guard rest.count + bytes.count <= maximumLength + 2 + Self.byteOrderMark.count else {
            isTooLong = true
            return
        }
        rest.append(contentsOf: bytes)
    }

    private mutating func complete(into lines: inout [[UInt8]?]) {
        defer {
            rest.removeAll(keepingCapacity: true)
            isTooLong = false
        }
        if isFirst, rest.starts(with: Self.byteOrderMark) { rest.removeFirst(Self.byteOrderMark.count) }
        isFirst = false
        if isTooLong { return lines.append(nil) }
        if rest.last == UInt8(ascii: "\r") { rest.removeLast() }
        guard rest.contains(where: { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }) else { return }
        let isValid = rest.count <= maximumLength && String(validating: rest, as: UTF8.self) != nil
        lines.append(isValid ? rest : nil)
    }
}
