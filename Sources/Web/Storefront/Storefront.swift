public import CoreMetrics
public import Domain
import HTTPTypes
public import Hummingbird
import NIOCore
import PageSupport
public import Shop
public import WebSupport

/// The shop's pages for buyers: rendered by the server, usable without JavaScript, in two languages.
public struct Storefront: Sendable {
    /// What the operator has set.
    public struct Settings: Sendable {
        /// The address that buyers and providers see, without a slash at its end.
        public let publicURL: @Sendable () -> String
        /// Bounds for what could be guessed, shared with the API.
        public let visitorLimits: VisitorLimits
        /// Proxies whose forwarding header is believed.
        public let trustedProxies: [AddressRange]

        /// Puts the settings together.
        public init(
            publicURL: @escaping @Sendable () -> String, visitorLimits: VisitorLimits, trustedProxies: [AddressRange]
        ) {
            self.publicURL = publicURL
            self.visitorLimits = visitorLimits
            self.trustedProxies = trustedProxies
        }
    }

    let ports: UseCases.Ports
    let useCases: UseCases
    let settings: Settings
    let renderer: PageRenderer
    let assets: StoreAssets
    let cache: PageCache
    let rendered: CoreMetrics.Counter

    /// - Parameter metrics: receives how many pages of the catalog were rendered
    /// - Throws: *internal* when a page template is broken.
    public init(
        ports: UseCases.Ports, useCases: UseCases, settings: Settings, metrics: any MetricsFactory
    ) throws(ShopError) {
        self.ports = ports
        self.useCases = useCases
        self.settings = settings
        assets = StoreAssets()
        renderer = try PageRenderer(assets: assets)
        rendered = CoreMetrics.Counter(label: "sluice_pages_rendered", factory: metrics)
        cache = PageCache(maximum: ports.limits.renderedPages, freshMilliseconds: ports.limits.renderedMilliseconds)
    }

    /// Every page and every file that pages need.
    public var routes: [Route] {
        catalogRoutes + noticeRoutes + placingRoutes + orderRoutes + paymentRoutes + lookupRoutes + sandboxRoutes
            + assetRoutes
    }

    /// The page that is shown where there is none, to whoever asked for a page.
    @Sendable public func missingPage(_ request: Request) -> Response? {
        guard request.headers[.accept]?.contains("text/html") == true else { return nil }
        return problem(ShopError(.notFound, "nothing is here"), visit(request))
    }

    // MARK: Routes

    typealias PageHandler =
        @Sendable (_ visit: Visit, _ request: Request, _ context: ShopRequestContext) async throws
        -> Response

    /// A page. Errors become pages, too.
    func page(_ method: HTTPRequest.Method, _ path: String, _ handler: @escaping PageHandler) -> Route {
        Route(method, path, for: .visitors, isDocumented: false) { request, context in
            let visit = visit(request)
            do {
                return try await handler(visit, request, context)
            } catch is NIOTooManyBytesError {
                return problem(.bodyTooLarge, visit)
            } catch let error as ShopError {
                if Problem.isFault(error) { Problem.log(error, path: request.uri.path, to: context.logger) }
                return problem(error, visit)
            }
        }
    }

    typealias FormHandler =
        @Sendable (
            _ form: WebForm, _ visit: Visit, _ request: Request, _ context: ShopRequestContext
        ) async throws -> Response

    /// Takes a form, from a page of this shop only.
    ///
    /// - Parameter needsToken: false for a form that changes nothing and stands on pages that caches keep
    func form(_ path: String, needsToken: Bool = true, _ handler: @escaping FormHandler) -> Route {
        page(.post, path) { visit, request, context in
            try FormOrigin.check(request, publicURL: settings.publicURL())
            let form = try await WebForm(request, maximumBytes: ports.limits.bodyBytes)
            if needsToken { try formToken(request).check(form["form"]) }
            return try await handler(form, visit, request, context)
        }
    }

    /// Who visits, and how the visitor wants it.
    func visit(_ request: Request) -> Visit {
        Visit(request, shop: ports.cache.settings(), now: ports.clock.now())
    }

    func formToken(_ request: Request) -> FormToken { FormToken(request, keys: ports.keys) }

    var isSecure: Bool { settings.publicURL().hasPrefix("https:") }

    // MARK: Answers

    /// A page that nobody may keep.
    ///
    /// - Parameter token: of the forms on it; nil when there is none
    func privatePage(
        _ template: PageTemplate, _ visit: Visit, title: String, _ values: [String: Any],
        status: HTTPResponse.Status = .ok, token: FormToken? = nil, leadsToProviders: Bool = false
    ) -> Response {
        var values = values
        values["form"] = token?.value
        let body = renderer.render(template, visit, title: title, values)
        var headers = PageHeaders.page(leadsToProviders: leadsToProviders)
        headers[.cacheControl] = "no-store"
        if let cookie = token?.newCookie(isSecure: isSecure) {
            headers.append(HTTPField(name: .setCookie, value: cookie))
        }
        return Response(status: status, headers: headers, body: .init(byteBuffer: body))
    }

    /// What went wrong, in the visitor's words.
    func problem(_ error: ShopError, _ visit: Visit, back: String? = nil) -> Response {
        let isMissing = error.code == .notFound || error.code == .noSuchProduct
        let heading = visit.word(isMissing ? "notFound" : "oops")
        let text = error.code == .notFound ? visit.word("notFoundNext") : visit.explain(error)
        var response = privatePage(
            .message, visit, title: heading,
            ["heading": heading, "text": text, "code": error.code.rawValue].with("back", back))
        let problem = Problem.answer(error)
        response.status = problem.status
        for name in [HTTPField.Name.retryAfter, .connection] { response.headers[name] = problem.headers[name] }
        return response
    }

    /// Leads on to a page of this shop.
    func redirect(to path: String, _ visit: Visit) -> Response {
        var response = Response.redirect(to: path + visit.lang, type: .normal)
        response.headers[.cacheControl] = "no-store"
        return response
    }
}
