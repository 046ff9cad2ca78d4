import Foundation
import Testing

/// The shape of the sources, held by a machine.
@Suite("Tidiness")
struct TidyTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// A source file with its path below the root.
    private struct Source {
        let path: String
        let lines: [Substring]
    }

    private static func sources(_ folder: String) throws -> [Source] {
        let url = root.appendingPathComponent(folder)
        let files = FileManager.default.enumerator(at: url, includingPropertiesForKeys: nil)
        return try (files?.allObjects as? [URL] ?? []).filter { $0.pathExtension == "swift" }.map { file in
            let text = try String(contentsOf: file, encoding: .utf8)
            return Source(
                path: String(file.path.dropFirst(root.path.count + 1)),
                lines: text.split(separator: "\n", omittingEmptySubsequences: false))
        }
    }

    // MARK: Arrows

    /// The modules of the shop that each module may import. Everything else is an arrow turned round.
    private static let arrows: [String: Set<String>] = [
        "Sources/Domain": [],
        "Sources/Shop": ["Domain"],
        "Sources/Shards": ["Domain", "Shop"],
        "Sources/Gates/MemoryGate": ["Domain", "Shop"],
        "Sources/Gates/RedisGate": ["Domain", "Shop", "RedisClient"],
        "Sources/Intakes/GroupCommitIntake": ["Domain", "Shop"],
        "Sources/Intakes/KafkaIntake": ["Domain", "Shop", "KafkaClient"],
        "Sources/Ledgers/SQLLedger": ["Domain", "Shop"],
        "Sources/Ledgers/SQLiteLedger": ["Domain", "Shop", "SQLLedger"],
        "Sources/Ledgers/PostgresLedger": ["Domain", "Shop", "SQLLedger", "PostgresClient"],
        "Sources/Channels": ["Domain", "Shop"],
        "Sources/Clients/ProviderClient": ["Domain", "Shop"],
        "Sources/Clients/PCREPatterns": ["Domain", "Shop"],
        "Sources/Clients/ChildProcess": [],
        "Sources/Clients/Markdown": [],
        "Sources/Clients/QRCodes": [],
        "Sources/Clients/RedisClient": [],
        "Sources/Clients/PostgresClient": [],
        "Sources/Clients/KafkaClient": [],
        "Sources/DevelopmentBroker": ["KafkaClient"],
        "Sources/Web/WebSupport": ["Domain"],
        "Sources/Web/WebAPI": ["Domain", "Shop", "WebSupport"],
        "Sources/Web/PageSupport": ["Domain", "Shop", "WebSupport"],
        "Sources/Web/Admin": ["Domain", "PageSupport", "QRCodes", "Shop", "WebSupport"],
        "Sources/Web/Storefront": ["Domain", "Markdown", "PageSupport", "QRCodes", "Shop", "WebSupport"],
        "Sources/Server": [
            "Domain", "Shop", "MemoryGate", "GroupCommitIntake", "SQLiteLedger", "Channels", "PCREPatterns",
            "Admin", "ChildProcess", "Drill", "ProviderClient", "Storefront", "WebSupport", "WebAPI", "KafkaClient",
            "KafkaIntake",
            "PostgresClient",
            "PostgresLedger",
            "RedisClient", "RedisGate", "Shards",
        ],
        "Sources/Drill": ["ChildProcess"],
        "Sources/sluice": ["Domain", "Drill", "Shop", "Server", "WebAPI"],
        "Sources/TestKit": ["ChildProcess", "Domain", "Shop"],
    ]

    private static let modules: Set<String> = [
        "Admin", "Domain", "Shop", "Shards", "MemoryGate", "RedisGate", "GroupCommitIntake", "KafkaIntake", "SQLLedger",
        "SQLiteLedger",
        "PostgresLedger", "Channels", "PCREPatterns", "ProviderClient", "RedisClient", "PostgresClient",
        "KafkaClient", "ChildProcess", "Markdown", "QRCodes", "WebSupport", "WebAPI", "PageSupport", "Storefront",
        "Server", "Drill",
        "sluice", "TestKit",
    ]

    private static func imported(_ line: Substring) -> String? {
        let words = line.split(separator: " ")
        guard let index = words.firstIndex(of: "import"), index <= 2, words.count == index + 2,
            words[..<index].allSatisfy({ ["public", "package", "@testable", "private", "internal"].contains($0) })
        else { return nil }
        return String(words[index + 1])
    }

    @Test("arrows go one way")
    func arrowsGoOneWay() throws {
        let all = try Self.sources("Sources")
        #expect(all.count > 50)
        for source in all {
            let folder = Self.arrows.keys.filter { source.path.hasPrefix($0 + "/") }.max { $0.count < $1.count }
            guard let folder, let allowed = Self.arrows[folder] else {
                Issue.record("\(source.path) belongs to no known module")
                continue
            }
            for module in source.lines.compactMap(Self.imported) where Self.modules.contains(module) {
                #expect(allowed.contains(module), "\(source.path) imports \(module)")
            }
        }
    }

    @Test("the domain imports nothing, and only the technology's own adapter imports it")
    func technologies() throws {
        let homes = [
            "GRDB": ["Sources/Ledgers/SQLiteLedger/"], "Hummingbird": ["Sources/"],
            "ArgumentParser": ["Sources/sluice/", "Sources/DevelopmentBroker/"],
            "Mustache": ["Sources/Web/PageSupport/"], "CCommonMark": ["Sources/Clients/Markdown/"],
            "CQREncode": ["Sources/Clients/QRCodes/"], "CPCRE2": ["Sources/Clients/PCREPatterns/"],
            "CHiredis": ["Sources/Clients/RedisClient/"], "CPQ": ["Sources/Clients/PostgresClient/"],
            "CRdKafka": ["Sources/Clients/KafkaClient/"], "CSpawn": ["Sources/Clients/ChildProcess/"],
        ]
        for source in try Self.sources("Sources") {
            for module in source.lines.compactMap(Self.imported) {
                #expect(!source.path.hasPrefix("Sources/Domain/"), "\(source.path) imports \(module)")
                if let homes = homes[module] {
                    let isHome = homes.contains { source.path.hasPrefix($0) }
                    #expect(isHome, "\(source.path) imports \(module)")
                }
                let callers = ["Sources/TestKit/", "Sources/Clients/", "Sources/Drill/"]
                let callsOut = callers.contains { source.path.hasPrefix($0) }
                #expect(callsOut || module != "AsyncHTTPClient", "\(source.path) imports \(module)")
                let isWeb = ["Sources/Web/", "Sources/Server/"].contains { source.path.hasPrefix($0) }
                #expect(isWeb || !module.hasPrefix("Hummingbird"), "\(source.path) imports \(module)")
            }
        }
    }

    // MARK: Size

    @Test("files have at most 400 lines, and lines at most 120 characters")
    func size() throws {
        for source in try Self.sources("Sources") + Self.sources("Tests") {
            #expect(source.lines.count <= 401, "\(source.path) has \(source.lines.count) lines")
            for (number, line) in source.lines.enumerated() where line.count > 120 {
                Issue.record("\(source.path):\(number + 1) has \(line.count) characters")
            }
        }
    }

    @Test("functions have at most 45 lines")
    func functions() throws {
        for source in try Self.sources("Sources") {
            var start: (line: Int, indent: Int)?
            for (number, line) in source.lines.enumerated() {
                let indent = line.prefix { $0 == " " }.count
                let words = line.split(separator: " ")
                if words.contains("func") || line.drop(while: { $0 == " " }).hasPrefix("init") {
                    start = (number, indent)
                }
                if let begun = start, line.dropFirst(indent) == "}", indent == begun.indent {
                    #expect(number - begun.line <= 45, "\(source.path):\(begun.line + 1)")
                    start = nil
                }
            }
        }
    }

    // MARK: Banned

    @Test("what may crash, sleep or escape is not there")
    func banned() throws {
        let banned = [
            "try!", "fatalError(", "nonisolated(unsafe)", "Task.detached", "= Process()", "TODO", "FIXME", " print(",
            "Date()",
        ]
        for source in try Self.sources("Sources") {
            for (number, line) in source.lines.enumerated() {
                for word in banned where line.contains(word) {
                    Issue.record("\(source.path):\(number + 1) has \(word)")
                }
            }
        }
        let unchecked = try Self.sources("Sources").filter { source in
            source.lines.contains { $0.contains("@unchecked Sendable") && !$0.hasPrefix("//") }
        }
        let known: Set = [
            "Sources/Clients/KafkaClient/KafkaHandle.swift", "Sources/Clients/KafkaClient/KafkaMockCluster.swift",
            "Sources/Clients/KafkaClient/KafkaProducer.swift", "Sources/Clients/PostgresClient/Waited.swift",
            "Sources/Ledgers/SQLiteLedger/Locked.swift",
        ]
        #expect(Set(unchecked.map(\.path)) == known)
    }

    @Test("tests do not sleep")
    func sleeps() throws {
        for source in try Self.sources("Tests") where !source.path.hasPrefix("Tests/TidyTests") {
            for (number, line) in source.lines.enumerated() where line.contains("sleep(") {
                Issue.record("\(source.path):\(number + 1) sleeps")
            }
        }
    }

    @Test("public types and the members of Domain and Shop are documented")
    func documentation() throws {
        let words = ["public struct", "public enum", "public final class", "public protocol", "public actor"]
        for source in try Self.sources("Sources") {
            let isCore = ["Sources/Domain/", "Sources/Shop/"].contains { source.path.hasPrefix($0) }
            for (number, line) in source.lines.enumerated() where number > 0 {
                let text = line.drop { $0 == " " }
                let isType = words.contains { text.hasPrefix($0) }
                let isMember = isCore && text.hasPrefix("public ") && !text.hasPrefix("public import")
                guard isType || isMember else { continue }
                let above = source.lines[..<number].last { !$0.drop { $0 == " " }.hasPrefix("@") } ?? ""
                let isDocumented = above.drop { $0 == " " }.hasPrefix("///")
                let isWitness = line.contains("public func next()") || line.contains("public var description")
                #expect(isDocumented || isWitness, "\(source.path):\(number + 1)")
            }
        }
    }
}
