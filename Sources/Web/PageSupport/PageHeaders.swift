package import HTTPTypes

/// What pages say beside their content.
package enum PageHeaders {
    private static let frameOptions = HTTPField.Name("X-Frame-Options")
    private static let referrerPolicy = HTTPField.Name("Referrer-Policy")

    /// Nothing from elsewhere, nothing inline, in no frame, and no word to other sites about where a visitor was.
    ///
    /// - Parameter leadsToProviders: whether a form may lead on to a payment provider
    package static func page(leadsToProviders: Bool = false) -> HTTPFields {
        var headers: HTTPFields = [
            .contentType: "text/html; charset=utf-8",
            .contentSecurityPolicy: "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
                + "connect-src 'self'; form-action 'self'\(leadsToProviders ? " https: http:" : ""); "
                + "base-uri 'none'; frame-ancestors 'none'",
            .xContentTypeOptions: "nosniff",
        ]
        if let frameOptions { headers[frameOptions] = "DENY" }
        setReferrerPolicy("same-origin", &headers)
        return headers
    }

    package static func setReferrerPolicy(_ policy: String, _ headers: inout HTTPFields) {
        if let referrerPolicy { headers[referrerPolicy] = policy }
    }
}
