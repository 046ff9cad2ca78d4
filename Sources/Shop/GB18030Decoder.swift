import Foundation

/// How a text of cards is written. The raw values are those of the API.
public enum CardCharset: String, Sendable {
    /// UTF-8.
    case utf8 = "utf-8"
    /// GB 18030, which holds GBK and GB2312: what Chinese editors on Windows write.
    case gb18030

    /// Reads the name of a charset (https://www.iana.org/assignments/character-sets); nil for one that is not read.
    public init?(name: some StringProtocol) {
        switch name.lowercased() {
        case "utf-8", "utf8", "us-ascii": self = .utf8
        case "gb18030", "gbk", "gb2312", "cp936": self = .gb18030
        default: return nil
        }
    }
}

/// Turns GB 18030 into UTF-8 by the C library's own converter (`man 3 iconv`).
final class GB18030Decoder {
    private let converter: iconv_t

    /// Nil when the C library has no such converter.
    init?() {
        guard let converter = iconv_open("UTF-8", "GB18030"), Int(bitPattern: converter) != -1 else { return nil }
        self.converter = converter
    }

    deinit { iconv_close(converter) }

    /// Nil when the bytes are not GB 18030.
    func decode(_ bytes: [UInt8]) -> [UInt8]? {
        // Back to the initial state, whatever the last line left.
        iconv(converter, nil, nil, nil, nil)
        var input = bytes.map { CChar(bitPattern: $0) }
        // Two bytes become at most three, four at most four, one byte one.
        var output = [CChar](repeating: 0, count: bytes.count * 2)
        var (left, room) = (input.count, output.count)
        let isWhole = input.withUnsafeMutableBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                var (from, into) = (input.baseAddress, output.baseAddress)
                return iconv(converter, &from, &left, &into, &room) != -1
            }
        }
        guard isWhole, left == 0 else { return nil }
        return output.dropLast(room).map { UInt8(bitPattern: $0) }
    }
}
