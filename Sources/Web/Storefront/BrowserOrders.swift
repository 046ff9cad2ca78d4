import Domain
import Hummingbird
import Shop
import WebSupport

/// The orders that were opened in one browser, newest first. Kept in a sealed cookie of that browser, so that whoever
/// brings it has shown the tokens of its orders before.
struct BrowserOrders {
    let orders: [OrderID]

    private static let cookieName = "orders"
    private static let context = "browser-orders"
    /// More would not fit into a cookie.
    private static let maximum = 20
    private static let bytesPerOrder = 16

    init(_ orders: [OrderID]) { self.orders = orders }

    init(_ request: Request, keys: KeyRing) {
        guard let sealed = request.cookie(Self.cookieName).flatMap({ Hexadecimal.bytes($0) }),
            let bytes = try? keys.open(sealed, context: Self.context),
            bytes.count.isMultiple(of: Self.bytesPerOrder)
        else {
            orders = []
            return
        }
        orders = stride(from: 0, to: bytes.count, by: Self.bytesPerOrder).compactMap { start in
            Identifier(bytes: Array(bytes[start..<start + Self.bytesPerOrder])).map { OrderID($0) }
        }
    }

    /// With an order in front.
    func opened(_ order: OrderID) -> BrowserOrders {
        BrowserOrders(Array(([order] + orders.filter { $0 != order }).prefix(Self.maximum)))
    }

    /// The cookie, for thirty days as the orders' own.
    func cookie(keys: KeyRing, isSecure: Bool) throws(ShopError) -> String {
        let sealed = try keys.seal(orders.flatMap(\.identifier.bytes), context: Self.context)
        let attributes = "; Path=/orders; HttpOnly; SameSite=Lax; Max-Age=2592000\(isSecure ? "; Secure" : "")"
        return "\(Self.cookieName)=\(Hexadecimal.text(sealed))\(attributes)"
    }

    /// What makes a browser forget it.
    static let removal = "\(cookieName)=; Path=/orders; Max-Age=0; HttpOnly; SameSite=Lax"
}
