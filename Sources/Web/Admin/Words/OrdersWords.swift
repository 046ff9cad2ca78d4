// The words of orders, payments, refunds, channels and the journal.
extension AdminWords {
    static let englishOrders: [String: String] = [:]
    static let chineseOrders: [String: String] = [:]
}
