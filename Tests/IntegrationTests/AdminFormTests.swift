import Foundation
import TestKit
import Testing

/// Every form of the owner's pages, found in the sources, so that a new one is held to the same rules.
extension RunningShop {
    private static let placeholders = ["{id}": "1", "{slug}": "game-key", "{name}": "sandbox", "{code}": "SPRING"]

    private static func paths(_ kinds: String) throws -> [String] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../Sources/Web/Admin/Pages").standardizedFileURL
        let pattern = try Regex(#"\b(?:\#(kinds))\(\s*"(/?[^"\\]*)""#)
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().flatMap { name in
            let text = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
            return text.matches(of: pattern).compactMap { $0.output[1].substring.map(String.init) }
        }
    }

    private static func filled(_ path: String) -> String {
        placeholders.reduce("/admin" + path) { $0.replacing($1.key, with: $1.value) }
    }

    @Test("no form is taken without the browser's token, from another site, or from nobody; no upload either")
    func everyForm() async throws {
        // Deeds of an order are named by their verbs.
        let deeds = try Self.paths("deed").map { "/orders/00000000000000000000000000/\($0)" }
        let forms = try Self.paths("form|change").filter { $0.hasPrefix("/") }.map(Self.filled) + deeds.map(Self.filled)
        let uploads = try Self.paths("upload").map(Self.filled)
        #expect(forms.count > 45 && uploads.count >= 5, "\(forms.count) forms, \(uploads.count) uploads")
        try await withShop { shop in
            let visit = try await AdminOrderVisit(shop)
            _ = try await visit.owner.get("/admin/settings")
            let stranger = PageVisitor(shop)
            for path in forms {
                #expect(try await visit.owner.post(path, [("form", "")]).status == 403, "\(path)")
                let evil = try await visit.owner.post(path, origin: "https://evil.example")
                #expect(evil.status == 403, "\(path)")
                #expect(try await stranger.post(path).headers["location"] == "/admin/login", "\(path)")
            }
            for path in uploads {
                #expect(try await visit.owner.upload(path, "x", token: "").status == 403, "\(path)")
                #expect(try await stranger.upload(path, "x").status == 401, "\(path)")
            }
            #expect(try await visit.owner.get("/admin").status == 200)
        }
    }
}
