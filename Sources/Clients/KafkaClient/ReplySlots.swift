/// Numbers for those who wait for an answer. The library carries a number and no object, so that nothing can be freed
/// twice or leak with it; a number is used again only after its answer came.
struct ReplySlots<Reply: Sendable>: Sendable {
    private var replies: [Reply?] = []
    private var free: [Int] = []
    private let capacity: Int

    init(capacity: Int) { self.capacity = capacity }

    /// How many wait.
    var count: Int { replies.count - free.count }

    /// A number, from 1; nil when all are in use.
    mutating func take(_ reply: Reply) -> Int? {
        if let index = free.popLast() {
            replies[index] = reply
            return index + 1
        }
        guard replies.count < capacity else { return nil }
        replies.append(reply)
        return replies.count
    }

    /// Who waits under the number, who does so no more.
    mutating func give(_ number: Int) -> Reply? {
        guard replies.indices.contains(number - 1), let reply = replies[number - 1] else { return nil }
        replies[number - 1] = nil
        free.append(number - 1)
        return reply
    }

    /// All who wait, who do so no more.
    mutating func giveAll() -> [Reply] {
        defer {
            replies = []
            free = []
        }
        return replies.compactMap { $0 }
    }
}
