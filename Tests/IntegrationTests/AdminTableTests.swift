import Foundation
import TestKit
import Testing

/// Products, coupons and cards as tables, out and in.
extension RunningShop {
    private static let hostile = """
        {"slug":"hostile","title":"=HYPERLINK(\\"http://x\\",\\"y\\")","amount":1990,"currency":"CNY","position":-3,\
        "max_per_order":9,"description":"# Head\\r\\n\\"quoted\\", 'single'\\n\\n@last","instructions":"'=kept",\
        "tiers":[{"from":2,"amount":1500}],"fields":[{"name":"a","label":"A | b, c \\\\ d"}]}
        """

    private func offerTable(_ shop: ShopProcess) async throws {
        let plain = #"{"slug":"plain","title":"Plain","amount":500,"currency":"CNY"}"#
        let yen =
            #"{"slug":"yen","title":"円","amount":1500,"currency":"JPY","hidden":true,"#
            + #""opens_at":"2030-01-01T00:00:30Z"}"#
        for body in [Self.hostile, plain, yen] {
            let answer = try await shop.admin("POST", "/products", body)
            #expect(answer.status == 201, "\(answer.body)")
        }
    }

    private func counts(_ answer: Answer) -> [Int] {
        ["new", "changed", "same", "faulty"].map { answer.object[$0] as? Int ?? -1 }
    }

    @Test("a table of products that goes out and comes in changes nothing, and changes are shown before they are made")
    func productTables() async throws {
        try await withShop { shop in
            try await offerTable(shop)
            let owner = try await PageVisitor.owner(of: shop)
            let page = try await owner.get("/admin/products")
            #expect(page.body.contains("data-table=") && page.body.contains("href=\"/admin/products.csv\" download"))
            let out = try await owner.get("/admin/products.csv")
            #expect(out.headers["content-type"] == "text/csv; charset=utf-8")
            #expect(out.body.contains(#""'=HYPERLINK(""http://x"",""y"")""#) && out.body.contains("\"''=kept\""))
            let same = try await owner.upload("/admin/products.csv", out.body)
            #expect(counts(same) == [0, 0, 3, 0], "\(same.body)")
            let wanted =
                out.body.replacing("\"5.00\"", with: "5.5")
                + "new-one,New,card,7.00,CNY,,2,yes,5,,,,,,,\"3 6.00\n5 5.50\",,,,,\"two\nlines\",,\r\n"
            let seen = try await owner.upload("/admin/products.csv", wanted)
            #expect(counts(seen) == [1, 1, 2, 0], "\(seen.body)")
            let rows = seen.items("rows")
            #expect(rows.map { $0["key"] as? String } == ["plain", "new-one"])
            let changes = try #require(rows[0]["changes"] as? [[String: Any]])
            #expect(changes.count == 1 && changes[0]["field"] as? String == "amount")
            #expect(changes[0]["from"] as? String == "5.00" && changes[0]["to"] as? String == "5.50")
            #expect(try await shop.admin("GET", "/products/plain").amount == 500)
            let plan = try #require(seen["plan"])
            let other = try await owner.upload("/admin/products.csv?plan=\(plan)", out.body)
            #expect(other.status == 409, "\(other.body)")
            let done = try await owner.upload("/admin/products.csv?plan=\(plan)", wanted)
            #expect(done.status == 200 && counts(done) == [1, 1, 2, 0], "\(done.body)")
            #expect(try await shop.admin("GET", "/products/plain").amount == 550)
            let made = try await shop.admin("GET", "/products/new-one")
            #expect(made["description"] == "two\nlines" && made.body.contains(#""from":5,"amount":550"#))
            // What was done is done once, whoever sends it again.
            #expect(counts(try await owner.upload("/admin/products.csv", wanted)) == [0, 0, 4, 0])
            #expect(try await owner.upload("/admin/products.csv?plan=\(plan)", wanted).status == 409)
            let journal = try await shop.admin("GET", "/journal").items()
            #expect(journal.prefix(2).allSatisfy { $0["reason"] as? String == "from a table" })
            #expect((journal[1]["before"] as? String)?.contains(#""amount":500"#) == true)
        }
    }

    @Test("faulty rows are told with number and field, and nothing of their table is done")
    func faultyTables() async throws {
        try await withShop { shop in
            try await offerTable(shop)
            let owner = try await PageVisitor.owner(of: shop)
            _ = try await owner.get("/admin/products")
            let table = """
                slug,title,amount,currency,category,hidden,tiers,kind,version
                plain,Changed,5.00,CNY,,no,,card,1
                yen,x,19.90,JPY,,no,,card,1
                hostile,,1,USD,none,maybe,x,manual,7
                Bad Slug,x,1,CNY,,,,,
                fresh,x,,CNY,,,,,
                shared,x,1,CNY,,,,shared,
                plain,x,1,CNY,,,,,
                short,x
                "open,x,1,CNY,,,,,
                """
            let seen = try await owner.upload("/admin/products.csv", table)
            #expect(counts(seen) == [0, 1, 0, 8], "\(seen.body)")
            let fields = seen.items("rows").map { row in
                (row["faults"] as? [[String: Any]] ?? []).compactMap { $0["field"] as? String }.joined(separator: " ")
            }
            let expected = [
                "", "amount", "category currency hidden kind tiers title version", "slug", "amount", "kind", "slug",
                "", "",
            ]
            #expect(fields == expected, "\(seen.body)")
            #expect(seen.items("rows").map { $0["row"] as? Int } == Array(2...10))
            let refused = try await owner.upload("/admin/products.csv?plan=\(seen["plan"] ?? "")", table)
            #expect(refused.status == 422 && refused["error"] != nil)
            #expect(try await shop.admin("GET", "/products/plain")["title"] == "Plain")
            for (text, status, word) in [
                ("slug,stock\nplain,5\n", 422, "there is no column stock"),
                ("title\nx\n", 422, "the column slug is missing"),
                ("<html>\n", 422, "there is no column number 1"), ("slug\n\0\n", 415, "no text"),
                ("PK\u{3}\u{4}xx", 415, "Excel"),
            ] {
                let answer = try await owner.upload("/admin/products.csv", text)
                #expect(answer.status == status && answer.body.contains(word), "\(word): \(answer.body.prefix(300))")
            }
            let chinese = PageVisitor(shop, language: "zh")
            try await chinese.logIn("owner", "a password of the tests")
            _ = try await chinese.get("/admin/products")
            let words = try await chinese.upload("/admin/products.csv", table).body
            #expect(words.contains("在表格中重复") && words.contains("必须是 yes 或 no") && words.contains("\"分类\""))
            // A picture is known by its content, too.
            let picture = try await owner.upload("/admin/pictures", "<html><script>alert(1)</script>")
            #expect(picture.status == 422 && picture.body.contains("must be PNG"), "\(picture.body)")
        }
    }

    @Test("many coupons come in by one table, and go out as they came")
    func couponTables() async throws {
        try await withShop { shop in
            try await shop.offer(cards: 1)
            let owner = try await PageVisitor.owner(of: shop)
            _ = try await owner.get("/admin/coupons")
            let table =
                "code,off,products,max_uses\r\n"
                + (1...300).map { "BULK-\($0),\($0 % 2 == 0 ? "10%" : "1.50"),game-key,\($0)\r\n" }.joined()
            let seen = try await owner.upload("/admin/coupons.csv", table)
            #expect(
                counts(seen) == [300, 0, 0, 0] && seen.object["unlisted"] as? Int == 100, "\(seen.body.prefix(300))")
            #expect(try await owner.upload("/admin/coupons.csv?plan=\(seen["plan"] ?? "")", table).status == 200)
            let quote = #"{"product":"game-key","coupon":"bulk-300"}"#
            #expect(try await shop.post("/api/v1/orders/quote", quote).amount == 1791)
            let out = try await owner.get("/admin/coupons.csv").body
            #expect(out.contains("\"BULK-299\",\"1.50\",\"CNY\",\"0.00\",\"game-key\"") && out.contains("\"yes\""))
            #expect(counts(try await owner.upload("/admin/coupons.csv", out)) == [0, 0, 300, 0])
            let off = out.replacing("\"BULK-7\",\"1.50\"", with: "bulk-7,2%")
            let changed = try await owner.upload("/admin/coupons.csv", off)
            #expect(counts(changed) == [0, 1, 299, 0], "\(changed.body)")
            #expect(try await owner.upload("/admin/coupons.csv?plan=\(changed["plan"] ?? "")", off).status == 200)
            let wrong = "code,off,products,max_uses_per_buyer\nX,1,,\nGOOD-1,0%,none,x\n"
            #expect(counts(try await owner.upload("/admin/coupons.csv", wrong)) == [0, 0, 0, 2])
        }
    }

    @Test("cards go out as a table and come in as one, with notes and previews, and formulas are texts")
    func cardTables() async throws {
        try await withShop { shop in
            let body = #"{"slug":"pick","title":"Pick","amount":100,"currency":"CNY","pickable":true}"#
            #expect(try await shop.admin("POST", "/products", body).status == 201)
            let owner = try await PageVisitor.owner(of: shop)
            let path = "/admin/products/pick/cards"
            #expect(try await owner.get(path).body.contains("value=\"csv\""))
            let table = "secret,note,preview,surcharge\n=cmd,\"a, b\",,\nB-1,,No. 8,50\n\"C\n1\",,,\nB-1,,,\n'=own,,,\n"
            func paste(_ more: [(String, String)]) async throws -> String {
                try await owner.post(path, [("cards", table), ("layout", "csv")] + more).body
            }
            let preview = try await paste([])
            #expect(preview.contains("A cell has a line break") && preview.contains("The product has or had this card"))
            #expect(try await paste([("step", "import")]).contains("2 + 1 in stock"))
            let out = try await owner.post("/admin/products/pick/export", [("state", "available"), ("layout", "csv")])
            #expect(out.headers["content-disposition"] == "attachment; filename=\"pick-available.csv\"")
            let rows = [
                #""secret","note","preview","surcharge""#, #""'=cmd","a, b","","""#, #""B-1","","No. 8","50""#,
                #""'=own","","","""#,
            ]
            // The apostrophe of an import is the one that an export writes.
            #expect(out.body == "\u{FEFF}" + rows.map { $0 + "\r\n" }.joined(), "\(out.body)")
            let again = try await shop.upload(
                Array(out.body.utf8), to: "/products/pick/cards?layout=csv&dry_run=1", type: "text/csv")
            #expect(again.object["duplicates"] as? Int == 3 && again.object["imported"] as? Int == 0, "\(again.body)")
            let wrong = try await owner.upload(path + "/upload?layout=csv", "AAAA\nBBBB\n")
            #expect(wrong.body.contains("its column 1 is none") && !wrong.body.contains("AAAA"), "\(wrong.body)")
            try await shop.audit()
        }
    }

    @Test("tables are for those who may change the catalog, from a page of this shop")
    func tableRights() async throws {
        try await withShop { shop in
            let owner = try await PageVisitor.owner(of: shop)
            let reader = try await PageVisitor.member(of: shop, named: "reader", role: "read_only", by: owner)
            _ = try await owner.get("/admin/products")
            for path in ["/admin/products.csv", "/admin/coupons.csv"] {
                #expect(try await reader.get(path).status == 403)
                #expect(try await reader.upload(path, "slug\n").status == 403)
                #expect(try await owner.upload(path, "slug\n", token: "").status == 403)
                #expect(try await PageVisitor(shop).upload(path, "slug\n").status == 401)
            }
            #expect(try await !reader.get("/admin/products").body.contains("products.csv"))
        }
    }
}
