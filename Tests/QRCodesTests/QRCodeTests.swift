import ChildProcess
import Foundation
import QRCodes
import TestKit
import Testing

@Suite("QR codes")
struct QRCodeTests {
    private static let parts = [
        "a", "Z", "0", "9", "/", ":", "?", "&", "=", "%", "-", "中", "é", "\u{1F600}", "https://", " ", "$", "+", "\"",
        "<",
    ]

    private static func texts() -> [String] {
        var generator = SeededGenerator(seed: 7)
        let random = (1...197).map { _ in
            let count = Int.random(in: 1...200, using: &generator)
            // A reader may take spaces at the ends for no part of the text.
            return "x" + (0..<count).map { _ in parts.randomElement(using: &generator) ?? "" }.joined() + "x"
        }
        let long = "https://shop.example/pay?sign=" + String(repeating: "0123456789abcdef", count: 92)
        return random + [String(long.prefix(1500)), "1", "https://shop.example/orders/01ARZ3NDEKTSV4RRFFQ69G5FAV/pay"]
    }

    /// Draws the path as an image in shades of grey (PGM), each module so many dots wide.
    private static func draw(_ code: QRCode) throws -> Data {
        let (scale, width) = (4, code.imageWidth)
        var rows = [[UInt8]](repeating: [UInt8](repeating: 255, count: width * scale), count: width)
        for match in code.path.matches(of: /M(\d+) (\d+)h(\d+)v1h-(\d+)z/) {
            let numbers = [match.output.1, match.output.2, match.output.3, match.output.4].compactMap { Int($0) }
            try expect(numbers[2], is: numbers[3], "a closed path")
            for x in numbers[0] * scale..<(numbers[0] + numbers[2]) * scale { rows[numbers[1]][x] = 0 }
        }
        var image = Data("P5\n\(width * scale) \(width * scale)\n255\n".utf8)
        for row in rows { for _ in 0..<scale { image.append(contentsOf: row) } }
        return image
    }

    /// What zbar, a reader of codes by others, sees in images, one after the other.
    private static func read(_ files: [String]) throws -> Data {
        let output = Pipe()
        // As bytes: otherwise it guesses a charset.
        let process = try ChildProcess(
            ChildProcess.Command(
                "/usr/bin/zbarimg", ["--quiet", "--raw", "-Sdisable", "-Sqr.enable", "-Sbinary"] + files,
                output: .pipe(output)))
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        try expect(process.waitUntilExit().status, is: 0, "zbarimg")
        return data
    }

    @Test("another program reads 200 texts as they were written")
    func decoded() throws {
        let folder = try ShopProcess.makeFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let texts = Self.texts()
        var files: [String] = []
        for (index, text) in texts.enumerated() {
            let file = folder.appendingPathComponent("\(1000 + index).pgm")
            try Self.draw(try #require(QRCode(text))).write(to: file)
            files.append(file.path)
        }
        #expect(texts.count == 200)
        #expect(try Self.read(files) == Data(texts.joined().utf8))
    }

    @Test("nothing, a null character and what is too long have no code")
    func none() {
        #expect(QRCode("") == nil && QRCode("a\u{0}b") == nil)
        #expect(
            QRCode(String(repeating: "a", count: 2331)) != nil && QRCode(String(repeating: "a", count: 2332)) == nil)
        #expect(QRCode(String(repeating: "a", count: 100_000)) == nil)
    }

    @Test("the path keeps a quiet zone on each side")
    func quietZone() throws {
        let code = try #require(QRCode("a"))
        #expect(code.width == 21 && code.imageWidth == 29 && code.isDark(column: 0, row: 0))
        for match in code.path.matches(of: /M(\d+) (\d+)h(\d+)/) {
            let numbers = [match.output.1, match.output.2, match.output.3].compactMap { Int($0) }
            #expect(numbers[0] >= 4 && numbers[1] >= 4 && numbers[0] + numbers[2] <= 25 && numbers[1] <= 24)
        }
    }
}
