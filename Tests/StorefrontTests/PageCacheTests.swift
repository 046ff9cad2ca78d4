import Domain
import NIOConcurrencyHelpers
import NIOCore
import TestKit
import Testing

@testable import PageSupport
@testable import Storefront

@Suite("Rendered pages are kept for a moment")
struct PageCacheTests {
    private struct Broken: Error {}

    private static func page(_ text: String) -> RenderedPage { RenderedPage(ByteBuffer(string: text)) }

    private static func at(_ milliseconds: Int64) -> Timestamp { Bench.now.advanced(milliseconds: milliseconds) }

    /// Asks a cache for a page at so many milliseconds.
    private static func ask(
        _ cache: PageCache, _ key: String = "key", at milliseconds: Int64, generation: Int = 1, makes text: String
    ) async throws -> String {
        String(buffer: try await cache.page(key, at: at(milliseconds), generation: generation) { page(text) }.body)
    }

    @Test("a young page is shown; an older one, one of another catalog or of the future is made anew")
    func fresh() async throws {
        let cache = PageCache(maximum: 10, freshMilliseconds: 1000)
        #expect(try await Self.ask(cache, at: 0, makes: "a") == "a")
        #expect(try await Self.ask(cache, at: 999, makes: "b") == "a")
        #expect(try await Self.ask(cache, at: 999, generation: 2, makes: "c") == "c")
        #expect(try await Self.ask(cache, at: 1999, generation: 2, makes: "d") == "d")
        #expect(try await Self.ask(cache, at: 500, generation: 2, makes: "e") == "e")
        #expect(try await Self.ask(cache, "other", at: 500, generation: 2, makes: "f") == "f")
    }

    /// Begins to make a page at a moment, and asks for it by others meanwhile.
    private static func during(
        _ cache: PageCache, at milliseconds: Int64, fails: Bool = false, _ others: () async throws -> Void
    ) async throws {
        let (begun, begin) = AsyncStream<Void>.makeStream()
        let (ended, end) = AsyncStream<Void>.makeStream()
        let task = Task {
            try await cache.page("key", at: at(milliseconds), generation: 1) {
                begin.finish()
                for await _ in ended {}
                if fails { throw Broken() }
                return page("new")
            }
        }
        for await _ in begun {}
        do { try await others() } catch {
            end.finish()
            throw error
        }
        end.finish()
        _ = await task.result
    }

    @Test(
        "of 200 who come at once for a page that is too old, one makes it",
        arguments: [1000, 9000, 3_600_000] as [Int64])
    func crowd(age: Int64) async throws {
        let cache = PageCache(maximum: 10, freshMilliseconds: 1000)
        #expect(try await Self.ask(cache, at: 0, makes: "old") == "old")
        let made = NIOLockedValueBox(0)
        try await Self.during(cache, at: age) {
            let seen = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 1...200 {
                    group.addTask {
                        let found = try await cache.page("key", at: Self.at(age + 5), generation: 1) {
                            made.withLockedValue { $0 += 1 }
                            return Self.page("another")
                        }
                        return String(buffer: found.body)
                    }
                }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(seen == ["old"] && made.withLockedValue { $0 } == 0)
        }
        #expect(try await Self.ask(cache, at: age + 10, makes: "x") == "new")
    }

    @Test("when making fails, the next one makes it, and the error is told")
    func failure() async throws {
        let cache = PageCache(maximum: 10, freshMilliseconds: 1000)
        _ = try await Self.ask(cache, at: 0, makes: "old")
        await #expect(throws: Broken.self) {
            try await cache.page("key", at: Self.at(2000), generation: 1) { throw Broken() }
        }
        #expect(try await Self.ask(cache, at: 2000, makes: "next") == "next")
    }

    @Test("whoever does not come back with a page is not waited for longer than ten times its freshness")
    func lost() async throws {
        let cache = PageCache(maximum: 10, freshMilliseconds: 1000)
        _ = try await Self.ask(cache, at: 0, makes: "old")
        try await Self.during(cache, at: 2000) { () async throws in
            #expect(try await Self.ask(cache, at: 11_999, makes: "b") == "old")
            #expect(try await Self.ask(cache, at: 12_000, makes: "c") == "c")
        }
    }

    @Test("no more pages are kept than allowed")
    func bound() async throws {
        let cache = PageCache(maximum: 3, freshMilliseconds: 1000)
        for key in ["a", "b", "c"] { _ = try await Self.ask(cache, key, at: 0, makes: key) }
        #expect(try await Self.ask(cache, "a", at: 0, makes: "again") == "a")
        _ = try await Self.ask(cache, "d", at: 0, makes: "d")
        #expect(try await Self.ask(cache, "a", at: 0, makes: "again") == "again")
        #expect(try await Self.ask(cache, "d", at: 0, makes: "again") == "d")
    }

    @Test("a page that is made anew where there is no room for more pushes out none")
    func boundAnew() async throws {
        let cache = PageCache(maximum: 2, freshMilliseconds: 1000)
        for key in ["a", "b"] { _ = try await Self.ask(cache, key, at: 0, makes: key) }
        #expect(try await Self.ask(cache, "a", at: 1000, generation: 2, makes: "new") == "new")
        #expect(try await Self.ask(cache, "b", at: 500, makes: "new") == "b")
    }

    @Test("pages are told by their content")
    func tags() {
        #expect(Self.page("a").tag == Self.page("a").tag && Self.page("a").tag != Self.page("b").tag)
    }
}
