import PageSupport

/// A form: what it asks, and where the answer goes.
struct FormSpec {
    /// A path of the owner's pages.
    var action: String
    var fields: [FormField]
    var button: String
    /// More buttons that send the same form, each with a name and a value.
    var buttons: [(name: String, value: String, text: String)] = []
    var legend = ""
    var isGet = false
    /// Fields beside each other.
    var isInline = false
    /// Holds a file.
    var isMultipart = false
    var isDangerous = false
    var isPlain = false
    /// Asked before it is sent, where there is script.
    var confirm = ""
    /// By which a script finds it.
    var name = ""

    /// - Parameter ids: of the fields that stand before it on the page
    func values(form: String, _ ids: inout FieldIDs) -> [String: Any] {
        let values: [String: Any] = [
            "action": action, "method": isGet ? "get" : "post", "isPost": !isGet, "form": form, "button": button,
            "fields": fields.map { $0.values(id: ids.next($0.name)) }, "isInline": isInline, "isMultipart": isMultipart,
            "isDangerous": isDangerous, "isPlain": isPlain,
            "buttons": buttons.map { ["name": $0.name, "value": $0.value, "text": $0.text] },
        ]
        return values.with("legend", legend).with("confirm", confirm).with("name", name)
    }
}

/// Names of a page's fields that are names of nothing else on it, as labels need them.
struct FieldIDs {
    private var counts: [String: Int] = [:]

    /// The name itself, or with a number behind it where other forms have a field of that name, too.
    mutating func next(_ name: String) -> String {
        counts[name, default: 0] += 1
        let count = counts[name] ?? 1
        return count == 1 ? name : "\(name)-\(count)"
    }
}

/// One thing that a form asks.
struct FormField {
    enum Kind {
        /// `text`, `email`, `number`, `password`, `search`, `file`, `datetime-local`, `color`
        case input(String)
        case area(rows: Int)
        case choice([(value: String, text: String)])
        case check
        case hidden
    }

    var name: String
    var label: String
    var kind = Kind.input("text")
    var value = ""
    var hint = ""
    var error = ""
    var isRequired = false
    var autocomplete = ""
    /// The longest text of an area, in characters.
    var maximum = 200_000
    /// What is stored by now, said where somebody else was faster.
    var stored = ""

    static func hidden(_ name: String, _ value: String) -> FormField {
        FormField(name: name, label: "", kind: .hidden, value: value)
    }

    func values(id: String) -> [String: Any] {
        var values: [String: Any] = [
            "name": name, "id": id, "label": label, "value": value, "hint": hint, "isRequired": isRequired,
            "isHidden": false,
            "isCheck": false, "isArea": false, "isChoice": false, "isInput": false,
        ]
        switch kind {
        case .input(let type):
            values["isInput"] = true
            values["type"] = type
            if type == "file" { values["value"] = "" }
        case .area(let rows):
            values["isArea"] = true
            values["rows"] = rows
            values["maximum"] = maximum
        case .choice(let choices):
            values["isChoice"] = true
            values["choices"] = choices.map { choice -> [String: Any] in
                ["value": choice.value, "text": choice.text, "isChosen": choice.value == value]
            }
        case .check:
            values["isCheck"] = true
            values["isChecked"] = value == "yes"
        case .hidden: values["isHidden"] = true
        }
        return values.with("error", error).with("autocomplete", autocomplete).with("stored", stored)
    }

    /// A stored value as people read it.
    static func storedText(_ value: String, _ kind: Kind, _ visit: AdminVisit) -> String {
        var text = value
        if case .choice(let choices) = kind { text = choices.first { $0.value == value }?.text ?? value }
        if case .check = kind { text = visit.word(value == "yes" ? "yes" : "no") }
        return visit.word("storedNow", text.isEmpty ? "–" : text)
    }
}
