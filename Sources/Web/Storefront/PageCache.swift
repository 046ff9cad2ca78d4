import Domain
import NIOConcurrencyHelpers
import NIOCore
import PageSupport

/// A page as it was rendered.
struct RenderedPage: Sendable {
    let body: ByteBuffer
    /// Told by its content.
    let tag: String

    init(_ body: ByteBuffer) {
        self.body = body
        tag = PageFile.digest(Array(body.readableBytesView))
    }
}

/// Pages of the catalog for a moment, so that a crowd costs one rendering and not one each. A page that is older is
/// shown once more to all but the one who renders it anew.
final class PageCache: Sendable {
    private struct Entry {
        var page: RenderedPage
        var madeAt: Timestamp
        /// Of the catalog when it was made.
        var generation: Int
        /// When somebody began to render it anew.
        var beganAt: Timestamp?
    }

    private enum Found {
        case fresh(RenderedPage)
        case toMake
    }

    private let maximum: Int
    private let freshMilliseconds: Int64
    private let entries = NIOLockedValueBox<[String: Entry]>([:])

    /// - Parameter maximum: pages kept; when there are more, all are forgotten
    init(maximum: Int, freshMilliseconds: Int64) {
        self.maximum = maximum
        self.freshMilliseconds = freshMilliseconds
    }

    /// - Parameters:
    ///   - generation: the catalog's; a page of an older one is not shown
    func page(
        _ key: String, at now: Timestamp, generation: Int, make: () async throws -> RenderedPage
    ) async throws -> RenderedPage {
        if case .fresh(let page) = find(key, at: now, generation: generation) { return page }
        do {
            let page = try await make()
            entries.withLockedValue { entries in
                if entries[key] == nil, entries.count >= maximum { entries = [:] }
                entries[key] = Entry(page: page, madeAt: now, generation: generation)
            }
            return page
        } catch {
            entries.withLockedValue { $0[key]?.beganAt = nil }
            throw error
        }
    }

    private func find(_ key: String, at now: Timestamp, generation: Int) -> Found {
        entries.withLockedValue { entries in
            guard let entry = entries[key], entry.generation == generation else { return .toMake }
            let age = now.milliseconds - entry.madeAt.milliseconds
            if (0..<freshMilliseconds).contains(age) { return .fresh(entry.page) }
            // Whoever makes it may have been cut off; then another one does.
            if let began = entry.beganAt,
                (0..<10 * freshMilliseconds).contains(now.milliseconds - began.milliseconds)
            {
                return .fresh(entry.page)
            }
            entries[key]?.beganAt = now
            return .toMake
        }
    }
}
