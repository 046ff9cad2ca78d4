import Domain
import HTTPTypes
import NIOCore
import PageSupport
import Shop
import WebSupport

/// The pages' templates.
enum PageTemplate: String, CaseIterable {
    case layout
    case home
    case product
    case orderform
    case confirm
    case order
    case scan
    case token
    case lookup
    case text
    case message
    case sandbox

    var source: [UInt8] {
        switch self {
        case .layout: PackageResources.layout_mustache
        case .home: PackageResources.home_mustache
        case .product: PackageResources.product_mustache
        case .orderform: PackageResources.orderform_mustache
        case .confirm: PackageResources.confirm_mustache
        case .order: PackageResources.order_mustache
        case .scan: PackageResources.scan_mustache
        case .token: PackageResources.token_mustache
        case .lookup: PackageResources.lookup_mustache
        case .text: PackageResources.text_mustache
        case .message: PackageResources.message_mustache
        case .sandbox: PackageResources.sandbox_mustache
        }
    }

    /// The module that the page runs, where there is script.
    var script: String? {
        switch self {
        case .home: "catalog.js"
        case .product: "product.js"
        case .order, .scan: "order.js"
        case .layout, .orderform, .confirm, .token, .lookup, .text, .message, .sandbox: nil
        }
    }

    /// Whether a cache may keep it, and search engines may show it.
    var isPublic: Bool { self == .home || self == .product || self == .text }
    /// Whether its lines are kept short.
    var isNarrow: Bool { self != .home && self != .product }
}

/// Makes HTML of templates and values.
struct PageRenderer: Sendable {
    private let library: PageLibrary
    private let assets: StoreAssets

    /// - Throws: *internal* when a template is broken.
    init(assets: StoreAssets) throws(ShopError) {
        self.assets = assets
        library = try PageLibrary(
            Dictionary(uniqueKeysWithValues: PageTemplate.allCases.map { ($0.rawValue, $0.source) }))
    }

    /// - Parameter values: what the template names, beside what stands on every page
    func render(_ template: PageTemplate, _ visit: Visit, title: String, _ values: [String: Any]) -> ByteBuffer {
        var all = common(template, visit)
        all["title"] = title == visit.shop.name ? title : "\(title) · \(visit.shop.name)"
        all.merge(values) { _, new in new }
        return library.render(template.rawValue, all)
    }

    private func common(_ template: PageTemplate, _ visit: Visit) -> [String: Any] {
        let languages = Language.allCases.map { language -> [String: Any] in
            [
                "tag": language.tag, "name": language.name, "address": visit.address(in: language),
                "isCurrent": language == visit.language,
            ]
        }
        let addresses = [
            "style": assets.address("style.css"), "theme": StoreAssets.theme(visit.shop.accent).address,
        ]
        let common: [String: Any] = [
            "tag": visit.language.tag, "words": visit.words, "lang": visit.lang, "languages": languages,
            "assets": addresses, "shop": shop(visit), "isPublic": template.isPublic, "isNarrow": template.isNarrow,
            "query": "", "icon": visit.shop.logo ?? assets.address("icon.svg"),
        ]
        return common.with("script", template.script.map { assets.address($0) })
            .with("chosen", visit.chosen?.rawValue)
    }

    private func shop(_ visit: Visit) -> [String: Any] {
        let shop = visit.shop
        let zone = LocalTime(zone: shop.timeZone).name(at: visit.now)
        let values: [String: Any] = [
            "name": shop.name, "initial": PageRenderer.initial(of: shop.name), "times": visit.word("times", zone),
            "terms": !shop.terms.isEmpty, "privacy": !shop.privacy.isEmpty, "refunds": !shop.refunds.isEmpty,
        ]
        return values.with("logo", shop.logo).with("contact", shop.contact).with("filing", shop.filing)
    }

    /// The first letter or digit, for where a picture is missing.
    static func initial(of text: String) -> String {
        text.first { $0.isLetter || $0.isNumber }.map { String($0).uppercased() } ?? "#"
    }
}
