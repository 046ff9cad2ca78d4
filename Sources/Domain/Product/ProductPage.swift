/// How much of a product's stock is told. The raw values are those of the database and the API.
public enum StockDisplay: String, CaseIterable, Sendable {
    /// The number of cards.
    case exact
    /// One of four words.
    case band
    /// Nothing.
    case hidden
}

/// Roughly how much is left. The raw values are those of the API.
public enum StockBand: String, CaseIterable, Sendable {
    /// Nothing.
    case none
    /// Fewer than 10.
    case few
    /// Fewer than 100.
    case some
    /// 100 or more.
    case many

    /// The band of a number of cards.
    public init(_ available: Int) {
        self =
            switch available {
            case ..<1: .none
            case ..<10: .few
            case ..<100: .some
            default: .many
            }
    }
}

/// How a product is shown. Orders do not depend on it.
public struct ProductPage: Hashable, Sendable {
    /// Markdown, at most ``maximumTextLength`` characters; rendered by whoever shows it.
    public let description: String
    /// Markdown for those who have bought, shown with the delivered order and nowhere else.
    public let instructions: String
    /// Where its picture is: an `https` address, or a path of this shop; nil for none.
    public let picture: String?
    /// How much of its stock is told.
    public let stockDisplay: StockDisplay
    /// Smaller ones come first in lists.
    public let position: Int
    /// Whether it is left out of lists. It can be bought all the same, by whoever has the address.
    public let isHidden: Bool

    /// The longest description and the longest instructions, in characters.
    public static let maximumTextLength = 10_000
    /// The longest address of a picture, in characters.
    public static let maximumPictureLength = 500

    /// A product about which nothing is said.
    public static let plain = ProductPage()

    /// Puts checked parts together.
    public init(
        description: String = "", instructions: String = "", picture: String? = nil,
        stockDisplay: StockDisplay = .exact, position: Int = 0, isHidden: Bool = false
    ) {
        self.description = description
        self.instructions = instructions
        self.picture = picture
        self.stockDisplay = stockDisplay
        self.position = position
        self.isHidden = isHidden
    }

    /// Whether a text may stand as a picture's address: nothing but `https`, or an absolute path, in printable ASCII
    /// without what could end an attribute of HTML.
    public static func isPicture(_ text: String) -> Bool {
        guard (1...maximumPictureLength).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && !"\"'<>\\`".utf8.contains($0) })
        else { return false }
        if text.hasPrefix("https://") { return text.utf8.count > 8 && !text.dropFirst(8).hasPrefix("/") }
        return text.hasPrefix("/") && !text.hasPrefix("//")
    }
}
