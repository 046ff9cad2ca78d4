/// A command with its arguments, in one run of bytes so that it costs two allocations however many there are.
public struct RedisCommand: Hashable, Sendable {
    /// All arguments, one behind the other.
    var bytes: [UInt8] = []
    /// Where each of them ends.
    var ends: [Int] = []

    /// A command without arguments yet.
    public init(_ name: String) {
        ends.reserveCapacity(24)
        append(name)
    }

    /// A command with arguments that are text.
    public init(_ name: String, _ arguments: String...) {
        self.init(name)
        for argument in arguments { append(argument) }
    }

    /// Bytes of all arguments together.
    public var byteCount: Int { bytes.count }

    /// Adds an argument.
    public mutating func append(_ text: String) {
        bytes.append(contentsOf: text.utf8)
        ends.append(bytes.count)
    }

    /// Adds an argument.
    public mutating func append(_ argument: some Sequence<UInt8>) {
        bytes.append(contentsOf: argument)
        ends.append(bytes.count)
    }

    /// Adds a number as decimal text.
    public mutating func append(_ number: some BinaryInteger) { append(String(number)) }

    /// The command with other first arguments.
    func replacing(first count: Int, with others: [String]) -> RedisCommand {
        var command = RedisCommand(others.first ?? "")
        for other in others.dropFirst() { command.append(other) }
        var start = count == 0 ? 0 : ends[count - 1]
        for end in ends[count...] {
            command.append(bytes[start..<end])
            start = end
        }
        return command
    }
}
