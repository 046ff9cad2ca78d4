public import NIOCore

/// The cookie that opens one order's page, in place of the bearer token.
public enum OrderCookie {
    /// Its name.
    public static let name = "order_token"

    /// One for the order's page and one for its API, so that no other request carries it.
    private static let paths = ["/orders/", "/api/v1/orders/"]

    private static func attributes(isSecure: Bool) -> StaticString {
        isSecure ? "; HttpOnly; SameSite=Lax; Max-Age=2592000; Secure" : "; HttpOnly; SameSite=Lax; Max-Age=2592000"
    }

    /// The cookies as values of fields.
    ///
    /// - Parameter id: the order's, as text
    public static func headers(token: String, id: String, isSecure: Bool) -> [String] {
        paths.map { path in "\(name)=\(token); Path=\(path)\(id)\(attributes(isSecure: isSecure))" }
    }

    /// What makes a browser forget them.
    public static func removal(id: String) -> [String] {
        paths.map { path in "\(name)=; Path=\(path)\(id); Max-Age=0; HttpOnly; SameSite=Lax" }
    }

    /// The same as ``headers(token:id:isSecure:)`` as lines of a head.
    public static func write(token: String, id: String, isSecure: Bool, to buffer: inout ByteBuffer) {
        for path in paths {
            buffer.writeStaticString("Set-Cookie: ")
            buffer.writeString(name)
            buffer.writeStaticString("=")
            buffer.writeString(token)
            buffer.writeStaticString("; Path=")
            buffer.writeString(path)
            buffer.writeString(id)
            buffer.writeStaticString(attributes(isSecure: isSecure))
            buffer.writeStaticString("\r\n")
        }
    }
}
