import WebSupport

extension Admin {
    /// Orders, payments, refunds, channels and the journal.
    var orderRoutes: [Route] { orderListRoutes + orderDeedRoutes + paymentRoutes + channelRoutes + journalRoutes }
}
