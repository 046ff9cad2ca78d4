import Domain
import Hummingbird
import Logging
import NIOCore
import PageSupport
import Shop
import WebSupport

// How cards come in: pasted into a form, or as a file that a script sends.
extension Admin {
    /// Lines of a report that a page or a script is told.
    private static let toldLines = 100

    @Sendable func importPaste(
        _ form: WebForm, _ visit: AdminVisit, _ request: Request, _ context: ShopRequestContext
    ) async throws -> Response {
        let product = try cardProduct(context)
        var filled = FilledForm(form.below("").filter { $0.key != "form" }.mapValues { Self.lines($0) })
        let layout = filled.choice("layout", CardLayout.plain)
        if filled["cards"].trimmed.isEmpty { filled.fail("cards", "is empty") }
        guard filled.isFine else { return try await cardsPage(visit, product, filled) }
        let options = ImportOptions(charset: .utf8, isDryRun: filled["step"] != "import", layout: layout)
        do {
            let bytes = Array(filled["cards"].utf8)
            let text = AsyncStream<[UInt8]> { stream in
                stream.yield(bytes)
                stream.finish()
            }
            let report = try await useCases.importCards(product.slug.text, from: text, options)
            batchesWatch.forget(product.id)
            // What came in need not be sent again.
            if report.batch != nil { filled = FilledForm(["layout": layout.rawValue]) }
            return try await cardsPage(visit, product, filled, report: report)
        } catch let error as ShopError {
            filled.fail(error)
            return try await cardsPage(visit, product, filled)
        }
    }

    /// A file as a script sends it. The answer is lines of JSON: how far it is, some a second at most, and at the end
    /// the report, or what went wrong. What came in before that stays.
    @Sendable func importFile(
        _ visit: AdminVisit, _ request: Request, _ context: ShopRequestContext
    ) async throws -> Response {
        let product = try cardProduct(context)
        let options = try Self.importOptions(visit, request)
        let logger = context.logger
        let body = ResponseBody { writer in
            let chunks = request.body.map { Array($0.readableBytesView) }
            let line = try await imported(chunks, to: product, options, visit, logger) { line in
                try await writer.write(line)
            }
            try await writer.write(line)
            try await writer.finish(nil)
        }
        return Response(
            status: .ok,
            headers: [
                .contentType: "application/x-ndjson; charset=utf-8", .cacheControl: "no-store",
                .xContentTypeOptions: "nosniff",
            ], body: body)
    }

    private static func importOptions(
        _ visit: AdminVisit, _ request: Request
    ) throws(ShopError) -> ImportOptions {
        guard let layout = CardLayout(rawValue: visit.query["layout"] ?? "plain") else {
            throw ShopError.invalid("layout", "must be plain, pickable or csv")
        }
        var options = ImportOptions(isDryRun: visit.query["dry_run"] == "1", layout: layout)
        if let name = request.charset {
            guard let charset = CardCharset(name: name) else {
                throw ShopError(.unsupportedMediaType, "the charset must be utf-8 or gb18030")
            }
            options.charset = charset
        }
        return options
    }

    /// Milliseconds between two words of how far an import is.
    private static let progressMilliseconds: Int64 = 200

    /// Imports, and returns the last line of the answer.
    private func imported<Chunks: AsyncSequence>(
        _ chunks: Chunks, to product: Product, _ options: ImportOptions, _ visit: AdminVisit, _ logger: Logger,
        tell: (ByteBuffer) async throws -> Void
    ) async throws -> ByteBuffer where Chunks.Element == [UInt8] {
        let begun = ports.clock.now().milliseconds
        var told = Int64.min
        let last: ByteBuffer
        do throws(ShopError) {
            let report = try await useCases.importCards(product.slug.text, from: chunks, options) {
                report async throws(ShopError) in
                let now = ports.clock.now().milliseconds
                guard now >= told else { return }
                // A browser may read none of it before all is sent, so a long upload is told less and less often.
                told = now + max(Self.progressMilliseconds, (now - begun) / 12)
                do {
                    try await tell(Self.line(report, visit))
                } catch {
                    throw ShopError(.malformed, "nobody listens any more", cause: "\(error)")
                }
            }
            last = Self.line(report, visit, isDone: true)
        } catch {
            if Problem.isFault(error) { Problem.log(error, path: visit.path, to: logger) }
            last = Self.line { $0.string("error", Self.explain(error, visit)) }
        }
        batchesWatch.forget(product.id)
        // Cards may have come in before a failure, too.
        if !options.isDryRun { await settings.ownerChanged() }
        return last
    }

    private static func line(_ body: (inout JSONWriter) -> Void) -> ByteBuffer {
        var line = JSONWriter.object(body)
        line.writeString("\n")
        return line
    }

    /// - Parameter isDone: whether the import is over; then the lines that became no card are told
    private static func line(_ report: ImportReport, _ visit: AdminVisit, isDone: Bool = false) -> ByteBuffer {
        line { json in
            json.bool("done", isDone)
            json.integer("line", report.lastLine)
            json.integer("batch", report.batch)
            json.integer("imported", report.imported)
            json.integer("duplicates", report.duplicates)
            json.integer("rejected", report.rejected)
            guard isDone else { return }
            json.array("lines", Array(report.lines.prefix(toldLines))) { json, line in
                json.object { json in
                    json.integer("line", line.number)
                    json.string("reason", visit.word("cat_line_\(line.reason.rawValue)"))
                }
            }
        }
    }

    // MARK: Pages

    func reportSections(_ visit: AdminVisit, _ report: ImportReport) -> [PageSection] {
        let facts = [
            Fact(
                label: visit.word(report.batch == nil ? "cat_wouldImport" : "cat_imported"),
                value: "\(report.imported)", tone: .good),
            Fact(
                label: visit.word("cat_duplicates"), value: "\(report.duplicates)",
                tone: report.duplicates > 0 ? .warn : .plain),
            Fact(
                label: visit.word("cat_rejected"), value: "\(report.rejected)",
                tone: report.rejected > 0 ? .bad : .plain),
        ]
        let lines = report.lines.prefix(Self.toldLines)
        let table = DataTable(
            columns: columns(visit, ["line", "why"]),
            rows: lines.map { line in
                [
                    DataTable.Cell(text: "\(line.number)"),
                    DataTable.Cell(text: visit.word("cat_line_\(line.reason.rawValue)")),
                ]
            }, label: visit.word("cat_badLines"))
        let isDone = report.batch != nil
        return [
            PageSection(
                heading: visit.word(isDone ? "cat_importDone" : "cat_preview"), id: "report",
                text: isDone ? "" : visit.word("cat_previewHint"), facts: facts, table: lines.isEmpty ? nil : table)
        ]
    }

    func importSections(
        _ visit: AdminVisit, _ product: Product, _ filled: FilledForm?, _ report: ImportReport?
    ) -> [PageSection] {
        let field = FormFields(visit, filled ?? FilledForm(["layout": CardLayout.plain.rawValue]))
        let base = "/admin/products/\(product.slug.text)/cards"
        let paste = FormSpec(
            action: base, fields: [field("cards", .area(rows: 8), isRequired: true), layoutField(field, product)],
            button: visit.word("cat_check"), buttons: [("step", "import", visit.word("cat_import"))], isPlain: true)
        let settings = scriptSettings(
            visit, address: base + "/upload", isPickable: product.isPickable,
            words: [
                "cat_chooseFile", "cat_import", "cat_layout", "cat_layout_plain", "cat_layout_pickable",
                "cat_layout_csv", "cat_checking",
                "cat_checked", "cat_sending", "cat_progress", "cat_finished", "cat_lost", "cat_cut", "cat_failed",
                "cat_line", "cat_unlisted",
            ])
        return [
            PageSection(heading: visit.word("cat_paste"), forms: [paste]),
            PageSection(
                heading: visit.word("cat_file"), text: visit.word("cat_fileHint"), data: ("import", settings)),
        ]
    }
}
