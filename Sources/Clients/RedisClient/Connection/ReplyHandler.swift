import NIOCore

/// Turns bytes into replies for the link that it belongs to.
final class ReplyHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let reader: ReplyReader
    private let link: RedisLink
    private var isBroken = false

    init(_ bounds: RedisBounds, link: RedisLink) throws {
        reader = try ReplyReader(bounds)
        self.link = link
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isBroken else { return }
        do {
            try unwrapInboundIn(data).withUnsafeReadableBytes { bytes in
                try reader.feed(bytes) { link.received($0) }
            }
        } catch {
            isBroken = true
            link.complain("\(error)")
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) { link.closed() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        link.complain("\(error)")
        context.close(promise: nil)
    }
}
