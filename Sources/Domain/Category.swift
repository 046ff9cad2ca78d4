/// Names one category inside its ledger.
public struct CategoryID: Hashable, Sendable {
    /// The row number, from 1.
    public let number: Int64

    /// Wraps a row number.
    public init(_ number: Int64) { self.number = number }
}

/// What products are shown under.
public struct Category: Hashable, Sendable {
    /// Row number in its ledger.
    public let id: CategoryID
    /// Name in addresses.
    public let slug: Slug
    /// Name for people, 1 to 100 characters.
    public let name: String
    /// Smaller ones come first.
    public let position: Int
    /// Whether it and its products are left out of lists. They can be bought all the same, by whoever has the address.
    public let isHidden: Bool

    /// The longest name, in characters.
    public static let maximumNameLength = 100
    /// Positions of categories and products are from minus this to this.
    public static let maximumPosition = 1_000_000

    /// Puts checked parts together.
    public init(id: CategoryID, slug: Slug, name: String, position: Int, isHidden: Bool) {
        self.id = id
        self.slug = slug
        self.name = name
        self.position = position
        self.isHidden = isHidden
    }
}
