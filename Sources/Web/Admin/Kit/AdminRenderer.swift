import Domain
import Hummingbird
import NIOCore
import PageSupport
import Shop
import WebSupport

/// Makes pages of their parts.
struct AdminRenderer: Sendable {
    private let library: PageLibrary
    let style = PageFile("/admin/files/", "admin.css", "text/css", PackageResources.admin_css)
    let script = PageFile("/admin/files/", "admin.js", "text/javascript", PackageResources.admin_js)
    let cards = PageFile("/admin/files/", "cards.js", "text/javascript", PackageResources.cards_js)
    let system = PageFile("/admin/files/", "system.js", "text/javascript", PackageResources.system_js)
    let tables = PageFile("/admin/files/", "table.js", "text/javascript", PackageResources.table_js)
    let icon = PageFile("/admin/files/", "icon.svg", "image/svg+xml", PackageResources.icon_svg)

    init() throws(ShopError) {
        library = try PageLibrary([
            "layout": PackageResources.layout_mustache, "section": PackageResources.section_mustache,
            "field": PackageResources.field_mustache,
        ])
    }

    /// The menu: where it leads, its word, and the right that it takes.
    private static let menu: [(path: String, word: String, right: StaffRight)] = [
        ("/admin", "menuDashboard", .read), ("/admin/live", "menuLive", .read), ("/admin/orders", "menuOrders", .read),
        ("/admin/payments", "menuPayments", .read), ("/admin/products", "menuProducts", .read),
        ("/admin/categories", "menuCategories", .read), ("/admin/coupons", "menuCoupons", .read),
        ("/admin/announcements", "menuAnnouncements", .read), ("/admin/blacklist", "menuBlacklist", .read),
        ("/admin/channels", "menuChannels", .read), ("/admin/settings", "menuSettings", .changeSettings),
        ("/admin/drills", "menuDrills", .drill), ("/admin/backups", "menuBackups", .backUp),
        ("/admin/staff", "menuStaff", .manageStaff), ("/admin/journal", "menuJournal", .read),
    ]

    func render(
        _ visit: AdminVisit, heading: String, crumbs: [Link], sections: [PageSection], alert: String, refresh: Int?,
        hasSandbox: Bool
    ) -> ByteBuffer {
        let form = visit.token.value
        var ids = FieldIDs()
        let parts = sections.map { $0.values(form: form, &ids) }
        var values: [String: Any] = [
            "tag": visit.language.tag, "words": visit.words, "title": heading,
            "shop": visit.shop.name, "style": style.address, "script": script.address, "cards": cards.address,
            "system": system.address, "tables": tables.address, "icon": icon.address,
            "form": form, "sections": parts, "sandbox": hasSandbox,
            "times": visit.word("times", LocalTime(zone: visit.shop.timeZone).name(at: visit.now)),
            "languages": Language.allCases.map { language -> [String: Any] in
                [
                    "tag": language.tag, "name": language.name, "isCurrent": language == visit.language,
                    "address": "/admin/language/\(language.rawValue)?next=\(FormText.encoded(visit.path))",
                ]
            },
        ]
        if let member = visit.member {
            values["member"] = member.name.text
            values["role"] = visit.word("role_\(member.role.rawValue)")
            values["menu"] = menu(visit)
        }
        if !crumbs.isEmpty { values["crumbs"] = ["links": crumbs.map(\.values)] }
        let done = visit.query["done"].flatMap { visit.words["done_\($0)"] }
        let body = values.with("alert", alert).with("notice", done).with("refresh", refresh.map { "\($0)" })
        return library.render("layout", body)
    }

    private func menu(_ visit: AdminVisit) -> [[String: Any]] {
        Self.menu.filter { visit.may($0.right) }.map { item in
            let isBelow = item.path != "/admin" && visit.path.hasPrefix(item.path + "/")
            return [
                "address": item.path, "text": visit.word(item.word), "isCurrent": visit.path == item.path || isBelow,
            ]
        }
    }
}
