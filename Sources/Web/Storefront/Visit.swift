import Domain
import Hummingbird
import PageSupport
import Shop

/// One look at a page: in which language, of which shop, and when.
struct Visit {
    let language: Language
    /// The language that was chosen by the switch; nil when the browser's is spoken.
    let chosen: Language?
    let path: String
    let query: [String: String]
    let shop: ShopSettings
    let now: Timestamp
    let words: [String: String]

    /// Names of query parameters that mean something. Others are ignored, since others put theirs on links.
    private static let names: Set<String> = ["lang", "q", "page", "after", "token"]
    /// The longest value that is looked at, in bytes.
    private static let maximumLength = 256

    init(_ request: Request, shop: ShopSettings, now: Timestamp) {
        var query: [String: String] = [:]
        for pair in (request.uri.query ?? "").split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, parts[1].utf8.count <= Self.maximumLength * 3,
                Self.names.contains(String(parts[0])),
                let value = FormText.decoded(parts[1]), value.utf8.count <= Self.maximumLength
            else { continue }
            query[String(parts[0])] = value
        }
        self.query = query
        chosen = query["lang"].flatMap { Language(rawValue: $0) }
        language = chosen ?? Language(accepted: request.headers[.acceptLanguage])
        words = language.words
        path = Self.ownPath(request.uri.path)
        self.shop = shop
        self.now = now
    }

    /// A path as it may stand in a link. What begins with two slashes, or with what browsers take for them, would be
    /// another host's.
    private static func ownPath(_ path: String) -> String {
        var own = "/"
        for byte in path.utf8.drop(while: { "/\\".utf8.contains($0) }) {
            let isPlain = (0x21...0x7E).contains(byte) && !"\"'<>\\`".utf8.contains(byte)
            own += isPlain ? String(Unicode.Scalar(byte)) : FormText.encoded([byte])
        }
        return own
    }

    /// What a link to another page of the shop ends with, so that the language stays.
    var lang: String { chosen.map { "?lang=\($0.rawValue)" } ?? "" }

    /// A path with a query, and the language.
    func link(_ path: String, _ query: [(String, String)]) -> String {
        let pairs = query + (chosen.map { [("lang", $0.rawValue)] } ?? [])
        if pairs.isEmpty { return path }
        return path + "?" + pairs.map { "\($0)=\(FormText.encoded($1))" }.joined(separator: "&")
    }

    /// This page in another language.
    func address(in language: Language) -> String {
        let kept = ["q", "page", "after"].compactMap { name in query[name].map { (name, $0) } }
        let pairs = kept + [("lang", language.rawValue)]
        return path + "?" + pairs.map { "\($0)=\(FormText.encoded($1))" }.joined(separator: "&")
    }

    /// A word with what belongs in its places.
    func word(_ key: String, _ first: String = "", _ second: String = "") -> String {
        PageWords.text(words, key, first, second)
    }

    /// What buyers read for a channel: what the owner calls it, or what people do; its name, where there is neither.
    func channel(_ name: Slug, _ configured: ConfiguredChannel?) -> String {
        configured?.terms.label ?? words["channel_\(name.text)"] ?? name.text
    }

    /// An error in the visitor's words.
    func explain(_ error: ShopError) -> String {
        switch error.code {
        case .internalFault: word("error_internal")
        default: words["error_\(error.code.rawValue)"] ?? word("error_other")
        }
    }

    /// A moment where the shop is.
    func time(_ moment: Timestamp) -> String { LocalTime(zone: shop.timeZone).text(moment) }
}
