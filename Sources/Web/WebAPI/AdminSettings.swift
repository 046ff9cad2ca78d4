import Domain
import HTTPTypes
import Hummingbird
import NIOCore
import Shop
import WebSupport

// What the shop is called and how it looks, and its pictures.
extension WebAPI {
    var adminSettingRoutes: [Route] {
        [
            owner(.get, "/settings", showSettings),
            owner(.put, "/settings", changeSettings),
            owner(.post, "/pictures", storePicture),
        ]
    }

    var pictureRoutes: [Route] {
        [Route(.get, "/pictures/{name}", for: .visitors, isDocumented: false, handler: showPicture)]
    }

    // MARK: Settings

    @Sendable private func showSettings(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        let settings = ports.cache.settings()
        return .json(JSONWriter.object { write(settings, to: &$0) })
    }

    @Sendable private func changeSettings(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        var fields = try await request.fields(maximumBytes: ports.limits.ownerBodyBytes)
        let version = try fields.optionalInteger("version", in: 0...Int64.max).map { Int(clamping: $0) }
        let note = try note(&fields)
        let known = try await useCases.manageSettings.current()
        guard let version = version ?? (known.version == 0 ? 0 : nil) else {
            throw ShopError.invalid("version", "is missing")
        }
        // What is left out is taken from those that are known, so these must be the ones that the owner has seen.
        guard version == known.version else { throw ShopSettings.changedMeanwhile }
        let settings = try Self.settings(known, &fields)
        try fields.end()
        let changed = try await useCases.manageSettings.change(version: version, to: settings, by: note)
        return .json(JSONWriter.object { write(changed, to: &$0) })
    }

    /// Settings as they are said, with those that are known for what is not said. `null` takes logo and colour away.
    private static func settings(
        _ known: ShopSettings, _ fields: inout FieldReader
    ) throws(ShopError) -> ShopSettings {
        var settings = known
        settings.name = try fields.optionalString("name") ?? known.name
        settings.tagline = try fields.optionalString("tagline") ?? known.tagline
        settings.logo = fields.takesNull("logo") ? nil : try fields.optionalString("logo") ?? known.logo
        settings.accent = fields.takesNull("accent") ? nil : try fields.optionalString("accent") ?? known.accent
        settings.timeZone = try fields.optionalString("time_zone") ?? known.timeZone
        settings.contact = try fields.optionalString("contact") ?? known.contact
        settings.filing = try fields.optionalString("filing") ?? known.filing
        settings.terms = try fields.optionalString("terms") ?? known.terms
        settings.privacy = try fields.optionalString("privacy") ?? known.privacy
        settings.refunds = try fields.optionalString("refunds") ?? known.refunds
        return settings
    }

    private func write(_ settings: ShopSettings, to json: inout JSONWriter) {
        json.string("name", settings.name)
        json.string("tagline", settings.tagline)
        json.string("logo", settings.logo)
        json.string("accent", settings.accent)
        json.string("time_zone", settings.timeZone)
        json.string("contact", settings.contact)
        json.string("filing", settings.filing)
        json.string("terms", settings.terms)
        json.string("privacy", settings.privacy)
        json.string("refunds", settings.refunds)
        json.integer("version", settings.version)
    }

    // MARK: Pictures

    @Sendable private func storePicture(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        let type = request.mediaType ?? ""
        guard type.hasPrefix("image/") || type == "application/octet-stream" else {
            throw ShopError(.unsupportedMediaType, "send the picture alone, with Content-Type: image/png or the like")
        }
        let query = try request.query(["by", "reason"])
        let note = try note(by: query["by"], reason: query["reason"])
        let body = try await request.bytes(maximum: ports.limits.pictureBytes)
        let picture = try await useCases.managePictures.store(Array(body.readableBytesView), by: note)
        let answer = JSONWriter.object { json in
            json.string("name", picture.name)
            json.string("path", picture.path)
            json.integer("bytes", picture.bytes.count)
            json.string("media_type", picture.kind.mediaType)
        }
        return .json(answer, status: .created)
    }

    /// A name never means another content, so whoever has it need not ask again. It is a picture and nothing else,
    /// whatever a browser would make of it.
    @Sendable private func showPicture(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        let picture = try await useCases.managePictures.read(context.parameter("name"))
        let tag = "\"\(picture.name)\""
        let headers: HTTPFields = [
            .contentType: picture.kind.mediaType, .cacheControl: "public, max-age=31536000, immutable", .eTag: tag,
            .xContentTypeOptions: "nosniff", .contentSecurityPolicy: "default-src 'none'",
        ]
        if request.headers[values: .ifNoneMatch].contains(tag) {
            return Response(status: .notModified, headers: headers)
        }
        return Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: picture.bytes)))
    }
}
