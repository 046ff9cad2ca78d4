public import Domain

/// What a provider is told.
public struct CallbackAnswer: Sendable {
    /// The provider's own word.
    public let word: String
    /// The shop's judgement; nil when it could not be recorded, and the provider should send it again.
    public let verdict: PaymentVerdict?
    /// Why it could not be recorded.
    public let fault: ShopError?

    /// Puts the parts together.
    public init(word: String, verdict: PaymentVerdict?, fault: ShopError? = nil) {
        self.word = word
        self.verdict = verdict
        self.fault = fault
    }
}

/// Takes a provider's callback: verified first, then recorded, and only after the flush answered.
public struct ReceiveCallback: Sendable {
    private let ledger: any Ledger
    private let catalog: CatalogCache
    private let announcer: Announcer
    private let forged: ForgedInbox
    private let clock: any Clock
    private let limits: Limits

    /// Puts the parts together.
    public init(
        ledger: any Ledger, catalog: CatalogCache, announcer: Announcer, forged: ForgedInbox, clock: any Clock,
        limits: Limits
    ) {
        self.ledger = ledger
        self.catalog = catalog
        self.announcer = announcer
        self.forged = forged
        self.clock = clock
        self.limits = limits
    }

    /// Receives a callback for the channel of that name.
    ///
    /// - Throws: *not_found* when no channel has that name.
    public func callAsFunction(channel name: String, _ request: CallbackRequest) async throws(ShopError)
        -> CallbackAnswer
    {
        let channel = try channel(name)
        switch channel.read(request) {
        case .forged:
            forged.add(ForgedCallback(raw: raw(request), receivedAt: clock.now()), to: channel.name)
            return CallbackAnswer(word: channel.failureWord, verdict: .forged)
        case .authentic(let notice):
            Failpoint.hit(.payVerified)
            return await record(notice, raw: raw(request), channel: channel)
        }
    }

    /// Notes a callback that is too large to be read.
    ///
    /// - Throws: *not_found* when no channel has that name.
    public func refuseTooLarge(channel name: String) throws(ShopError) {
        let raw = "(more than \(limits.callbackBytes) bytes)"
        forged.add(ForgedCallback(raw: raw, receivedAt: clock.now()), to: try channel(name).name)
    }

    private func channel(_ name: String) throws(ShopError) -> any PaymentChannel {
        guard let slug = Slug(name), let channel = catalog.channel(slug)?.channel else {
            throw ShopError(.notFound, "no such channel")
        }
        return channel
    }

    private func record(_ notice: PaymentNotice, raw: String, channel: any PaymentChannel) async -> CallbackAnswer {
        do throws(ShopError) {
            let record = try await record(PaymentReceipt(notice: notice, raw: raw, receivedAt: clock.now()))
            return CallbackAnswer(
                word: record.isConfirmed ? channel.successWord : channel.failureWord, verdict: record.verdict)
        } catch {
            return CallbackAnswer(word: channel.failureWord, verdict: nil, fault: error)
        }
    }

    /// Records what a provider surely said, by callback or when it was asked.
    func record(_ receipt: PaymentReceipt) async throws(ShopError) -> PaymentRecord {
        let record = try await ledger.record(receipt)
        Failpoint.hit(.payAfterCommit)
        announcer.announce(record.change)
        return record
    }

    private func raw(_ request: CallbackRequest) -> String {
        let query = request.query.isEmpty ? [] : Array(request.query.utf8) + [UInt8(ascii: "\n")]
        let text = String(decoding: (query + request.body).prefix(limits.callbackBytes), as: UTF8.self)
        // What is not UTF-8 has grown in decoding.
        return String(decoding: text.utf8.prefix(limits.callbackBytes), as: UTF8.self)
    }
}
