import WebSupport

extension Admin {
    /// The overview, the live sale, backups and the drill.
    var figureRoutes: [Route] { [] }
}
