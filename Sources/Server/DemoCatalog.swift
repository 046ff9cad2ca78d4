import Domain
import Shop

/// What `make run` sells: one product with a few cards, paid through the sandbox.
enum DemoCatalog {
    /// Does nothing in a shop that has a product.
    static func fill(_ useCases: UseCases, _ ports: UseCases.Ports) async throws(ShopError) {
        guard ports.cache.products().isEmpty, let slug = Slug("demo-card"), let channel = Slug("sandbox"),
            let price = Currency(code: "CNY").flatMap({ Money(amount: 1990, currency: $0) }),
            let limits = PurchaseLimits(perOrder: 5, perBuyer: 10)
        else { return }
        _ = try await useCases.createProduct(
            ProductDraft(
                slug: slug, title: "Demo card", price: price, limits: limits, holdSeconds: 900, window: .always,
                fields: []), by: OwnerNote(actor: "owner", reason: "the demo"))
        let text = AsyncStream { continuation in
            for number in 1...1000 {
                let random = String(UInt64.random(in: .min ... .max), radix: 36).uppercased()
                continuation.yield(Array("DEMO-\(number)-\(random)\n".utf8))
            }
            continuation.finish()
        }
        _ = try await useCases.importCards(slug.text, from: text)
        _ = try await useCases.configureChannel(
            name: channel, kind: "sandbox", settings: [:], isEnabled: true
        ) { _ throws(ShopError) in }
    }
}
