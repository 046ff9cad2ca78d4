/// Reads a table as spreadsheets write it (RFC 4180), cut into pieces as it comes: cells with commas between them, in
/// quotes where they hold commas, quotes or line breaks; a byte order mark is dropped; rows end with CR LF, LF or CR.
///
/// Bytes in, rows out. What is wrong with a row is said of that row, and the next one is read all the same. However
/// large the table is, no more than one row of it is in memory.
///
/// Without a byte order mark the first row that is not plain ASCII decides on the charset: if it is UTF-8 the table is,
/// otherwise it is GB 18030, as spreadsheets in China write. No byte of its characters looks like a comma, a quote or a
/// line break.
public struct CSVReader {
    /// One row.
    public struct Row: Hashable, Sendable {
        /// Its number from 1, as spreadsheets count: blank rows have one, and a row is one whatever its cells hold.
        public let number: Int
        /// The cells as ``CSVCell`` reads them; none of a faulty row.
        public let cells: [String]
        /// What is wrong with it.
        public let fault: Fault?
    }

    /// What is wrong with a row.
    public enum Fault: String, CaseIterable, Sendable {
        /// It, or one of its cells, has more bytes than allowed.
        case tooLong = "too_long"
        /// It has more cells than allowed.
        case tooManyCells = "too_many_cells"
        /// A quote inside a cell that does not begin with one, or something behind the closing quote.
        case badQuote = "bad_quote"
        /// The table ends before the closing quote.
        case openQuote = "open_quote"
        /// It is neither UTF-8 nor GB 18030, or not written as the rows before it.
        case undecodable
        /// It holds a null byte, which no text does: the file is something else, or UTF-16.
        case binary
    }

    /// How large a row may be.
    public struct Bounds: Hashable, Sendable {
        /// Bytes of a cell.
        public var cellBytes: Int
        /// Bytes of a row.
        public var rowBytes: Int
        /// Cells of a row.
        public var cells: Int

        /// Puts the bounds together.
        public init(cellBytes: Int, rowBytes: Int, cells: Int) {
            self.cellBytes = cellBytes
            self.rowBytes = rowBytes
            self.cells = cells
        }
    }

    private enum State {
        /// Before the first byte of a cell.
        case cellStart
        case plain
        case quoted
        /// Behind a quote inside quotes: another one is a quote that is meant, everything else ends the cell.
        case quoteInQuotes
        /// Up to the next line break: nobody knows what the quotes of this row mean.
        case lost
    }

    private let bounds: Bounds
    private var charset: CardCharset?
    private var decoder: GB18030Decoder?
    private var state = State.cellStart
    private var number = 1
    private var bytes: [UInt8] = []
    /// Where each cell that is complete ends.
    private var ends: [Int] = []
    private var fault: Fault?
    private var isAfterReturn = false
    /// Bytes of the mark that were seen; nil when it is behind.
    private var markBytes: Int? = 0

    private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    private static let (comma, quote) = (UInt8(ascii: ","), UInt8(ascii: "\""))
    private static let (newline, carriageReturn) = (UInt8(ascii: "\n"), UInt8(ascii: "\r"))

    /// - Parameter charset: how the table is written, if that is known
    public init(bounds: Bounds, charset: CardCharset? = nil) {
        self.bounds = bounds
        self.charset = charset
    }

    /// The rows that the bytes complete. Rows whose cells are all empty are left out.
    public mutating func append(_ more: some Sequence<UInt8>) -> [Row] {
        var rows: [Row] = []
        for byte in more { take(byte, &rows) }
        return rows
    }

    /// The last row, if the table does not end with a line break. Nothing may be appended any more.
    public mutating func finish() -> [Row] {
        var rows: [Row] = []
        if let seen = markBytes { leaveMark(seen, &rows) }
        if state == .quoted { fail(.openQuote) }
        if !bytes.isEmpty || fault != nil { endRow(&rows) }
        return rows
    }

    // MARK: Bytes

    private mutating func take(_ byte: UInt8, _ rows: inout [Row]) {
        if let seen = markBytes {
            if byte == Self.mark[seen] {
                markBytes = seen + 1 < Self.mark.count ? seen + 1 : nil
                if markBytes == nil { charset = .utf8 }
                return
            }
            leaveMark(seen, &rows)
        }
        step(byte, &rows)
    }

    /// What looked like a mark and is none.
    private mutating func leaveMark(_ seen: Int, _ rows: inout [Row]) {
        markBytes = nil
        for byte in Self.mark.prefix(seen) { step(byte, &rows) }
    }

    private mutating func step(_ byte: UInt8, _ rows: inout [Row]) {
        defer { isAfterReturn = byte == Self.carriageReturn && state != .quoted }
        if byte == 0 { fail(.binary) }
        if state == .quoted {
            if byte == Self.quote { state = .quoteInQuotes } else { keep(byte) }
            return
        }
        switch byte {
        case Self.newline where isAfterReturn: break
        case Self.newline, Self.carriageReturn: endRow(&rows)
        case Self.comma where state != .lost: endCell()
        case Self.quote where state == .quoteInQuotes:
            keep(byte)
            state = .quoted
        case Self.quote where state == .cellStart:
            state = .quoted
        default:
            if state == .quoteInQuotes || byte == Self.quote {
                fail(.badQuote)
                state = .lost
            } else if state != .lost {
                keep(byte)
                state = .plain
            }
        }
    }

    private mutating func keep(_ byte: UInt8) {
        guard fault == nil else { return }
        guard bytes.count < bounds.rowBytes, bytes.count - (ends.last ?? 0) < bounds.cellBytes else {
            return fail(.tooLong)
        }
        bytes.append(byte)
    }

    /// Goes on without keeping anything of the row; the first fault stays, unless the file is no text at all.
    private mutating func fail(_ reason: Fault) {
        fault = reason == .binary ? reason : fault ?? reason
        bytes.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
    }

    // MARK: Cells and rows

    private mutating func endCell() {
        state = .cellStart
        guard fault == nil else { return }
        guard ends.count < bounds.cells - 1 else { return fail(.tooManyCells) }
        ends.append(bytes.count)
    }

    private mutating func endRow(_ rows: inout [Row]) {
        if fault == nil {
            ends.append(bytes.count)
            if !bytes.isEmpty { rows.append(decoded()) }
        } else {
            rows.append(Row(number: number, cells: [], fault: fault))
        }
        number += 1
        bytes.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        fault = nil
        state = .cellStart
    }

    private mutating func decoded() -> Row {
        let isASCII = bytes.allSatisfy { $0 < 0x80 }
        if !isASCII, charset == nil {
            charset = String(validating: bytes, as: UTF8.self) == nil ? .gb18030 : .utf8
        }
        var cells: [String] = []
        var start = 0
        for end in ends {
            guard let cell = text(Array(bytes[start..<end]), isASCII) else {
                return Row(number: number, cells: [], fault: .undecodable)
            }
            cells.append(CSVCell.read(cell))
            start = end
        }
        return Row(number: number, cells: cells, fault: nil)
    }

    private mutating func text(_ cell: [UInt8], _ isASCII: Bool) -> String? {
        guard !isASCII, charset == .gb18030 else { return String(validating: cell, as: UTF8.self) }
        decoder = decoder ?? GB18030Decoder()
        return decoder?.decode(cell).flatMap { String(validating: $0, as: UTF8.self) }
    }
}
