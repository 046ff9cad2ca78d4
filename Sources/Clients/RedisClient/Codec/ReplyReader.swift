import CHiredis

/// hiredis's parser behind a guard. Belongs to one event loop, like whoever holds it.
final class ReplyReader {
    /// What is fed at once. hiredis moves the rest of its buffer after each kilobyte that it has read, so that a large
    /// feed of small replies would cost its square.
    private static let feedBytes = 16 << 10

    private let reader: UnsafeMutablePointer<redisReader>
    private var check: ReplyGuard

    init(_ bounds: RedisBounds) throws(BadReply) {
        guard let reader = redisReaderCreate() else { throw BadReply(reason: "no memory for a parser") }
        self.reader = reader
        check = ReplyGuard(bounds)
    }

    deinit { redisReaderFree(reader) }

    /// Hands on every reply that is complete with these bytes.
    ///
    /// - Throws: for bytes after which nothing can be read any more
    func feed(_ input: UnsafeRawBufferPointer, each: (RedisValue) -> Void) throws(BadReply) {
        var start = 0
        while start < input.count {
            let part = UnsafeRawBufferPointer(rebasing: input[start..<min(start + Self.feedBytes, input.count)])
            try check.check(part)
            let isFed = redisReaderFeed(reader, part.bindMemory(to: CChar.self).baseAddress, part.count)
            guard isFed == REDIS_OK else { throw broken }
            try drain(each)
            start += part.count
        }
    }

    private func drain(_ each: (RedisValue) -> Void) throws(BadReply) {
        while true {
            var raw: UnsafeMutableRawPointer?
            guard redisReaderGetReply(reader, &raw) == REDIS_OK else { throw broken }
            guard let raw else { return }
            let value = Self.value(raw.assumingMemoryBound(to: redisReply.self).pointee)
            freeReplyObject(raw)
            each(value)
        }
    }

    private var broken: BadReply {
        let text = withUnsafeBytes(of: reader.pointee.errstr) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return BadReply(reason: text)
    }

    private static func value(_ reply: redisReply) -> RedisValue {
        switch reply.type {
        case REDIS_REPLY_INTEGER: .integer(reply.integer)
        case REDIS_REPLY_STATUS: .status(String(decoding: bytes(reply), as: UTF8.self))
        case REDIS_REPLY_ERROR: .error(String(decoding: bytes(reply), as: UTF8.self))
        case REDIS_REPLY_STRING: .bytes(Array(bytes(reply)))
        case REDIS_REPLY_ARRAY: .array(parts(reply))
        default: .null
        }
    }

    private static func bytes(_ reply: redisReply) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: reply.str, count: reply.len)
    }

    private static func parts(_ reply: redisReply) -> [RedisValue] {
        UnsafeBufferPointer(start: reply.element, count: reply.elements).map { part in
            part.map { value($0.pointee) } ?? .null
        }
    }
}
