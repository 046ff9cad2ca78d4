import Domain
import Hummingbird
import PageSupport
import Shop
import WebSupport

/// One look of a member of staff at a page.
struct AdminVisit: Sendable {
    let language: Language
    let path: String
    let query: [String: String]
    let shop: ShopSettings
    let now: Timestamp
    let words: [String: String]
    /// Who looks, with the session; nil before the login.
    let staff: StaffVisit?
    let token: FormToken

    static let languageCookie = "admin_language"
    /// The longest value of a query that is looked at, in bytes.
    private static let maximumLength = 1000

    init(
        _ request: Request, staff: StaffVisit?, shop: ShopSettings, now: Timestamp, token: FormToken
    ) {
        var query: [String: String] = [:]
        for pair in (request.uri.query ?? "").split(separator: "&").prefix(50) {
            let parts = pair.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, parts[1].utf8.count <= Self.maximumLength * 3,
                let name = FormText.decoded(parts[0]), let value = FormText.decoded(parts[1]),
                value.utf8.count <= Self.maximumLength
            else { continue }
            query[name] = value
        }
        self.query = query
        let chosen = request.cookie(Self.languageCookie).flatMap { Language(rawValue: $0) }
        language = chosen ?? Language(accepted: request.headers[.acceptLanguage])
        words = language == .chinese ? AdminWords.chinese : AdminWords.english
        path = request.uri.path
        self.shop = shop
        self.now = now
        self.staff = staff
        self.token = token
    }

    /// A word with what belongs in its places.
    func word(_ key: String, _ first: String = "", _ second: String = "") -> String {
        PageWords.text(words, key, first, second)
    }

    /// A moment where the shop is.
    func time(_ moment: Timestamp) -> String { LocalTime(zone: shop.timeZone).text(moment) }

    /// The same to the second.
    func exactTime(_ moment: Timestamp) -> String { LocalTime(zone: shop.timeZone).exactText(moment) }

    /// Whether the member may do something.
    func may(_ right: StaffRight) -> Bool { member?.may(right) ?? false }

    /// Who looks; nil before the login.
    var member: StaffMember? { staff?.member }
}
