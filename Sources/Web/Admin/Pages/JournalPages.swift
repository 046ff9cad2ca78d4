import Domain
import Hummingbird
import NIOCore
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

    /// What differs, one member a line; of what is new, all that is said. What is no object stays as it is.
    static func difference(_ before: String?, _ after: String?) -> (before: String, after: String) {
        let (old, new) = (members(before), members(after))
        guard let old, let new else { return (before ?? "", after ?? "") }
        let known = Dictionary(old.map { ($0.name, $0.value) }) { first, _ in first }
        let changed = Dictionary(new.map { ($0.name, $0.value) }) { first, _ in first }
        func lines(_ members: [JSONMember], unlike others: [String: JSONValue]) -> String {
            members.filter { others[$0.name] != $0.value }.compactMap { member in
                let value = text(member.value)
                // What is new has nothing to say by what it has not.
                return others.isEmpty && value.isEmpty ? nil : "\(member.name): \(value.isEmpty ? "–" : value)"
            }.joined(separator: "\n")
        }
        return (lines(old, unlike: changed), lines(new, unlike: known))
    }

    private static func members(_ text: String?) -> [JSONMember]? {
        guard let text else { return [] }
        guard case .object(let members)? = try? JSONReader.read(ByteBuffer(string: text)) else { return nil }
        return members
    }

    private static func text(_ value: JSONValue) -> String {
        switch value {
        case .null: ""
        case .bool(let flag): flag ? "true" : "false"
        case .integer(let number): "\(number)"
        case .number(let number): number
        case .string(let text): text == "[]" ? "" : text
        case .array(let values): values.map { text($0) }.joined(separator: ", ")
        case .object(let members): members.map { "\($0.name) \(text($0.value))" }.joined(separator: ", ")
        }
    }

    private func journalTable(_ visit: AdminVisit, _ entries: [OwnerEntry]) -> DataTable {
        DataTable(
            columns: ["time", "action", "subject", "who", "before", "after"].map { .init(text: visit.word($0)) },
            rows: entries.map { entry in
                let (before, after) = Self.difference(entry.before, entry.after)
                return [
                    .init(text: visit.time(entry.at), small: "#\(entry.id)"),
                    .init(text: visit.words["deed_\(entry.action)"] ?? entry.action), .init(text: entry.subject),
                    .init(text: entry.note.actor, small: entry.note.reason ?? ""),
                    .init(text: before, isCode: true), .init(text: after, isCode: true),
                ]
            }, nothing: visit.word("noJournal"), label: visit.word("menuJournal"))
    }
}
