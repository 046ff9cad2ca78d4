// The words of the overview, the live sale, backups and the drill.
extension AdminWords {
    static let englishFigures: [String: String] = [:]
    static let chineseFigures: [String: String] = [:]
}
