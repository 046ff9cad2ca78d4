import Domain
import Hummingbird
import NIOCore
import PageSupport
import Shop
import WebSupport

// Tables of products and coupons that come in: looked at first, done afterwards, and only as they were looked at.
extension Admin {
    var tableRoutes: [Route] {
        [
            page("/products.csv", .changeCatalog) { visit, _, _ in try await exportProducts(visit) },
            page("/coupons.csv", .changeCatalog) { visit, _, _ in try await exportCoupons(visit) },
            upload("/products.csv", .changeCatalog) { visit, request, _ in
                try await takeTable(productTable(visit), visit, request)
            },
            upload("/coupons.csv", .changeCatalog) { visit, request, _ in
                try await takeTable(couponTable(visit), visit, request)
            },
        ]
    }

    /// A dry run unless the request names the plan that one has shown.
    private func takeTable(_ kind: TableKind, _ visit: AdminVisit, _ request: Request) async throws -> Response {
        try request.headers.refuseAnnounced(bytesAbove: ports.limits.tableBytes)
        var charset: CardCharset?
        if let name = request.charset {
            charset = CardCharset(name: name)
            if charset == nil { throw ShopError(.unsupportedMediaType, "the charset must be utf-8 or gb18030") }
        }
        var plan = TablePlan(kind, limits: ports.limits, charset: charset)
        for try await buffer in request.body { try plan.append(Array(buffer.readableBytesView)) }
        try plan.finish()
        guard let wanted = visit.query["plan"] else { return Self.json(Self.json(plan, visit), .ok) }
        guard plan.counts.faulty == 0 else {
            throw ShopError(.invalidRequest, "some rows are faulty; nothing was changed")
        }
        guard wanted == plan.digest else { throw ShopError.changedMeanwhile("table or the shop") }
        try await carryOut(plan, visit)
        return Self.json(Self.json(plan, visit), .ok)
    }

    /// Row by row. What was done before a failure stays, and the same table does the rest another time.
    private func carryOut(_ plan: TablePlan, _ visit: AdminVisit) async throws(ShopError) {
        let note = OwnerNote(actor: note(visit).actor, reason: "from a table")
        for (index, row) in plan.deeds.enumerated() {
            do throws(ShopError) {
                switch row.verdict {
                case .new(_, let deed), .changed(_, _, let deed): try await deed(note)
                case .same, .faulty: break
                }
            } catch {
                // What was done so far holds, and other nodes must hear of it.
                await settings.ownerChanged()
                throw ShopError(
                    error.code, visit.word("tab_stopped", "\(row.number)", "\(index)") + " " + visit.reason(error),
                    cause: error.cause)
            }
        }
    }

    // MARK: Answer

    /// Characters of a value that a report shows.
    private static let shownCharacters = 200

    private static func json(_ plan: TablePlan, _ visit: AdminVisit) -> ByteBuffer {
        JSONWriter.object { json in
            json.integer("new", plan.counts.new)
            json.integer("changed", plan.counts.changed)
            json.integer("same", plan.counts.same)
            json.integer("faulty", plan.counts.faulty)
            json.string("plan", plan.digest)
            json.array("rows", plan.listed) { json, row in json.object { write(row, visit, to: &$0) } }
            json.integer("unlisted", plan.unlisted)
        }
    }

    private static func write(_ row: TablePlan.Row, _ visit: AdminVisit, to json: inout JSONWriter) {
        json.integer("row", row.number)
        json.string("key", String(row.key.prefix(shownCharacters)))
        func changes(_ kind: String, _ changes: [TableVerdict.Change], to json: inout JSONWriter) {
            json.string("kind", kind)
            json.array("changes", changes) { json, change in
                json.object { json in
                    json.string("field", change.field)
                    json.string("label", visit.label(change.field))
                    json.string("from", String(change.from.prefix(shownCharacters)))
                    json.string("to", String(change.to.prefix(shownCharacters)))
                }
            }
        }
        switch row.verdict {
        case .same: break
        case .new(let list, _): changes("new", list, to: &json)
        case .changed(let list, _, _): changes("changed", list, to: &json)
        case .faulty(let faults):
            json.string("kind", "faulty")
            json.array("faults", faults.sorted { $0.key < $1.key }) { json, fault in
                json.object { json in
                    json.string("field", fault.key)
                    json.string("label", fault.key.isEmpty ? "" : visit.label(fault.key))
                    json.string("reason", visit.reason(fault.value))
                }
            }
        }
    }

    // MARK: Page

    /// A way out, and a way in that needs script.
    func tableSection(_ visit: AdminVisit, _ name: String) -> PageSection {
        let address = "/admin/\(name).csv"
        let settings = scriptSettings(
            visit, address: address,
            words: [
                "tab_file", "tab_apply", "tab_found", "tab_faulty", "tab_done", "tab_failed", "tab_row", "tab_new",
                "tab_changed", "tab_more", "tab_look", "tab_nothing",
            ])
        return PageSection(
            heading: visit.word("tab_heading"), id: "table", text: visit.word("tab_hint"),
            links: [Link(text: visit.word("tab_out"), address: address, isDownload: true)], data: ("table", settings))
    }

    /// Cells of a row without those that say what is so already. Line breaks are alike, since spreadsheets change them.
    ///
    /// - Parameter filled: columns that cannot be empty; nothing is said where they are, as in the row of a new thing
    func changes(
        _ cells: [String: String], _ known: [String: String], filled: Set<String>
    ) -> [String: String] {
        cells.filter { name, text in
            text != Self.lines(known[name] ?? "") && !(filled.contains(name) && text.trimmed.isEmpty)
        }
    }

    /// What another value of a field means, in the order of the columns.
    func changes(
        _ columns: [String], from old: [String: String], to new: [String: String]
    ) -> [TableVerdict.Change] {
        columns.compactMap { name in
            let (from, to) = (old[name] ?? "", new[name] ?? "")
            return from == to ? nil : TableVerdict.Change(field: name, from: from, to: to)
        }
    }
}

extension FilledForm {
    /// Fields of yes and no hold one of the two words, or nothing, which is no.
    mutating func checkTruths(_ names: [String]) {
        for name in names {
            let word = self[name].trimmed.lowercased()
            if !["yes", "no", ""].contains(word) { fail(name, "must be yes or no") }
            self = with(name, word)
        }
    }

    /// Notes what cannot be changed.
    mutating func checkFixed(_ names: [String], _ known: [String: String]) {
        for name in names where !self[name].trimmed.isEmpty && self[name].trimmed != known[name] {
            fail(name, "cannot be changed")
        }
    }
}
