import CoreMetrics
import Dispatch
public import Domain
public import HTTPTypes
import Hummingbird
public import Logging
public import NIOCore
public import Shop
public import WebSupport

/// Everything between HTTP and the use case *place order*, for both of its entrances: the route, and the handler that
/// answers on the event loop.
public struct OrderEndpoint: HotEndpoint {
    /// What became of a request for an order.
    public struct Outcome: Sendable {
        let answer: PlaceOrderAnswer
        /// When the use case was called; nil when the request did not get so far.
        let startedAt: UInt64?
    }

    public let path = "/api/v1/orders"
    public let maximumBytes: Int
    private let placeOrder: PlaceOrder
    private let catalog: CatalogCache
    private let clock: any Shop.Clock
    private let settings: WebAPI.Settings
    private let addressLimiter: RateLimiter
    private let metrics: OrderMetrics
    /// A crowd gets the same few answers most of the time.
    private let refusals: [Refusal: EncodedAnswer]

    private static let idempotencyKey = HTTPField.Name("Idempotency-Key")

    init(
        placeOrder: PlaceOrder, catalog: CatalogCache, clock: any Shop.Clock, limits: Limits,
        settings: WebAPI.Settings, metrics: any MetricsFactory
    ) {
        self.placeOrder = placeOrder
        self.catalog = catalog
        self.clock = clock
        self.settings = settings
        maximumBytes = limits.bodyBytes
        addressLimiter = RateLimiter(
            perSecond: Double(limits.ordersPerAddressPerSecond), burst: Double(limits.ordersPerAddressPerSecond * 2),
            maximumKeys: limits.rateLimitKeys)
        self.metrics = OrderMetrics(factory: metrics)
        refusals = Dictionary(
            uniqueKeysWithValues: Refusal.allCases.map { ($0, EncodedAnswer(Problem.answer($0))) })
    }

    // MARK: From request to outcome

    public var tooLarge: Outcome { Self.refused(.bodyTooLarge) }

    public func now() -> Timestamp { clock.now() }

    public func refusal(of head: HTTPRequest, from peer: PeerAddress) -> Outcome? {
        do throws(ShopError) {
            try limitAddress(head.headerFields, peer)
            try head.headerFields.requireJSON()
            try head.headerFields.refuseAnnounced(bytesAbove: maximumBytes)
            return nil
        } catch {
            return Self.refused(error)
        }
    }

    public func run(_ head: HTTPRequest, body: ByteBuffer, reply: @escaping @Sendable (Outcome) -> Void) {
        let order: PlaceOrderRequest
        do throws(ShopError) {
            order = try Self.orderRequest(head.headerFields, body)
        } catch {
            return reply(Self.refused(error))
        }
        let start = DispatchTime.now().uptimeNanoseconds
        placeOrder(order) { reply(Outcome(answer: $0, startedAt: start)) }
    }

    private static func refused(_ error: ShopError) -> Outcome { Outcome(answer: .failed(error), startedAt: nil) }

    /// Blacklist and limits by address never apply to loopback peers without a forwarding header.
    private func limitAddress(_ headers: HTTPFields, _ peer: PeerAddress) throws(ShopError) {
        let address = ClientAddress(peer: peer, headers: headers, trusted: settings.trustedProxies)
        guard !address.isLocal else { return }
        guard !catalog.isBlocked(address: address.bytes) else {
            throw ShopError(.blocked, "this shop does not sell to this address")
        }
        try addressLimiter.check(address.key, at: clock.now())
    }

    /// What a request asks for.
    public static func orderRequest(_ headers: HTTPFields, _ body: ByteBuffer) throws(ShopError) -> PlaceOrderRequest {
        var fields = try FieldReader(try JSONReader.read(body))
        let quantity = try fields.optionalInteger("quantity")
        let keys = idempotencyKey.map { headers[values: $0] } ?? []
        guard keys.count <= 1 else { throw .invalid("Idempotency-Key", "is repeated") }
        let order = PlaceOrderRequest(
            product: try fields.string("product"), quantity: quantity.map { Int(clamping: $0) },
            contact: try fields.string("contact"), channel: try fields.string("channel"),
            queryPassword: try fields.optionalString("query_password"), fields: try fields.strings("fields"),
            cards: try fields.stringList("cards", maximumCount: PurchaseLimits.maximumPerOrder),
            coupon: try fields.optionalString("coupon"), idempotencyKey: keys.first)
        try fields.end()
        return order
    }

    // MARK: From outcome to answer

    public func note(_ outcome: Outcome, logger: @autoclosure () -> Logger) {
        if let start = outcome.startedAt {
            metrics.record(outcome.answer, nanoseconds: Int64(DispatchTime.now().uptimeNanoseconds - start))
        }
        if case .failed(let error) = outcome.answer, Problem.isFault(error) {
            Problem.log(error, path: path, to: logger())
        }
    }

    /// The answer to a request.
    func answer(_ outcome: Outcome) -> WebAnswer {
        switch outcome.answer {
        case .placed(let placed): answer(placed, status: Self.status(placed))
        case .existing(let placed): answer(placed, status: .ok)
        case .refused(let refusal): Problem.answer(refusal)
        case .failed(let error): Problem.answer(error)
        }
    }

    private static func status(_ placed: PlacedOrder) -> HTTPResponse.Status {
        placed.order.state == .queued ? .accepted : .created
    }

    private func answer(_ placed: PlacedOrder, status: HTTPResponse.Status) -> WebAnswer {
        let publicURL = settings.publicURL()
        let body = JSONWriter.object { Self.write(placed, id: placed.order.id.text, publicURL: publicURL, to: &$0) }
        var answer = WebAnswer.json(body, status: status)
        let cookies = OrderCookie.headers(
            token: placed.token, id: placed.order.id.text, isSecure: publicURL.hasPrefix("https:"))
        for cookie in cookies {
            answer.headers.append(HTTPField(name: .setCookie, value: cookie))
        }
        return answer
    }

    private static func write(_ placed: PlacedOrder, id: String, publicURL: String, to json: inout JSONWriter) {
        json.string("id", id)
        json.string("token", placed.token)
        json.string("status", placed.order.state.rawValue)
        json.money(placed.order.total)
        json.time("expires_at", placed.order.expiresAt)
        json.string("pay_url", payURL(id, below: publicURL))
    }

    // MARK: From outcome to bytes

    public func write(_ outcome: Outcome, date: String, to buffer: inout ByteBuffer) -> Bool {
        switch outcome.answer {
        case .placed(let placed):
            return write(placed, status: Self.status(placed), date: date, to: &buffer)
        case .existing(let placed):
            return write(placed, status: .ok, date: date, to: &buffer)
        case .refused(let refusal):
            let answer = refusals[refusal] ?? EncodedAnswer(Problem.answer(refusal))
            answer.write(to: &buffer, date: date)
            return answer.closes
        case .failed(let error):
            let answer = EncodedAnswer(Problem.answer(error))
            answer.write(to: &buffer, date: date)
            return answer.closes
        }
    }

    /// Says what ``answer(_:)`` says, without building it. A test compares the two byte by byte.
    private func write(
        _ placed: PlacedOrder, status: HTTPResponse.Status, date: String, to buffer: inout ByteBuffer
    ) -> Bool {
        let publicURL = settings.publicURL()
        let id = placed.order.id.text
        let beginning = buffer.writerIndex
        buffer.writeStatusLine(status)
        buffer.writeStaticString("Content-Type: application/json\r\nCache-Control: no-store\r\nContent-Length: ")
        let length = buffer.writerIndex
        buffer.writeStaticString("000\r\n")
        OrderCookie.write(token: placed.token, id: id, isSecure: publicURL.hasPrefix("https:"), to: &buffer)
        buffer.endHead(date: date)
        let start = buffer.writerIndex
        JSONWriter.append(to: &buffer) { Self.write(placed, id: id, publicURL: publicURL, to: &$0) }
        let size = buffer.writerIndex - start
        if (100...999).contains(size) {
            buffer.setString("\(size)", at: length)
        } else {
            // Only a public address of unusual length comes here.
            buffer.moveWriterIndex(to: beginning)
            EncodedAnswer(answer(placed, status: status)).write(to: &buffer, date: date)
        }
        return false
    }

    private static func payURL(_ id: String, below publicURL: String) -> String { "\(publicURL)/orders/\(id)/pay" }

    static func payURL(_ id: OrderID, below publicURL: String) -> String { payURL(id.text, below: publicURL) }
}
