import CoreMetrics
import Domain
import Shop

/// Orders by outcome, and how long the answer took.
struct OrderMetrics: Sendable {
    private let counters: [String: Counter]
    private let latency: CoreMetrics.Timer

    private static let outcomes =
        ["placed", "existing", "failed", "invalid", "busy", "outcome_unknown"] + Refusal.allCases.map(\.rawValue)

    init(factory: any MetricsFactory) {
        counters = Dictionary(
            uniqueKeysWithValues: Self.outcomes.map {
                ($0, Counter(label: "sluice_orders_total", dimensions: [("outcome", $0)], factory: factory))
            })
        latency = CoreMetrics.Timer(
            label: "sluice_order_seconds", dimensions: [], preferredDisplayUnit: .seconds, factory: factory)
    }

    func record(_ answer: PlaceOrderAnswer, nanoseconds: Int64) {
        latency.recordNanoseconds(nanoseconds)
        counters[Self.outcome(answer)]?.increment()
    }

    private static func outcome(_ answer: PlaceOrderAnswer) -> String {
        switch answer {
        case .placed: "placed"
        case .existing: "existing"
        case .refused(let refusal): refusal.rawValue
        case .failed(let error):
            switch error.code {
            case .busy: "busy"
            case .outcomeUnknown: "outcome_unknown"
            case .internalFault: "failed"
            default: "invalid"
            }
        }
    }
}
