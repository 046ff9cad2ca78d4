import WebSupport

extension Admin {
    /// Orders, payments, refunds, channels and the journal.
    var orderRoutes: [Route] {
        orderListRoutes + orderDeedRoutes + orderLinkRoutes + paymentRoutes + channelRoutes + journalRoutes
    }
}
