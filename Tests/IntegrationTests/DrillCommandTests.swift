import ChildProcess
import Foundation
import TestKit
import Testing

extension RunningShop {
    /// A drill in the report's own words. Tests run beside it, so arrivals may be late without making it void.
    private static func drill(
        _ arguments: [String], environment: [String: String] = [:]
    ) async throws -> (result: CommandResult, report: [String: Any], page: String) {
        let folder = try ShopProcess.makeFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let result = try await sluice(
            ["drill", "--max-lag", "10000", "--report", folder.path] + arguments, environment: environment)
        let json = (try? Data(contentsOf: folder.appendingPathComponent("drill.json"))) ?? Data()
        let page = try? String(contentsOf: folder.appendingPathComponent("drill.html"), encoding: .utf8)
        let report = (try? JSONSerialization.jsonObject(with: json)) as? [String: Any] ?? [:]
        return (result, report, page ?? "")
    }

    private static func ok(_ report: [String: Any], _ audit: String) -> Bool? {
        ((report["audits"] as? [String: Any])?[audit] as? [String: Any])?["ok"] as? Bool
    }

    @Test("50 cards and 400 buyers: 50 are served, 350 are told the truth, and the books agree")
    func drillPasses() async throws {
        let (result, report, page) = try await Self.drill(["--cards", "50", "--buyers", "400", "--rate", "400"])
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        let counts = report["counts"] as? [String: Any] ?? [:]
        #expect(counts["accepted"] as? Int == 50)
        #expect(counts["sold_out"] as? Int == 350)
        #expect(counts["delivered"] as? Int == 50)
        #expect((counts["repeats"] as? [String: Any])?["sent"] as? Int == 4)
        #expect(Self.ok(report, "live") == true && Self.ok(report, "offline") == true)
        #expect(report["passed"] as? Bool == true)
        #expect(result.output.contains("Passed: "))
        #expect(page.contains("class=\"passed\""))
    }

    @Test("with nothing to sell a drill is void")
    func drillIsVoid() async throws {
        let (result, report, _) = try await Self.drill(["--cards", "0", "--buyers", "50", "--rate", "200"])
        #expect(result.status == 1)
        #expect(result.output.contains("Void: No order was accepted."))
        #expect(report["passed"] as? Bool == false)
    }

    @Test("orders that nobody pays stay held, several cards an order, by phases")
    func drillWithoutPaying() async throws {
        let (result, report, _) = try await Self.drill([
            "--cards", "20", "--load", "100x0.5,burst 50", "--quantity", "3", "--max-per-buyer", "3", "--paid", "0.5",
            "--pay-after", "0.1..0.3", "--repeats", "0.2", "--seed", "5",
        ])
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        let counts = report["counts"] as? [String: Any] ?? [:]
        #expect(counts["accepted"] as? Int == 6)
        #expect((counts["delivered"] as? Int ?? 0) + (counts["unpaid"] as? Int ?? 0) == 6)
    }

    @Test("a running shop is drilled with its admin token, and goes on")
    func drillOfRunningShop() async throws {
        let shop = try await ShopProcess()
        try await shop.offer(cards: 1)
        let arguments = ["--url", shop.url, "--cards", "10", "--buyers", "60", "--rate", "200", "--slug", "rehearsal"]
        let without = try await Self.drill(arguments)
        #expect(without.result.status == 1)
        #expect(without.result.errors.contains("SLUICE_ADMIN_TOKEN is not set"))
        let token = ["SLUICE_ADMIN_TOKEN": ShopProcess.adminToken]
        let (result, report, _) = try await Self.drill(arguments, environment: token)
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        #expect(Self.ok(report, "live") == true && Self.ok(report, "offline") == nil)
        #expect(!result.output.contains(ShopProcess.adminToken))
        // The product is there now.
        let again = try await Self.drill(arguments, environment: token)
        #expect(again.result.status == 1)
        #expect(again.result.errors.contains("the shop answered 409 about the product"))
        try await shop.audit()
        await shop.stop()
        shop.remove()
    }

    @Test("a drill that is stopped or killed leaves no shop behind", arguments: [SIGTERM, SIGINT, SIGKILL])
    func drillIsStopped(signal: Int32) async throws {
        let errors = Pipe()
        let arguments = ["drill", "--cards", "10", "--load", "50x60", "--connections", "4", "--keep"]
        let process = try ChildProcess(
            ChildProcess.Command(ShopProcess.binary.path, arguments, environment: [:], errors: .pipe(errors)))
        let reader = errors.fileHandleForReading
        let folder = await onThread { () -> String? in
            var (text, folder) = ("", String?.none)
            while !text.contains(" s: sent"), let byte = try? reader.read(upToCount: 1), !byte.isEmpty {
                text += String(decoding: byte, as: UTF8.self)
                guard text.hasSuffix("\n"), let mark = text.range(of: "the folder is ") else { continue }
                folder = String(text[mark.upperBound...].prefix { $0 != "\n" })
            }
            return folder
        }
        let path = try #require(folder)
        process.signal(signal)
        let ending = await onThread { process.waitUntilExit() }
        #expect(signal == SIGKILL || ending == .exit(1))
        // A folder can be audited only when no shop runs in it.
        let audit = try await sluice(["audit", "--data", "\(path)/data"], until: { $0.status == 0 })
        #expect(audit.status == 0, "\(audit.errors)")
        try FileManager.default.removeItem(atPath: path)
    }

    @Test(
        "an option out of its range is refused by name",
        arguments: [["--rate", "0"], ["--load", "5"], ["--url", "x"]])
    func drillOptions(option: [String]) async throws {
        let result = try await sluice(["drill"] + option, environment: ["SLUICE_ADMIN_TOKEN": "token"])
        #expect(result.status != 0)
        #expect(result.errors.contains(option[0] + ":"))
    }
}

/// Runs the real program again and again until its result is as it should be, or a minute is over.
private func sluice(_ arguments: [String], until isDone: (CommandResult) -> Bool) async throws -> CommandResult {
    let deadline = ContinuousClock.now + .seconds(60)
    while true {
        let result = try await sluice(arguments)
        if isDone(result) || ContinuousClock.now > deadline { return result }
    }
}
