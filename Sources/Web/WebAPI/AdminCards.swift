import Domain
import HTTPTypes
import Hummingbird
import NIOCore
import Shop
import WebSupport

// What the owner does with cards.
extension WebAPI {
    var adminCardRoutes: [Route] {
        [
            owner(.post, "/products/{slug}/cards", importCards),
            owner(.get, "/products/{slug}/cards", listCards),
            owner(.get, "/products/{slug}/cards/export", exportCards),
            owner(.get, "/products/{slug}/batches", listBatches),
            owner(.post, "/products/{slug}/units", addUnits),
            owner(.put, "/products/{slug}/secret", replaceSecret),
            owner(.post, "/batches/{id}/undo", undoBatch),
            owner(.post, "/cards/find", findCards),
            owner(.post, "/cards/{id}/void", voidCard),
            owner(.post, "/cards/{id}/replace", replaceCard),
            owner(.get, "/journal", listJournal),
        ]
    }

    // MARK: Import and export

    @Sendable private func importCards(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        let query = try request.query(["dry_run", "layout"])
        guard request.mediaType == "text/plain" || request.mediaType == "text/csv" && query["layout"] == "csv" else {
            throw ShopError(.unsupportedMediaType, "send Content-Type: text/plain, one card a line")
        }
        guard [nil, "", "0", "1"].contains(query["dry_run"]) else {
            throw ShopError.invalid("dry_run", "must be 0 or 1")
        }
        var options = ImportOptions(isDryRun: query["dry_run"] == "1", layout: try cardLayout(query["layout"]))
        if let name = request.charset {
            guard let charset = CardCharset(name: name) else {
                throw ShopError(.unsupportedMediaType, "the charset must be utf-8 or gb18030")
            }
            options.charset = charset
        }
        let chunks = request.body.map { Array($0.readableBytesView) }
        let report = try await useCases.importCards(context.parameter("slug"), from: chunks, options)
        let body = JSONWriter.object { json in
            json.integer("batch", report.batch)
            json.integer("imported", report.imported)
            json.integer("duplicates", report.duplicates)
            json.integer("rejected", report.rejected)
            json.array("lines", report.lines) { json, line in
                json.object { json in
                    json.integer("line", line.number)
                    json.string("reason", line.reason.rawValue)
                }
            }
            json.integer("unlisted", report.unlisted)
        }
        return .json(body, status: options.isDryRun ? .ok : .created)
    }

    private func cardLayout(_ text: String?) throws(ShopError) -> CardLayout {
        guard let text, !text.isEmpty else { return .plain }
        guard let layout = CardLayout(rawValue: text) else {
            throw .invalid("layout", "must be plain, pickable or csv")
        }
        return layout
    }

    @Sendable private func exportCards(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        let product = try useCases.manageCards.product(context.parameter("slug"))
        guard product.kind == .card else {
            throw ShopError(.wrongState, "a \(product.kind.name) product has no cards to export")
        }
        let query = try request.query(["state", "layout", "by", "reason"])
        let state = try cardState(query["state"]) ?? .available
        let layout = try cardLayout(query["layout"])
        let note = try note(by: query["by"], reason: query["reason"])
        let manageCards = useCases.manageCards
        try await manageCards.beginExport(product, state: state, by: note)
        let body = ResponseBody { writer in
            try await manageCards.export(product, state: state, layout: layout) { text in
                try await writer.write(ByteBuffer(string: text))
            }
            try await writer.finish(nil)
        }
        return Response(
            status: .ok,
            headers: [
                .contentType: "text/\(layout == .csv ? "csv" : "plain"); charset=utf-8", .cacheControl: "no-store",
            ], body: body)
    }

    // MARK: Looking

    private func cardState(_ text: String?) throws(ShopError) -> CardState? {
        guard let text, !text.isEmpty else { return nil }
        guard let state = CardState(rawValue: text) else { throw .invalid("state", "is not a card's state") }
        return state
    }

    @Sendable private func listCards(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        let product = try useCases.manageCards.product(context.parameter("slug"))
        let query = try request.query(["state", "batch", "order", "after", "limit"])
        var filter = CardFilter(product: product.id, limit: try limit(query["limit"]))
        filter.state = try cardState(query["state"])
        if let text = query["batch"], !text.isEmpty {
            guard let batch = Int64(text), batch > 0 else {
                throw ShopError.invalid("batch", "must be a batch's number")
            }
            filter.batch = batch
        }
        filter.order = try order(query["order"])
        filter.after = try after(query["after"]) ?? 0
        let cards = try await ports.cards.cards(filter)
        return .json(
            JSONWriter.object { json in
                json.array("items", cards) { json, card in json.object { write(card, to: &$0) } }
                json.string("next", cards.count == filter.limit ? cards.last.map { "\($0.id)" } : nil)
            })
    }

    /// In a body, so that the content is in no address and no log.
    @Sendable private func findCards(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        var fields = try await request.fields(maximumBytes: ports.limits.bodyBytes)
        let content = try fields.string("content")
        let product = try fields.optionalString("product")
        let note = try note(&fields)
        try fields.end()
        let found = try await useCases.manageCards.find(content: content, in: product, by: note)
        let slugs = slugs()
        return .json(
            JSONWriter.object { json in
                json.array("items", found) { json, card in
                    json.object { json in
                        json.string("product", slugs[card.product])
                        write(card, to: &json)
                    }
                }
            })
    }

    func write(_ card: CardEntry, to json: inout JSONWriter) {
        json.string("id", "\(card.id)")
        json.integer("batch", card.batch)
        json.string("state", card.state.rawValue)
        json.string("order", card.order?.text)
        if let preview = card.preview {
            json.string("preview", preview.text)
            json.integer("surcharge", preview.surcharge)
        }
    }

    @Sendable private func listBatches(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        let product = try useCases.manageCards.product(context.parameter("slug"))
        let query = try request.query(["limit"])
        let batches = try await ports.cards.batches(of: product.id, limit: try limit(query["limit"]))
        return .json(
            JSONWriter.object { json in
                json.array("items", batches) { json, batch in json.object { write(batch, to: &$0) } }
            })
    }

    private func write(_ batch: CardBatch, to json: inout JSONWriter) {
        json.integer("batch", batch.id)
        json.time("created_at", batch.createdAt)
        json.integer("imported", batch.imported)
        json.integer("undone", batch.undone)
        for state in CardState.allCases { json.integer(state.rawValue, batch.cards[state] ?? 0) }
    }

    @Sendable private func listJournal(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        let query = try request.query(["after", "limit"])
        let limit = try limit(query["limit"])
        let entries = try await ports.cards.ownerJournal(after: try after(query["after"]), limit: limit)
        return .json(
            JSONWriter.object { json in
                json.array("items", entries) { json, entry in
                    json.object { json in
                        json.string("id", "\(entry.id)")
                        json.time("at", entry.at)
                        json.string("action", entry.action)
                        json.string("subject", entry.subject)
                        json.string("by", entry.note.actor)
                        json.string("reason", entry.note.reason)
                        json.string("before", entry.before)
                        json.string("after", entry.after)
                    }
                }
                json.string("next", entries.count == limit ? entries.last.map { "\($0.id)" } : nil)
            })
    }

    // MARK: Changing

    @Sendable private func addUnits(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        let product = try useCases.manageCards.product(context.parameter("slug"))
        var fields = try await request.fields(maximumBytes: ports.limits.bodyBytes)
        let units = try Self.units(&fields, atLeast: 1)
        let note = try note(&fields)
        try fields.end()
        let batch = try await useCases.createProduct.addUnits(units, to: product, by: note)
        return .json(
            JSONWriter.object { json in
                json.integer("batch", batch)
                json.integer("imported", units)
            }, status: .created)
    }

    @Sendable private func replaceSecret(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        let product = try useCases.manageCards.product(context.parameter("slug"))
        var fields = try await request.fields(maximumBytes: ports.limits.bodyBytes)
        let secret = try fields.string("secret")
        let note = try note(&fields)
        try fields.end()
        try await useCases.createProduct.replaceSecret(secret, of: product, by: note)
        let listing = ports.cache.listing(product.slug) ?? Listing(product: product, page: .plain)
        return .json(JSONWriter.object { writeForOwner(listing, channels(), to: &$0) })
    }

    @Sendable private func undoBatch(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        let id = try number(context, "batch")
        var fields = try await request.optionalFields(maximumBytes: ports.limits.bodyBytes)
        let leavesSold = try fields.optionalBool("leave_sold") ?? false
        let note = try note(&fields)
        try fields.end()
        let report = try await useCases.manageCards.undo(id, leavesSold: leavesSold, by: note)
        return .json(
            JSONWriter.object { json in
                json.integer("removed", report.removed)
                write(report.batch, to: &json)
            })
    }

    @Sendable private func voidCard(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        let id = try number(context, "card")
        let card = try await useCases.manageCards.void(id, by: try await deedNote(request))
        return .json(JSONWriter.object { write(card, to: &$0) })
    }

    /// `card` names the one to give; otherwise it is the oldest one.
    @Sendable private func replaceCard(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        let id = try number(context, "card")
        var fields = try await request.optionalFields(maximumBytes: ports.limits.bodyBytes)
        let other = try fields.optionalString("card").map { text throws(ShopError) -> Int64 in
            guard let other = Int64(text), other > 0, "\(other)" == text else {
                throw .invalid("card", "must be a card's number")
            }
            return other
        }
        let note = try note(&fields)
        try fields.end()
        let card = try await useCases.manageCards.replace(id, with: other, by: note)
        return .json(JSONWriter.object { write(card, to: &$0) })
    }
}
