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
                let version = Int(form["version"]) ?? known.version
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
                    settings.version = version
                    return settingsPage(visit, settings, error)
                }
                return Self.redirect(to: "/admin/settings", done: "saved")
            },
        ]
    }

    /// What a browser sends of an area: lines end with CR and LF.
    static func lines(_ text: String) -> String { text.replacing("\r\n", with: "\n") }

    private func settingsPage(_ visit: AdminVisit, _ settings: ShopSettings, _ error: ShopError? = nil) -> Response {
        func field(_ name: String, _ value: String, _ kind: FormField.Kind = .input("text")) -> FormField {
            FormField(
                name: name, label: visit.word("set_\(name)"), kind: kind, value: value,
                hint: visit.words["hint_\(name)"] ?? "",
                error: error?.field == name ? error.map { visit.bareReason($0) } ?? "" : "")
        }
        let form = FormSpec(
            action: "/admin/settings",
            fields: [
                .hidden("version", "\(settings.version)"), field("name", settings.name),
                field("tagline", settings.tagline), field("logo", settings.logo ?? ""),
                field("accent", settings.accent ?? ""), field("time_zone", settings.timeZone),
                field("contact", settings.contact, .area(rows: 3)), field("filing", settings.filing),
                field("terms", settings.terms, .area(rows: 8)), field("privacy", settings.privacy, .area(rows: 8)),
                field("refunds", settings.refunds, .area(rows: 8)),
            ], button: visit.word("save"))
        let alert = error.map { $0.field == nil ? Self.explain($0, visit) : visit.word("checkFields") } ?? ""
        return show(
            visit, visit.word("menuSettings"), [PageSection(forms: [form])], alert: alert,
            status: error.map { Problem.answer($0).status } ?? .ok)
    }
}
