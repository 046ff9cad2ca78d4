public import Domain
import NIOConcurrencyHelpers

/// Token buckets by key, as a value. At most `maximumKeys` are remembered; when they are, the full ones are forgotten,
/// and if none is full, strangers are refused.
struct TokenBuckets {
    private struct Bucket {
        var tokens: Double
        var filledAt: Timestamp
    }

    private let perSecond: Double
    private let burst: Double
    private let maximumKeys: Int
    private var buckets: [String: Bucket] = [:]

    init(perSecond: Double, burst: Double, maximumKeys: Int) {
        self.perSecond = perSecond
        self.burst = burst
        self.maximumKeys = maximumKeys
    }

    mutating func take(_ key: String, at moment: Timestamp) -> Bool {
        var bucket = buckets[key].map { filled($0, at: moment) } ?? Bucket(tokens: burst, filledAt: moment)
        if buckets[key] == nil, buckets.count >= maximumKeys {
            buckets = buckets.filter { filled($0.value, at: moment).tokens < burst }
            guard buckets.count < maximumKeys else { return false }
        }
        let isAllowed = bucket.tokens >= 1
        if isAllowed { bucket.tokens -= 1 }
        buckets[key] = bucket
        return isAllowed
    }

    private func filled(_ bucket: Bucket, at moment: Timestamp) -> Bucket {
        let seconds = Double(max(0, moment.milliseconds - bucket.filledAt.milliseconds)) / 1000
        return Bucket(tokens: min(burst, bucket.tokens + seconds * perSecond), filledAt: moment)
    }
}

/// Refuses those who ask too often.
public final class RateLimiter: Sendable {
    private let buckets: NIOLockedValueBox<TokenBuckets>

    /// - Parameters:
    ///   - perSecond: requests a second that a key may make for ever
    ///   - burst: requests it may make at once
    ///   - maximumKeys: keys remembered
    public init(perSecond: Double, burst: Double, maximumKeys: Int) {
        buckets = NIOLockedValueBox(TokenBuckets(perSecond: perSecond, burst: burst, maximumKeys: maximumKeys))
    }

    /// - Throws: *rate_limited* when the key has asked too often.
    public func check(_ key: String, at moment: Timestamp) throws(ShopError) {
        guard buckets.withLockedValue({ $0.take(key, at: moment) }) else {
            throw ShopError(.rateLimited, "too many requests; try again later")
        }
    }
}
