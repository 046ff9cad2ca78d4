package import Domain
package import Hummingbird
package import Shop
import WebSupport

/// What shows that a form was made by a page of this shop for this browser: a digest of a number that the browser keeps
/// in a cookie, which other sites can neither read nor set.
package struct FormToken: Sendable {
    private static let cookieName = "form"
    private static let nonceLength = 32

    private let nonce: String
    private let isNew: Bool
    private let keys: KeyRing

    package init(_ request: Request, keys: KeyRing) {
        self.keys = keys
        let known = request.cookie(Self.cookieName)
        if let known, known.utf8.count == Self.nonceLength, Hexadecimal.bytes(known) != nil {
            (nonce, isNew) = (known, false)
        } else {
            let bytes = (0..<Self.nonceLength / 2).map { _ in UInt8.random(in: 0...255) }
            (nonce, isNew) = (Hexadecimal.text(bytes), true)
        }
    }

    /// What the form carries.
    package var value: String { keys.formToken(nonce) }

    /// The cookie, unless the browser has it.
    package func newCookie(isSecure: Bool) -> String? {
        guard isNew else { return nil }
        return "\(Self.cookieName)=\(nonce); Path=/; HttpOnly; SameSite=Lax\(isSecure ? "; Secure" : "")"
    }

    /// - Throws: *forbidden* unless the token is this browser's.
    package func check(_ token: String) throws(ShopError) {
        guard !isNew, keys.accepts(formToken: token, nonce: nonce) else {
            throw ShopError(.forbidden, "the form is too old or of another site")
        }
    }
}
