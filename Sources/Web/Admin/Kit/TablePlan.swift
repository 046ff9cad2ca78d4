import Domain
import PageSupport
import Shop

/// A thing that a row of a table makes or changes, or why it can do neither.
enum TableVerdict {
    /// A field that gets another value, as texts.
    struct Change {
        var field: String
        var from: String
        var to: String
    }

    /// Does what the row says.
    typealias Deed = @Sendable (OwnerNote) async throws(ShopError) -> Void

    case same
    case new([Change], Deed)
    /// - Parameter version: the one that the row was held against
    case changed([Change], version: Int, Deed)
    /// What is wrong, by field.
    case faulty([String: String])
}

/// What one kind of table is made of.
struct TableKind {
    /// Of its file.
    let name: String
    /// The column that says which thing a row is.
    let key: String
    /// All columns, the key among them, in the order of an export.
    let columns: [String]
    /// Looks what becomes of a row; cells by column. Changes nothing.
    let judge: (_ cells: [String: String]) -> TableVerdict
}

/// What a table that came in would do: found out row by row, and done, or not, afterwards.
struct TablePlan {
    /// A row that is not as the shop has it.
    struct Row {
        var number: Int
        var key: String
        var verdict: TableVerdict
    }

    private let kind: TableKind
    private let limits: Limits
    private var reader: CSVReader
    private var header: [String]?
    private var keys: Set<String> = []
    /// The first bytes of the file, as long as it is not known what they are.
    private var start: [UInt8]? = []
    private var bytes = 0
    /// What is to be done, in the order of the rows.
    private(set) var deeds: [Row] = []
    /// The first rows that are not as the shop has them, up to a bound.
    private(set) var listed: [Row] = []
    private(set) var unlisted = 0
    private(set) var counts = (new: 0, changed: 0, same: 0, faulty: 0)
    /// All that would be done, as a text.
    private var summary = ""

    init(_ kind: TableKind, limits: Limits, charset: CardCharset?) {
        self.kind = kind
        self.limits = limits
        let bounds = CSVReader.Bounds(
            cellBytes: limits.tableCellBytes, rowBytes: limits.tableCellBytes * 4, cells: limits.tableCells)
        reader = CSVReader(bounds: bounds, charset: charset)
    }

    /// Tells this plan from others: two that would do the same to the same versions have the same.
    var digest: String { PageFile.digest(Array(summary.utf8)) }

    /// - Throws: *too_large*, *unsupported_media_type* for what is no table, *invalid_request* for a wrong column.
    mutating func append(_ more: [UInt8]) throws(ShopError) {
        bytes += more.count
        guard bytes <= limits.tableBytes else {
            throw ShopError(.tooLarge, "the table must not exceed \(limits.tableBytes) bytes")
        }
        if let known = start {
            let seen = known + more.prefix(FileStart.length - known.count)
            if let refusal = FileStart.refusal(seen) { throw ShopError(.unsupportedMediaType, refusal) }
            start = seen.count < FileStart.length ? seen : nil
        }
        for row in reader.append(more) { try take(row) }
    }

    /// - Throws: *invalid_request* when there is nothing at all.
    mutating func finish() throws(ShopError) {
        for row in reader.finish() { try take(row) }
        guard header != nil else { throw missingKey }
    }

    private mutating func take(_ row: CSVReader.Row) throws(ShopError) {
        if row.fault == .binary { throw ShopError(.unsupportedMediaType, FileStart.binary) }
        guard let header else { return try readHeader(row) }
        if let fault = row.fault { return try note(row.number, "", .faulty(["": Self.text(fault)])) }
        guard row.cells.count == header.count else {
            return try note(row.number, "", .faulty(["": "has \(row.cells.count) cells for \(header.count) columns"]))
        }
        let cells = Dictionary(zip(header, row.cells.map { Admin.lines($0) })) { first, _ in first }
        let key = (cells[kind.key] ?? "").trimmed
        guard keys.insert(key.lowercased()).inserted else {
            return try note(row.number, key, .faulty([kind.key: "is twice in the table"]))
        }
        try note(row.number, key, kind.judge(cells))
    }

    private mutating func readHeader(_ row: CSVReader.Row) throws(ShopError) {
        if let fault = row.fault { throw ShopError(.unsupportedMediaType, "the first row \(Self.text(fault))") }
        let names = row.cells.map { $0.trimmed.lowercased() }
        if let stranger = names.firstIndex(where: { !kind.columns.contains($0) }) {
            // A name of ours is a word. What is none may be a card of a file that was taken for a table.
            let name = names[stranger]
            let isWord =
                (1...32).contains(name.utf8.count) && name.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x5F }
            let column = isWord ? name : "number \(stranger + 1) of the first row"
            throw ShopError(.invalidRequest, "there is no column \(column)")
        }
        guard names.contains(kind.key) else { throw missingKey }
        if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
            throw ShopError(.invalidRequest, "the column \(twice) is there twice")
        }
        header = names
    }

    private var missingKey: ShopError {
        ShopError(.invalidRequest, "the column \(kind.key) is missing; the first row names the columns")
    }

    private mutating func note(_ number: Int, _ key: String, _ verdict: TableVerdict) throws(ShopError) {
        let row = Row(number: number, key: key, verdict: verdict)
        switch verdict {
        case .same:
            counts.same += 1
            return
        case .faulty: counts.faulty += 1
        case .new(let changes, _):
            counts.new += 1
            add(row, changes, version: 0)
        case .changed(let changes, let version, _):
            counts.changed += 1
            add(row, changes, version: version)
        }
        guard deeds.count <= limits.tableChanges else {
            throw ShopError(.tooLarge, "the table makes or changes more than \(limits.tableChanges); cut it in parts")
        }
        if listed.count < limits.tableReportRows { listed.append(row) } else { unlisted += 1 }
    }

    private mutating func add(_ row: Row, _ changes: [TableVerdict.Change], version: Int) {
        deeds.append(row)
        summary = PageFile.digest(Array(summary.utf8)) + "\(row.key):\(version)"
        for change in changes { summary += "\n\(change.field)\n\(change.from)\n\(change.to)" }
    }

    private static func text(_ fault: CSVReader.Fault) -> String {
        switch fault {
        case .tooLong: "is too long"
        case .tooManyCells: "has too many cells"
        case .badQuote: "has a quote in a wrong place"
        case .openQuote: "ends within quotes"
        case .undecodable: "is written in a charset that is neither UTF-8 nor GB 18030"
        case .binary: FileStart.binary
        }
    }
}

/// Files that are something else than tables, whatever their names say, by how they begin.
enum FileStart {
    /// Bytes that are looked at.
    static let length = 8
    static let binary = "this is no text: save the table as CSV in UTF-8"

    private static let kinds: [(name: String, start: [UInt8])] = [
        ("an Excel workbook", [0x50, 0x4B, 0x03, 0x04]), ("an old Excel workbook", [0xD0, 0xCF, 0x11, 0xE0]),
        ("a text in UTF-16", [0xFF, 0xFE]), ("a text in UTF-16", [0xFE, 0xFF]),
        ("a picture", [0x89, 0x50, 0x4E, 0x47]),
        ("a picture", [0xFF, 0xD8, 0xFF]), ("a picture", Array("GIF8".utf8)), ("a PDF", Array("%PDF".utf8)),
        ("a packed file", [0x1F, 0x8B]),
    ]

    /// Why a file that begins so is not read; nil when it may be a table.
    static func refusal(_ start: [UInt8]) -> String? {
        kinds.first { start.starts(with: $0.start) }.map { "this is \($0.name): save the table as CSV in UTF-8" }
    }
}
