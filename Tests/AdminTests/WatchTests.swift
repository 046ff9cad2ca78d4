import Domain
import NIOConcurrencyHelpers
import Shop
import TestKit
import Testing

@testable import Admin

/// What is counted in the background for pages.
@Suite("Counts in the background")
struct WatchTests {
    /// Work that ends when the test says so, on a clock that moves when the test says so.
    private final class Work: Sendable {
        let clock = MockClock()
        private let state = NIOLockedValueBox((begun: 0, waiting: [CheckedContinuation<Void, Never>]()))

        var begun: Int { state.withLockedValue { $0.begun } }

        func take() async {
            await withCheckedContinuation { continuation in
                state.withLockedValue { state in
                    state.begun += 1
                    state.waiting.append(continuation)
                }
            }
        }

        /// Ends all work that has begun, after so many seconds of its clock.
        func end(afterSeconds seconds: Int64) {
            clock.advance(seconds: seconds)
            let waiting = state.withLockedValue { state in
                defer { state.waiting = [] }
                return state.waiting
            }
            for continuation in waiting { continuation.resume() }
        }
    }

    private func span(_ work: Work) throws -> FigureSpan {
        try FigureSpan(from: work.clock.now(), by: .hour, count: 1, limits: Limits())
    }

    @Test("many who ask for figures at once set off one count, and wait a moment only")
    func figuresOnce() async throws {
        let work = Work()
        let watch = CountWatch<FigureSpan, [SalesFigures]>(clock: work.clock) { _ in
            await work.take()
            return []
        }
        let span = try span(work)
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<20 { group.addTask { await watch.latest(span) == nil } }
            for await isNil in group { #expect(isNil) }
        }
        #expect(work.begun == 1)
        work.end(afterSeconds: 2)
        try await eventually("the figures") { await watch.latest(span) != nil }
        #expect(work.begun == 1)
    }

    @Test("figures are shown until newer ones are there, and counted anew after twenty times as long as it took")
    func figuresRest() async throws {
        let work = Work()
        let watch = CountWatch<FigureSpan, [SalesFigures]>(clock: work.clock) { _ in
            await work.take()
            return []
        }
        let span = try span(work)
        _ = await watch.latest(span)
        work.end(afterSeconds: 2)
        try await eventually("the figures") { await watch.latest(span) != nil }
        let first = await watch.latest(span)?.at
        work.clock.advance(seconds: 39)
        _ = await watch.latest(span)
        #expect(work.begun == 1)
        work.clock.advance(seconds: 1)
        #expect(await watch.latest(span)?.at == first)
        #expect(work.begun == 2)
        work.end(afterSeconds: 1)
    }

    @Test("what is forgotten is counted anew at the next look")
    func forgotten() async throws {
        let work = Work()
        let watch = CountWatch<Int, Int>(clock: work.clock, .init(patience: 0, restFactor: 100)) { key in
            await work.take()
            return key
        }
        _ = await watch.latest(1)
        try await eventually("a count") { work.begun == 1 }
        work.end(afterSeconds: 5)
        try await eventually("the first") { await watch.latest(1, mayBegin: false)?.value == 1 }
        _ = await watch.latest(1)
        #expect(work.begun == 1)
        watch.forget(1)
        #expect(await watch.latest(1) == nil)
        try await eventually("another count") { work.begun == 2 }
        work.end(afterSeconds: 0)
    }

    @Test("what was being counted when its key was forgotten counts for nothing")
    func forgottenMeanwhile() async throws {
        let (work, later) = (Work(), Work())
        let isFirst = NIOLockedValueBox(true)
        let watch = CountWatch<Int, String>(clock: work.clock, .init(patience: 0, restFactor: 100)) { _ in
            let first = isFirst.withLockedValue { isFirst in
                defer { isFirst = false }
                return isFirst
            }
            await (first ? work : later).take()
            return first ? "before" : "after"
        }
        _ = await watch.latest(1)
        try await eventually("a count") { work.begun == 1 }
        watch.forget(1)
        _ = await watch.latest(1)
        try await eventually("another count") { later.begun == 1 }
        later.end(afterSeconds: 0)
        try await eventually("the second") { await watch.latest(1, mayBegin: false)?.value == "after" }
        work.end(afterSeconds: 0)
        for _ in 0..<100 {
            await Task.yield()
            #expect(await watch.latest(1, mayBegin: false)?.value == "after")
        }
    }

    @Test("the books rest a hundred times as long as an audit took, 15 seconds at least")
    func booksRest() async throws {
        let work = Work()
        let watch = CountWatch<BooksLook.Key, BooksLook>(clock: work.clock, BooksLook.pace) { _ in
            await work.take()
            let check = AuditReport.Check(id: "I1", statement: "", violations: 1)
            return BooksLook(AuditReport(products: [], checks: [check]))
        }
        for _ in 0..<20 { #expect(await watch.latest(.all) == nil) }
        try await eventually("the audit") { work.begun == 1 }
        work.end(afterSeconds: 1)
        try await eventually("a look") { await watch.latest(.all) != nil }
        #expect(await watch.latest(.all)?.value.checks.map(\.isRight) == [false, true])
        work.clock.advance(seconds: 99)
        _ = await watch.latest(.all)
        #expect(work.begun == 1)
        work.clock.advance(seconds: 1)
        _ = await watch.latest(.all)
        try await eventually("the second audit") { work.begun == 2 }
        work.end(afterSeconds: 0)
    }

    @Test("a long audit does not begin while buyers come")
    func booksWait() {
        #expect(BooksLook.mayBegin(atRate: 0, lastMilliseconds: nil))
        #expect(BooksLook.mayBegin(atRate: 5000, lastMilliseconds: 500))
        #expect(!BooksLook.mayBegin(atRate: 5000, lastMilliseconds: nil))
        #expect(!BooksLook.mayBegin(atRate: 0, lastMilliseconds: 20_000, opensSoon: true))
        #expect(!BooksLook.mayBegin(atRate: 5000, lastMilliseconds: 20_000))
    }
}
