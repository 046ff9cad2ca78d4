import CQREncode

/// A QR code (ISO/IEC 18004) as a square of light and dark modules.
public struct QRCode: Hashable, Sendable {
    /// Modules in a row.
    public let width: Int
    private let isDark: [Bool]

    /// Light modules that a reader wants on each side.
    public static let quietZone = 4

    /// Encodes a text with medium error correction.
    ///
    /// - Returns: nil when the text is empty, holds a null character, or is too long for one code, which is
    ///   2,331 bytes at most
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard !bytes.isEmpty, !bytes.contains(0),
            let made = QRcode_encodeData(Int32(clamping: bytes.count), bytes, 0, QR_ECLEVEL_M)
        else { return nil }
        defer { QRcode_free(made) }
        width = Int(made.pointee.width)
        // The lowest bit of each byte is the module; the others say what it is for.
        isDark = UnsafeBufferPointer(start: made.pointee.data, count: width * width).map { $0 & 1 == 1 }
    }

    /// Whether a module is dark.
    public func isDark(column: Int, row: Int) -> Bool { isDark[row * width + column] }

    /// The dark modules as the path of an SVG image whose unit is a module, the quiet zone included.
    public var path: String {
        var path = ""
        for row in 0..<width {
            var column = 0
            while column < width {
                let start = column
                while column < width, isDark(column: column, row: row) { column += 1 }
                if column > start {
                    let (x, y, length) = (start + Self.quietZone, row + Self.quietZone, column - start)
                    path += "M\(x) \(y)h\(length)v1h-\(length)z"
                }
                column += 1
            }
        }
        return path
    }

    /// Width and height of that image.
    public var imageWidth: Int { width + 2 * Self.quietZone }
}
