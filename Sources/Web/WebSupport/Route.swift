public import Domain
public import HTTPTypes
public import Hummingbird
import Logging
import NIOCore

/// Who a route is for, and so which listeners serve it.
public enum Audience: Hashable, Sendable, CaseIterable {
    /// Buyers and monitors.
    case visitors
    /// Payment providers.
    case providers
    /// The owner, with the admin token.
    case owner
}

/// One operation of the API. The table of routes is what is served and what the OpenAPI file is compared with.
public struct Route: Sendable {
    /// Does the work.
    public typealias Handler = @Sendable (Request, ShopRequestContext) async throws -> Response

    /// The method.
    public let method: HTTPRequest.Method
    /// The path, with parameters in braces.
    public let path: String
    /// Who it is for.
    public let audience: Audience
    /// Whether the OpenAPI file describes it; pages for people are not in it.
    public let isDocumented: Bool
    /// Does the work.
    public let handler: Handler

    /// Puts the parts together.
    public init(
        _ method: HTTPRequest.Method, _ path: String, for audience: Audience, isDocumented: Bool = true,
        handler: @escaping Handler
    ) {
        self.method = method
        self.path = path
        self.audience = audience
        self.isDocumented = isDocumented
        self.handler = handler
    }
}

/// Answers requests by a table of routes, and turns every error into a problem document.
public struct RouteResponder: HTTPResponder {
    private let router: RouterResponder<ShopRequestContext>
    private let methods: [(pattern: [Substring], methods: [HTTPRequest.Method])]
    private let missingPage: @Sendable (Request) -> Response?

    /// - Parameters:
    ///   - routes: the table; a path may stand in it once a method
    ///   - missingPage: what is shown to people where no route fits; nil for a problem document
    public init(routes: [Route], missingPage: @escaping @Sendable (Request) -> Response? = { _ in nil }) {
        self.missingPage = missingPage
        let router = Router(context: ShopRequestContext.self, options: .autoGenerateHeadEndpoints)
        for route in routes {
            router.on(RouterPath(route.path), method: route.method) { request, context in
                try await Self.run(route, request, context)
            }
        }
        self.router = router.buildResponder()
        methods = Dictionary(grouping: routes, by: \.path).sorted { $0.key < $1.key }.map { path, routes in
            (path.split(separator: "/"), routes.map(\.method))
        }
    }

    public func respond(to request: Request, context: ShopRequestContext) async throws -> Response {
        let response = try await answer(request, context)
        // The answer to HEAD has the fields of the answer to GET and no body (RFC 9110, section 9.3.2).
        return request.method == .head ? response.createHeadResponse() : response
    }

    private func answer(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        do {
            let response = try await router.respond(to: request, context: context)
            // Every answer of a route has a body; this one is the router's own word that no route fits.
            return response.status == .notFound && response.body.contentLength == 0 ? missing(request) : response
        } catch let error as ShopError {
            return answer(error, request, context.logger)
        }
    }

    /// Runs a route, and puts the framework's errors into the shop's words.
    private static func run(_ route: Route, _ request: Request, _ context: ShopRequestContext) async throws -> Response
    {
        do {
            return try await route.handler(request, context)
        } catch is NIOTooManyBytesError {
            throw ShopError.bodyTooLarge
        } catch let error as any HTTPResponseError {
            throw ShopError(.malformed, "the request cannot be read: \(error.status)")
        }
    }

    private func answer(_ error: ShopError, _ request: Request, _ logger: Logger) -> Response {
        if Problem.isFault(error) { Problem.log(error, path: request.uri.path, to: logger) }
        return Problem.response(error)
    }

    /// No route fits: another method of the path might, or nothing does.
    private func missing(_ request: Request) -> Response {
        let segments = request.uri.path.split(separator: "/")
        let fitting = methods.first { entry in
            entry.pattern.count == segments.count
                && zip(entry.pattern, segments).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
        }
        guard let fitting else {
            return missingPage(request) ?? Problem.response(ShopError(.notFound, "nothing is here"))
        }
        let allowed = fitting.methods.map(\.rawValue).sorted().joined(separator: ", ")
        return Problem.response(
            ShopError(.methodNotAllowed, "this path knows \(allowed)"), headers: [.allow: allowed])
    }
}

extension ShopError {
    /// A body that turned out too large while it was read.
    public static var bodyTooLarge: ShopError { ShopError(.tooLarge, "the body is too large") }
}
