// The words of products, cards, categories, coupons, announcements and the blacklist.
extension AdminWords {
    static let englishCatalog: [String: String] = [:]
    static let chineseCatalog: [String: String] = [:]
}
