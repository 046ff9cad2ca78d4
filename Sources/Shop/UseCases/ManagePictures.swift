import Crypto
public import Domain

/// Keeps the owner's pictures, and shows them to everybody.
public struct ManagePictures: Sendable {
    private let catalog: any Catalog
    private let clock: any Clock
    private let limits: Limits

    /// Puts the parts together.
    public init(_ ports: UseCases.Ports) {
        catalog = ports.catalog
        clock = ports.clock
        limits = ports.limits
    }

    /// Keeps a picture. The same one again changes nothing.
    ///
    /// - Throws: *too_large*; *invalid_request* that names `picture` when it is none of the kinds; *busy* when there
    ///   are too many.
    public func store(_ bytes: [UInt8], by note: OwnerNote) async throws(ShopError) -> Picture {
        guard bytes.count <= limits.pictureBytes else {
            throw ShopError(.tooLarge, "a picture must not exceed \(limits.pictureBytes) bytes", field: "picture")
        }
        let digest = Hexadecimal.text(SHA256.hash(data: bytes).prefix(16))
        guard let kind = Picture.Kind(of: bytes), let picture = Picture(name: "\(digest).\(kind)", bytes: bytes) else {
            throw .invalid("picture", "must be PNG, JPEG, WebP or GIF")
        }
        try await catalog.store(picture, OwnerDeed(by: note, at: clock.now()))
        return picture
    }

    /// The picture of that name.
    ///
    /// - Throws: *not_found*.
    public func read(_ name: String) async throws(ShopError) -> Picture {
        guard Picture.kind(ofName: name) != nil, let picture = try await catalog.picture(name) else {
            throw ShopError(.notFound, "no such picture")
        }
        return picture
    }
}
