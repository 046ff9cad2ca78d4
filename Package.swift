// swift-tools-version:6.2
import PackageDescription

// Failpoints exist in debug builds only, so that a release cannot be made to stop by an environment variable.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
    .define("FAILPOINTS", .when(configuration: .debug)),
]

extension Target.Dependency {
    static let asyncAlgorithms = product(name: "AsyncAlgorithms", package: "swift-async-algorithms")
    static let argumentParser = product(name: "ArgumentParser", package: "swift-argument-parser")
    static let asyncHTTPClient = product(name: "AsyncHTTPClient", package: "async-http-client")
    static let configuration = product(name: "Configuration", package: "swift-configuration")
    static let crypto = product(name: "Crypto", package: "swift-crypto")
    static let cryptoExtras = product(name: "CryptoExtras", package: "swift-crypto")
    static let grdb = product(name: "GRDB", package: "GRDB.swift")
    static let grdbSQLite = product(name: "GRDBSQLite", package: "GRDB.swift")
    static let httpTypes = product(name: "HTTPTypes", package: "swift-http-types")
    static let histogram = product(name: "Histogram", package: "hdrhistogram-swift")
    static let hummingbird = product(name: "Hummingbird", package: "hummingbird")
    static let hummingbirdCore = product(name: "HummingbirdCore", package: "hummingbird")
    static let logging = product(name: "Logging", package: "swift-log")
    static let metrics = product(name: "CoreMetrics", package: "swift-metrics")
    static let mustache = product(name: "Mustache", package: "swift-mustache")
    static let nioConcurrency = product(name: "NIOConcurrencyHelpers", package: "swift-nio")
    static let nioCore = product(name: "NIOCore", package: "swift-nio")
    static let nioEmbedded = product(name: "NIOEmbedded", package: "swift-nio")
    static let nioHTTP1 = product(name: "NIOHTTP1", package: "swift-nio")
    static let nioHTTPTypes = product(name: "NIOHTTPTypes", package: "swift-nio-extras")
    static let nioHTTPTypesHTTP1 = product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras")
    static let nioSSL = product(name: "NIOSSL", package: "swift-nio-ssl")
    static let nioPosix = product(name: "NIOPosix", package: "swift-nio")
    static let serviceLifecycle = product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
    static let unixSignals = product(name: "UnixSignals", package: "swift-service-lifecycle")
    static let yams = product(name: "Yams", package: "Yams")
}

let package = Package(
    name: "sluice",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "sluice", targets: ["sluice"]),
        .executable(name: "development-broker", targets: ["DevelopmentBroker"]),
        // For the package in Benchmarks.
        .library(
            name: "SluiceParts",
            targets: [
                "Domain", "Shop", "MemoryGate", "RedisClient", "RedisGate", "SQLiteLedger", "PostgresClient",
                "PostgresLedger", "KafkaClient", "WebAPI", "Server", "TestKit",
            ]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-async-algorithms.git", from: "1.1.0"),
        .package(url: "https://github.com/apple/swift-configuration.git", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics.git", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.35.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.0"),
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift.git", from: "0.2.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.0"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache.git", from: "2.1.0"),
        .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.0"),
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
    ],
    targets: [
        .target(name: "Domain", swiftSettings: settings),
        .target(
            name: "Shop", dependencies: ["Domain", .crypto, .cryptoExtras, .metrics, .nioConcurrency],
            swiftSettings: settings),

        .target(name: "Shards", dependencies: ["Domain", "Shop", .nioConcurrency], swiftSettings: settings),

        .target(
            name: "MemoryGate", dependencies: ["Domain", "Shop", .nioConcurrency], path: "Sources/Gates/MemoryGate",
            swiftSettings: settings),
        .target(
            name: "GroupCommitIntake", dependencies: ["Domain", "Shop", .metrics, .nioConcurrency],
            path: "Sources/Intakes/GroupCommitIntake", swiftSettings: settings),
        .target(
            name: "KafkaIntake", dependencies: ["Domain", "KafkaClient", "Shop", .metrics, .nioConcurrency],
            path: "Sources/Intakes/KafkaIntake", swiftSettings: settings),
        .target(
            name: "SQLLedger", dependencies: ["Domain", "Shop"], path: "Sources/Ledgers/SQLLedger",
            swiftSettings: settings),
        .target(
            name: "PostgresLedger",
            dependencies: ["Domain", "PostgresClient", "SQLLedger", "Shop", .metrics, .nioConcurrency],
            path: "Sources/Ledgers/PostgresLedger", swiftSettings: settings),
        .target(
            name: "SQLiteLedger",
            dependencies: ["CSQLiteSettings", "Domain", "SQLLedger", "Shop", .grdb, .grdbSQLite, .metrics],
            path: "Sources/Ledgers/SQLiteLedger", swiftSettings: settings),
        .target(
            name: "CSQLiteSettings", path: "Sources/Ledgers/CSQLiteSettings",
            linkerSettings: [.linkedLibrary("sqlite3")]),
        .target(name: "Channels", dependencies: ["Domain", "Shop", .crypto], swiftSettings: settings),
        .target(
            name: "ProviderClient",
            dependencies: ["Domain", "Shop", .asyncHTTPClient, .nioConcurrency, .nioCore, .nioHTTP1, .nioPosix],
            path: "Sources/Clients/ProviderClient", swiftSettings: settings),

        .systemLibrary(
            name: "CPCRE2", path: "Sources/Clients/CPCRE2", pkgConfig: "libpcre2-8",
            providers: [.apt(["libpcre2-dev"])]),
        // C libraries of the cluster's engines.
        .systemLibrary(
            name: "CHiredis", path: "Sources/Clients/CHiredis", providers: [.apt(["libhiredis-dev"])]),
        .systemLibrary(
            name: "CPQ", path: "Sources/Clients/CPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(
            name: "CRdKafka", path: "Sources/Clients/CRdKafka", pkgConfig: "rdkafka",
            providers: [.apt(["librdkafka-dev"])]),

        .systemLibrary(name: "CSpawn", path: "Sources/Clients/CSpawn"),
        .target(
            name: "ChildProcess", dependencies: ["CSpawn", .nioConcurrency], path: "Sources/Clients/ChildProcess",
            swiftSettings: settings),
        .systemLibrary(
            name: "CCommonMark", path: "Sources/Clients/CCommonMark",
            providers: [.apt(["libcmark-gfm-dev", "libcmark-gfm-extensions-dev"])]),
        .systemLibrary(
            name: "CQREncode", path: "Sources/Clients/CQREncode", pkgConfig: "libqrencode",
            providers: [.apt(["libqrencode-dev"])]),
        .target(
            name: "Markdown", dependencies: ["CCommonMark"], path: "Sources/Clients/Markdown",
            swiftSettings: settings),
        .target(
            name: "QRCodes", dependencies: ["CQREncode"], path: "Sources/Clients/QRCodes", swiftSettings: settings),
        .target(
            name: "PostgresClient", dependencies: ["CPQ"], path: "Sources/Clients/PostgresClient",
            swiftSettings: settings),
        .target(
            name: "KafkaClient", dependencies: ["CRdKafka", .nioConcurrency], path: "Sources/Clients/KafkaClient",
            swiftSettings: settings),
        .executableTarget(
            name: "DevelopmentBroker", dependencies: ["KafkaClient", .argumentParser], swiftSettings: settings),
        .target(
            name: "PCREPatterns", dependencies: ["CPCRE2", "Domain", "Shop", .nioConcurrency],
            path: "Sources/Clients/PCREPatterns", swiftSettings: settings),

        .target(
            name: "RedisClient",
            dependencies: ["CHiredis", .crypto, .nioConcurrency, .nioCore, .nioPosix, .nioSSL],
            path: "Sources/Clients/RedisClient", swiftSettings: settings),
        .target(
            name: "RedisGate",
            dependencies: ["Domain", "RedisClient", "Shop", .metrics, .nioConcurrency],
            path: "Sources/Gates/RedisGate",
            resources: [
                .embedInCode("Lua/take.lua"), .embedInCode("Lua/apply.lua"), .embedInCode("Lua/news.lua"),
                .embedInCode("Lua/judged.lua"), .embedInCode("Lua/unlogged.lua"), .embedInCode("Lua/known.lua"),
                .embedInCode("Lua/run.lua"), .embedInCode("Lua/look.lua"), .embedInCode("Lua/close.lua"),
                .embedInCode("Lua/load.lua"), .embedInCode("Lua/open.lua"), .embedInCode("Lua/rate.lua"),
                .embedInCode("Lua/board_look.lua"), .embedInCode("Lua/board_fill.lua"),
                .embedInCode("Lua/board_tell.lua"),
            ],
            swiftSettings: settings),

        .target(
            name: "WebSupport",
            dependencies: [
                "Domain", .crypto, .httpTypes, .hummingbird, .logging, .nioConcurrency, .nioCore, .nioHTTP1,
                .nioHTTPTypes, .nioPosix,
            ],
            path: "Sources/Web/WebSupport", swiftSettings: settings),
        .target(
            name: "WebAPI",
            dependencies: [
                "Domain", "Shop", "WebSupport", .asyncAlgorithms, .httpTypes, .hummingbird, .logging, .metrics,
                .nioCore,
            ],
            path: "Sources/Web/WebAPI", swiftSettings: settings),
        .target(
            name: "PageSupport",
            dependencies: ["Domain", "Shop", "WebSupport", .crypto, .httpTypes, .hummingbird, .mustache, .nioCore],
            path: "Sources/Web/PageSupport", swiftSettings: settings),
        .target(
            name: "Storefront",
            dependencies: [
                "Domain", "Markdown", "PageSupport", "QRCodes", "Shop", "WebSupport", .httpTypes, .hummingbird,
                .metrics, .nioConcurrency, .nioCore,
            ],
            path: "Sources/Web/Storefront",
            resources: [
                .embedInCode("Assets/style.css"), .embedInCode("Assets/icon.svg"), .embedInCode("Assets/shop.js"),
                .embedInCode("Assets/catalog.js"), .embedInCode("Assets/product.js"),
                .embedInCode("Assets/order.js"), .embedInCode("Templates/layout.mustache"),
                .embedInCode("Templates/home.mustache"), .embedInCode("Templates/product.mustache"),
                .embedInCode("Templates/orderform.mustache"), .embedInCode("Templates/confirm.mustache"),
                .embedInCode("Templates/order.mustache"), .embedInCode("Templates/scan.mustache"),
                .embedInCode("Templates/token.mustache"), .embedInCode("Templates/lookup.mustache"),
                .embedInCode("Templates/text.mustache"), .embedInCode("Templates/message.mustache"),
                .embedInCode("Templates/sandbox.mustache"),
            ],
            swiftSettings: settings),
        .target(
            name: "Admin",
            dependencies: [
                "Domain", "PageSupport", "QRCodes", "Shop", "WebSupport", .asyncAlgorithms, .httpTypes, .hummingbird,
                .logging, .nioConcurrency, .nioCore, .serviceLifecycle,
            ],
            path: "Sources/Web/Admin",
            resources: [
                .embedInCode("Assets/admin.css"), .embedInCode("Assets/admin.js"), .embedInCode("Assets/cards.js"),
                .embedInCode("Assets/table.js"), .embedInCode("Assets/icon.svg"), .embedInCode("Assets/system.js"),
                .embedInCode("Templates/layout.mustache"), .embedInCode("Templates/section.mustache"),
                .embedInCode("Templates/field.mustache"),
            ],
            swiftSettings: settings),
        .target(
            name: "Server",
            dependencies: [
                "Admin", "ChildProcess", "Drill",
                "Domain", "Shop", "MemoryGate", "GroupCommitIntake", "SQLiteLedger", "Channels", "PCREPatterns",
                "ProviderClient", "Storefront", "WebSupport", "WebAPI", "KafkaClient", "KafkaIntake", "PostgresClient",
                "PostgresLedger", "RedisClient", "RedisGate", "Shards", .configuration, .crypto, .hummingbird,
                .hummingbirdCore, .logging, .metrics, .nioConcurrency, .nioCore, .nioPosix, .serviceLifecycle,
                .asyncAlgorithms,
            ],
            resources: [.embedInCode("Resources/openapi.yaml")], swiftSettings: settings),
        .target(
            name: "Drill",
            dependencies: [
                "ChildProcess", .asyncHTTPClient, .histogram, .nioConcurrency, .nioCore, .nioHTTP1, .nioPosix,
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "sluice",
            dependencies: [
                "Domain", "Drill", "Server", "Shop", "WebAPI", .argumentParser, .logging, .nioCore, .serviceLifecycle,
                .unixSignals,
            ],
            swiftSettings: settings),

        .target(
            name: "TestKit",
            dependencies: [
                "ChildProcess", "Domain", "Shop", .asyncHTTPClient, .crypto, .nioConcurrency, .nioCore, .nioHTTP1,
                .nioPosix, .nioSSL,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "ChannelsTests", dependencies: ["Channels", "Domain", "Shop"], exclude: ["Vectors"],
            swiftSettings: settings),
        .testTarget(
            name: "DrillTests", dependencies: ["Drill", .nioConcurrency, .nioCore, .nioHTTP1, .nioPosix],
            swiftSettings: settings),
        .testTarget(name: "DomainTests", dependencies: ["Domain", "TestKit"], swiftSettings: settings),
        .testTarget(
            name: "ContractTests",
            dependencies: [
                "Domain", "MemoryGate", "PostgresClient", "PostgresLedger", "RedisClient", "RedisGate", "SQLiteLedger",
                "Shop", "TestKit", .metrics, .nioConcurrency, .nioPosix,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "ClusterTests",
            dependencies: [
                "Channels", "DevelopmentBroker", "Domain", "KafkaClient", "KafkaIntake", "PostgresClient",
                "PostgresLedger", "RedisClient", "RedisGate", "SQLLedger", "Shards", "Shop", "TestKit", .crypto,
                .metrics,
                .nioConcurrency,
                .nioPosix,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "GroupCommitIntakeTests",
            dependencies: [
                "Domain", "Shop", "GroupCommitIntake", "SQLiteLedger", "TestKit", .grdb, .metrics, .nioConcurrency,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "PostgresLedgerTests",
            dependencies: [
                "Domain", "PostgresClient", "PostgresLedger", "SQLLedger", "Shop", "TestKit", .crypto, .metrics,
                .nioConcurrency,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "PostgresClientTests", dependencies: ["PostgresClient", "TestKit", .nioConcurrency],
            swiftSettings: settings),
        .testTarget(
            name: "KafkaClientTests", dependencies: ["DevelopmentBroker", "KafkaClient", "TestKit", .nioConcurrency],
            swiftSettings: settings),
        .testTarget(
            name: "KafkaIntakeTests",
            dependencies: [
                "DevelopmentBroker", "Domain", "KafkaClient", "KafkaIntake", "SQLiteLedger", "Shop", "TestKit",
                .metrics, .nioConcurrency,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "SQLiteLedgerTests",
            dependencies: ["ChildProcess", "Domain", "SQLLedger", "Shop", "SQLiteLedger", "TestKit", .grdb, .metrics],
            swiftSettings: settings),
        .testTarget(
            name: "RedisClientTests",
            dependencies: ["RedisClient", "TestKit", .nioConcurrency, .nioCore, .nioEmbedded, .nioPosix],
            swiftSettings: settings),
        .testTarget(
            name: "RedisGateTests",
            dependencies: [
                "Domain", "RedisClient", "RedisGate", "Shop", "TestKit", .metrics, .nioConcurrency, .nioPosix,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "ShopTests",
            dependencies: [
                "Domain", "MemoryGate", "PCREPatterns", "Shop", "SQLiteLedger", "TestKit", .crypto, .metrics,
                .nioConcurrency,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "WebSupportTests",
            dependencies: [
                "Domain", "WebSupport", .httpTypes, .logging, .nioConcurrency, .nioCore, .nioEmbedded, .nioHTTP1,
                .nioHTTPTypes, .nioHTTPTypesHTTP1,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "ServerTests",
            dependencies: [
                "Domain", "PostgresClient", "RedisClient", "Server", "Shop", "TestKit", "WebAPI", "WebSupport",
                .httpTypes, .logging, .metrics, .yams,
            ],
            swiftSettings: settings),
        .testTarget(name: "ChildProcessTests", dependencies: ["ChildProcess"], swiftSettings: settings),
        .testTarget(name: "MarkdownTests", dependencies: ["Markdown", "TestKit"], swiftSettings: settings),
        .testTarget(
            name: "QRCodesTests", dependencies: ["ChildProcess", "QRCodes", "TestKit"], swiftSettings: settings),
        .testTarget(
            name: "AdminTests", dependencies: ["Admin", "Domain", "Shop", "TestKit", .nioConcurrency],
            swiftSettings: settings),
        .testTarget(
            name: "StorefrontTests",
            dependencies: [
                "Domain", "PageSupport", "Shop", "Storefront", "TestKit", "WebSupport", .crypto, .httpTypes,
                .hummingbird,
                .nioConcurrency, .nioCore,
            ],
            swiftSettings: settings),
        .testTarget(name: "TidyTests", swiftSettings: settings),
        .testTarget(
            name: "BrowserTests", dependencies: ["ChildProcess", "TestKit", "sluice"],
            exclude: [
                "browser.py", "catalog.py", "owner_pictures.py", "pictures.py", "proxy.py", "scenarios",
                "screenshots.py", "shop.py", "staff.py", "stage.py", "walk.py",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "IntegrationTests", dependencies: ["ChildProcess", "DevelopmentBroker", "TestKit", "sluice"],
            swiftSettings: settings),
    ]
)
