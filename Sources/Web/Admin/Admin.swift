public import Domain
import HTTPTypes
import Hummingbird
import PageSupport
public import Shop
public import WebSupport

/// The owner's pages: everything that runs a shop, for members of the staff who have logged in.
public struct Admin: Sendable {
    /// What the operator has set.
    public struct Settings: Sendable {
        /// The address that buyers and providers see, without a slash at its end.
        public let publicURL: @Sendable () -> String
        /// Whether a sandbox may be enabled although the public address is not loopback.
        public let allowsSandbox: Bool
        /// Proxies whose forwarding header is believed.
        public let trustedProxies: [AddressRange]
        /// What this node has measured, in Prometheus' text format. Counts nothing.
        public let metricsText: @Sendable () -> String
        /// Told after somebody has changed something, before that one hears so.
        public let ownerChanged: @Sendable () async -> Void

        /// Puts the settings together.
        public init(
            publicURL: @escaping @Sendable () -> String, allowsSandbox: Bool, trustedProxies: [AddressRange],
            metricsText: @escaping @Sendable () -> String,
            ownerChanged: @escaping @Sendable () async -> Void = {}
        ) {
            self.publicURL = publicURL
            self.allowsSandbox = allowsSandbox
            self.trustedProxies = trustedProxies
            self.metricsText = metricsText
            self.ownerChanged = ownerChanged
        }
    }

    let ports: UseCases.Ports
    let useCases: UseCases
    let settings: Settings
    let renderer: AdminRenderer
    let liveStreams: LiveStreams
    let booksWatch: CountWatch<BooksLook.Key, BooksLook>
    let figuresWatch: CountWatch<FigureSpan, [SalesFigures]>
    let batchesWatch: CountWatch<ProductID, [CardBatch]>

    /// - Throws: *internal* when a page template is broken.
    public init(ports: UseCases.Ports, useCases: UseCases, settings: Settings) throws(ShopError) {
        self.ports = ports
        self.useCases = useCases
        self.settings = settings
        renderer = try AdminRenderer()
        liveStreams = LiveStreams(maximum: ports.limits.liveStreams)
        let (ledger, cards) = (ports.ledger, ports.cards)
        figuresWatch = CountWatch(clock: ports.clock) { span throws(ShopError) in try await ledger.figures(span) }
        batchesWatch = CountWatch(clock: ports.clock) { product throws(ShopError) in
            try await cards.batches(of: product, limit: Self.batchRows)
        }
        booksWatch = CountWatch(clock: ports.clock, BooksLook.pace) { _ throws(ShopError) in
            BooksLook(try await ledger.audit())
        }
    }

    /// Every page and every file that pages need.
    public var routes: [Route] { accountRoutes + fileRoutes + pageRoutes }

    /// The pages of those who have logged in, one list a file.
    private var pageRoutes: [Route] {
        figureRoutes + orderRoutes + catalogRoutes + staffRoutes + settingRoutes + backupRoutes + drillRoutes
    }

    // MARK: Routes

    typealias PageHandler =
        @Sendable (
            _ visit: AdminVisit, _ request: Request, _ context: ShopRequestContext
        ) async throws -> Response

    typealias FormHandler =
        @Sendable (
            _ form: WebForm, _ visit: AdminVisit, _ request: Request, _ context: ShopRequestContext
        ) async throws -> Response

    /// A page for members who have a right. Others are asked to log in, or told that they may not.
    ///
    /// - Parameter path: below `/admin`
    func page(_ path: String, _ right: StaffRight, _ handler: @escaping PageHandler) -> Route {
        open(.get, path) { visit, request, context in
            guard let member = visit.member else { return login(visit, request) }
            if member.mustChangePassword { return Self.redirect(to: "/admin/account") }
            guard member.may(right) else { throw Self.notAllowed }
            return try await handler(visit, request, context)
        }
    }

    /// A form from a page of this shop, of a member who has a right.
    func form(_ path: String, _ right: StaffRight, _ handler: @escaping FormHandler) -> Route {
        post(path) { visit, request, context in
            guard let member = visit.member else { return login(visit, request) }
            let form = try await WebForm(request, maximumBytes: ports.limits.ownerBodyBytes)
            try visit.token.check(form["form"])
            guard member.may(right) else { throw Self.notAllowed }
            let response = try await handler(form, visit, request, context)
            await settings.ownerChanged()
            return response
        }
    }

    /// A body that a script sends as it is, with the form's token in `X-Form-Token`, of a member who has a right. The
    /// script is told in JSON what went wrong.
    func upload(_ path: String, _ right: StaffRight, _ handler: @escaping PageHandler) -> Route {
        post(path) { visit, request, context in
            do {
                guard let member = visit.member else { throw ShopError(.unauthorized, "log in again") }
                try visit.token.check(Self.formTokenName.flatMap { request.headers[$0] } ?? "")
                guard member.may(right) else { throw Self.notAllowed }
                let response = try await handler(visit, request, context)
                await settings.ownerChanged()
                return response
            } catch let error as ShopError {
                if Problem.isFault(error) { Problem.log(error, path: visit.path, to: context.logger) }
                let text = Self.explain(error, visit)
                return Self.json(JSONWriter.object { $0.string("error", text) }, Problem.answer(error).status)
            }
        }
    }

    private static let formTokenName = HTTPField.Name("X-Form-Token")
    static let notAllowed = ShopError(.forbidden, "your role does not allow it")

    /// What is sent to the shop, from a page of its own.
    func post(_ path: String, _ handler: @escaping PageHandler) -> Route {
        open(.post, path) { visit, request, context in
            try FormOrigin.check(request, publicURL: settings.publicURL())
            return try await handler(visit, request, context)
        }
    }

    /// A page for whoever asks. Errors become pages.
    func open(_ method: HTTPRequest.Method, _ path: String, _ handler: @escaping PageHandler) -> Route {
        Route(method, "/admin" + path, for: .owner, isDocumented: false) { request, context in
            let visit = try await visit(request)
            do {
                return try await handler(visit, request, context)
            } catch let error as ShopError {
                if Problem.isFault(error) { Problem.log(error, path: request.uri.path, to: context.logger) }
                return problem(error, visit, from: request)
            }
        }
    }

    private func visit(_ request: Request) async throws -> AdminVisit {
        var staff: StaffVisit?
        if let token = request.cookie(SessionCookie.name) { staff = try await useCases.staff.readSession(token) }
        return AdminVisit(
            request, staff: staff, shop: ports.cache.settings(), now: ports.clock.now(),
            token: FormToken(request, keys: ports.keys))
    }

    private func login(_ visit: AdminVisit, _ request: Request) -> Response {
        let next = request.method == .get ? "?next=\(FormText.encoded(visit.path))" : ""
        return Self.redirect(to: "/admin/login" + next)
    }

    var isSecure: Bool { settings.publicURL().hasPrefix("https:") }

    /// Who does something, and why.
    func note(_ visit: AdminVisit, _ form: WebForm? = nil) -> OwnerNote {
        let plain = (form?["reason"] ?? "").trimmed.unicodeScalars.filter { $0.value >= 0x20 }.prefix(500)
        let reason = String(String.UnicodeScalarView(plain))
        return OwnerNote(actor: visit.member?.name.text ?? "owner", reason: reason.isEmpty ? nil : reason)
    }

    // MARK: Answers

    /// A page.
    func show(
        _ visit: AdminVisit, _ heading: String, crumbs: [Link] = [], _ sections: [PageSection], alert: String = "",
        refresh: Int? = nil, status: HTTPResponse.Status = .ok
    ) -> Response {
        let hasSandbox = ports.cache.channels().contains { $0.isEnabled && $0.channel.kind == "sandbox" }
        let body = renderer.render(
            visit, heading: heading, crumbs: crumbs, sections: sections, alert: alert, refresh: refresh,
            hasSandbox: hasSandbox)
        var headers = PageHeaders.page()
        headers[.cacheControl] = "no-store"
        if let cookie = visit.token.newCookie(isSecure: isSecure) {
            headers.append(HTTPField(name: .setCookie, value: cookie))
        }
        return Response(status: status, headers: headers, body: .init(byteBuffer: body))
    }

    /// What went wrong, with the way back to where it was asked for.
    func problem(_ error: ShopError, _ visit: AdminVisit, from request: Request) -> Response {
        let problem = Problem.answer(error)
        let referer = request.headers[.referer] ?? ""
        let path = referer.firstRange(of: "/admin").map { referer[$0.lowerBound...].prefix { $0 != "?" && $0 != "#" } }
        let back = Link(text: visit.word("back"), address: Self.own(path.map { String($0) } ?? "/admin"))
        var response = show(
            visit, visit.word("oops"), [PageSection(links: [back])], alert: Self.explain(error, visit),
            status: problem.status)
        for name in [HTTPField.Name.retryAfter, .connection] { response.headers[name] = problem.headers[name] }
        return response
    }

    /// An error in the member's words, with what exactly is wrong.
    static func explain(_ error: ShopError, _ visit: AdminVisit) -> String {
        let word = visit.words["error_\(error.code.rawValue)"] ?? visit.word("error_other")
        return error.code == .internalFault ? word : "\(word) (\(visit.reason(error)))"
    }

    /// Leads on, with a word of what was done.
    static func redirect(to path: String, done: String = "") -> Response {
        let query = done.isEmpty ? "" : (path.contains("?") ? "&" : "?") + "done=\(done)"
        var response = Response.redirect(to: path + query, type: .normal)
        response.headers[.cacheControl] = "no-store"
        return response
    }
}
