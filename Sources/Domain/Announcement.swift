/// What the owner tells everybody who visits the shop.
public struct Announcement: Hashable, Sendable {
    /// Row number in its ledger, from 1.
    public let id: Int64
    /// In one line, 1 to 200 characters.
    public let title: String
    /// Markdown, at most 10,000 characters; rendered by whoever shows it.
    public let text: String
    /// When it is shown.
    public let window: SaleWindow
    /// Whether it comes before those that are not pinned.
    public let isPinned: Bool
    /// When it was written.
    public let createdAt: Timestamp

    /// The longest title, in characters.
    public static let maximumTitleLength = 200
    /// The longest text, in characters.
    public static let maximumTextLength = 10_000

    /// Puts checked parts together.
    public init(
        id: Int64, title: String, text: String, window: SaleWindow, isPinned: Bool, createdAt: Timestamp
    ) {
        self.id = id
        self.title = title
        self.text = text
        self.window = window
        self.isPinned = isPinned
        self.createdAt = createdAt
    }
}
