import Domain
import Hummingbird
import Shop
import WebSupport

// Announcements, and whom the shop does not sell to.
extension WebAPI {
    var adminNoticeRoutes: [Route] {
        [
            owner(.get, "/announcements", listAnnouncements),
            owner(.post, "/announcements") { request, context in
                try await writeAnnouncement(nil, request, context, status: .created)
            },
            owner(.put, "/announcements/{id}") { request, context in
                try await writeAnnouncement(try number(context, "announcement"), request, context, status: .ok)
            },
            owner(.delete, "/announcements/{id}", removeAnnouncement),
            owner(.get, "/blacklist", listBlocks),
            owner(.post, "/blacklist", block),
            owner(.delete, "/blacklist/{id}", unblock),
        ]
    }

    // MARK: Announcements

    @Sendable private func listAnnouncements(
        _ request: Request, _ context: ShopRequestContext
    ) async throws -> Response {
        let announcements = try await ports.catalog.announcements()
        return .json(
            JSONWriter.object { json in
                json.array("items", announcements) { json, item in json.object { writeForOwner(item, to: &$0) } }
            })
    }

    private func writeAnnouncement(
        _ id: Int64?, _ request: Request, _ context: ShopRequestContext, status: HTTPResponse.Status
    ) async throws -> Response {
        var fields = try await request.fields(maximumBytes: ports.limits.ownerBodyBytes)
        let title = try fields.string("title")
        let text = try fields.optionalString("text") ?? ""
        let window = try Self.window(.always, &fields)
        let isPinned = try fields.optionalBool("pinned") ?? false
        let note = try note(&fields)
        try fields.end()
        let announcement = try await useCases.manageAnnouncements.write(
            id, title: title, text: text, window: window, isPinned: isPinned, by: note)
        return .json(JSONWriter.object { writeForOwner(announcement, to: &$0) }, status: status)
    }

    @Sendable private func removeAnnouncement(
        _ request: Request, _ context: ShopRequestContext
    ) async throws -> Response {
        let id = try number(context, "announcement")
        try await useCases.manageAnnouncements.remove(id, by: try await deedNote(request))
        return Response(status: .noContent)
    }

    private func writeForOwner(_ announcement: Announcement, to json: inout JSONWriter) {
        write(announcement, to: &json)
        json.time("opens_at", announcement.window.opensAt)
        json.time("closes_at", announcement.window.closesAt)
    }

    // MARK: Blacklist

    @Sendable private func listBlocks(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        let query = try request.query(["after", "limit"])
        let limit = try limit(query["limit"])
        let page = try await ports.catalog.blocks(after: try after(query["after"]), limit: limit)
        return .json(
            JSONWriter.object { json in
                json.array("items", page) { json, block in json.object { write(block, to: &$0) } }
                json.string("next", page.count == limit ? page.last.map { "\($0.id)" } : nil)
            })
    }

    @Sendable private func block(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        var fields = try await request.fields(maximumBytes: ports.limits.bodyBytes)
        let party = try Self.party(&fields)
        let note = try note(&fields)
        try fields.end()
        let block = try await useCases.manageBlacklist.block(party, by: note)
        return .json(JSONWriter.object { write(block, to: &$0) }, status: .created)
    }

    private static func party(_ fields: inout FieldReader) throws(ShopError) -> BlockedParty {
        let contact = try fields.optionalString("contact")
        let domain = try fields.optionalString("domain")
        let address = try fields.optionalString("address")
        switch (contact, domain, address) {
        case (let contact?, nil, nil): return .contact(try Buyer.parse(contact))
        case (nil, let domain?, nil):
            guard let party = BlockedParty.domain(named: domain) else {
                throw .invalid("domain", "must be what stands behind the @ of an e-mail address")
            }
            return party
        case (nil, nil, let address?):
            guard let range = AddressRange(text: address) else {
                throw .invalid("address", "must be an address or a range such as 192.0.2.0/24")
            }
            return .addresses(range)
        default: throw .invalid("contact", "or domain or address must be given, and only one of them")
        }
    }

    @Sendable private func unblock(_ request: Request, _ context: ShopRequestContext) async throws -> Response {
        let id = try number(context, "entry of the blacklist")
        try await useCases.manageBlacklist.unblock(id, by: try await deedNote(request))
        return Response(status: .noContent)
    }

    private func write(_ block: Block, to json: inout JSONWriter) {
        json.string("id", "\(block.id)")
        switch block.party {
        case .contact(let buyer): json.string("contact", buyer.contact)
        case .domain(let domain): json.string("domain", domain)
        case .addresses(let range): json.string("address", range.text)
        }
        json.string("reason", block.reason)
        json.time("created_at", block.createdAt)
    }
}
