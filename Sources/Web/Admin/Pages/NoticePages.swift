import Domain
import Hummingbird
import PageSupport
import Shop
import WebSupport

// Announcements, and whom the shop does not sell to.
extension Admin {
    var noticeRoutes: [Route] {
        [
            page("/announcements", .read) { visit, _, _ in try await announcementList(visit, FilledForm([:])) },
            form("/announcements", .changeCatalog) { form, visit, _, _ in try await write(nil, form, visit) },
            page("/announcements/{id}", .changeCatalog) { visit, _, context in
                let known = try await announcement(try number(context))
                let values = [
                    "title": known.title, "text": known.text, "pinned": Self.check(known.isPinned),
                ]
                let filled = FilledForm(values.merging(self.values(known.window, visit)) { first, _ in first })
                return announcementPage(visit, known, filled)
            },
            form("/announcements/{id}", .changeCatalog) { form, visit, _, context in
                try await write(try await announcement(try number(context)), form, visit)
            },
            form("/announcements/{id}/remove", .changeCatalog) { form, visit, _, context in
                try await useCases.manageAnnouncements.remove(try number(context), by: note(visit, form))
                return Self.redirect(to: "/admin/announcements", done: "removed")
            },
            page("/blacklist", .read) { visit, _, _ in try await blacklistPage(visit, FilledForm([:])) },
            form("/blacklist", .changeOrders, block),
            form("/blacklist/{id}/remove", .changeOrders) { form, visit, _, context in
                try await useCases.manageBlacklist.unblock(try number(context), by: note(visit, form))
                return Self.redirect(to: "/admin/blacklist", done: "removed")
            },
        ]
    }

    // MARK: Announcements

    private func announcement(_ id: Int64) async throws -> Announcement {
        guard let known = try await ports.catalog.announcements().first(where: { $0.id == id }) else {
            throw ShopError(.notFound, "no such announcement")
        }
        return known
    }

    private func write(_ known: Announcement?, _ form: WebForm, _ visit: AdminVisit) async throws -> Response {
        var filled = try FilledForm(form)
        let title = filled.line("title", maximum: Announcement.maximumTitleLength)
        let text = filled.text("text", maximum: Announcement.maximumTextLength)
        let window = filled.window(known?.window ?? .always, zone(visit))
        do {
            guard filled.isFine else { throw ShopError.invalid("form", "is wrong") }
            _ = try await useCases.manageAnnouncements.write(
                known?.id, title: title, text: text, window: window, isPinned: filled.isChecked("pinned"),
                by: note(visit, form))
        } catch let error as ShopError {
            if filled.isFine { filled.fail(error) }
            guard let known else { return try await announcementList(visit, filled) }
            return announcementPage(visit, known, filled)
        }
        return Self.redirect(to: "/admin/announcements", done: "saved")
    }

    private func announcementForm(_ visit: AdminVisit, _ filled: FilledForm, _ known: Announcement?) -> FormSpec {
        let field = FormFields(visit, filled, "news")
        return FormSpec(
            action: known.map { "/admin/announcements/\($0.id)" } ?? "/admin/announcements",
            fields: [
                field("title", isRequired: true),
                field("text", .area(rows: 6), maximum: Announcement.maximumTextLength),
                field("opens_at", .input("datetime-local")), field("closes_at", .input("datetime-local")),
                field("pinned", .check), field.reason,
            ], button: visit.word(known == nil ? "cat_add" : "save"))
    }

    private func announcementList(_ visit: AdminVisit, _ filled: FilledForm) async throws -> Response {
        let mayChange = visit.may(.changeCatalog)
        let table = DataTable(
            columns: columns(visit, ["title", "time", "window", "state", ""]),
            rows: try await ports.catalog.announcements().map { item in
                let base = "/admin/announcements/\(item.id)"
                let remove = DataTable.Action(
                    address: "\(base)/remove", button: visit.word("cat_remove"),
                    confirm: visit.word("cat_removeConfirm", item.title), isDangerous: true)
                let isShown = item.window.contains(visit.now)
                return [
                    DataTable.Cell(
                        text: item.title, small: item.isPinned ? visit.word("news_pinned") : "",
                        link: mayChange ? base : ""),
                    DataTable.Cell(text: visit.time(item.createdAt)),
                    DataTable.Cell(text: windowText(item.window, visit)),
                    DataTable.Cell(
                        text: visit.word(isShown ? "cat_shown" : "cat_notShown"), tone: isShown ? .good : .plain,
                        isBadge: true), DataTable.Cell(text: "", action: mayChange ? remove : nil),
                ]
            }, nothing: visit.word("cat_nothing"), label: visit.word("menuAnnouncements"))
        var sections = [PageSection(table: table)]
        if mayChange {
            sections.append(
                PageSection(heading: visit.word("cat_add"), forms: [announcementForm(visit, filled, nil)]))
        }
        return show(
            visit, visit.word("menuAnnouncements"), sections, alert: alert(filled, visit), status: status(filled))
    }

    private func announcementPage(_ visit: AdminVisit, _ known: Announcement, _ filled: FilledForm) -> Response {
        show(
            visit, known.title,
            crumbs: [Link(text: visit.word("menuAnnouncements"), address: "/admin/announcements")],
            [PageSection(forms: [announcementForm(visit, filled, known)])], alert: alert(filled, visit),
            status: status(filled))
    }

    // MARK: Blacklist

    @Sendable private func block(
        _ form: WebForm, _ visit: AdminVisit, _ request: Request, _ context: ShopRequestContext
    ) async throws -> Response {
        var filled = try FilledForm(form)
        do {
            let party = try Self.party(filled["kind"], filled["who"].trimmed)
            _ = try await useCases.manageBlacklist.block(party, by: note(visit, form))
        } catch {
            let isWrong = error.code == .invalidRequest && error.field != "kind"
            filled.fail(isWrong ? ShopError(error.code, error.detail, field: "who") : error)
            return try await blacklistPage(visit, filled)
        }
        return Self.redirect(to: "/admin/blacklist", done: "saved")
    }

    private static func party(_ kind: String, _ text: String) throws(ShopError) -> BlockedParty {
        switch kind {
        case "contact": return .contact(try Buyer.parse(text))
        case "domain":
            guard let party = BlockedParty.domain(named: text) else {
                throw .invalid("who", "must be what stands behind the @ of an e-mail address")
            }
            return party
        case "address":
            guard let range = AddressRange(text: text) else {
                throw .invalid("who", "must be an address or a range such as 192.0.2.0/24")
            }
            return .addresses(range)
        default: throw .invalid("kind", "is not one of the choices")
        }
    }

    private static let blockRows = 200

    private func blacklistPage(_ visit: AdminVisit, _ filled: FilledForm) async throws -> Response {
        let mayChange = visit.may(.changeOrders)
        let after = visit.query["after"].flatMap { Int64($0) }
        let blocks = try await ports.catalog.blocks(after: after, limit: Self.blockRows)
        let table = DataTable(
            columns: columns(visit, ["who", "kind", "reason", "time", ""]),
            rows: blocks.map { block in
                let remove = DataTable.Action(
                    address: "/admin/blacklist/\(block.id)/remove", button: visit.word("cat_remove"))
                let (kind, who) = Self.texts(block.party)
                return [
                    DataTable.Cell(text: who), DataTable.Cell(text: visit.word("block_\(kind)")),
                    DataTable.Cell(text: block.reason ?? ""), DataTable.Cell(text: visit.time(block.createdAt)),
                    DataTable.Cell(text: "", action: mayChange ? remove : nil),
                ]
            }, nothing: visit.word("cat_nothing"), label: visit.word("menuBlacklist"))
        var links: [Link] = []
        if blocks.count == Self.blockRows, let last = blocks.last {
            links.append(Link(text: visit.word("cat_more"), address: "/admin/blacklist?after=\(last.id)"))
        }
        var sections = [PageSection(table: table, links: links)]
        if mayChange {
            let field = FormFields(visit, filled, "block")
            let kinds = ["contact", "domain", "address"].map { ($0, visit.word("block_\($0)")) }
            let form = FormSpec(
                action: "/admin/blacklist",
                fields: [field("kind", .choice(kinds)), field("who", isRequired: true), field.reason],
                button: visit.word("cat_add"), isInline: true)
            sections.insert(PageSection(heading: visit.word("cat_add"), forms: [form]), at: 0)
        }
        return show(
            visit, visit.word("menuBlacklist"), sections, alert: alert(filled, visit), status: status(filled))
    }

    private static func texts(_ party: BlockedParty) -> (kind: String, who: String) {
        switch party {
        case .contact(let buyer): ("contact", buyer.contact)
        case .domain(let domain): ("domain", domain)
        case .addresses(let range): ("address", range.text)
        }
    }
}
