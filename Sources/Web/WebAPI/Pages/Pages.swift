import Domain
import HTTPTypes
import Hummingbird
import Mustache
import NIOCore
import WebSupport

/// Renders the few pages of the API's own: to pay, to see an order, and the sandbox provider's.
struct Pages: Sendable {
    private let templates: [Name: MustacheTemplate]

    enum Name: CaseIterable {
        case order
        case token
        case sandbox

        var text: String {
            switch self {
            case .order: PageTemplates.order
            case .token: PageTemplates.token
            case .sandbox: PageTemplates.sandbox
            }
        }
    }

    init() throws(ShopError) {
        do {
            templates = try Dictionary(
                uniqueKeysWithValues: Name.allCases.map { ($0, try MustacheTemplate(string: $0.text)) })
        } catch {
            throw ShopError(.internalFault, "a page template is broken", cause: "\(error)")
        }
    }

    func response(
        _ name: Name, language: String, _ values: [String: Any], status: HTTPResponse.Status = .ok
    ) -> Response {
        var values = values
        values["language"] = language
        values["words"] = PageWords.table(language)
        let html = templates[name]?.render(values) ?? ""
        return Response(status: status, headers: Self.headers, body: .init(byteBuffer: ByteBuffer(string: html)))
    }

    /// Nothing from elsewhere, nothing inline, not in a frame, not kept. Forms may lead on to a provider.
    private static var headers: HTTPFields {
        [
            .contentType: "text/html; charset=utf-8",
            .cacheControl: "no-store",
            .contentSecurityPolicy: "default-src 'none'; style-src 'self'; form-action 'self' https: http:; "
                + "base-uri 'none'; frame-ancestors 'none'",
            .xContentTypeOptions: "nosniff",
        ]
    }
}
