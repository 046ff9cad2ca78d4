import Domain

/// Makes the lines of an import of a table (``CardLayout/csv``): one card a row, under a first row that names the
/// columns.
struct CardTable {
    private enum Column: String, CaseIterable {
        case secret
        case note
        case preview
        case surcharge
    }

    private var reader: CSVReader
    private var columns: [Column]?
    private let maximumLength: Int
    /// Why the table cannot be read at all.
    private(set) var fault: ShopError?

    /// The first row of an export.
    static func header(isPickable: Bool) -> [String] {
        (isPickable ? Column.allCases : [.secret, .note]).map(\.rawValue)
    }

    /// - Parameter maximumLength: bytes of secret and note together, in UTF-8
    init(maximumLength: Int, charset: CardCharset?) {
        self.maximumLength = maximumLength
        let bounds = CSVReader.Bounds(
            cellBytes: maximumLength, rowBytes: maximumLength * 2, cells: Column.allCases.count)
        reader = CSVReader(bounds: bounds, charset: charset)
    }

    mutating func append(_ bytes: [UInt8]) -> [CardLine] { reader.append(bytes).compactMap { line($0) } }

    mutating func finish() -> [CardLine] { reader.finish().compactMap { line($0) } }

    private mutating func line(_ row: CSVReader.Row) -> CardLine? {
        guard fault == nil else { return nil }
        guard let columns else {
            readHeader(row)
            return nil
        }
        switch row.fault {
        case nil: break
        case .tooLong: return CardLine(number: row.number, fault: .tooLong)
        case .undecodable, .binary: return CardLine(number: row.number, fault: .undecodable)
        case .tooManyCells, .badQuote, .openQuote: return CardLine(number: row.number, fault: .badRow)
        }
        guard row.cells.count == columns.count else { return CardLine(number: row.number, fault: .badRow) }
        let cells = Dictionary(zip(columns, row.cells)) { first, _ in first }
        return line(row.number, cells)
    }

    private func line(_ number: Int, _ cells: [Column: String]) -> CardLine {
        // A card is one line, on the page of its buyer and in every other layout.
        if cells.values.contains(where: { $0.utf8.contains { $0 == 0x0A || $0 == 0x0D } }) {
            return CardLine(number: number, fault: .lineBreak)
        }
        var preview: CardPreview?
        let shown = (text: cells[.preview] ?? "", surcharge: cells[.surcharge] ?? "")
        if !shown.text.isEmpty || !shown.surcharge.isEmpty {
            preview = CardLine.preview(Array(shown.text.utf8)[...], Array(shown.surcharge.utf8)[...])
            if preview == nil { return CardLine(number: number, fault: .badPreview) }
        }
        let (secret, note) = (Array((cells[.secret] ?? "").utf8), Array((cells[.note] ?? "").utf8))
        guard secret.count + note.count <= maximumLength else { return CardLine(number: number, fault: .tooLong) }
        return CardLine(number: number, secret: secret, note: note.isEmpty ? nil : note, preview: preview)
    }

    private mutating func readHeader(_ row: CSVReader.Row) {
        let names = row.cells.map { $0.lowercased() }
        let known = Column.allCases.map(\.rawValue).joined(separator: ", ")
        if row.fault == nil, let stranger = names.firstIndex(where: { Column(rawValue: $0) == nil }) {
            // Not by its name: whoever takes a list of cards for a table would read the first of them here.
            fault = .invalid(
                "cards",
                "must begin with a row that names the columns, some of \(known); its column \(stranger + 1) is none")
        } else if row.fault != nil || !names.contains(Column.secret.rawValue) || Set(names).count != names.count {
            fault = .invalid("cards", "must begin with a row that names the columns, each once: \(known)")
        } else {
            columns = names.compactMap { Column(rawValue: $0) }
        }
    }
}
