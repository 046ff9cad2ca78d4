import Crypto
package import Hummingbird
package import NIOCore
import Shop

/// A file that pages need. Its name holds a digest of its content, so that browsers may keep it for ever.
package struct PageFile: Sendable {
    /// Where it is.
    package let address: String
    /// What browsers call its kind.
    package let mediaType: String
    /// Its content.
    package let body: ByteBuffer

    /// - Parameters:
    ///   - folder: path with a slash at its end
    ///   - name: without the digest, such as `style.css`
    package init(_ folder: String, _ name: String, _ mediaType: String, _ bytes: [UInt8]) {
        let parts = name.split(separator: ".", maxSplits: 1)
        address = "\(folder)\(parts[0])-\(Self.digest(bytes)).\(parts[1])"
        self.mediaType = mediaType
        body = ByteBuffer(bytes: bytes)
    }

    /// Sixteen hexadecimal digits that tell contents apart.
    package static func digest(_ bytes: [UInt8]) -> String { Hexadecimal.text(SHA256.hash(data: bytes).prefix(8)) }

    /// The file as an answer.
    package var response: Response {
        Response(
            status: .ok,
            headers: [
                .contentType: "\(mediaType); charset=utf-8",
                .cacheControl: "public, max-age=31536000, immutable", .xContentTypeOptions: "nosniff",
                .contentSecurityPolicy: "default-src 'none'",
            ], body: .init(byteBuffer: body))
    }
}
