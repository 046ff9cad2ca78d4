public import CoreMetrics
import NIOConcurrencyHelpers

/// Collects metrics and writes them in Prometheus' text format, version 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats/).
public final class PrometheusRegistry: MetricsFactory, Sendable {
    private struct Key: Hashable, Comparable {
        let label: String
        let dimensions: String

        static func < (left: Key, right: Key) -> Bool {
            (left.label, left.dimensions) < (right.label, right.dimensions)
        }
    }

    private let counters = NIOLockedValueBox<[Key: PrometheusCounter]>([:])
    private let histograms = NIOLockedValueBox<[Key: PrometheusHistogram]>([:])
    private let gauges = NIOLockedValueBox<[Key: PrometheusGauge]>([:])

    /// An empty registry.
    public init() {}

    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        find(label, dimensions, in: counters) { PrometheusCounter() }
    }

    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        guard aggregate else { return find(label, dimensions, in: gauges) { PrometheusGauge() } }
        return find(label, dimensions, in: histograms) { PrometheusHistogram(bounds: PrometheusHistogram.counts) }
    }

    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        find(label, dimensions, in: histograms) { PrometheusHistogram(bounds: PrometheusHistogram.seconds) }
    }

    public func destroyCounter(_ handler: any CounterHandler) {}
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    public func destroyTimer(_ handler: any TimerHandler) {}

    /// Sets a gauge that is read when somebody asks.
    public func set(_ label: String, _ dimensions: [(String, String)], to value: Double) {
        find(label, dimensions, in: gauges) { PrometheusGauge() }.record(value)
    }

    private func find<Handler>(
        _ label: String, _ dimensions: [(String, String)], in box: NIOLockedValueBox<[Key: Handler]>,
        make: () -> Handler
    ) -> Handler {
        let key = Key(label: label, dimensions: dimensions.map { "\($0.0)=\"\($0.1)\"" }.joined(separator: ","))
        return box.withLockedValue { handlers in
            if let handler = handlers[key] { return handler }
            let handler = make()
            handlers[key] = handler
            return handler
        }
    }

    /// All metrics as text.
    public func text() -> String {
        var lines: [String] = []
        var typed: Set<String> = []
        func type(_ key: Key, _ name: String) {
            if typed.insert(key.label).inserted { lines.append("# TYPE \(key.label) \(name)") }
        }
        for (key, counter) in counters.withLockedValue({ $0 }).sorted(by: { $0.key < $1.key }) {
            type(key, "counter")
            lines.append("\(Self.name(key.label, key.dimensions)) \(counter.value)")
        }
        for (key, gauge) in gauges.withLockedValue({ $0 }).sorted(by: { $0.key < $1.key }) {
            type(key, "gauge")
            lines.append("\(Self.name(key.label, key.dimensions)) \(gauge.value)")
        }
        for (key, histogram) in histograms.withLockedValue({ $0 }).sorted(by: { $0.key < $1.key }) {
            type(key, "histogram")
            lines += histogram.lines(label: key.label, dimensions: key.dimensions)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    static func name(_ label: String, _ dimensions: String) -> String {
        dimensions.isEmpty ? label : "\(label){\(dimensions)}"
    }
}

/// A number that only grows.
final class PrometheusCounter: CounterHandler, Sendable {
    private let count = NIOLockedValueBox<Int64>(0)

    var value: Int64 { count.withLockedValue { $0 } }

    func increment(by amount: Int64) { count.withLockedValue { $0 += amount } }
    func reset() { count.withLockedValue { $0 = 0 } }
}

/// A number that was last seen.
final class PrometheusGauge: RecorderHandler, Sendable {
    private let last = NIOLockedValueBox<Double>(0)

    var value: Double { last.withLockedValue { $0 } }

    func record(_ value: Int64) { record(Double(value)) }
    func record(_ value: Double) { last.withLockedValue { $0 = value } }
}

/// Counts values by fixed upper bounds.
final class PrometheusHistogram: RecorderHandler, TimerHandler, Sendable {
    static let seconds: [Double] = [
        0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5,
    ]
    static let counts: [Double] = [1, 2, 4, 8, 16, 32, 64, 128, 256]

    private struct State {
        var buckets: [Int64]
        var sum: Double = 0
    }

    private let bounds: [Double]
    private let state: NIOLockedValueBox<State>

    init(bounds: [Double]) {
        self.bounds = bounds
        state = NIOLockedValueBox(State(buckets: Array(repeating: 0, count: bounds.count + 1)))
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        let index = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLockedValue { state in
            state.buckets[index] += 1
            state.sum += value
        }
    }

    func lines(label: String, dimensions: String) -> [String] {
        let state = state.withLockedValue { $0 }
        let prefix = dimensions.isEmpty ? "" : dimensions + ","
        var count: Int64 = 0
        var lines: [String] = []
        for (index, bucket) in state.buckets.enumerated() {
            count += bucket
            let bound = index < bounds.count ? "\(bounds[index])" : "+Inf"
            lines.append("\(label)_bucket{\(prefix)le=\"\(bound)\"} \(count)")
        }
        lines.append("\(PrometheusRegistry.name(label + "_sum", dimensions)) \(state.sum)")
        lines.append("\(PrometheusRegistry.name(label + "_count", dimensions)) \(count)")
        return lines
    }
}
