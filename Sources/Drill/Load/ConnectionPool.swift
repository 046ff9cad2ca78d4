import NIOCore
import NIOPosix

/// The connections of a sale: opened beforehand, replaced when they break.
final class ConnectionPool {
    private let plan: LoadPlan
    private let eventLoop: any EventLoop
    private var free = CircularBuffer<BuyerConnection>()
    private(set) var open: [ObjectIdentifier: BuyerConnection] = [:]
    private var opening = 0
    private(set) var isClosed = false

    /// Connections that are opened at once, so that no listener's backlog overflows.
    private static let openedAtOnce = 64
    private static let pause = TimeAmount.milliseconds(250)

    init(_ plan: LoadPlan, on eventLoop: any EventLoop) {
        self.plan = plan
        self.eventLoop = eventLoop
    }

    var isFull: Bool { open.count >= plan.connections }

    /// Opens connections until there are as many as planned.
    func fill(for user: any ConnectionUser) {
        while !isClosed, opening < Self.openedAtOnce, open.count + opening < plan.connections { openOne(for: user) }
    }

    private func openOne(for user: any ConnectionUser) {
        opening += 1
        let bound = NIOLoopBound(user, eventLoop: eventLoop)
        let connected = ClientBootstrap(group: eventLoop)
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .connectTimeout(.seconds(10))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(BuyerConnection(user: bound.value))
                }
            }
            .connect(host: plan.host, port: plan.port)
        // A success is told by the connection itself, so that it is never counted as neither opening nor open.
        connected.assumeIsolated().whenFailure { error in
            self.opening -= 1
            user.couldNotOpen(error)
            self.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) { self.fill(for: user) }
        }
    }

    func opened(_ connection: BuyerConnection, for user: any ConnectionUser) {
        opening -= 1
        open[ObjectIdentifier(connection)] = connection
        fill(for: user)
    }

    /// Forgets a connection. A new one is opened a little later, so that a shop that is gone is not run down.
    func closed(_ connection: BuyerConnection, for user: any ConnectionUser) {
        open[ObjectIdentifier(connection)] = nil
        guard !isClosed else { return }
        eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(1)) { self.fill(for: user) }
    }

    // MARK: Free ones

    func release(_ connection: BuyerConnection) {
        if connection.isOpen, connection.job == nil { free.append(connection) }
    }

    /// The one that was free for longest, so that none is idle until the shop closes it.
    func takeFree() -> BuyerConnection? {
        while !isClosed, let connection = free.popFirst() {
            if connection.isOpen, connection.job == nil { return connection }
        }
        return nil
    }

    /// Gives up what has waited for longer than the time-out.
    func giveUp(sentBefore moment: NIODeadline) {
        for connection in open.values where connection.job != nil && connection.sentAt < moment { connection.giveUp() }
    }

    func closeAll() {
        isClosed = true
        for connection in open.values { connection.giveUp() }
    }
}
