public import Domain

/// What a provider is told.
public struct CallbackAnswer: Sendable {
    /// Whether the payment is recorded. When false, the provider should send it again.
    public let isRecorded: Bool
    /// The provider's own word.
    public let word: String
    /// The shop's judgement; nil when it could not be recorded.
    public let verdict: PaymentVerdict?
    /// Why it could not be recorded.
    public let fault: ShopError?

    /// Puts the parts together.
    public init(isRecorded: Bool, word: String, verdict: PaymentVerdict?, fault: ShopError? = nil) {
        self.isRecorded = isRecorded
        self.word = word
        self.verdict = verdict
        self.fault = fault
    }
}

/// Takes a provider's callback: verified first, then recorded, and only after the flush answered.
public struct ReceiveCallback: Sendable {
    private let ledger: any Ledger
    private let catalog: CatalogCache
    private let gate: any Gate
    private let watch: OrderWatch
    private let clock: any Clock
    private let limits: Limits

    /// Puts the parts together.
    public init(
        ledger: any Ledger, catalog: CatalogCache, gate: any Gate, watch: OrderWatch, clock: any Clock, limits: Limits
    ) {
        self.ledger = ledger
        self.catalog = catalog
        self.gate = gate
        self.watch = watch
        self.clock = clock
        self.limits = limits
    }

    /// Receives a callback for the channel of that name.
    ///
    /// - Throws: *not_found* when no channel has that name.
    public func callAsFunction(channel name: String, _ request: CallbackRequest) async throws(ShopError)
        -> CallbackAnswer
    {
        guard let slug = Slug(name), let channel = catalog.channel(slug)?.channel else {
            throw ShopError(.notFound, "no such channel")
        }
        switch channel.read(request) {
        case .forged:
            do throws(ShopError) {
                try await ledger.recordForged(channel: slug, raw: raw(request), at: clock.now())
            } catch {
                return CallbackAnswer(isRecorded: false, word: channel.failureWord, verdict: nil, fault: error)
            }
            return CallbackAnswer(isRecorded: false, word: channel.failureWord, verdict: .forged)
        case .authentic(let notice):
            Failpoint.hit(.payVerified)
            return await record(notice, raw: raw(request), channel: channel)
        }
    }

    /// Notes a callback that is too large to be read.
    ///
    /// - Throws: *not_found* when no channel has that name.
    public func refuseTooLarge(channel name: String) async throws(ShopError) {
        guard let slug = Slug(name), catalog.channel(slug) != nil else {
            throw ShopError(.notFound, "no such channel")
        }
        try await ledger.recordForged(
            channel: slug, raw: "(more than \(limits.callbackBytes) bytes)", at: clock.now())
    }

    private func record(_ notice: PaymentNotice, raw: String, channel: any PaymentChannel) async -> CallbackAnswer {
        let receipt = PaymentReceipt(notice: notice, raw: raw, receivedAt: clock.now())
        do throws(ShopError) {
            let record = try await ledger.record(receipt)
            Failpoint.hit(.payAfterCommit)
            follow(record)
            return CallbackAnswer(isRecorded: true, word: channel.successWord, verdict: record.verdict)
        } catch {
            return CallbackAnswer(isRecorded: false, word: channel.failureWord, verdict: nil, fault: error)
        }
    }

    /// Tells the gate and those who watch what the ledger has decided.
    private func follow(_ record: PaymentRecord) {
        guard record.changed, let order = record.order else { return }
        if record.claimedAgain {
            gate.restock(order.product, by: -order.quantity)
            gate.count(order.buyer, of: order.product, units: order.quantity)
        } else {
            gate.end(order.id, order.state == .delivered ? .sold : .released)
        }
        watch.publish(order)
    }

    private func raw(_ request: CallbackRequest) -> String {
        let query = request.query.isEmpty ? [] : Array(request.query.utf8) + [UInt8(ascii: "\n")]
        let text = String(decoding: (query + request.body).prefix(limits.callbackBytes), as: UTF8.self)
        // What is not UTF-8 has grown in decoding.
        return String(decoding: text.utf8.prefix(limits.callbackBytes), as: UTF8.self)
    }
}
