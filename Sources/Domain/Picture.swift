/// A picture that the shop itself serves. Its name is made of its content, so what a name stands for never changes.
public struct Picture: Hashable, Sendable {
    /// The kinds that browsers show and that can hold no script. The raw values are what names end with.
    public enum Kind: String, CaseIterable, Sendable {
        /// Portable Network Graphics.
        case png
        /// JPEG.
        case jpg
        /// WebP.
        case webp
        /// GIF.
        case gif

        /// What browsers call it.
        public var mediaType: String {
            switch self {
            case .png: "image/png"
            case .jpg: "image/jpeg"
            case .webp: "image/webp"
            case .gif: "image/gif"
            }
        }

        /// Tells the kind by the first bytes, whatever somebody calls it; nil for everything else.
        public init?(of bytes: [UInt8]) {
            if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
                self = .png
            } else if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
                self = .jpg
            } else if bytes.starts(with: "GIF87a".utf8) || bytes.starts(with: "GIF89a".utf8) {
                self = .gif
            } else if bytes.starts(with: "RIFF".utf8), bytes.dropFirst(8).starts(with: "WEBP".utf8) {
                self = .webp
            } else {
                return nil
            }
        }
    }

    /// The first 16 bytes of the content's SHA-256 as 32 lower-case hexadecimal digits, a dot, and the kind.
    public let name: String
    /// Which kind it is.
    public let kind: Kind
    /// The content.
    public let bytes: [UInt8]

    /// Where a browser finds it.
    public var path: String { Self.folder + name }

    private static let folder = "/pictures/"
    private static let digits = 32

    /// Nil when this is no name of a picture, or the bytes are of another kind than the name says.
    public init?(name: String, bytes: [UInt8]) {
        guard let kind = Self.kind(ofName: name), kind == Kind(of: bytes) else { return nil }
        self.name = name
        self.kind = kind
        self.bytes = bytes
    }

    /// The kind that a name ends with; nil when this is no name of a picture.
    public static func kind(ofName name: String) -> Kind? {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count == digits,
            parts[0].utf8.allSatisfy({ "0123456789abcdef".utf8.contains($0) })
        else { return nil }
        return Kind(rawValue: String(parts[1]))
    }

    /// The name in a path of this shop; nil when this is no path of a picture.
    public static func name(inPath path: String) -> String? {
        guard path.hasPrefix(folder) else { return nil }
        let name = String(path.dropFirst(folder.count))
        return kind(ofName: name) == nil ? nil : name
    }
}
