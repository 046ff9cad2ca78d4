import Domain
import HTTPTypes
import Hummingbird
import Shop
import WebSupport

extension Admin {
    /// The overview, the live sale and the books.
    var figureRoutes: [Route] {
        [
            page("", .read) { visit, _, _ in try await overview(visit) },
            page("/live", .read) { visit, _, _ in livePage(visit) },
            page("/live/events", .read) { visit, _, _ in try liveEvents(visit) },
            page("/books", .read) { visit, _, _ in try await booksPage(visit) },
        ]
    }
}
