public import Domain

/// How an import is to be done.
public struct ImportOptions: Hashable, Sendable {
    /// How the text is written; found out from the text when nil.
    public var charset: CardCharset?
    /// Whether nothing is to be stored.
    public var isDryRun: Bool
    /// What a line holds.
    public var layout: CardLayout

    /// Puts the options together.
    public init(charset: CardCharset? = nil, isDryRun: Bool = false, layout: CardLayout = .plain) {
        self.charset = charset
        self.isDryRun = isDryRun
        self.layout = layout
    }
}

/// What an import did.
public struct ImportReport: Hashable, Sendable {
    /// A line that became no card.
    public struct Line: Hashable, Sendable {
        /// Its number, from 1.
        public let number: Int
        /// Why.
        public let reason: Reason

        /// Puts the parts together.
        public init(number: Int, reason: Reason) {
            self.number = number
            self.reason = reason
        }
    }

    /// Why a line became no card. The raw values are those of the API.
    public enum Reason: String, Sendable {
        /// The product has or had this card, or the text has it twice.
        case duplicate
        /// It has more bytes than a card may have.
        case tooLong = "too_long"
        /// It is not written in the charset of the text.
        case undecodable
        /// There is a note or a preview, but no secret.
        case emptySecret = "empty_secret"
        /// There are no three columns, or no preview in the first, or no surcharge in the second.
        case badPreview = "bad_preview"
        /// It has other cells than the table has columns, or its quotes are wrong.
        case badRow = "bad_row"
        /// A cell has a line break; a card is one line.
        case lineBreak = "line_break"
    }

    /// Number of the batch; nil for a dry run.
    public let batch: Int64?
    /// Cards added.
    public var imported = 0
    /// Cards that the product has or had already.
    public var duplicates = 0
    /// Lines that are no card.
    public var rejected = 0
    /// Lines that became no card, the first ones up to the bound.
    public var lines: [Line] = []
    /// Lines that became no card and are not listed.
    public var unlisted = 0
    /// Number of the last line that was dealt with; blank lines are counted.
    public var lastLine = 0
}

/// Adds cards to a product's pool from a stream of text, one card a line, in constant memory.
public struct ImportCards: Sendable {
    private let ledger: any Ledger
    private let cards: any CardStore
    private let cache: CatalogCache
    private let gate: any Gate
    private let announcer: Announcer
    private let keys: KeyRing
    private let clock: any Clock
    private let limits: Limits

    /// Puts the parts together.
    public init(
        ledger: any Ledger, cards: any CardStore, cache: CatalogCache, gate: any Gate, announcer: Announcer,
        keys: KeyRing, clock: any Clock, limits: Limits
    ) {
        self.ledger = ledger
        self.cards = cards
        self.cache = cache
        self.gate = gate
        self.announcer = announcer
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
    ///   - afterSlice: told how far the import is; when it throws, the import ends
    /// - Throws: *no_such_product*, *wrong_state* when the product has no cards, *malformed* when the stream fails,
    ///   and whatever the ledger or `afterSlice` throws.
    public func callAsFunction<Chunks: AsyncSequence>(
        _ slug: String, from chunks: Chunks, _ options: ImportOptions = ImportOptions(),
        afterSlice: (ImportReport) async throws(ShopError) -> Void = { _ in }
    ) async throws(ShopError) -> ImportReport where Chunks.Element == [UInt8] {
        guard let slug = Slug(slug), let product = cache.product(slug) else {
            throw ShopError(.noSuchProduct, "no product is called that")
        }
        guard product.kind == .card else {
            throw ShopError(.wrongState, "a \(product.kind.name) product has no cards to import")
        }
        guard options.layout != .pickable || product.isPickable else {
            throw ShopError(.wrongState, "buyers do not pick cards of this product; make it pickable first")
        }
        var progress = try await begin(product, options)
        var lines = CardLines(maximumLength: limits.cardBytes, charset: options.charset, layout: options.layout)
        do {
            for try await bytes in chunks { try await take(lines.append(bytes), of: lines, &progress, afterSlice) }
        } catch let error as ShopError {
            throw error
        } catch {
            throw ShopError(.malformed, "the text ended early", cause: "\(error)")
        }
        try await take(lines.finish(), of: lines, &progress, afterSlice)
        try await add(&progress, afterSlice)
        progress.report.lines.sort { $0.number < $1.number }
        return progress.report
    }

    private struct Progress {
        let product: ProductID
        let isPickable: Bool
        let rehearsal: (any ImportRehearsal)?
        var report: ImportReport
        var slice: [CardLine] = []
    }

    private func begin(_ product: Product, _ options: ImportOptions) async throws(ShopError) -> Progress {
        var rehearsal: (any ImportRehearsal)?
        var batch: Int64?
        if options.isDryRun {
            rehearsal = try await cards.rehearsal(of: product.id)
        } else {
            batch = try await cards.openBatch(of: product.id, at: clock.now())
        }
        return Progress(
            product: product.id, isPickable: product.isPickable, rehearsal: rehearsal,
            report: ImportReport(batch: batch))
    }

    private func take(
        _ lines: [CardLine], of text: CardLines, _ progress: inout Progress,
        _ afterSlice: (ImportReport) async throws(ShopError) -> Void
    ) async throws(ShopError) {
        if let fault = text.fault { throw fault }
        for line in lines {
            progress.report.lastLine = line.number
            // Nobody could pick it, and nobody would draw it.
            let isStray = line.preview != nil && !progress.isPickable
            if let reason = line.fault ?? (isStray ? .badPreview : nil) {
                progress.report.rejected += 1
                list(line.number, reason, &progress.report)
                continue
            }
            progress.slice.append(line)
            if progress.slice.count == limits.importSliceCards { try await add(&progress, afterSlice) }
        }
    }

    private func add(
        _ progress: inout Progress, _ afterSlice: (ImportReport) async throws(ShopError) -> Void
    ) async throws(ShopError) {
        guard !progress.slice.isEmpty else { return }
        let duplicates = try await judge(progress)
        for position in duplicates { list(progress.slice[position].number, .duplicate, &progress.report) }
        progress.report.imported += progress.slice.count - duplicates.count
        progress.report.duplicates += duplicates.count
        progress.slice.removeAll(keepingCapacity: true)
        try await afterSlice(progress.report)
    }

    /// Stores the slice, or only looks; returns the positions of duplicates.
    private func judge(_ progress: Progress) async throws(ShopError) -> [Int] {
        let product = progress.product
        guard let batch = progress.report.batch else {
            let fingerprints = progress.slice.map { keys.fingerprint(of: $0.secret, product: product) }
            return try await progress.rehearsal?.duplicates(in: fingerprints) ?? []
        }
        var sealed: [SealedCard] = []
        sealed.reserveCapacity(progress.slice.count)
        for line in progress.slice { sealed.append(try seal(line, of: product)) }
        let added = try await cards.add(sealed, to: product, batch: batch)
        Failpoint.hit(.importAfterCommit)
        await restock(product, progress.slice, added)
        return added.duplicates
    }

    /// Those who have paid and wait are served before the gate lets new buyers at the cards.
    private func restock(_ product: ProductID, _ slice: [CardLine], _ added: ImportedSlice) async {
        // If that fails, upkeep does it later; the gate must hear of the cards either way.
        let waiting =
            (try? await ledger.deliverWaiting(at: clock.now(), limit: limits.expiryBatch)) ?? []
        let duplicates = Set(added.duplicates)
        let picked = slice.indices.count { slice[$0].preview != nil && !duplicates.contains($0) }
        for (pool, count) in [(Pool.drawn, added.imported - picked), (.picked, picked)] where count > 0 {
            gate.restock(product, pool, by: count, change: added.change)
        }
        for change in waiting { announcer.announce(change) }
    }

    private func seal(_ line: CardLine, of product: ProductID) throws(ShopError) -> SealedCard {
        let context = KeyRing.cardContext(product)
        return SealedCard(
            fingerprint: keys.fingerprint(of: line.secret, product: product),
            secret: try keys.seal(line.secret, context: context),
            note: try line.note.map { note throws(ShopError) in try keys.seal(note, context: context) },
            preview: line.preview)
    }

    private func list(_ number: Int, _ reason: ImportReport.Reason, _ report: inout ImportReport) {
        if report.lines.count < limits.importReportLines {
            report.lines.append(ImportReport.Line(number: number, reason: reason))
        } else {
            report.unlisted += 1
        }
    }
}
