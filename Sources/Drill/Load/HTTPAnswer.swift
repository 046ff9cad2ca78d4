import NIOCore

/// One answer, read to its end.
struct HTTPAnswer: Sendable {
    let status: Int
    /// Whether the other side closes the connection after it.
    let isLast: Bool
    let body: ByteBuffer
}

/// Reads answers out of bytes. It knows the part of HTTP/1.1 that a shop speaks to a drill, and refuses the rest:
/// every answer has a Content-Length, so that a cut-off answer cannot pass for a whole one.
struct HTTPAnswerReader: Sendable {
    /// Bytes that are not such an answer.
    struct Malformed: Error {}

    private struct Head {
        let status: Int
        let length: Int
        let isLast: Bool
    }

    static let maximumHead = 32 << 10
    static let maximumBody = 4 << 20
    private var head: Head?

    /// Takes the next answer out of the bytes; nil when it is not all there.
    mutating func next(_ bytes: inout ByteBuffer) throws(Malformed) -> HTTPAnswer? {
        if head == nil {
            guard let length = Self.headLength(bytes) else {
                if bytes.readableBytes > Self.maximumHead { throw Malformed() }
                return nil
            }
            guard length <= Self.maximumHead, let slice = bytes.readSlice(length: length) else { throw Malformed() }
            head = try Self.head(slice)
        }
        guard let head, let body = bytes.readSlice(length: head.length) else { return nil }
        self.head = nil
        return HTTPAnswer(status: head.status, isLast: head.isLast, body: body)
    }

    /// Bytes up to and with the empty line.
    private static func headLength(_ bytes: ByteBuffer) -> Int? {
        bytes.withUnsafeReadableBytes { bytes in
            var index = 3
            while index < bytes.count {
                // A byte that is not part of an end of line rules out the three ends after it, too.
                guard bytes[index] == 10 || bytes[index] == 13 else {
                    index += 4
                    continue
                }
                let isEnd = bytes[index] == 10 && bytes[index - 1] == 13
                if isEnd, bytes[index - 2] == 10, bytes[index - 3] == 13 { return index + 1 }
                index += 1
            }
            return nil
        }
    }

    private static func head(_ bytes: ByteBuffer) throws(Malformed) -> Head {
        let fields = bytes.withUnsafeReadableBytes { Fields($0) }
        guard let status = fields.status, let length = fields.length, !fields.isTransferEncoded else {
            throw Malformed()
        }
        return Head(status: status, length: length, isLast: fields.isLast)
    }

    /// The status line and the two header fields that matter.
    private struct Fields {
        var status: Int?
        var length: Int?
        var isLast = false
        var isTransferEncoded = false

        init(_ bytes: UnsafeRawBufferPointer) {
            status = Self.status(bytes)
            var start = (bytes.firstIndex(of: 10) ?? bytes.count) + 1
            while start < bytes.count {
                let end = bytes[start...].firstIndex(of: 10) ?? bytes.count
                read(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
                start = end + 1
            }
        }

        private static func status(_ bytes: UnsafeRawBufferPointer) -> Int? {
            guard bytes.count > 12, bytes.starts(with: "HTTP/1.1 ".utf8) else { return nil }
            var status = 0
            for index in 9..<12 {
                guard (48...57).contains(bytes[index]) else { return nil }
                status = status * 10 + Int(bytes[index] - 48)
            }
            return (200...599).contains(status) ? status : nil
        }

        private mutating func read(_ line: UnsafeRawBufferPointer) {
            // Most lines are told apart by their first letter, which costs nothing.
            guard let first = line.first, [0x63, 0x74].contains(first | 0x20) else { return }
            if let value = Self.value(line, of: "content-length:") {
                length = length == nil ? Self.number(value) : nil
            } else if let value = Self.value(line, of: "connection:") {
                isLast = value.lowercased() == "close"
            } else if Self.value(line, of: "transfer-encoding:") != nil {
                isTransferEncoded = true
            }
        }

        private static func number(_ text: String) -> Int? {
            guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(text),
                number <= HTTPAnswerReader.maximumBody
            else { return nil }
            return number
        }

        private static func value(_ line: UnsafeRawBufferPointer, of name: StaticString) -> String? {
            let length = name.utf8CodeUnitCount
            guard line.count >= length else { return nil }
            for index in 0..<length where line[index] | 0x20 != name.utf8Start[index] | 0x20 { return nil }
            let isBlank: (UInt8) -> Bool = { [9, 13, 32].contains($0) }
            let rest = line[length...].drop(while: isBlank)
            let end = rest.lastIndex { !isBlank($0) }.map { $0 + 1 } ?? rest.startIndex
            return String(decoding: rest[rest.startIndex..<end], as: UTF8.self)
        }
    }
}
