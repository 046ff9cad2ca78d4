public import Domain

/// What taking a batch out again did.
public struct UndoReport: Hashable, Sendable {
    /// Cards that were taken out.
    public let removed: Int
    /// The batch as it is now.
    public let batch: CardBatch

    /// Puts the parts together.
    public init(removed: Int, batch: CardBatch) {
        self.removed = removed
        self.batch = batch
    }
}

/// What the owner does with cards that are in a pool or were sold.
public struct ManageCards: Sendable {
    private let cards: any CardStore
    private let cache: CatalogCache
    private let gate: any Gate
    private let keys: KeyRing
    private let clock: any Clock
    private let limits: Limits

    /// Puts the parts together.
    public init(
        cards: any CardStore, cache: CatalogCache, gate: any Gate, keys: KeyRing, clock: any Clock, limits: Limits
    ) {
        self.cards = cards
        self.cache = cache
        self.gate = gate
        self.keys = keys
        self.clock = clock
        self.limits = limits
    }

    /// The product of that slug.
    ///
    /// - Throws: *no_such_product*.
    public func product(_ slug: String) throws(ShopError) -> Product {
        guard let slug = Slug(slug), let product = cache.product(slug) else {
            throw ShopError(.noSuchProduct, "no product is called that")
        }
        return product
    }

    /// Finds cards by what was sold, exactly as it was imported. A pasted line of an import is understood, too: then
    /// what stands before the note, and behind preview and surcharge, is looked for. The journal says that somebody
    /// looked and which cards were found, not for what.
    ///
    /// - Parameter slug: of the only product to be looked through; nil means all
    /// - Throws: *no_such_product*; *invalid_request* that names `content` when it is empty, more than one line, or too
    ///   long for a card.
    public func find(content: String, in slug: String? = nil, by note: OwnerNote) async throws(ShopError) -> [CardEntry]
    {
        let products = try slug.map { slug throws(ShopError) in [try product(slug)] } ?? cache.products()
        let lines = content.utf8.split { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
        guard lines.count <= 1 else { throw .invalid("content", "must be one line") }
        let line = lines.first.map { Array($0) } ?? []
        guard line.count <= limits.cardBytes else {
            throw .invalid("content", "must have at most \(limits.cardBytes) bytes")
        }
        let contents = CardLine.contents(of: line)
        guard !contents.isEmpty else { throw .invalid("content", "is missing") }
        var wanted: [CardFingerprint] = []
        for product in products where product.kind == .card {
            wanted += contents.map {
                CardFingerprint(product: product.id, digest: keys.fingerprint(of: $0, product: product.id))
            }
        }
        let found = wanted.isEmpty ? [] : try await cards.cards(withFingerprints: wanted)
        let subject = found.isEmpty ? "none" : found.prefix(20).map { "card \($0.id)" }.joined(separator: ", ")
        try await cards.log("find", subject: "by content: \(subject)", by: note, at: clock.now())
        return found
    }

    /// Takes an available card out of the pool.
    public func void(_ card: Int64, by note: OwnerNote) async throws(ShopError) -> CardEntry {
        let voided = try await cards.void(card, by: note, at: clock.now())
        gate.restock(voided.card.product, voided.card.pool, by: -1, change: voided.change)
        return voided.card
    }

    /// Gives the buyer of a sold card another one; the first is voided.
    ///
    /// - Parameter other: the card to give; nil means the oldest of those that are drawn
    /// - Returns: the other card
    public func replace(
        _ card: Int64, with other: Int64? = nil, by note: OwnerNote
    ) async throws(ShopError) -> CardEntry {
        let replacement = try await cards.replace(card, with: other, by: note, at: clock.now())
        gate.restock(replacement.card.product, replacement.card.pool, by: -1, change: replacement.change)
        return replacement.card
    }

    /// Takes the available cards of a batch out of the books, slice by slice, as if they had never been imported: they
    /// may be imported again. Safe to repeat.
    ///
    /// - Parameter leavesSold: false refuses a batch of which a card is held or sold; true takes out what is left
    /// - Throws: *not_found*; *wrong_state* that says how many cards are held or sold.
    public func undo(_ id: Int64, leavesSold: Bool, by note: OwnerNote) async throws(ShopError) -> UndoReport {
        guard let before = try await cards.batch(id) else { throw ShopError(.notFound, "no such batch") }
        let (held, sold) = (before.cards[.held] ?? 0, before.cards[.sold] ?? 0)
        guard leavesSold || held + sold == 0 else {
            throw ShopError(
                .wrongState, "of this batch \(held) cards are held and \(sold) are sold; ask for the rest only")
        }
        try await cards.log("undo", subject: "batch \(id)", by: note, at: clock.now())
        var removed = 0
        var next: Int64? = .max
        while let below = next {
            let slice = try await cards.undo(id, below: below, limit: limits.importSliceCards)
            for (pool, count) in slice.removed {
                gate.restock(before.product, pool, by: -count, change: slice.change)
                removed += count
            }
            next = slice.next
        }
        return UndoReport(removed: removed, batch: try await cards.batch(id) ?? before)
    }

    /// Writes cards out as an import of the same layout would read them, one a line, slice by slice.
    /// ``beginExport(_:state:by:)`` comes first.
    ///
    /// - Parameter write: takes one slice of the text
    public func export(
        _ product: Product, state: CardState, layout: CardLayout, write: (String) async throws -> Void
    ) async throws {
        let pool: Pool? = layout == .csv ? nil : layout == .plain ? .drawn : .picked
        if layout == .csv {
            try await write("\u{FEFF}" + CSVCell.row(CardTable.header(isPickable: product.isPickable)))
        }
        var filter = CardFilter(product: product.id, state: state, pool: pool, limit: limits.importSliceCards)
        while true {
            let slice = try await cards.contents(filter)
            guard let last = slice.last else { return }
            var text = ""
            for card in slice { text += try layout == .csv ? row(card, of: product) : line(card, of: product) }
            try await write(text)
            filter.after = last.id
        }
    }

    /// Writes down that cards will be exported, before the first byte leaves.
    public func beginExport(
        _ product: Product, state: CardState, by note: OwnerNote
    ) async throws(ShopError) {
        try await cards.log(
            "export", subject: "\(state.rawValue) cards of \(product.slug.text)", by: note, at: clock.now())
    }

    private func row(_ card: CardContent, of product: Product) throws(ShopError) -> String {
        let context = KeyRing.cardContext(product.id)
        var cells = [String(decoding: try keys.open(card.goods.secret, context: context), as: UTF8.self)]
        let note = try card.goods.note.map { note throws(ShopError) in try keys.open(note, context: context) }
        cells.append(String(decoding: note ?? [], as: UTF8.self))
        if product.isPickable {
            cells += [card.preview?.text ?? "", card.preview.map { "\($0.surcharge)" } ?? ""]
        }
        return CSVCell.row(cells)
    }

    private func line(_ card: CardContent, of product: Product) throws(ShopError) -> String {
        let context = KeyRing.cardContext(product.id)
        var line = card.preview.map { CardLine.columns(of: $0) } ?? []
        line += try keys.open(card.goods.secret, context: context)
        if let note = card.goods.note {
            line += CardLine.separator
            line += try keys.open(note, context: context)
        }
        return String(decoding: line, as: UTF8.self) + "\n"
    }
}
