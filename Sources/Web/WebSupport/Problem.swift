public import Domain
public import HTTPTypes
public import Hummingbird
public import Logging
import NIOCore

/// Errors as RFC 9457 problem documents. The one table from codes to HTTP.
public enum Problem {
    /// How a code is shown.
    struct Row {
        let status: HTTPResponse.Status
        let code: String
        let title: String
    }

    static func row(_ code: ShopError.Code) -> Row {
        switch code {
        case .invalidRequest: Row(status: .unprocessableContent, code: code.rawValue, title: "A field is wrong")
        case .malformed:
            Row(status: .badRequest, code: ShopError.Code.invalidRequest.rawValue, title: "The request is malformed")
        case .idempotencyMismatch:
            Row(status: .unprocessableContent, code: code.rawValue, title: "The key stands for another request")
        case .noSuchProduct: Row(status: .notFound, code: code.rawValue, title: "No such product")
        case .notFound: Row(status: .notFound, code: code.rawValue, title: "Not found")
        case .unauthorized: Row(status: .unauthorized, code: code.rawValue, title: "The admin token is needed")
        case .soldOut: Row(status: .conflict, code: code.rawValue, title: "Sold out")
        case .limitReached: Row(status: .conflict, code: code.rawValue, title: "The buyer's limit is reached")
        case .notOnSale: Row(status: .conflict, code: code.rawValue, title: "Not on sale")
        case .cardTaken: Row(status: .conflict, code: code.rawValue, title: "A picked card is gone")
        case .couponUsedUp: Row(status: .conflict, code: code.rawValue, title: "The coupon is used up")
        case .couponUsed: Row(status: .conflict, code: code.rawValue, title: "The coupon was used before")
        case .blocked: Row(status: .forbidden, code: code.rawValue, title: "Not sold to this buyer")
        case .notReady: Row(status: .conflict, code: code.rawValue, title: "Not ready yet")
        case .wrongState: Row(status: .conflict, code: code.rawValue, title: "The state does not allow it")
        case .wrongChannel: Row(status: .conflict, code: code.rawValue, title: "The channel does not allow it")
        case .forbidden: Row(status: .forbidden, code: code.rawValue, title: "Not allowed")
        case .alreadyExists: Row(status: .conflict, code: code.rawValue, title: "It exists already")
        case .tooLarge: Row(status: .contentTooLarge, code: code.rawValue, title: "Too large")
        case .unsupportedMediaType:
            Row(status: .unsupportedMediaType, code: code.rawValue, title: "Another content type is expected")
        case .methodNotAllowed: Row(status: .methodNotAllowed, code: code.rawValue, title: "Another method is expected")
        case .rateLimited: Row(status: .tooManyRequests, code: code.rawValue, title: "Too many requests")
        case .busy: Row(status: .serviceUnavailable, code: code.rawValue, title: "Busy")
        case .outcomeUnknown: Row(status: .gatewayTimeout, code: code.rawValue, title: "The outcome is unknown")
        case .internalFault: Row(status: .internalServerError, code: code.rawValue, title: "A fault of the shop")
        }
    }

    /// The answer to an error, as Hummingbird takes it.
    public static func response(_ error: ShopError, headers: HTTPFields = [:]) -> Response {
        answer(error, headers: headers).response
    }

    /// The answer to an error. What lies beneath it is not told.
    public static func answer(_ error: ShopError, headers: HTTPFields = [:]) -> WebAnswer {
        let row = row(error.code)
        let body = JSONWriter.object { json in
            json.string("type", "urn:sluice:problem:\(row.code)")
            json.string("title", row.title)
            json.integer("status", row.status.code)
            json.string("code", row.code)
            json.string("detail", error.detail)
            if let field = error.field { json.string("field", field) }
        }
        var headers = headers
        headers[.contentType] = "application/problem+json"
        headers[.cacheControl] = "no-store"
        switch error.code {
        case .busy, .rateLimited: headers[.retryAfter] = "1"
        case .unauthorized: headers[.wwwAuthenticate] = "Bearer"
        // What is left of such a body is not worth reading.
        case .tooLarge: headers[.connection] = "close"
        default: break
        }
        return WebAnswer(status: row.status, headers: headers, body: body)
    }

    /// The answer to an order that cannot be had.
    public static func answer(_ refusal: Refusal) -> WebAnswer { answer(error(refusal)) }

    /// Why an order cannot be had, as an error.
    public static func error(_ refusal: Refusal) -> ShopError {
        switch refusal {
        case .soldOut: ShopError(.soldOut, "fewer cards are left than were asked for")
        case .limitReached: ShopError(.limitReached, "this buyer has had as many as one buyer may")
        case .notOnSale: ShopError(.notOnSale, "the product is not on sale now")
        case .cardTaken: ShopError(.cardTaken, "a card that was picked is gone; pick another one")
        case .couponUsedUp: ShopError(.couponUsedUp, "the coupon has no use left")
        case .couponUsed: ShopError(.couponUsed, "this buyer has used the coupon as often as one buyer may")
        }
    }

    /// Whether the operator should see each one. A stopped or busy ledger is told once, not a request.
    public static func isFault(_ error: ShopError) -> Bool { error.code == .internalFault }

    /// Tells the operator about a fault.
    public static func log(_ error: ShopError, path: String, to logger: Logger) {
        logger.error(
            "request failed",
            metadata: ["code": "\(error.code.rawValue)", "path": "\(path)", "cause": "\(error.cause ?? "")"])
    }
}
