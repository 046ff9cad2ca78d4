public import Hummingbird
public import NIOCore

/// What belongs to one request.
public struct ShopRequestContext: RequestContext {
    public var coreContext: CoreRequestContextStorage
    /// The peer's address as the socket has it.
    public let peer: SocketAddress?

    public init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        peer = source.channel.remoteAddress
    }

    /// A path parameter, percent-decoded; empty when there is none or it cannot be decoded.
    public func parameter(_ name: String) -> String {
        FormDecoder.decode(parameters.get(name) ?? "", plusIsSpace: false) ?? ""
    }
}
