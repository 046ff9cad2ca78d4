public import Domain
import HTTPTypes
public import Hummingbird

/// A form as a browser sends it (`application/x-www-form-urlencoded`).
public struct WebForm: Sendable {
    private let pairs: [(name: String, value: String)]

    /// The most fields of one form.
    private static let maximumFields = 256

    /// Reads the body of a request.
    ///
    /// - Throws: *unsupported_media_type*, *too_large*, *malformed*.
    public init(_ request: Request, maximumBytes: Int) async throws {
        guard request.mediaType == "application/x-www-form-urlencoded" else {
            throw ShopError(.unsupportedMediaType, "send a form")
        }
        let parts = String(buffer: try await request.bytes(maximum: maximumBytes)).split(separator: "&")
        let pairs = parts.prefix(Self.maximumFields).compactMap { part -> (String, String)? in
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = FormDecoder.decode(pair[0]), let value = FormDecoder.decode(pair.count == 2 ? pair[1] : "")
            else { return nil }
            return (name, value)
        }
        guard pairs.count == parts.count else { throw ShopError(.malformed, "the form cannot be read") }
        self.pairs = pairs
    }

    /// The first value of that name; empty when there is none.
    public subscript(_ name: String) -> String { pairs.first { $0.name == name }?.value ?? "" }

    /// All values of that name.
    public func all(_ name: String) -> [String] { pairs.filter { $0.name == name }.map(\.value) }

    /// Names and values that begin with a prefix, which is cut off; the first value of each name.
    public func below(_ prefix: String) -> [String: String] {
        let found = pairs.filter { $0.name.hasPrefix(prefix) }.map {
            (String($0.name.dropFirst(prefix.count)), $0.value)
        }
        return Dictionary(found) { first, _ in first }
    }
}

/// Refuses forms that another site made.
public enum FormOrigin {
    private static let secFetchSite = HTTPField.Name("Sec-Fetch-Site")

    /// Browsers name the site in `Origin`; where they hide it, in `Sec-Fetch-Site`.
    ///
    /// - Parameter publicURL: the shop's own, without a slash at its end
    /// - Throws: *forbidden*.
    public static func check(_ request: Request, publicURL: String) throws(ShopError) {
        let site = secFetchSite.flatMap { request.headers[$0] }
        guard site == nil || site == "same-origin" || site == "none" else { throw foreign }
        guard let origin = request.headers[.origin] else { return }
        if origin == "null", site == "same-origin" { return }
        let own = request.head.authority.map { ["http://\($0)", "https://\($0)"] } ?? []
        guard origin == publicURL || own.contains(origin) else { throw foreign }
    }

    private static var foreign: ShopError { ShopError(.forbidden, "the form belongs to another site") }
}
