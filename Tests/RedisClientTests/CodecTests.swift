import NIOCore
import TestKit
import Testing

@testable import RedisClient

/// Writes replies in the plainest way; what the parser is compared with.
enum Wire {
    static func bytes(_ value: RedisValue, nilArray: Bool = false) -> [UInt8] {
        switch value {
        case .null: Array((nilArray ? "*-1\r\n" : "$-1\r\n").utf8)
        case .integer(let number): Array(":\(number)\r\n".utf8)
        case .status(let text): Array("+\(text)\r\n".utf8)
        case .error(let text): Array("-\(text)\r\n".utf8)
        case .bytes(let bytes): Array("$\(bytes.count)\r\n".utf8) + bytes + [0x0D, 0x0A]
        case .array(let parts): Array("*\(parts.count)\r\n".utf8) + parts.flatMap { Wire.bytes($0) }
        }
    }

    static func random(_ generator: inout SeededGenerator, depth: Int = 0) -> RedisValue {
        let kinds = depth < 5 ? 7 : 5
        switch Int.random(in: 0..<kinds, using: &generator) {
        case 0: return .null
        case 1:
            return .integer(Int64(truncatingIfNeeded: generator.next()) >> Int.random(in: 0...63, using: &generator))
        case 2: return .status(text(&generator))
        case 3: return .error("ERR " + text(&generator))
        case 4:
            let count = [0, 1, 2, 30, 2000][Int.random(in: 0...4, using: &generator)]
            return .bytes((0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) })
        default:
            let count = Int.random(in: 0...3, using: &generator)
            return .array((0..<count).map { _ in random(&generator, depth: depth + 1) })
        }
    }

    private static func text(_ generator: inout SeededGenerator) -> String {
        String(
            (0..<Int.random(in: 0...20, using: &generator)).map { _ in
                "abc XYZ-:$*".randomElement(using: &generator) ?? "a"
            })
    }
}

extension ReplyReader {
    func replies(_ bytes: [UInt8]) throws -> [RedisValue] {
        var found: [RedisValue] = []
        try bytes.withUnsafeBytes { try feed($0) { found.append($0) } }
        return found
    }
}

@Suite("Replies")
struct CodecTests {
    @Test("are read as they were written, wherever they are cut", arguments: 1...40)
    func everyCut(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let values = (0..<3).map { _ in Wire.random(&generator) }
        let bytes = values.flatMap { Wire.bytes($0) }
        for cut in 0...bytes.count {
            let reader = try ReplyReader(RedisBounds())
            let found = try reader.replies(Array(bytes[..<cut])) + reader.replies(Array(bytes[cut...]))
            #expect(found == values, "cut at \(cut)")
        }
    }

    @Test("are read one byte at a time", arguments: 1...20)
    func singleBytes(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let values = (0..<10).map { _ in Wire.random(&generator) }
        let reader = try ReplyReader(RedisBounds())
        #expect(try values.flatMap { Wire.bytes($0) }.flatMap { try reader.replies([$0]) } == values)
    }

    @Test("may be many at once, or one that is large")
    func many() throws {
        let reader = try ReplyReader(RedisBounds())
        let values = (0..<50_000).map { RedisValue.integer($0 - 25_000) }
        #expect(try reader.replies(values.flatMap { Wire.bytes($0) }) == values)
        let large = RedisValue.bytes(Array(repeating: 7, count: 3 << 20))
        #expect(try reader.replies(Wire.bytes(large)) == [large])
    }

    @Test("know both forms of nothing, and the ends of the numbers")
    func edges() throws {
        let reader = try ReplyReader(RedisBounds())
        #expect(try reader.replies(Wire.bytes(.null, nilArray: true)) == [.null])
        for number in [Int64.min, -1, 0, .max] {
            #expect(try reader.replies(Wire.bytes(.integer(number))) == [.integer(number)])
        }
        #expect(try reader.replies(Array("*2\r\n-ERR a\r\n$-1\r\n".utf8)) == [.array([.error("ERR a"), .null])])
    }

    @Test(
        "that are hostile are refused before room is made for them",
        arguments: [
            "$-2\r\n", "$999999999999\r\n", "$99999999999999999999999\r\n", "$16777217\r\n", "$\r\n", "$1a\r\n",
            "$--1\r\n",
            "*1000000000\r\n", "*-2\r\n", "*1048577\r\n", "*\r\n", ":\r\n", ":1x\r\n", ":9223372036854775808\r\n",
            "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", "hello\r\n", "\r\n", "+OK\rX", "\u{0}\r\n",
            "%1\r\n+a\r\n+b\r\n", "*1000000\r\n*100000\r\n",
        ])
    func hostile(text: String) throws {
        let bytes = Array(text.utf8)
        for cut in 0...bytes.count {
            let reader = try ReplyReader(RedisBounds())
            #expect(throws: BadReply.self) {
                _ = try reader.replies(Array(bytes[..<cut]))
                _ = try reader.replies(Array(bytes[cut...]))
            }
        }
    }

    @Test("are bounded in all their parts together")
    func wholeReply() throws {
        var bounds = RedisBounds()
        bounds.replyBytes = 1000
        let reader = try ReplyReader(bounds)
        let part = Wire.bytes(.bytes(Array(repeating: 1, count: 400)))
        #expect(try reader.replies(part + part + part).count == 3)
        #expect(try reader.replies(Array("*3\r\n".utf8) + part + part).isEmpty)
        #expect(throws: BadReply.self) { _ = try reader.replies(part).count }
    }

    @Test("of seven arrays in each other are read, of eight refused")
    func nesting() throws {
        let deep = Array(String(repeating: "*1\r\n", count: 7).utf8)
        #expect(try ReplyReader(RedisBounds()).replies(deep + Array(":1\r\n".utf8)).count == 1)
        #expect(throws: BadReply.self) { try ReplyReader(RedisBounds()).replies(deep + Array("*1\r\n:1\r\n".utf8)) }
    }

    @Test("of random bytes never crash", arguments: 1...200)
    func garbage(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let reader = try ReplyReader(RedisBounds())
        let alphabet = Array("+-:$*0123456789\r\n ab".utf8)
        var bytes = Wire.bytes(Wire.random(&generator))
        for _ in 0..<5 {
            bytes[Int.random(in: 0..<bytes.count, using: &generator)] = alphabet.randomElement(using: &generator) ?? 0
        }
        _ = try? reader.replies(bytes)
        let noise = (0..<500).map { _ in alphabet.randomElement(using: &generator) ?? 0 }
        _ = try? ReplyReader(RedisBounds()).replies(noise)
    }

    @Test("Commands are written with lengths, whatever their bytes")
    func commands() {
        var command = RedisCommand("SET", "k", "")
        command.append([0, 13, 10])
        command.append(-12)
        var buffer = ByteBuffer()
        #expect(command.write(into: &buffer))
        let expected = "*5\r\n$3\r\nSET\r\n$1\r\nk\r\n$0\r\n\r\n$3\r\n\u{0}\r\n\r\n$3\r\n-12\r\n"
        #expect(String(buffer: buffer) == expected)
    }

    @Test("A script is named by its SHA-1, and sent whole with the same arguments")
    func script() {
        let script = RedisScript("return 1".utf8)
        #expect(script.digest == "e0e1f9fabfc9d4800c877a703b823ac0578ff8db")
        var call = script.call(keys: 1)
        call.append("key")
        call.append("argument")
        #expect(script.sent(whole: call) == RedisCommand("EVAL", "return 1", "1", "key", "argument"))
    }
}
