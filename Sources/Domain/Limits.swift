/// Every bound of the shop in one place. Past a bound the answer is a clear refusal, never more memory or disk.
public struct Limits: Sendable {
    /// Milliseconds without an acknowledgement, while orders are under way, after which the log is taken for dead. Used
    /// by the intake.
    public var intakeSilenceMilliseconds: Int64 = 3000
    /// Milliseconds after its placing in which an admitted order may be handed to a log. Used by orders.
    public var admissionMilliseconds: Int64 = 1000
    /// Milliseconds between two looks of a shard's leader at its gate. Used by upkeep.
    public var gateLookMilliseconds: Int64 = 1000
    /// Orders that wait in the intake before *busy* is answered. Used by the intake.
    public var intakeOrders = 8192
    /// Bytes of orders that wait in the intake. Used by the intake.
    public var intakeBytes = 16 << 20
    /// Orders in one transaction. Used by the intake.
    public var batchOrders = 256
    /// Bytes of orders in one transaction. Used by the intake.
    public var batchBytes = 1 << 20
    /// Orders that are worth a transaction without waiting for more. Used by the intake.
    public var batchWorthwhileOrders = 48
    /// How long the first order of a batch waits for company, in microseconds. Used by the intake.
    public var batchWaitMicroseconds = 500
    /// Writes that wait for the ledger's writer, per priority. Used by the ledger.
    public var writerJobs = 4096
    /// Urgent writes that share one transaction. Used by the ledger.
    public var writerJobsPerFlush = 256
    /// Orders that are findable in memory only before they are filed in the ledger's file. Used by the ledger.
    public var filingOrders = 65_536
    /// Orders that may be findable in memory only; beyond, each is filed at once. Used by the ledger.
    public var recentOrders = 262_144
    /// Orders filed in one slice. Used by the ledger.
    public var filingSliceOrders = 256
    /// Cards in one slice of an import. Used by the import.
    public var importSliceCards = 200
    /// Bytes of a table of products or coupons that comes in. Used by the owner's pages.
    public var tableBytes = 8 << 20
    /// Bytes of one cell of such a table.
    public var tableCellBytes = 64 << 10
    /// Cells of one row of such a table.
    public var tableCells = 64
    /// Things that one such table makes or changes.
    public var tableChanges = 5000
    /// Rows of such a table that its report lists; the others are only counted.
    public var tableReportRows = 200
    /// Lines that an import's report lists; the others are only counted.
    public var importReportLines = 1000
    /// Bytes of the write-ahead log beyond which it is copied into the file.
    public var checkpointLogBytes = 16 << 20
    /// Bytes of the write-ahead log beyond which imports, clean-up and long readers wait until it
    /// could be started anew.
    public var patientLogBytes = 96 << 20
    /// Seconds that an audit or a backup waits for the write-ahead log before it reads all the same.
    public var patientReadSeconds: Int64 = 30
    /// Holds that one sweep ends in one transaction. Used by upkeep.
    public var expiryBatch = 256
    /// Milliseconds between two sweeps for expired holds. Used by upkeep.
    public var expiryIntervalMilliseconds: Int64 = 200
    /// Buyers whose units the gate remembers; the ledger judges the others. Used by the gate.
    public var gateBuyers = 1_000_000
    /// Idempotency keys the gate remembers. Used by the gate.
    public var gateKeys = 2_000_000
    /// How far back the gate loads idempotency keys at start, in seconds. Used by the gate.
    public var gateKeySeconds: Int64 = 24 * 3600
    /// Orders whose tickets a shared gate remembers; past it the gate is closed. Used by the gate.
    public var gateTickets = 1_000_000
    /// Bytes of orders that a shared gate has let through into one partition of the log and that the ledger has not
    /// judged; past it the gate is closed. Less than the 5 MiB that the development broker keeps of a partition before
    /// it drops the oldest. Used by the gate.
    public var gateBacklogBytes = 3 << 20
    /// News that is kept while a gate is closed and being loaded; past it the load begins anew. Used by the gate.
    public var gateLateNews = 200_000
    /// Milliseconds between two looks at what other nodes did to a shared gate. Used by the gate.
    public var gateRefreshMilliseconds: Int64 = 500
    /// Bytes of an order's or an admin's JSON body. Used by the web.
    public var bodyBytes = 16 << 10
    /// Bytes of a JSON body in which the owner writes texts. Used by the web.
    public var ownerBodyBytes = 256 << 10
    /// Bytes of one line of an import, which is one card.
    public var cardBytes = 4096
    /// Bytes of all header fields of a request. Used by the web.
    public var headerBytes = 32 << 10
    /// Number of header fields of a request. Used by the web.
    public var headerCount = 100
    /// Seconds that a new connection may take until its first request's head is complete.
    public var headerSeconds: Int64 = 10
    /// Seconds that a request's body may take, imports excepted.
    public var bodySeconds: Int64 = 30
    /// Seconds that an import may take.
    public var importSeconds: Int64 = 3600
    /// Seconds that a connection may be silent between requests.
    public var idleSeconds: Int64 = 60
    /// Connections at once, all listeners together counted apiece.
    public var connections = 10_000
    /// Connections that wait to be accepted.
    public var backlog: Int = 4096
    /// Streams of order events at once.
    public var eventStreams = 5000
    /// Live screens of the owner's pages at once.
    public var liveStreams = 8
    /// Streams of one order's events at once.
    public var eventStreamsPerOrder = 8
    /// Seconds that a board keeps how an order stands, 1 or more. Used by the board that nodes share.
    public var boardSeconds: Int64 = 10
    /// Milliseconds that a board's engine may take to answer; then the ledger is asked.
    public var boardWaitMilliseconds: Int64 = 200
    /// Bytes kept of one callback.
    public var callbackBytes = 16 << 10
    /// Forged and repeated callbacks kept per channel; older ones are only counted.
    public var callbacksKept = 1000
    /// Bytes read of a provider's answer.
    public var providerAnswerBytes = 64 << 10
    /// Seconds that a call to a provider may take. Used by queries and refunds.
    public var providerSeconds: Int64 = 10
    /// Attempts asked about in one round. Used by payment queries.
    public var queryBatch = 16
    /// Milliseconds between two rounds of payment queries.
    public var queryIntervalMilliseconds: Int64 = 2000
    /// Bytes of unverified callbacks that wait to be written.
    public var forgedBytes = 20 << 20
    /// Unverified callbacks written in one transaction.
    public var forgedPerFlush = 32
    /// Milliseconds between two such transactions.
    public var forgedPauseMilliseconds: Int64 = 200
    /// Rows on one admin page.
    public var pageRows = 1000
    /// Orders that one look-up returns.
    public var lookupOrders = 100
    /// Look-ups of one contact in a minute.
    public var lookupsPerMinute = 10
    /// Orders of one address in a second, with a burst of twice as many. Loopback is exempt.
    public var ordersPerAddressPerSecond = 20
    /// Addresses and contacts that the rate limiter remembers.
    public var rateLimitKeys = 100_000
    /// Products, categories and channels in one ledger, each.
    public var catalogRows = 10_000
    /// Coupons in one ledger.
    public var coupons = 100_000
    /// Announcements in one ledger.
    public var announcements = 1000
    /// Bytes of one picture.
    public var pictureBytes = 512 << 10
    /// Pictures in one shop.
    public var pictures = 2000
    /// Entries of the blacklist.
    public var blocks = 100_000
    /// Milliseconds for which a coupon without a use left is refused without taking stock and asking the ledger.
    public var couponLatchMilliseconds: Int64 = 500
    /// Pages of the catalog that are kept as they were rendered. Used by the storefront.
    public var renderedPages = 500
    /// Milliseconds for which a rendered page is shown to everybody.
    public var renderedMilliseconds: Int64 = 1000
    /// Products whose stock is asked for at once.
    public var stockProducts = 60
    /// Cards to be picked on one page of a product.
    public var pickableRows = 200
    /// Steps that one match of a pattern may take. Used by orders.
    public var patternSteps: UInt32 = 5000
    /// Patterns that are kept compiled.
    public var patterns = 1000
    /// Members of the staff, those that are disabled counted.
    public var staff = 100
    /// Sessions of the staff at once; past it the one that was used longest ago ends.
    public var staffSessions = 1000
    /// Hours without use after which a session of the staff ends.
    public var sessionIdleHours: Int64 = 12
    /// Hours after its beginning at which a session of the staff ends.
    public var sessionHours: Int64 = 7 * 24
    /// Hours for which the token that makes the first owner is good.
    public var setupHours: Int64 = 24
    /// Names and addresses whose failed log-ins are remembered.
    public var loginKeys = 20_000
    /// Passwords that are hashed at once, 32 MiB each.
    public var passwordsAtOnce = 2
    /// Passwords that wait to be hashed before *busy* is answered.
    public var passwordsWaiting = 32
    /// Bytes of what the owner's journal keeps of a thing before, and after, a change.
    public static let journalBytes = 8 << 10
    /// Hours or days that one question for figures may span.
    public var figureBuckets = 400
    /// Seconds that a stopping shop waits for accepted work.
    public var drainSeconds: Int64 = 30

    /// The defaults.
    public init() {}

    /// What makes the bounds contradict each other; empty when they hold together.
    public func contradictions() -> [String] {
        var found: [String] = []
        if batchOrders > intakeOrders { found.append("batchOrders exceeds intakeOrders") }
        if batchBytes > intakeBytes { found.append("batchBytes exceeds intakeBytes") }
        if bodyBytes * 2 > batchBytes { found.append("one order may fill a batch: bodyBytes against batchBytes") }
        if filingOrders > recentOrders { found.append("filingOrders exceeds recentOrders") }
        if writerJobsPerFlush > writerJobs { found.append("writerJobsPerFlush exceeds writerJobs") }
        if expiryIntervalMilliseconds > 500 { found.append("expiry must be visible within a second") }
        if bodyBytes * 4 > gateBacklogBytes {
            found.append("one order may fill the log: bodyBytes against the backlog")
        }
        if sessionIdleHours > sessionHours { found.append("sessionIdleHours exceeds sessionHours") }
        if cardBytes > bodyBytes { found.append("cardBytes exceeds bodyBytes") }
        return found
    }
}
