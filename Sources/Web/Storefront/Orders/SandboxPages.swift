import Domain
import HTTPTypes
import Hummingbird
import PageSupport
import Shop
import WebSupport

// The built-in provider's page.
extension Storefront {
    var sandboxRoutes: [Route] {
        [
            page(.get, "/sandbox/{attempt}") { visit, request, context in
                let attempt = try await useCases.paySandboxOrder.attempt(context.parameter("attempt"))
                let amount = MoneyFormat.text(attempt.amount)
                return privatePage(
                    .sandbox, visit, title: visit.word("sandboxTitle"),
                    ["attempt": attempt.id.text, "amount": amount, "payText": visit.word("payNow", amount)],
                    token: formToken(request))
            },
            form("/sandbox/{attempt}") { _, visit, _, context in
                let attempt = try await useCases.paySandboxOrder.attempt(context.parameter("attempt"))
                _ = try await useCases.paySandboxOrder.pay(attempt)
                return redirect(to: "/orders/\(attempt.order.text)/pay", visit)
            },
        ]
    }
}
