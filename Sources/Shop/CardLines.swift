public import Domain

/// How the lines of an import are laid out. The raw values are those of the API.
public enum CardLayout: String, CaseIterable, Sendable {
    /// `secret` or `secret----note`.
    case plain
    /// Preview, surcharge in minor units, and the former, separated by tabs, as a spreadsheet has them.
    case pickable
    /// A table (RFC 4180) whose first row names the columns: `secret`, and `note`, `preview` and `surcharge` where they
    /// are wanted. A card without a preview is drawn.
    case csv
}

/// One line of an import: a card, or why it is none.
public struct CardLine: Hashable, Sendable {
    /// Its number in the text, from 1; blank lines are counted.
    public let number: Int
    /// What is sold, in UTF-8.
    public var secret: [UInt8] = []
    /// What the buyer is told with it, in UTF-8.
    public var note: [UInt8]?
    /// How buyers see it, if they may pick it.
    public var preview: CardPreview?
    /// Why the line is no card.
    public var fault: ImportReport.Reason?

    /// A card's note follows its secret after four dashes.
    static let separator = Array("----".utf8)

    init(number: Int, secret: [UInt8], note: [UInt8]?, preview: CardPreview?) {
        self.number = number
        self.secret = secret
        self.note = note
        self.preview = preview
        if Self.isBlank(secret) { fault = .emptySecret }
    }

    init(number: Int, fault: ImportReport.Reason) {
        self.number = number
        self.fault = fault
    }

    private static let tab = UInt8(ascii: "\t")

    /// Takes a line apart.
    init(number: Int, text: [UInt8], layout: CardLayout = .plain) {
        var text = text
        var preview: CardPreview?
        if layout == .pickable {
            let columns = text.split(separator: Self.tab, maxSplits: 2, omittingEmptySubsequences: false)
            preview = columns.count == 3 ? Self.preview(columns[0], columns[1]) : nil
            guard preview != nil, let rest = columns.last else {
                self.init(number: number, fault: .badPreview)
                return
            }
            text = Array(rest)
        }
        self.init(number: number, secretAndNote: text)
        self.preview = preview
    }

    /// Nil when there is no preview in the first, or no surcharge in the second.
    static func preview(_ text: ArraySlice<UInt8>, _ surcharge: ArraySlice<UInt8>) -> CardPreview? {
        let space = UInt8(ascii: " ")
        let digits = surcharge.drop { $0 == space }.reversed().drop { $0 == space }.reversed()
        guard digits.allSatisfy({ (0x30...0x39).contains($0) }),
            let amount = digits.isEmpty ? 0 : Int64(String(decoding: digits, as: UTF8.self))
        else { return nil }
        return CardPreview(text: String(decoding: text, as: UTF8.self), surcharge: amount)
    }

    /// What stands before the secret in an export.
    static func columns(of preview: CardPreview) -> [UInt8] {
        Array(preview.text.utf8) + [tab] + Array("\(preview.surcharge)".utf8) + [tab]
    }

    /// What somebody may mean who pastes a card or a line of an import: the whole, without the space around it, the
    /// secret of a line with a note, and that of one with preview and surcharge. None twice, and nothing that is blank.
    ///
    /// - Parameter text: one line
    static func contents(of text: [UInt8]) -> [[UInt8]] {
        func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == tab }
        let inner = Array(text.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
        var contents: [[UInt8]] = []
        for line in [text, inner] {
            let plain = CardLine(number: 1, secretAndNote: line)
            let pickable = CardLine(number: 1, text: line, layout: .pickable)
            for secret in [line, plain.secret, pickable.secret] where !isBlank(secret) && !contents.contains(secret) {
                contents.append(secret)
            }
        }
        return contents
    }

    private init(number: Int, secretAndNote text: [UInt8]) {
        self.number = number
        guard let start = Self.firstSeparator(in: text) else {
            secret = text
            if Self.isBlank(text) { fault = .emptySecret }
            return
        }
        secret = Array(text[..<start])
        let rest = text[(start + Self.separator.count)...]
        note = rest.isEmpty ? nil : Array(rest)
        if Self.isBlank(secret) { fault = .emptySecret }
    }

    private static func isBlank(_ text: [UInt8]) -> Bool {
        text.allSatisfy { $0 == UInt8(ascii: " ") || $0 == tab }
    }

    private static func firstSeparator(in text: [UInt8]) -> Int? {
        guard text.count >= separator.count else { return nil }
        var dashes = 0
        for (index, byte) in text.enumerated() {
            dashes = byte == UInt8(ascii: "-") ? dashes + 1 : 0
            if dashes == separator.count { return index + 1 - separator.count }
        }
        return nil
    }
}

/// Cuts a stream of bytes into the lines of an import: LF or CRLF, blank lines skipped, a byte order mark dropped.
///
/// Without a given charset the first line that is not plain ASCII decides: if it is UTF-8 the text is, otherwise it is
/// GB18030, which holds GBK and GB2312.
public struct CardLines {
    private var rest: [UInt8] = []
    private var isTooLong = false
    private var number = 0
    private var charset: CardCharset?
    private var decoder: GB18030Decoder?
    private let maximumLength: Int
    private let layout: CardLayout
    private var table: CardTable?

    /// Why the text cannot be read at all.
    var fault: ShopError? { table?.fault }

    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// - Parameters:
    ///   - maximumLength: bytes of a line, in UTF-8
    ///   - charset: how the text is written, if that is known
    ///   - layout: what a line holds
    public init(maximumLength: Int, charset: CardCharset? = nil, layout: CardLayout = .plain) {
        self.maximumLength = maximumLength
        self.charset = charset
        self.layout = layout
        if layout == .csv { table = CardTable(maximumLength: maximumLength, charset: charset) }
    }

    /// The lines that the bytes complete.
    public mutating func append(_ bytes: [UInt8]) -> [CardLine] {
        if let lines = table?.append(bytes) { return lines }
        var lines: [CardLine] = []
        var start = bytes.startIndex
        while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
            extend(bytes[start..<end])
            complete(into: &lines)
            start = end + 1
        }
        extend(bytes[start...])
        return lines
    }

    /// The last line, if the text does not end with a line break.
    public mutating func finish() -> [CardLine] {
        if let lines = table?.finish() { return lines }
        var lines: [CardLine] = []
        complete(into: &lines)
        return lines
    }

    private mutating func extend(_ bytes: ArraySlice<UInt8>) {
        // Two bytes more than the longest line: a carriage return, and one to know that it is too long.
        guard rest.count + bytes.count <= maximumLength + 2 + Self.byteOrderMark.count else {
            isTooLong = true
            return
        }
        rest.append(contentsOf: bytes)
    }

    private mutating func complete(into lines: inout [CardLine]) {
        defer {
            rest.removeAll(keepingCapacity: true)
            isTooLong = false
        }
        number += 1
        if number == 1, rest.starts(with: Self.byteOrderMark) {
            rest.removeFirst(Self.byteOrderMark.count)
            charset = .utf8
        }
        if isTooLong { return lines.append(CardLine(number: number, fault: .tooLong)) }
        if rest.last == UInt8(ascii: "\r") { rest.removeLast() }
        guard rest.contains(where: { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }) else { return }
        guard let text = decoded() else { return lines.append(CardLine(number: number, fault: .undecodable)) }
        let line =
            text.count <= maximumLength
            ? CardLine(number: number, text: text, layout: layout) : CardLine(number: number, fault: .tooLong)
        lines.append(line)
    }

    /// The line in UTF-8; nil when it is not written in the text's charset.
    private mutating func decoded() -> [UInt8]? {
        // No card holds a null character; a text in UTF-16 is full of them.
        guard !rest.contains(0) else { return nil }
        if rest.allSatisfy({ $0 < 0x80 }) { return rest }
        let isUTF8 = String(validating: rest, as: UTF8.self) != nil
        if charset == nil { charset = isUTF8 ? .utf8 : .gb18030 }
        guard charset == .gb18030 else { return isUTF8 ? rest : nil }
        decoder = decoder ?? GB18030Decoder()
        return decoder?.decode(rest)
    }
}
