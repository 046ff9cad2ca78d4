import Domain
import HTTPTypes
import Hummingbird
import Shop
import WebSupport

extension WebAPI {
    var productRoutes: [Route] {
        [
            Route(.get, "/api/v1/products", for: .visitors) { _, _ in
                let products = ports.cache.products()
                let body = JSONWriter.object { json in
                    json.array("items", products) { json, product in json.object { write(product, to: &$0) } }
                }
                return .json(body)
            },
            Route(.get, "/api/v1/products/{slug}", for: .visitors) { _, context in
                guard let slug = Slug(context.parameter("slug")), let product = ports.cache.product(slug) else {
                    throw ShopError(.noSuchProduct, "no product is called that")
                }
                return .json(JSONWriter.object { write(product, to: &$0) })
            },
        ]
    }

    func write(_ product: Product, to json: inout JSONWriter) {
        let now = ports.clock.now()
        json.string("slug", product.slug.text)
        json.string("title", product.title)
        json.string("kind", product.kind.name)
        json.money(product.price)
        json.object("stock") { json in
            json.string("mode", product.kind.isPooled ? "counted" : "endless")
            if product.kind.isPooled { json.integer("available", max(0, ports.gate.available(product.id))) }
        }
        json.string("late_money", product.lateMoney.rawValue)
        json.integer("max_per_order", product.limits.perOrder)
        json.integer("max_per_buyer", product.limits.perBuyer)
        json.integer("hold_seconds", product.holdSeconds)
        json.array("fields", product.fields) { $0.string($1) }
        json.time("opens_at", product.window.opensAt)
        json.time("closes_at", product.window.closesAt)
        json.bool("on_sale", product.window.contains(now))
        let channels = ports.cache.channels().filter(\.isEnabled)
        json.array("channels", channels) { $0.string($1.channel.name.text) }
    }
}
