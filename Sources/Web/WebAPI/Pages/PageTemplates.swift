/// The pages' HTML. Values are escaped by the template engine.
enum PageTemplates {
    static func page(_ body: String) -> String {
        """
        <!doctype html>
        <html lang="{{language}}">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        {{#refresh}}<meta http-equiv="refresh" content="{{.}}">{{/refresh}}
        <title>{{title}}</title>
        <link rel="stylesheet" href="/assets/page.css">
        </head>
        <body><main><h1>{{title}}</h1>
        \(body)
        </main></body>
        </html>

        """
    }

    static let order = page(
        """
        <dl>
        <dt>{{words.order}}</dt><dd id="order">{{order}}</dd>
        {{#amount}}<dt>{{words.amount}}</dt><dd id="amount">{{.}}</dd>{{/amount}}
        <dt>{{words.status}}</dt><dd id="status" data-status="{{state}}">{{status}}</dd>
        {{#expires}}<dt>{{words.expires}}</dt><dd><time>{{expires}}</time></dd>{{/expires}}
        </dl>
        {{#cards}}<pre class="card">{{secret}}</pre>{{#note}}<p class="note">{{note}}</p>{{/note}}{{/cards}}
        {{#channels}}<form method="post" action="/orders/{{order}}/pay">
        <button name="channel" value="{{.}}">{{words.pay}} ({{.}})</button></form>{{/channels}}
        {{#orderPage}}<p><a href="/orders/{{order}}">{{words.orderPage}}</a></p>{{/orderPage}}
        """)

    static let token = page(
        """
        <form method="post" action="/orders/{{order}}">
        <label>{{words.token}} <input name="token" autocomplete="off" required></label>
        <button>{{words.open}}</button></form>
        """)

    static let sandbox = page(
        """
        <p>{{words.sandbox}}</p>
        <dl><dt>{{words.amount}}</dt><dd id="amount">{{amount}}</dd></dl>
        <form method="post" action="/sandbox/{{attempt}}"><button id="pay">{{words.pay}}</button></form>
        """)

    static let style = """
        body{font:16px/1.5 system-ui,sans-serif;margin:0;background:#f5f6f8;color:#1a1c20}
        main{max-width:34rem;margin:2rem auto;padding:1.5rem;background:#fff;border-radius:.5rem}
        h1{font-size:1.3rem;margin-top:0}dt{color:#5b616b}dd{margin:0 0 .6rem;overflow-wrap:anywhere}
        .card{background:#eef6ee;padding:.8rem;white-space:pre-wrap;overflow-wrap:anywhere}
        button{font:inherit;padding:.6rem 1.2rem;border:0;border-radius:.4rem;background:#1457c8;color:#fff}
        input{font:inherit;padding:.5rem;width:100%;box-sizing:border-box;margin:.3rem 0 .8rem}
        """
}

/// The pages' words in the two languages they speak.
enum PageWords {
    static func table(_ language: String) -> [String: String] { language == "zh-CN" ? chinese : english }

    /// The visitor's language: Chinese when it is asked for first, otherwise English.
    static func language(_ accepted: String?) -> String {
        accepted?.lowercased().hasPrefix("zh") == true ? "zh-CN" : "en"
    }

    private static let english = [
        "order": "Order", "amount": "Amount", "status": "Status", "expires": "Pay before", "pay": "Pay",
        "orderPage": "My order", "token": "Order token", "open": "Open",
        "sandbox": "This is the built-in test provider. No money moves.", "notFound": "Nothing is here",
        "queued": "Queued", "awaiting_payment": "Waiting for payment", "rejected": "Rejected", "paid": "Paid",
        "delivered": "Delivered", "expired": "Expired", "cancelled": "Cancelled", "review": "Under review",
        "refund_pending": "Refund under way", "refunded": "Refunded",
    ]

    private static let chinese = [
        "order": "订单号", "amount": "金额", "status": "状态", "expires": "请在此时间前付款", "pay": "付款",
        "orderPage": "查看订单", "token": "订单令牌", "open": "打开",
        "sandbox": "这是内置的测试支付，不会产生真实扣款。", "notFound": "页面不存在",
        "queued": "排队中", "awaiting_payment": "等待付款", "rejected": "未成交", "paid": "已付款",
        "delivered": "已发货", "expired": "已过期", "cancelled": "已取消", "review": "人工核查中",
        "refund_pending": "退款中", "refunded": "已退款",
    ]
}
