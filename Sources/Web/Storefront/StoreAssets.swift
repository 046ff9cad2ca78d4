import Crypto
import Domain
import HTTPTypes
import Hummingbird
import NIOCore
import Shop
import WebSupport

/// The files that pages need. Their names hold a digest of their content, so that browsers may keep them for ever.
struct StoreAssets: Sendable {
    /// One file.
    struct File: Sendable {
        let address: String
        let mediaType: String
        let body: ByteBuffer
    }

    /// By their names without the digest.
    private let files: [String: File]
    private let byAddress: [String: File]

    init() {
        var files = [
            "style.css": Self.file("style.css", "text/css", PackageResources.style_css),
            "icon.svg": Self.file("icon.svg", "image/svg+xml", PackageResources.icon_svg),
            "shop.js": Self.file("shop.js", "text/javascript", PackageResources.shop_js),
        ]
        // Modules name those that they need, so those come first.
        let shared = files["shop.js"]?.address ?? ""
        for (name, bytes) in [
            ("catalog.js", PackageResources.catalog_js), ("product.js", PackageResources.product_js),
            ("order.js", PackageResources.order_js),
        ] {
            let text = String(decoding: bytes, as: UTF8.self).replacing("\"./shop.js\"", with: "\"\(shared)\"")
            files[name] = Self.file(name, "text/javascript", Array(text.utf8))
        }
        self.files = files
        byAddress = Dictionary(uniqueKeysWithValues: files.values.map { ($0.address, $0) })
    }

    private static func file(_ name: String, _ mediaType: String, _ bytes: [UInt8]) -> File {
        File(address: address(name, bytes), mediaType: mediaType, body: ByteBuffer(bytes: bytes))
    }

    private static func address(_ name: String, _ bytes: [UInt8]) -> String {
        let parts = name.split(separator: ".", maxSplits: 1)
        return "/assets/\(parts[0])-\(digest(bytes)).\(parts[1])"
    }

    /// Sixteen hexadecimal digits.
    static func digest(_ bytes: [UInt8]) -> String { Hexadecimal.text(SHA256.hash(data: bytes).prefix(8)) }

    func address(_ name: String) -> String { files[name]?.address ?? "" }

    func file(at address: String) -> File? { byAddress[address] }

    /// The owner's colour as a file of its own, because pages hold no styles.
    static func theme(_ accent: String?) -> File {
        let bytes = Array(Theme(accent: accent).css.utf8)
        return File(address: address("theme.css", bytes), mediaType: "text/css", body: ByteBuffer(bytes: bytes))
    }
}

extension Storefront {
    var assetRoutes: [Route] {
        [
            Route(.get, "/assets/{name}", for: .visitors, isDocumented: false) { request, context in
                let address = "/assets/\(context.parameter("name"))"
                let theme = StoreAssets.theme(ports.cache.settings().accent)
                guard let file = assets.file(at: address) ?? (theme.address == address ? theme : nil) else {
                    throw ShopError(.notFound, "no such file")
                }
                return Self.answer(file)
            }
        ]
    }

    private static func answer(_ file: StoreAssets.File) -> Response {
        Response(
            status: .ok,
            headers: [
                .contentType: "\(file.mediaType); charset=utf-8",
                .cacheControl: "public, max-age=31536000, immutable", .xContentTypeOptions: "nosniff",
                .contentSecurityPolicy: "default-src 'none'",
            ], body: .init(byteBuffer: file.body))
    }
}
