import Domain
import HTTPTypes
import Hummingbird
import PageSupport
import Shop
import WebSupport

/// The files that the storefront's pages need.
struct StoreAssets: Sendable {
    /// By their names without the digest.
    private let files: [String: PageFile]
    private let byAddress: [String: PageFile]

    private static let folder = "/assets/"

    init() {
        var files = [
            "style.css": PageFile(Self.folder, "style.css", "text/css", PackageResources.style_css),
            "icon.svg": PageFile(Self.folder, "icon.svg", "image/svg+xml", PackageResources.icon_svg),
            "shop.js": PageFile(Self.folder, "shop.js", "text/javascript", PackageResources.shop_js),
        ]
        // Modules name those that they need, so those come first.
        let shared = files["shop.js"]?.address ?? ""
        for (name, bytes) in [
            ("catalog.js", PackageResources.catalog_js), ("product.js", PackageResources.product_js),
            ("order.js", PackageResources.order_js),
        ] {
            let text = String(decoding: bytes, as: UTF8.self).replacing("\"./shop.js\"", with: "\"\(shared)\"")
            files[name] = PageFile(Self.folder, name, "text/javascript", Array(text.utf8))
        }
        self.files = files
        byAddress = Dictionary(uniqueKeysWithValues: files.values.map { ($0.address, $0) })
    }

    func address(_ name: String) -> String { files[name]?.address ?? "" }

    func file(at address: String) -> PageFile? { byAddress[address] }

    /// The owner's colour as a file of its own, because pages hold no styles.
    static func theme(_ accent: String?) -> PageFile {
        PageFile(folder, "theme.css", "text/css", Array(Theme(accent: accent).css.utf8))
    }
}

extension Storefront {
    var assetRoutes: [Route] {
        [
            Route(.get, "/assets/{name}", for: .visitors, isDocumented: false) { _, context in
                let address = "/assets/\(context.parameter("name"))"
                let theme = StoreAssets.theme(ports.cache.settings().accent)
                guard let file = assets.file(at: address) ?? (theme.address == address ? theme : nil) else {
                    throw ShopError(.notFound, "no such file")
                }
                return file.response
            }
        ]
    }
}
