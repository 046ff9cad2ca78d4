import Foundation
import TestKit
import Testing

extension RunningShop {
    /// What must be found nowhere but where it is shown to its owner.
    private static let secrets = [
        "PLAIN-CARD-7f3a9c51", "NOTE-BESIDE-CARD-b21e", "SHARED-FOR-ALL-90cd44", "WRITTEN-BY-HAND-5e17aa",
        EpayShop.key, "query-password-c0ffee", "FILLED-IN-BY-BUYER-4d2b",
    ]

    /// All spellings of a text that a careless program would leave behind: as it is, in hexadecimal digits, and in
    /// base64 at each of the three places in a group of bytes.
    private static func spellings(of secret: String) -> [Data] {
        let hex = secret.utf8.map { String(format: "%02x", $0) }.joined()
        let base64 = (0..<3).map { shift in
            let bytes = Data(repeating: 0, count: shift) + Data(secret.utf8)
            // The digits at both ends depend on the neighbours as well.
            let digits = bytes.base64EncodedString().filter { $0 != "=" }
            return String(digits.dropFirst(shift == 0 ? 0 : shift + 1).dropLast(2))
        }
        return ([secret, hex, hex.uppercased()] + base64).map { Data($0.utf8) }
    }

    @Test("no secret is left in the folder, the log, the metrics, the journals or a backup")
    func noSecretIsLeft() async throws {
        let shop = try await ShopProcess()
        try await sellEverything(shop)
        var places: [String: Data] = [:]
        let backup = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: backup) }
        #expect(try await sluice(["backup", "--data", shop.data.path, "--to", backup.path]).status == 0)
        places["the backup"] = try Data(contentsOf: backup)
        places["the metrics"] = Data(try await shop.get("/metrics").body.utf8)
        for path in ["/journal", "/payments?limit=1000", "/refunds", "/orders", "/audit", "/products/card/cards"] {
            let page = try await shop.admin("GET", path).body
            places[path] = Data((path == "/orders" ? page.replacing(Self.secrets[6], with: "") : page).utf8)
        }
        for order in try await shop.admin("GET", "/orders").items() {
            let id = order["id"] as? String ?? ""
            // What buyers filled in is there for the owner, and only it.
            let page = try await shop.admin("GET", "/orders/\(id)").body
            places["order \(id)"] = Data(page.replacing(Self.secrets[6], with: "").utf8)
        }
        try read(shop.data, into: &places)
        await shop.stop()
        try read(shop.data, into: &places)
        places["the log"] = Data(shop.log.utf8)
        #expect(places.count > 12)
        for secret in Self.secrets {
            for spelling in Self.spellings(of: secret) {
                let found = places.filter { $0.value.range(of: spelling) != nil }.keys.sorted()
                #expect(found == [], "\(String(decoding: spelling, as: UTF8.self))")
            }
        }
        shop.remove()
    }

    /// A search that finds nothing because it cannot would prove nothing.
    @Test("the search for secrets finds each spelling", arguments: 0..<3)
    func searchFinds(shift: Int) {
        let secret = Self.secrets[0]
        let before = String(repeating: "x", count: shift)
        let hidden = [
            Data("a\(secret)b".utf8), Data(Data("\(before)\(secret)yz".utf8).base64EncodedString().utf8),
            Data(secret.utf8.map { String(format: "%02X", $0) }.joined().utf8),
        ]
        for place in hidden { #expect(Self.spellings(of: secret).contains { place.range(of: $0) != nil }) }
    }

    /// What was filled in is shown to the order's holder; the owner's pages are looked at by the caller.
    private func readsFields(of order: Answer, _ shop: ShopProcess) async throws {
        let fields = try await shop.read(order).object["fields"] as? [String: String]
        try expect(fields, is: ["account": Self.secrets[6]])
    }

    private func read(_ folder: URL, into places: inout [String: Data]) throws {
        for name in try FileManager.default.subpathsOfDirectory(atPath: folder.path) {
            let file = folder.appendingPathComponent(name)
            guard try file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true else { continue }
            places[name] = (places[name] ?? Data()) + (try Data(contentsOf: file))
        }
    }

    /// Every way in which a secret comes in and goes out.
    private func sellEverything(_ shop: ShopProcess) async throws {
        _ = try await EpayShop(shop, cards: 0)
        for body in [
            #"{"slug":"card","title":"Card","amount":1990,"currency":"CNY"}"#,
            #"{"slug":"shared","title":"Shared","amount":1990,"currency":"CNY","kind":"shared","#
                + #""secret":"\#(Self.secrets[2])"}"#,
            #"{"slug":"manual","title":"Manual","amount":1990,"currency":"CNY","kind":"manual","#
                + #""fields":["account"]}"#,
        ] {
            try expect(try await shop.admin("POST", "/products", body).status, is: 201, body)
        }
        let text = "\(Self.secrets[0])----\(Self.secrets[1])\n"
        for path in ["?dry_run=1", "", ""] {
            _ = try await shop.admin("POST", "/products/card/cards\(path)", text, type: "text/plain")
        }
        for product in ["card", "shared", "manual"] {
            let fields = product == "manual" ? #"{"account":"\#(Self.secrets[6])"}"# : "{}"
            let order = try await shop.post(
                "/api/v1/orders",
                #"{"product":"\#(product)","contact":"a@example.com","channel":"sandbox","#
                    + #""query_password":"\#(Self.secrets[5])","fields":\#(fields)}"#)
            if product == "manual" { try await readsFields(of: order, shop) }
            _ = try await shop.pay(order)
            if product == "manual" {
                let path = "/orders/\(order["id"] ?? "")/fulfil"
                let fulfilled = try await shop.admin("POST", path, #"{"text":"\#(Self.secrets[3])"}"#)
                try expect(fulfilled.status, is: 200, fulfilled.body)
            }
            let cards = try await shop.read(order).object["cards"] as? [String] ?? []
            try expect(Self.secrets.contains(cards.first ?? ""), "\(product) shows its secret to its buyer")
        }
        let exported = try await shop.admin("GET", "/products/card/cards/export?state=sold")
        try expect(exported.body, is: text)
        // What asks a provider has its key in the address.
        let epay = EpayShop(restarted: shop)
        try await shop.restock(cards: 1...1)
        _ = try await epay.sale("b")
    }
}
