import WebSupport

extension Admin {
    /// Products, cards, categories, coupons, announcements and the blacklist.
    var catalogRoutes: [Route] { productRoutes + cardRoutes + categoryRoutes + couponRoutes + noticeRoutes }
}
