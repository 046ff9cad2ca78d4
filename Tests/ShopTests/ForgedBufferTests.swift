import Domain
import TestKit
import Testing

@testable import Shop

@Suite("Callbacks that cannot be verified")
struct ForgedBufferTests {
    private let channel = Fixtures.slug("epay")

    private func callback(_ raw: String) -> ForgedCallback {
        ForgedCallback(raw: raw, receivedAt: Timestamp(milliseconds: 0))
    }

    private var limits: Limits {
        var limits = Limits()
        limits.callbacksKept = 10
        limits.forgedBytes = 100
        limits.forgedPerFlush = 4
        return limits
    }

    /// Everything that would be written, and how many would only be counted.
    private func drained(_ buffer: inout ForgedBuffer) -> (raws: [String], uncounted: Int) {
        var raws: [String] = []
        var uncounted = 0
        while let batch = buffer.next() {
            #expect(batch.callbacks.count <= 4)
            raws += batch.callbacks.map(\.raw)
            uncounted += batch.uncounted
        }
        return (raws, uncounted)
    }

    @Test("the newest are kept, the others counted")
    func newest() {
        var buffer = ForgedBuffer(limits: limits)
        for number in 1...1000 { buffer.add(callback("\(number)"), to: channel) }
        let (raws, uncounted) = drained(&buffer)
        #expect(raws == (991...1000).map { "\($0)" })
        #expect(uncounted == 990)
        #expect(buffer.isEmpty)
    }

    @Test("their bytes are bounded over all channels")
    func bytes() {
        var buffer = ForgedBuffer(limits: limits)
        let long = String(repeating: "x", count: 60)
        buffer.add(callback(long), to: channel)
        buffer.add(callback(long), to: Fixtures.slug("other"))
        buffer.add(callback("newest"), to: channel)
        buffer.add(callback(String(repeating: "y", count: 101)), to: channel)
        let (raws, uncounted) = drained(&buffer)
        #expect(raws.reduce(0) { $0 + $1.utf8.count } <= 100)
        #expect(raws.count + uncounted == 4)
    }
}
