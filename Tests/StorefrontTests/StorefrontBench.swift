import Crypto
import Domain
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Shop

@testable import PageSupport
@testable import Storefront

/// What tests of pages need.
enum Bench {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    /// 2026-01-31T12:00:00Z
    static let now = Timestamp(milliseconds: 1_769_860_800_000)

    static func request(_ path: String, _ headers: HTTPFields = [:]) -> Request {
        Request(
            head: HTTPRequest(method: .get, scheme: "http", authority: "a", path: path, headerFields: headers),
            body: RequestBody(buffer: ByteBuffer()))
    }

    static func visit(
        _ path: String, accepts: String? = nil, shop: ShopSettings = .plain, at now: Timestamp = now
    ) -> Visit {
        var headers: HTTPFields = [:]
        headers[.acceptLanguage] = accepts
        return Visit(request(path, headers), shop: shop, now: now)
    }

    static func keys() throws -> KeyRing {
        let master = SymmetricKey(size: .bits256)
        return try KeyRing(unwrapping: KeyRing.fresh(master: master), master: master)
    }

    /// The texts of files below a folder.
    static func files(_ folder: String, _ suffix: String) throws -> [String] {
        let found = FileManager.default.enumerator(
            at: root.appendingPathComponent(folder), includingPropertiesForKeys: nil)
        return try (found?.allObjects as? [URL] ?? []).filter { $0.path.hasSuffix(suffix) }
            .map { try String(contentsOf: $0, encoding: .utf8) }
    }
}
