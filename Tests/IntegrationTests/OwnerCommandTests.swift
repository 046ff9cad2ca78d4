import ChildProcess
import Foundation
import TestKit
import Testing

/// What a command of the program said, and how it ended.
struct CommandResult: Sendable {
    let status: Int32
    let wasKilled: Bool
    let output: String
    let errors: String

    /// The one line of JSON that it printed.
    var object: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(output.utf8))) as? [String: Any] ?? [:]
    }

    subscript(_ name: String) -> String? { object[name] as? String }
}

/// Runs the real program until it ends. Nothing is in its environment but what is given.
func sluice(_ arguments: [String], environment: [String: String] = [:]) async throws -> CommandResult {
    let (output, errors) = (Pipe(), Pipe())
    let process = try ChildProcess(
        ChildProcess.Command(
            ShopProcess.binary.path, arguments, environment: environment, output: .pipe(output),
            errors: .pipe(errors)))
    let (said, complained) = (output.fileHandleForReading, errors.fileHandleForReading)
    return await onThread {
        let texts = [said, complained].map { String(decoding: $0.readDataToEndOfFile(), as: UTF8.self) }
        let status = process.waitUntilExit().status
        return CommandResult(status: status, wasKilled: status < 0, output: texts[0], errors: texts[1])
    }
}

/// Runs what blocks on a thread of its own.
func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
        Thread.detachNewThread { continuation.resume(returning: body()) }
    }
}

extension ShopProcess {
    /// The text of a file in the folder, without the end of its line; nil when it is not there.
    func text(_ name: String) -> String? {
        try? String(contentsOf: data.appendingPathComponent(name), encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Names of the files in the folder that hold these bytes.
    func files(naming text: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: data.path).filter { name in
            let content = try? Data(contentsOf: data.appendingPathComponent(name))
            return content?.range(of: Data(text.utf8)) != nil
        }
    }

    /// Cards that are sold, by the audit.
    func sold() async throws -> [Int] {
        try await admin("GET", "/audit").items("products").compactMap { $0["sold"] as? Int }
    }
}

extension RunningShop {
    // MARK: Who may run them

    @Test(
        "a command that changes a stopped shop is refused while it runs",
        arguments: [
            ["audit"], ["rotate-key"], ["rotate-admin-token"], ["erase", "--older-than-days", "1"],
            ["erase", "--contact", "a@example.com"],
        ])
    func refusedWhileRunning(command: [String]) async throws {
        try await withShop { shop async throws in
            let result = try await sluice(command + ["--data", shop.data.path])
            #expect(result.status == 1)
            #expect(result.errors.contains("another sluice is using the data folder"))
            #expect(result.output.isEmpty)
            #expect(try await shop.get("/readyz").status == 200)
        }
    }

    @Test("a command on a folder without a shop is refused and makes nothing")
    func noShop() async throws {
        let parent = try ShopProcess.makeFolder()
        defer { try? FileManager.default.removeItem(at: parent) }
        let folder = parent.appendingPathComponent("nothing")
        for command in [["audit"], ["rotate-key"], ["rotate-admin-token"], ["backup", "--to", "x"]] {
            let result = try await sluice(command + ["--data", folder.path])
            #expect(result.status == 1)
            #expect(result.errors.contains("there is no ledger in"))
            #expect(!FileManager.default.fileExists(atPath: folder.path))
        }
    }

    // MARK: The master key

    @Test("after a rotation old orders open with old tokens, and the same cards are recognised")
    func rotateKey() async throws {
        let first = try await ShopProcess()
        try await first.offer(cards: 3)
        let order = try await first.order("a@example.com", key: "key")
        _ = try await first.pay(order)
        let old = try #require(first.text("master.key"))
        await first.stop()
        let result = try await sluice(["rotate-key", "--data", first.data.path])
        #expect(result.status == 0, "\(result.errors)")
        let new = try #require(first.text("master.key"))
        #expect(new != old)
        #expect(first.text("master.key.new") == nil)
        let attributes = try FileManager.default.attributesOfItem(
            atPath: first.data.appendingPathComponent("master.key").path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        for key in [old, new] { #expect(!result.output.contains(key)) }
        let made = result.object["new_keys"] as? [[String: Any]] ?? []
        #expect(made.map { $0["id"] as? Int } == [5, 6])
        #expect(made.map { $0["purpose"] as? String } == ["sealing", "token"])

        let wrong = await #expect(throws: ShopProcess.DidNotStart.self) {
            try await ShopProcess(data: first.data, environment: ["SLUICE_MASTER_KEY": old])
        }
        for name in ["old_master_key_fingerprint", "new_master_key_fingerprint"] {
            #expect(wrong?.log.contains(try #require(result[name])) == true, "\(wrong?.log ?? "")")
        }

        let second = try await ShopProcess(data: first.data)
        #expect(try await second.read(order).object["cards"] as? [String] == ["CARD-1"])
        let again = try await second.order("a@example.com", key: "key")
        #expect(again.status == 200)
        #expect(again["id"] == order["id"])
        #expect(again["token"] != order["token"])
        #expect(try await second.read(again).object["cards"] as? [String] == ["CARD-1"])
        let text = "CARD-1\nCARD-2\nCARD-3"
        let repeated = try await second.admin("POST", "/products/game-key/cards", text, type: "text/plain")
        #expect(repeated.object["imported"] as? Int == 0)
        #expect(repeated.object["duplicates"] as? Int == 3)
        try await second.restock(cards: 4...5)
        let later = try await second.order("b@example.com", quantity: 4)
        _ = try await second.pay(later)
        #expect((try await second.read(later).object["cards"] as? [String])?.count == 4)
        try await second.audit()
        await second.stop()
        second.remove()
    }

    @Test(
        "a rotation that is killed leaves one key that fits, and the next start finds it",
        arguments: [("rotate.before_commit", false), ("rotate.after_commit", true)])
    func killWhileRotating(step: String, isCommitted: Bool) async throws {
        let first = try await ShopProcess()
        try await first.offer(cards: 1)
        let order = try await first.order("a@example.com")
        _ = try await first.pay(order)
        await first.stop()
        let old = first.text("master.key")
        let killed = try await sluice(
            ["rotate-key", "--data", first.data.path], environment: ["FAIL_AT": "\(step):1"])
        #expect(killed.wasKilled)
        #expect(first.text("master.key") == old)
        let new = try #require(first.text("master.key.new"))
        let second = try await ShopProcess(data: first.data)
        #expect(second.text("master.key") == (isCommitted ? new : old))
        #expect(second.text("master.key.new") == nil)
        #expect(try await second.read(order).object["cards"] as? [String] == ["CARD-1"])
        try await second.audit()
        await second.stop()
        let again = try await sluice(["rotate-key", "--data", first.data.path])
        #expect(again.status == 0, "\(again.errors)")
        second.remove()
    }

    @Test("a master key from the environment is replaced there")
    func rotateGivenKey() async throws {
        let (old, new) = (Self.key(7), Self.key(8))
        let first = try await ShopProcess(environment: ["SLUICE_MASTER_KEY": old])
        try await first.offer(cards: 1)
        let order = try await first.order("a@example.com")
        _ = try await first.pay(order)
        await first.stop()
        let command = ["rotate-key", "--data", first.data.path]
        let without = try await sluice(command, environment: ["SLUICE_MASTER_KEY": old])
        #expect(without.status == 1)
        #expect(without.errors.contains("SLUICE_NEW_MASTER_KEY is not set"))
        let both = ["SLUICE_MASTER_KEY": old, "SLUICE_NEW_MASTER_KEY": new]
        let result = try await sluice(command, environment: both)
        #expect(result.status == 0, "\(result.errors)")
        // The fingerprint that the unit test knows.
        #expect(result["old_master_key_fingerprint"] == "32c55a894f4da5b6")
        #expect(first.text("master.key") == nil)
        let again = try await sluice(command, environment: both)
        #expect(again.status == 1)
        #expect(again.errors.contains("sealed with the new master key already"))
        let second = try await ShopProcess(data: first.data, environment: ["SLUICE_MASTER_KEY": new])
        #expect(try await second.read(order).object["cards"] as? [String] == ["CARD-1"])
        await second.stop()
        second.remove()
    }

    /// A master key as text.
    static func key(_ byte: UInt8) -> String { Data(repeating: byte, count: 32).base64EncodedString() }

    // MARK: The admin token

    @Test("after a rotation of the admin token the old one is refused and the new one works")
    func rotateAdminToken() async throws {
        try await withShop { client async throws in
            let shop = try await ShopProcess()
            await shop.stop()
            let command = ["rotate-admin-token", "--data", shop.data.path]
            let first = try await sluice(command)
            #expect(first.status == 0, "\(first.errors)")
            let old = try #require(shop.text("admin-token"))
            #expect(try await Self.statuses(of: [old], on: shop.data, askedBy: client) == [200])
            let second = try await sluice(command)
            let new = try #require(shop.text("admin-token"))
            #expect(new.count == 64)
            #expect(second["admin_token_file"] == shop.data.appendingPathComponent("admin-token").path)
            #expect(!second.output.contains(new))
            #expect(try await Self.statuses(of: [old, new], on: shop.data, askedBy: client) == [401, 200])
            let given = try await sluice(command, environment: ["SLUICE_ADMIN_TOKEN": "token"])
            #expect(given.status == 1)
            #expect(given.errors.contains("SLUICE_ADMIN_TOKEN is set"))
            #expect(shop.text("admin-token") == new)
            shop.remove()
        }
    }

    /// Starts a shop that has no admin token in its environment, and asks it with some.
    private static func statuses(
        of tokens: [String], on data: URL, askedBy client: ShopProcess
    ) async throws -> [Int] {
        let output = Pipe()
        let process = try ChildProcess(
            ChildProcess.Command(
                ShopProcess.binary.path, ["serve", "--data", data.path, "--listen", "127.0.0.1:0"], environment: [:],
                output: .pipe(output)))
        let reader = output.fileHandleForReading
        let line = await onThread {
            var line = ""
            while !line.hasSuffix("\n"), let byte = try? reader.read(upToCount: 1), !byte.isEmpty {
                line += String(decoding: byte, as: UTF8.self)
            }
            return line
        }
        var statuses: [Int] = []
        for token in tokens {
            let url = line.dropFirst("ready ".count).trimmingCharacters(in: .whitespacesAndNewlines)
            let answer = try await client.get("\(url)/api/v1/admin/audit", token: token)
            statuses.append(answer.status)
        }
        process.signal(SIGTERM)
        _ = await onThread { process.waitUntilExit() }
        return statuses
    }
}
