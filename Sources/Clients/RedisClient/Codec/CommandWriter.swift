import CHiredis
import NIOCore

extension RedisCommand {
    /// Writes the command as hiredis forms it.
    ///
    /// - Returns: false when there is no memory for it; nothing was written then
    func write(into buffer: inout ByteBuffer) -> Bool {
        bytes.withUnsafeBytes { bytes in
            withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: ends.count) { arguments in
                withUnsafeTemporaryAllocation(of: Int.self, capacity: ends.count) { lengths in
                    let characters = bytes.bindMemory(to: CChar.self).baseAddress
                    var start = 0
                    for (index, end) in ends.enumerated() {
                        // Even an empty argument wants an address.
                        arguments.initializeElement(at: index, to: characters.map { $0 + start })
                        lengths.initializeElement(at: index, to: end - start)
                        start = end
                    }
                    return Self.form(arguments, lengths, into: &buffer)
                }
            }
        }
    }

    private static func form(
        _ arguments: UnsafeMutableBufferPointer<UnsafePointer<CChar>?>, _ lengths: UnsafeMutableBufferPointer<Int>,
        into buffer: inout ByteBuffer
    ) -> Bool {
        var formed: sds?
        let count = redisFormatSdsCommandArgv(
            &formed, Int32(arguments.count), arguments.baseAddress, lengths.baseAddress)
        guard count > 0, let formed else { return false }
        defer { redisFreeSdsCommand(formed) }
        buffer.writeBytes(UnsafeRawBufferPointer(start: formed, count: Int(count)))
        return true
    }
}
