import Domain
import Hummingbird
import PageSupport
import Shop
import WebSupport

// What the owner and the staff have done.
extension Admin {
    var journalRoutes: [Route] {
        [
            page("/journal", .read) { visit, _, _ in
                let query = PageQuery(visit)
                let entries = try await ports.cards.ownerJournal(after: try query.line("after"), limit: PageQuery.rows)
                var links: [Link] = []
                if entries.count == PageQuery.rows, let last = entries.last {
                    let next = query.address("/admin/journal", filters: [], after: "\(last.id)")
                    links.append(Link(text: visit.word("next"), address: next, isPlain: false))
                }
                return show(
                    visit, visit.word("menuJournal"), [PageSection(table: journalTable(visit, entries), links: links)])
            }
        ]
    }

    private func journalTable(_ visit: AdminVisit, _ entries: [OwnerEntry]) -> DataTable {
        DataTable(
            columns: ["time", "action", "subject", "who", "before", "after"].map { .init(text: visit.word($0)) },
            rows: entries.map { entry in
                [
                    .init(text: visit.time(entry.at), small: "#\(entry.id)"),
                    .init(text: visit.words["deed_\(entry.action)"] ?? entry.action), .init(text: entry.subject),
                    .init(text: entry.note.actor, small: entry.note.reason ?? ""),
                    .init(text: entry.before ?? "", isCode: true), .init(text: entry.after ?? "", isCode: true),
                ]
            }, nothing: visit.word("noJournal"), label: visit.word("menuJournal"))
    }
}
