import PageSupport

/// One part of a page: what it says, shows and asks. Parts that are empty are left out.
struct PageSection {
    var heading = ""
    var id = ""
    var text = ""
    /// HTML that this module or the Markdown library made.
    var html = ""
    /// An SVG image that this module made, and what it says.
    var chart = ""
    var caption = ""
    var facts: [Fact] = []
    /// Whether the facts are what the page is about.
    var isLarge = false
    var table: DataTable?
    var forms: [FormSpec] = []
    var links: [Link] = []
    /// For the script of a page: `data-NAME="VALUE"`.
    var data: (name: String, value: String)?

    /// - Parameters:
    ///   - form: the token of this browser's forms
    ///   - ids: of the fields that stand before it on the page
    func values(form: String, _ ids: inout FieldIDs) -> [String: Any] {
        var values: [String: Any] = [
            "hasFacts": !facts.isEmpty, "isLarge": isLarge, "facts": facts.map(\.values), "hasTable": table != nil,
            "forms": forms.map { $0.values(form: form, &ids) }, "hasLinks": !links.isEmpty,
            "links": links.map(\.values),
        ]
        if let table { values.merge(table.values(form: form)) { _, new in new } }
        return values.with("heading", heading).with("id", id).with("text", text).with("html", html)
            .with("chart", chart).with("caption", caption).with("dataName", data?.name).with("data", data?.value)
    }
}

/// How a value is to be taken.
enum Tone: String {
    case plain = ""
    case good
    case warn
    case bad
}

/// A name and what it stands for.
struct Fact {
    var label: String
    var value: String
    var tone = Tone.plain
    var link = ""
    /// By which the live screen finds it.
    var key = ""

    var values: [String: Any] {
        ["label": label, "value": value].with("tone", tone.rawValue).with("link", link).with("key", key)
    }
}

/// A way to somewhere else.
struct Link {
    var text: String
    var address: String
    var isPlain = true
    var isDownload = false

    var values: [String: Any] {
        ["text": text, "address": address, "isPlain": isPlain, "isDownload": isDownload]
    }
}

/// Rows of the same kind.
struct DataTable {
    struct Column {
        var text: String
        var isNumber = false
    }

    struct Cell {
        var text: String
        /// Below it, smaller.
        var small = ""
        var link = ""
        /// As a badge.
        var tone = Tone.plain
        var isBadge = false
        var isCode = false
        var action: Action?
    }

    /// A form of one button.
    struct Action {
        var address: String
        var button: String
        var hidden: [(name: String, value: String)] = []
        var confirm = ""
        var isDangerous = false
    }

    var columns: [Column]
    var rows: [[Cell]]
    /// Said where there are no rows.
    var nothing = ""
    var label = ""

    func values(form: String) -> [String: Any] {
        let rows = rows.map { row in
            ["cells": row.enumerated().map { cell($1, columns[min($0, columns.count - 1)], form: form) }]
        }
        let values: [String: Any] = [
            "columns": columns.map { column -> [String: Any] in ["text": column.text, "isNumber": column.isNumber] },
            "rows": rows, "tableLabel": label,
        ]
        return values.with("nothing", rows.isEmpty ? nothing : nil)
    }

    private func cell(_ cell: Cell, _ column: Column, form: String) -> [String: Any] {
        var values: [String: Any] = ["text": cell.text]
        if let action = cell.action {
            let parts: [String: Any] = [
                "address": action.address, "button": action.button, "form": form, "isDangerous": action.isDangerous,
                "hidden": action.hidden.map { ["name": $0.name, "value": $0.value] },
            ]
            values["action"] = parts.with("confirm", action.confirm)
        }
        let tone = cell.isBadge || cell.tone != .plain ? (cell.tone == .plain ? "none" : cell.tone.rawValue) : ""
        return values.with("small", cell.small).with("link", cell.link).with("tone", tone)
            .with("class", column.isNumber ? "number" : cell.isCode ? "code" : nil)
    }
}
