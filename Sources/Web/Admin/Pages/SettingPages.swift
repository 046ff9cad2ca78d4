import Domain
import Hummingbird
import PageSupport
import Shop
import WebSupport

// What the shop is called, how it looks and what it tells everybody about itself.
extension Admin {
    var settingRoutes: [Route] {
        [
            page("/settings", .changeSettings) { visit, _, _ in
                settingsPage(visit, try await useCases.manageSettings.current())
            },
            form("/settings", .changeSettings) { form, visit, _, _ in
                let known = try await useCases.manageSettings.current()
                // A form without a version is of no version: nothing may be overwritten unseen.
                let version = Int(form["version"]) ?? 0
                var settings = known
                settings.name = form["name"].trimmed
                settings.tagline = form["tagline"].trimmed
                settings.logo = form["logo"].isEmpty ? nil : form["logo"].trimmed
                settings.accent = form["accent"].isEmpty ? nil : form["accent"].trimmed.lowercased()
                settings.timeZone = form["time_zone"].trimmed
                settings.contact = Self.lines(form["contact"]).trimmed
                settings.filing = form["filing"].trimmed
                settings.terms = Self.lines(form["terms"])
                settings.privacy = Self.lines(form["privacy"])
                settings.refunds = Self.lines(form["refunds"])
                do {
                    _ = try await useCases.manageSettings.change(
                        version: version, to: settings, by: note(visit, form))
                } catch let error as ShopError {
                    // Somebody else was faster: what is filled in may take the place of what is stored now.
                    let isLate = error.code == .wrongState
                    settings.version = isLate ? known.version : version
                    return settingsPage(visit, settings, error, stored: isLate ? known : nil)
                }
                return Self.redirect(to: "/admin/settings", done: "saved")
            },
        ]
    }

    /// What a browser sends of an area: lines end with CR and LF.
    static func lines(_ text: String) -> String { text.replacing("\r\n", with: "\n") }

    /// - Parameter stored: what is stored by now, if somebody else was faster
    private func settingsPage(
        _ visit: AdminVisit, _ settings: ShopSettings, _ error: ShopError? = nil, stored: ShopSettings? = nil
    ) -> Response {
        func field(
            _ name: String, _ value: (ShopSettings) -> String, _ kind: FormField.Kind = .input("text")
        ) -> FormField {
            var field = FormField(
                name: name, label: visit.word("set_\(name)"), kind: kind, value: value(settings),
                hint: visit.words["hint_\(name)"] ?? "",
                error: error?.field == name ? error.map { visit.bareReason($0) } ?? "" : "")
            if let stored = stored.map(value), stored.trimmed != field.value.trimmed {
                field.stored = FormField.storedText(stored, kind, visit)
            }
            return field
        }
        let form = FormSpec(
            action: "/admin/settings",
            fields: [
                .hidden("version", "\(settings.version)"), field("name", \.name), field("tagline", \.tagline),
                field("logo") { $0.logo ?? "" }, field("accent") { $0.accent ?? "" }, field("time_zone", \.timeZone),
                field("contact", \.contact, .area(rows: 3)), field("filing", \.filing),
                field("terms", \.terms, .area(rows: 8)), field("privacy", \.privacy, .area(rows: 8)),
                field("refunds", \.refunds, .area(rows: 8)),
            ], button: visit.word("save"))
        var alert = error.map { $0.field == nil ? Self.explain($0, visit) : visit.word("checkFields") } ?? ""
        if stored != nil { alert = visit.word("overtaken") }
        return show(
            visit, visit.word("menuSettings"), [PageSection(forms: [form])], alert: alert,
            status: error.map { Problem.answer($0).status } ?? .ok)
    }
}
