import Admin
import Domain
import Shop
import Storefront
import WebAPI
import WebSupport

/// What the listeners serve to programs, buyers and the staff; put together alike for both compositions.
struct WebParts: Sendable {
    let api: WebAPI
    let storefront: Storefront
    let admin: Admin

    /// - Parameters:
    ///   - unreadiness: why the node cannot sell; nil when it can
    ///   - ownerChanged: told after somebody has changed something
    ///   - mayLookUp: whether one more look-up of a contact's orders is allowed, all nodes counted together
    /// - Throws: *internal* when a page template is broken.
    init(
        _ useCases: UseCases, _ metrics: ShopMetrics, _ configuration: ServeConfiguration, adminToken: String,
        unreadiness: @escaping @Sendable () -> String?, ownerChanged: @escaping @Sendable () async -> Void = {},
        mayLookUp: @escaping @Sendable (_ contact: String) async -> Bool = { _ in true }
    ) throws(ShopError) {
        let (ports, registry, state) = (metrics.ports, metrics.registry, metrics.state)
        let publicURL: @Sendable () -> String = { state.publicURL }
        let (trusted, allowsSandbox) = (configuration.trustedProxies, configuration.allowsSandbox)
        let limits = VisitorLimits(
            ports.limits, trustedProxies: trusted, now: { ports.clock.now() }, mayLookUp: mayLookUp)
        storefront = try Storefront(
            ports: ports, useCases: useCases,
            settings: Storefront.Settings(publicURL: publicURL, visitorLimits: limits, trustedProxies: trusted),
            metrics: registry)
        admin = try Admin(
            ports: ports, useCases: useCases,
            settings: Admin.Settings(
                publicURL: publicURL, allowsSandbox: allowsSandbox, trustedProxies: trusted,
                metricsText: { registry.text() }, ownerChanged: ownerChanged))
        api = WebAPI(
            ports: ports, useCases: useCases,
            settings: WebAPI.Settings(
                publicURL: publicURL, adminToken: adminToken, trustedProxies: trusted, allowsSandbox: allowsSandbox,
                unreadiness: unreadiness, metricsText: { await metrics.text() }, openAPI: OpenAPIDocument.bytes,
                visitorLimits: limits, ownerChanged: ownerChanged),
            metrics: registry)
    }
}
