import WebSupport

extension Admin {
    /// Products, cards, categories, coupons, announcements and the blacklist.
    var catalogRoutes: [Route] {
        productRoutes + cardRoutes + findRoutes + tableRoutes + categoryRoutes + couponRoutes + noticeRoutes
    }
}
