public import Domain
import NIOConcurrencyHelpers

/// What is kept of callbacks that cannot be verified until it is written. Event in, batch out; bounded in number and
/// bytes: beyond the bounds the oldest are only counted.
struct ForgedBuffer: Sendable {
    /// What is written in one go: callbacks of one channel, oldest first.
    struct Batch: Sendable {
        let channel: Slug
        var callbacks: [ForgedCallback]
        let uncounted: Int
    }

    private struct Waiting: Sendable {
        var callbacks: [ForgedCallback] = []
        var head = 0
        var dropped = 0

        var count: Int { callbacks.count - head }
    }

    private let maximumPerChannel: Int
    private let maximumBytes: Int
    private let perBatch: Int
    private var bytes = 0
    private var waiting: [Slug: Waiting] = [:]

    init(limits: Limits) {
        maximumPerChannel = limits.callbacksKept
        maximumBytes = limits.forgedBytes
        perBatch = limits.forgedPerFlush
    }

    var isEmpty: Bool { waiting.isEmpty }

    mutating func add(_ callback: ForgedCallback, to channel: Slug) {
        // Taken out and put back, so that the list has one owner and is not copied.
        var entry = waiting.removeValue(forKey: channel) ?? Waiting()
        let size = callback.raw.utf8.count
        while entry.count > 0, entry.count >= maximumPerChannel || bytes + size > maximumBytes {
            bytes -= entry.callbacks[entry.head].raw.utf8.count
            entry.head += 1
            entry.dropped += 1
        }
        if entry.head > maximumPerChannel {
            entry.callbacks.removeFirst(entry.head)
            entry.head = 0
        }
        if bytes + size > maximumBytes {
            entry.dropped += 1
        } else {
            entry.callbacks.append(callback)
            bytes += size
        }
        waiting[channel] = entry
    }

    mutating func next() -> Batch? {
        guard let channel = waiting.keys.first, var entry = waiting.removeValue(forKey: channel) else { return nil }
        let callbacks = Array(entry.callbacks[entry.head...].prefix(perBatch))
        bytes -= callbacks.reduce(0) { $0 + $1.raw.utf8.count }
        entry.head += callbacks.count
        let batch = Batch(channel: channel, callbacks: callbacks, uncounted: entry.dropped)
        entry.dropped = 0
        if entry.count > 0 { waiting[channel] = entry }
        return batch
    }
}

/// Writes callbacks that cannot be verified, a few at a time and with pauses, so that a flood of them neither fills
/// the disk nor stands in the way of orders. Nobody waits for it: a forged callback is refused whether it is written
/// or not, and a crash loses at most what waited.
public final class ForgedInbox: Sendable {
    private struct State {
        var buffer: ForgedBuffer
        /// Whether the task that writes with pauses is at work.
        var isWriting = false
        /// Batches that are on their way to the ledger.
        var inFlight = 0
        var waiting: [CheckedContinuation<Void, Never>] = []

        mutating func next() -> ForgedBuffer.Batch? {
            let batch = buffer.next()
            if batch != nil { inFlight += 1 }
            return batch
        }
    }

    /// More than a full buffer of one channel holds.
    private static let drainBatches = 64

    private let ledger: any Ledger
    private let pauseMilliseconds: Int64
    private let state: NIOLockedValueBox<State>
    private let onFailure: @Sendable (ShopError) -> Void

    /// - Parameter onFailure: told when callbacks could not be written; they are lost
    public init(ledger: any Ledger, limits: Limits, onFailure: @escaping @Sendable (ShopError) -> Void = { _ in }) {
        self.ledger = ledger
        self.onFailure = onFailure
        pauseMilliseconds = limits.forgedPauseMilliseconds
        state = NIOLockedValueBox(State(buffer: ForgedBuffer(limits: limits)))
    }

    /// Takes a callback and returns at once.
    public func add(_ callback: ForgedCallback, to channel: Slug) {
        let isFirst = state.withLockedValue { state in
            state.buffer.add(callback, to: channel)
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if isFirst { Task { await write() } }
    }

    /// Writes what waits, without pauses, and returns when it is in the ledger. For those who want to read the inbox,
    /// and for a stopping shop. Bounded: what keeps coming meanwhile is left to the next one.
    public func drain() async {
        for _ in 0..<Self.drainBatches {
            guard let batch = state.withLockedValue({ $0.next() }) else { break }
            await write(batch)
        }
        await withCheckedContinuation { continuation in
            let isDone = state.withLockedValue { state in
                if state.inFlight > 0 { state.waiting.append(continuation) }
                return state.inFlight == 0
            }
            if isDone { continuation.resume() }
        }
    }

    private func write() async {
        while true {
            let batch = state.withLockedValue { state in
                let batch = state.next()
                if batch == nil { state.isWriting = false }
                return batch
            }
            guard let batch else { return }
            await write(batch)
            try? await Task.sleep(for: .milliseconds(pauseMilliseconds))
        }
    }

    private func write(_ batch: ForgedBuffer.Batch) async {
        do throws(ShopError) {
            try await ledger.recordForged(batch.callbacks, uncounted: batch.uncounted, channel: batch.channel)
        } catch {
            onFailure(error)
        }
        let waiting = state.withLockedValue { state in
            state.inFlight -= 1
            guard state.inFlight == 0 else { return [CheckedContinuation<Void, Never>]() }
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}
