import Domain
import HTTPTypes
import Markdown
import Shop
import WebSupport

// What the owner tells everybody in whole texts.
extension Storefront {
    var noticeRoutes: [Route] {
        [
            notice("/terms", "terms") { $0.terms }, notice("/privacy", "privacy") { $0.privacy },
            notice("/refunds", "refunds") { $0.refunds },
        ]
    }

    private func notice(
        _ path: String, _ word: String, text: @escaping @Sendable (ShopSettings) -> String
    ) -> Route {
        page(.get, path) { visit, request, _ in
            let text = text(visit.shop)
            guard !text.isEmpty else { throw ShopError(.notFound, "the owner has written nothing here") }
            return try await publicPage(visit, request) {
                let heading = visit.word(word)
                return renderer.render(
                    .text, visit, title: heading, ["heading": heading, "html": Markdown.html(text)])
            }
        }
    }
}
