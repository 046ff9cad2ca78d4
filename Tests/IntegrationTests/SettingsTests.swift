import Foundation
import TestKit
import Testing

/// A picture of one dot.
let dot = Array(
    Data(
        base64Encoded:
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
        ?? Data())

extension RunningShop {
    @Test("settings are shown as they were said, changed in part, and only on the version that was seen")
    func settings() async throws {
        try await withShop { shop async throws in
            func put(_ body: String) async throws -> Answer { try await shop.admin("PUT", "/settings", body) }
            let plain = try await shop.admin("GET", "/settings")
            #expect(plain["name"] == "Sluice" && plain["time_zone"] == "UTC" && plain.object["version"] as? Int == 0)
            #expect(plain.object["logo"] is NSNull && plain.object["accent"] is NSNull)
            let first = try await put(
                ##"{"name":"小店","accent":"#1a73e8","time_zone":"Asia/Shanghai","contact":"a\nb","by":"ann"}"##
            )
            #expect(first.status == 200 && first.object["version"] as? Int == 1)
            #expect(try await shop.lastDeed() == "settings; version 1; ann; -")
            #expect(try await put(#"{"name":"x"}"#)["field"] == "version")
            for stale in [0, 2] {
                let late = try await put(#"{"name":"x","version":\#(stale)}"#)
                #expect(late.status == 409 && late["code"] == "wrong_state")
            }
            let second = try await put(##"{"accent":null,"terms":"# Terms","version":1}"##)
            #expect(second.object["accent"] is NSNull && second.object["version"] as? Int == 2)
            let kept = try await shop.admin("GET", "/settings")
            #expect(kept.object.count == 11 && kept["contact"] == "a\nb" && kept["time_zone"] == "Asia/Shanghai")
            #expect(kept["name"] == "小店" && kept["terms"] == "# Terms" && kept.object["version"] as? Int == 2)
        }
    }

    @Test("a setting that is wrong is named, and nothing is changed")
    func wrongSettings() async throws {
        try await withShop { shop async throws in
            for (part, field) in [
                (#""accent":"red""#, "accent"), (##""accent":"#FFFFFF""##, "accent"), (#""accent":7"#, "accent"),
                (#""time_zone":"Mars/Olympus""#, "time_zone"), (#""time_zone":"""#, "time_zone"),
                (#""time_zone":"../../etc/passwd""#, "time_zone"), (#""logo":"https://a.example/a.png""#, "logo"),
                (#""name":"""#, "name"), (#""name":null"#, "name"), (#""tagline":"a\nb""#, "tagline"),
                (#""terms":"\#(String(repeating: "x", count: 20_001))""#, "terms"), (#""version":-1"#, "version"),
                (#""colour":"x""#, "colour"), (#""by":"""#, "by"),
            ] {
                let refused = try await shop.admin("PUT", "/settings", "{\(part)}")
                #expect(refused.status == 422 && refused["field"] == field, "\(part.prefix(40)): \(refused.body)")
            }
            #expect(try await shop.admin("GET", "/settings").object["version"] as? Int == 0)
            let nobody = try await shop.send(
                "PUT", "/api/v1/admin/settings", body: "{}", headers: ["Content-Type": "application/json"])
            #expect(nobody.status == 401)
        }
    }

    @Test("a picture is served as what it is, for ever, under a name made of its content")
    func pictures() async throws {
        try await withShop { shop async throws in
            let stored = try await shop.upload(
                dot, to: "/pictures?by=ann&reason=logo", type: "application/octet-stream")
            #expect(stored.status == 201 && stored["media_type"] == "image/png")
            #expect(stored.object["bytes"] as? Int == dot.count)
            let name = try #require(stored["name"])
            #expect(name.hasSuffix(".png") && name.utf8.count == 36)
            let path = try #require(stored["path"])
            #expect(path == "/pictures/\(name)")
            #expect(try await shop.lastDeed() == "picture; \(name); ann; logo")
            #expect(try await shop.upload(dot, to: "/pictures", type: "image/gif")["name"] == name)
            #expect(try await shop.download(path) == dot)
            let shown = try await shop.get(path)
            #expect(shown.status == 200)
            let tag = try #require(shown.headers["etag"])
            for (field, value) in [
                ("content-type", "image/png"), ("cache-control", "public, max-age=31536000, immutable"),
                ("x-content-type-options", "nosniff"), ("content-security-policy", "default-src 'none'"),
            ] {
                #expect(shown.headers[field] == value)
            }
            #expect(try await shop.send("HEAD", path).headers["content-length"] == "\(dot.count)")
            #expect(try await shop.send("GET", path, headers: ["If-None-Match": tag]).status == 304)
            #expect(try await shop.admin("PUT", "/settings", #"{"logo":"\#(path)"}"#)["logo"] == path)
            for missing in [
                "/pictures/\(String(repeating: "0", count: 32)).png", "/pictures/x", "/pictures/..%2fsluice.db",
                path.replacing(".png", with: ".gif"), path.uppercased(),
            ] {
                #expect(try await shop.get(missing).status == 404, "\(missing)")
            }
        }
    }

    @Test("what is no picture, or too large, is not kept")
    func noPictures() async throws {
        try await withShop { shop async throws in
            for text in [
                "", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>", "<!doctype html><script>", "\u{FEFF}GIF89a",
            ] {
                let refused = try await shop.upload(Array(text.utf8), to: "/pictures", type: "image/png")
                #expect(refused.status == 422 && refused["field"] == "picture", "\(text): \(refused.body)")
            }
            for type in ["text/html", "application/json", "multipart/form-data; boundary=x"] {
                #expect(try await shop.upload(dot, to: "/pictures", type: type).status == 415)
            }
            #expect(try await shop.upload(dot, to: "/pictures?name=a", type: "image/png")["field"] == "name")
            let largest = dot + Array(repeating: 0, count: 512 << 10 - dot.count)
            #expect(try await shop.upload(largest, to: "/pictures", type: "image/png").status == 201)
            // Told before a byte of it is read.
            let connection = try RawConnection(to: shop.url)
            connection.send(
                """
                POST /api/v1/admin/pictures HTTP/1.1\r\nHost: a\r\nContent-Type: image/png\r\n\
                Authorization: Bearer \(ShopProcess.adminToken)\r\nContent-Length: \(largest.count + 1)\r\n\r\n
                """)
            #expect(await connection.receive().hasPrefix("HTTP/1.1 413"))
            #expect(try await shop.admin("GET", "/journal").items().count == 1)
        }
    }

    @Test("settings and pictures are in a backup")
    func settingsInBackup() async throws {
        try await withShop { shop async throws in
            #expect(try await shop.admin("PUT", "/settings", #"{"name":"小店"}"#).status == 200)
            let path = try #require(try await shop.upload(dot, to: "/pictures", type: "image/png")["path"])
            let folder = try ShopProcess.makeFolder()
            let key = "master.key"
            try FileManager.default.copyItem(
                at: shop.data.appendingPathComponent(key), to: folder.appendingPathComponent(key))
            let file = shop.data.appendingPathComponent("backup.sqlite").path
            #expect(try await sluice(["backup", "--data", shop.data.path, "--to", file]).status == 0)
            #expect(try await sluice(["restore", "--data", folder.path, "--from", file]).status == 0)
            let second = try await ShopProcess(data: folder)
            let restored = try? await (second.admin("GET", "/settings")["name"], second.download(path))
            #expect(await second.stop() == 0)
            second.remove()
            #expect(restored?.0 == "小店" && restored?.1 == dot)
        }
    }
}
