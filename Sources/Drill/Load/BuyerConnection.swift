import NIOCore

/// What a connection is asked to do.
enum Job: Sendable {
    case place(arrival: Int)
    case pay(buyer: Int)
    case read(buyer: Int)
    /// A look at an order long after it was placed.
    case look(arrival: Int)
}

/// Who uses connections, on their event loop.
protocol ConnectionUser: AnyObject {
    func opened(_ connection: BuyerConnection)
    func couldNotOpen(_ error: any Error)
    func closed(_ connection: BuyerConnection)
    func answered(_ job: Job, _ reply: Reply, sentAt: NIODeadline, on connection: BuyerConnection)
}

/// One keep-alive connection. It has one request under way at most, as a browser has.
final class BuyerConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let user: any ConnectionUser
    private var context: ChannelHandlerContext?
    private var reader = HTTPAnswerReader()
    private var received = ByteBuffer()
    private var request = ByteBuffer()
    private(set) var sentAt = NIODeadline.uptimeNanoseconds(0)
    private(set) var job: Job?
    private(set) var isOpen = false

    init(user: any ConnectionUser) { self.user = user }

    /// Sends a request; `write` puts it into the buffer, whose memory is used again and again.
    func send(_ job: Job, at now: NIODeadline, write: (inout ByteBuffer) -> Void) {
        guard let context, isOpen else { return user.answered(job, .lost, sentAt: now, on: self) }
        self.job = job
        sentAt = now
        write(&request)
        context.writeAndFlush(wrapOutboundOut(request), promise: nil)
    }

    /// Gives the request up, and the connection with it.
    func giveUp(_ reply: Reply = .lost) {
        isOpen = false
        if let job {
            self.job = nil
            user.answered(job, reply, sentAt: sentAt, on: self)
        }
        context?.close(promise: nil)
    }

    // MARK: What the channel says

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        isOpen = true
        user.opened(self)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if received.readableBytes == 0 { received = bytes } else { received.writeBuffer(&bytes) }
        do {
            guard isOpen, let answer = try reader.next(&received) else { return }
            guard let job, received.readableBytes == 0 else { return giveUp(.malformed) }
            self.job = nil
            // Lets the channel use the memory for its next read.
            received = ByteBuffer()
            if answer.isLast {
                isOpen = false
                context.close(promise: nil)
            }
            user.answered(job, .answer(answer), sentAt: sentAt, on: self)
        } catch {
            giveUp(.malformed)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        giveUp()
        self.context = nil
        user.closed(self)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
