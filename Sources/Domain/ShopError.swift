/// The one error of the shop: a closed code, a sentence for whoever asked, and the cause for the operator.
public struct ShopError: Error, Sendable {
    /// What kind of failure it is. One table in WebSupport maps the codes to HTTP.
    public enum Code: String, CaseIterable, Sendable {
        /// The request is malformed or a field is wrong; ``ShopError/field`` names it.
        case invalidRequest = "invalid_request"
        /// The bytes are not JSON, or not HTTP as the shop speaks it.
        case malformed = "malformed"
        /// The idempotency key was used before for another request.
        case idempotencyMismatch = "idempotency_mismatch"
        /// No product has that slug.
        case noSuchProduct = "no_such_product"
        /// Nothing is there, or the caller may not know.
        case notFound = "not_found"
        /// The admin token is absent or wrong.
        case unauthorized = "unauthorized"
        /// Fewer cards are left than asked for.
        case soldOut = "sold_out"
        /// The buyer has had enough.
        case limitReached = "limit_reached"
        /// Outside the sale window.
        case notOnSale = "not_on_sale"
        /// A card that was picked is gone.
        case cardTaken = "card_taken"
        /// The coupon has no use left.
        case couponUsedUp = "coupon_used_up"
        /// The buyer has used the coupon as often as one may.
        case couponUsed = "coupon_used"
        /// The owner does not sell to this buyer or address.
        case blocked
        /// The order is not claimed yet.
        case notReady = "not_ready"
        /// The order's state does not allow it.
        case wrongState = "wrong_state"
        /// The channel is absent, disabled or of another kind.
        case wrongChannel = "wrong_channel"
        /// Another site's page asked, or the setting is not allowed here.
        case forbidden
        /// It exists already.
        case alreadyExists = "already_exists"
        /// The body is larger than allowed.
        case tooLarge = "too_large"
        /// The content type is not the one expected.
        case unsupportedMediaType = "unsupported_media_type"
        /// The path exists, the method does not.
        case methodNotAllowed = "method_not_allowed"
        /// The caller asks too often.
        case rateLimited = "rate_limited"
        /// The shop cannot take more at the moment; nothing was taken.
        case busy
        /// It may or may not have happened; the same idempotency key tells.
        case outcomeUnknown = "outcome_unknown"
        /// A fault of the shop.
        case internalFault = "internal"
    }

    /// What kind of failure it is.
    public let code: Code
    /// A sentence for whoever asked; never holds a secret.
    public let detail: String
    /// The field of the request at fault.
    public let field: String?
    /// What lies beneath, for the operator's log only.
    public let cause: String?

    /// Puts the parts together.
    public init(_ code: Code, _ detail: String, field: String? = nil, cause: String? = nil) {
        self.code = code
        self.detail = detail
        self.field = field
        self.cause = cause
    }

    /// Somebody else was faster in changing something.
    public static func changedMeanwhile(_ what: String) -> ShopError {
        ShopError(.wrongState, "the \(what) was changed by somebody else meanwhile; look at it and try again")
    }

    /// A field that is wrong, with the reason.
    public static func invalid(_ field: String, _ reason: String) -> ShopError {
        ShopError(.invalidRequest, "\(field): \(reason)", field: field)
    }
}
