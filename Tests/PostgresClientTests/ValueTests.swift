import TestKit
import Testing

@testable import PostgresClient

@Suite("PostgreSQL: values")
struct ValueTests {
    private static let big = [UInt8](unsafeUninitializedCapacity: 1 << 20) { buffer, count in
        for index in 0..<(1 << 20) { buffer[index] = UInt8(truncatingIfNeeded: index &* 31 &+ index >> 8) }
        count = 1 << 20
    }

    @Test(
        "come back as they were sent",
        arguments: [
            (.null, "bigint"), (.null, "text"), (.null, "bytea"),
            (.integer(0), "bigint"), (.integer(.max), "bigint"), (.integer(.min), "bigint"), (.integer(-1), "bigint"),
            (.text(""), "text"), (.text("卡密 'quoted' \\ \"\n$1 ?"), "text"),
            (.text(String(repeating: "长", count: 1 << 18)), "text"),
            (.bytes([]), "bytea"), (.bytes([0, 0, 255, 0, 92, 39]), "bytea"), (.bytes(Self.big), "bytea"),
        ] as [(PostgresValue, String)])
    func roundTrip(value: PostgresValue, type: String) async throws {
        try await withClient { bench in
            let row = try await bench.row("SELECT CAST($1 AS \(type))", [value])
            #expect(row == [value])
        }
    }

    @Test("narrower numbers, truths and texts with a bound are understood")
    func otherTypes() async throws {
        try await withClient { bench in
            let sql = "SELECT -7::int4, 300::int2, true, false, 'abc'::varchar(5), NULL::int4"
            let row = try await bench.row(sql)
            #expect(row == [.integer(-7), .integer(300), .integer(1), .integer(0), .text("abc"), .null])
        }
    }

    @Test("arrays come apart as they were put together", arguments: [0, 1, 3, 1000])
    func arrays(count: Int) async throws {
        let numbers = (0..<count).map { $0 % 3 == 1 ? nil : Int64($0) * -1_000_000_007 }
        let texts = (0..<count).map { $0 % 3 == 2 ? nil : $0 % 5 == 0 ? "" : "text {\($0)}, \"NULL\" \\" }
        let bytes = (0..<count).map { $0 % 3 == 0 ? nil : $0 % 5 == 1 ? [] : [UInt8(truncatingIfNeeded: $0), 0, 34] }
        try await withClient { bench in
            let got = try await bench.client.transaction(.snapshot, .urgent) { session in
                var got: [[PostgresValue]] = []
                let sql = "SELECT * FROM unnest($1, $2, $3)"
                try session.rows(sql, [.integers(numbers), .texts(texts), .byteStrings(bytes)]) { row in
                    got.append([try row.value(0), try row.value(1), try row.value(2)])
                }
                return got
            }
            try #require(got.count == count)
            for (index, row) in got.enumerated() {
                #expect(row[0] == numbers[index].map { .integer($0) } ?? .null)
                #expect(row[1] == texts[index].map { .text($0) } ?? .null)
                #expect(row[2] == bytes[index].map { .bytes($0) } ?? .null)
            }
        }
    }

    @Test("a type that is not understood is an error", arguments: ["1.5::float8", "1::numeric", "now()", "ARRAY[1]"])
    func unknownType(expression: String) async throws {
        try await withClient { bench in
            let failure = try await failure { () async throws(PostgresFailure) in
                try await bench.client.transaction(.readWrite, .urgent) { try $0.row("SELECT \(expression)") }
            }
            guard case .invalid = failure else { throw failure }
            #expect(try await bench.row("SELECT 1::int8") == [.integer(1)])
        }
    }

    @Test("one statement with and without a null keeps its types")
    func nullThenValue() async throws {
        try await withClient { bench in
            let sql = "SELECT coalesce($1, 7), CASE WHEN $1 < 0 THEN 1 ELSE 2 END"
            let (null, large) = (try await bench.row(sql, [.null]), try await bench.row(sql, [.integer(1 << 40)]))
            #expect(null == [.integer(7), .integer(2)])
            #expect(large == [.integer(1 << 40), .integer(2)])
        }
    }

    // MARK: Hostile bytes

    private static let types: [UInt32] = [
        PostgresType.bool, PostgresType.bytea, PostgresType.int8, PostgresType.int2, PostgresType.int4,
        PostgresType.text, PostgresType.varchar, 0, 1700, .max,
    ]

    private func decoded(_ type: UInt32, _ bytes: [UInt8]) -> PostgresValue? {
        bytes.withUnsafeBytes { buffer in try? PostgresDecoder.decode(type, buffer) }
    }

    @Test("a number of any other length is refused")
    func cutNumbers() {
        let sizes = [PostgresType.int8: 8, PostgresType.int4: 4, PostgresType.int2: 2, PostgresType.bool: 1]
        for (type, size) in sizes {
            for length in 0...16 {
                let value = decoded(type, Array(repeating: 0, count: length))
                #expect((value != nil) == (length == size), "\(type) of \(length) bytes")
            }
        }
        #expect(decoded(PostgresType.bool, [2]) == nil)
    }

    @Test("a text that is cut inside a character is refused")
    func cutTexts() {
        let whole = Array("a卡🙂".utf8)
        let ends: Set = [0, 1, 4, 8]
        for length in 0...whole.count {
            #expect((decoded(PostgresType.text, Array(whole[..<length])) != nil) == ends.contains(length))
        }
    }

    @Test("random bytes give a value or an error, and never more")
    func randomBytes() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...24, using: &generator)).map { _ in
                UInt8.random(in: .min ... .max, using: &generator)
            }
            for type in Self.types {
                let value = decoded(type, bytes)
                if type == PostgresType.bytea { #expect(value == .bytes(bytes)) }
                if type == 0 || type == 1700 || type == .max { #expect(value == nil) }
            }
        }
        #expect((try? PostgresDecoder.decode(PostgresType.text, nil)) == .null)
    }
}
