public import Domain
import FoundationEssentials

/// Makes a way to pay available, or changes it.
public struct ConfigureChannel: Sendable {
    private let catalog: any Catalog
    private let cache: CatalogCache
    private let kinds: [String: any PaymentChannelKind]
    private let keys: KeyRing
    private let clock: any Clock
    private let limits: Limits

    /// Puts the parts together.
    public init(
        catalog: any Catalog, cache: CatalogCache, kinds: [any PaymentChannelKind], keys: KeyRing, clock: any Clock,
        limits: Limits
    ) {
        self.catalog = catalog
        self.cache = cache
        self.kinds = Dictionary(kinds.map { ($0.kind, $0) }, uniquingKeysWith: { first, _ in first })
        self.keys = keys
        self.clock = clock
        self.limits = limits
    }

    /// Stores the channel; its secrets are sealed.
    ///
    /// - Parameters:
    ///   - isEnabled: nil for what is stored, whatever this process has in memory
    ///   - change: makes of the terms as they are what they should be
    ///   - mayEnable: judges a kind that is to be enabled; throws why not
    /// - Returns: true when the channel is new
    /// - Throws: *invalid_request* that names the wrong setting, or part of the terms.
    public func callAsFunction(
        name: Slug, kind kindName: String, settings: [String: String], isEnabled wanted: Bool?, by note: OwnerNote,
        terms change: (inout ChannelTerms) throws(ShopError) -> Void = { _ throws(ShopError) in },
        mayEnable: (String) throws(ShopError) -> Void
    ) async throws(ShopError) -> Bool {
        guard let kind = kinds[kindName] else {
            throw .invalid("kind", "must be one of \(kinds.keys.sorted().joined(separator: ", "))")
        }
        if let present = cache.channel(name), present.channel.kind != kindName {
            throw .invalid("kind", "cannot be changed; this channel speaks \(present.channel.kind)")
        }
        if cache.channel(name) == nil, cache.channels().count >= limits.catalogRows {
            throw ShopError(.busy, "there are too many channels")
        }
        let stored = try await catalog.channels().first(where: { $0.name == name })
        let isEnabled = wanted ?? stored?.isEnabled ?? false
        if isEnabled { try mayEnable(kindName) }
        let before = try stored.map { record throws(ShopError) in try read(record) }
        let completed = try completed(settings, of: kind, before: before)
        let channel = try kind.make(name: name, settings: completed)
        var terms = stored?.terms ?? .plain
        try change(&terms)
        if let fault = terms.fault { throw .invalid(fault.member, fault.reason) }
        let sealed = try keys.seal(try write(completed), context: KeyRing.channelContext(name))
        let isNew = try await catalog.store(
            ChannelRecord(name: name, kind: kindName, sealedSettings: sealed, isEnabled: isEnabled, terms: terms),
            Self.change(from: stored, before, to: completed, kind: kindName, isEnabled: isEnabled, terms),
            OwnerDeed(by: note, at: clock.now()))
        cache.put(ConfiguredChannel(isEnabled: isEnabled, channel: channel, terms: terms))
        return isNew
    }

    /// What the kind makes itself, such as a signing key, is made once and then kept.
    private func completed(
        _ settings: [String: String], of kind: any PaymentChannelKind, before: [String: String]?
    ) throws(ShopError) -> [String: String] {
        guard let before else { return try kind.complete(settings) }
        // Without settings only the switch is meant: whoever turns a channel off need not type its key again.
        if settings.isEmpty { return before }
        let fresh = try kind.complete(settings)
        return fresh.reduce(into: fresh) { completed, setting in
            if settings[setting.key] == nil, let kept = before[setting.key] { completed[setting.key] = kept }
        }
    }

    /// Names of settings only. Which of them have another value is said of what comes after.
    private static func change(
        from stored: ChannelRecord?, _ before: [String: String]?, to after: [String: String], kind: String,
        isEnabled: Bool, _ terms: ChannelTerms
    ) -> ChannelChange {
        func facts(
            _ kind: String, _ isEnabled: Bool, _ terms: ChannelTerms, _ settings: [String: String]
        ) -> JournalFacts {
            var facts = JournalFacts()
            facts.add("kind", kind)
            facts.add("enabled", isEnabled)
            facts.add("position", terms.position)
            facts.add("label", terms.label)
            facts.add("amounts", terms.amounts.map(Self.text).joined(separator: ","))
            facts.add("settings", settings.keys.sorted().joined(separator: ","))
            return facts
        }
        var now = facts(kind, isEnabled, terms, after)
        guard let stored, let before else { return ChannelChange(before: nil, after: now) }
        let changed = Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }
        now.add("changed", changed.sorted().joined(separator: ","))
        return ChannelChange(before: facts(stored.kind, stored.isEnabled, stored.terms, before), after: now)
    }

    /// `CNY 100..5000`, in minor units.
    private static func text(_ bounds: AmountBounds) -> String {
        let ends = [bounds.minimum, bounds.maximum].map { $0.map { "\($0)" } ?? "" }
        return "\(bounds.currency.code) \(ends.joined(separator: ".."))"
    }

    /// Loads every stored channel.
    public func loadAll() async throws(ShopError) {
        for record in try await catalog.channels() {
            guard let kind = kinds[record.kind] else {
                throw ShopError(.internalFault, "channel \(record.name.text) has the unknown kind \(record.kind)")
            }
            let channel = try kind.make(name: record.name, settings: try read(record))
            cache.put(ConfiguredChannel(isEnabled: record.isEnabled, channel: channel, terms: record.terms))
        }
    }

    private func read(_ record: ChannelRecord) throws(ShopError) -> [String: String] {
        let bytes = try keys.open(record.sealedSettings, context: KeyRing.channelContext(record.name))
        do {
            return try JSONDecoder().decode([String: String].self, from: Data(bytes))
        } catch {
            throw ShopError(.internalFault, "settings of \(record.name.text) cannot be read", cause: "\(error)")
        }
    }

    private func write(_ settings: [String: String]) throws(ShopError) -> [UInt8] {
        do {
            return Array(try JSONEncoder().encode(settings))
        } catch {
            throw ShopError(.internalFault, "settings cannot be written", cause: "\(error)")
        }
    }
}
