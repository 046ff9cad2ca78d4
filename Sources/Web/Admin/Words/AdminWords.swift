/// The words of the owner's pages.
enum AdminWords {
    static let english = merged(
        englishBasics, englishCatalog, englishOrders, englishFigures, englishTrade, englishSystem)
    static let chinese = merged(
        chineseBasics, chineseCatalog, chineseOrders, chineseFigures, chineseTrade, chineseSystem)

    private static func merged(_ tables: [String: String]...) -> [String: String] {
        tables.reduce(into: [:]) { all, table in all.merge(table) { first, _ in first } }
    }
}
