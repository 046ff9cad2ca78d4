/// The cookie of a session.
enum SessionCookie {
    static let name = "admin_session"

    static func value(_ token: String, isSecure: Bool) -> String {
        "\(name)=\(token); Path=/admin; HttpOnly; SameSite=Strict\(isSecure ? "; Secure" : "")"
    }

    static let removal = "\(name)=; Path=/admin; Max-Age=0; HttpOnly; SameSite=Strict"
}
