public import Domain
public import HTTPTypes
public import Hummingbird
public import NIOCore

extension Request {
    /// Reads a JSON body, which is an object of fields.
    ///
    /// - Throws: *unsupported_media_type*, *too_large*, *malformed*, *invalid_request* for a repeated field.
    public func fields(maximumBytes: Int) async throws -> FieldReader {
        try headers.requireJSON()
        let buffer = try await bytes(maximum: maximumBytes)
        return try FieldReader(try JSONReader.read(buffer))
    }

    /// Reads the body of an operation that needs none: nothing, or an empty JSON object.
    public func noFields(maximumBytes: Int) async throws {
        let buffer = try await bytes(maximum: maximumBytes)
        guard buffer.readableBytes > 0 else { return }
        guard mediaType == "application/json" else {
            throw ShopError(.unsupportedMediaType, "send no body, or Content-Type: application/json")
        }
        try FieldReader(try JSONReader.read(buffer)).end()
    }

    /// Reads the fields of an operation that needs none, but takes some: no body is an empty object.
    public func optionalFields(maximumBytes: Int) async throws -> FieldReader {
        let buffer = try await bytes(maximum: maximumBytes)
        guard buffer.readableBytes > 0 else { return try FieldReader(.object([])) }
        guard mediaType == "application/json" else {
            throw ShopError(.unsupportedMediaType, "send no body, or Content-Type: application/json")
        }
        return try FieldReader(try JSONReader.read(buffer))
    }

    /// The `charset` of the content type, if one is named.
    public var charset: String? {
        for part in headers[.contentType]?.split(separator: ";").dropFirst() ?? [] {
            let pair = part.split(separator: "=", maxSplits: 1).map { $0.trimmingPrefix(" ").lowercased() }
            guard pair.count == 2, pair[0] == "charset" else { continue }
            return pair[1].replacing("\"", with: "").split(separator: " ").first.map { String($0) }
        }
        return nil
    }

    /// Reads the whole body.
    ///
    /// - Throws: *too_large*, before reading when the length was announced.
    public func bytes(maximum: Int) async throws -> ByteBuffer {
        try headers.refuseAnnounced(bytesAbove: maximum)
        return try await body.collect(upTo: maximum)
    }

    /// The content type without its parameters, in lower case.
    public var mediaType: String? { headers.mediaType }

    /// The bearer token, if one is sent.
    public var bearerToken: String? {
        guard let value = headers[.authorization], value.count > 7, value.prefix(7).lowercased() == "bearer " else {
            return nil
        }
        return String(value.dropFirst(7))
    }

    /// A cookie's value.
    public func cookie(_ name: String) -> String? {
        for pair in (headers[.cookie] ?? "").split(separator: ";") {
            let parts = pair.drop(while: { $0 == " " }).split(separator: "=", maxSplits: 1)
            if parts.count == 2, parts[0] == name { return String(parts[1]) }
        }
        return nil
    }

    /// The parameters of the query string, percent-decoded.
    ///
    /// - Throws: *invalid_request* for an unknown or repeated parameter.
    public func query(_ names: Set<String>) throws(ShopError) -> [String: String] {
        var values: [String: String] = [:]
        for pair in (uri.query ?? "").split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = FormDecoder.decode(parts[0]), names.contains(name) else {
                throw .invalid(String(parts[0].prefix(64)), "is not a known parameter")
            }
            guard let value = FormDecoder.decode(parts.count == 2 ? parts[1] : "") else {
                throw .invalid(name, "is not percent-encoded UTF-8")
            }
            guard values.updateValue(value, forKey: name) == nil else { throw .invalid(name, "is repeated") }
        }
        return values
    }
}

extension HTTPFields {
    /// The content type without its parameters, in lower case.
    public var mediaType: String? {
        self[.contentType]?.split(separator: ";").first
            .map { $0.trimmingPrefix(" ").lowercased() }.map { $0.hasSuffix(" ") ? String($0.dropLast()) : $0 }
    }

    /// - Throws: *unsupported_media_type* unless the body is announced as JSON.
    public func requireJSON() throws(ShopError) {
        // Nearly everybody writes it like this.
        if self[.contentType] == "application/json" { return }
        guard mediaType == "application/json" else {
            throw ShopError(.unsupportedMediaType, "send Content-Type: application/json")
        }
    }

    /// - Throws: *too_large* when the announced body is longer.
    public func refuseAnnounced(bytesAbove maximum: Int) throws(ShopError) {
        if let length = self[.contentLength].flatMap({ Int($0) }), length > maximum {
            throw ShopError(.tooLarge, "the body must not exceed \(maximum) bytes")
        }
    }
}

/// Decodes `application/x-www-form-urlencoded` text.
public enum FormDecoder {
    /// Nil when an escape is broken or the bytes are not UTF-8.
    public static func decode(_ text: some StringProtocol, plusIsSpace: Bool = true) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+") where plusIsSpace: bytes.append(0x20)
            case UInt8(ascii: "%"):
                guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16),
                    rest.first != UInt8(ascii: "+"), rest.first != UInt8(ascii: "-")
                else { return nil }
                bytes.append(value)
                rest = rest.dropFirst(2)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// The fields of a form; nil when one is broken or repeated.
    public static func fields(_ body: ByteBuffer) -> [String: String]? {
        var fields: [String: String] = [:]
        for pair in String(buffer: body).split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = decode(parts[0]), let value = decode(parts.count == 2 ? parts[1] : ""),
                fields.updateValue(value, forKey: name) == nil
            else { return nil }
        }
        return fields
    }
}
