/// The lowest and the highest amount of one currency that a channel takes.
public struct AmountBounds: Hashable, Sendable {
    /// The currency.
    public let currency: Currency
    /// Minor units, from 1; nil means that there is no lowest.
    public let minimum: Int64?
    /// Minor units, not below the lowest; nil means that there is no highest.
    public let maximum: Int64?

    /// Nil unless the bounds are from 1 to ``Money/maximumAmount``, in their order, and one of them is given.
    public init?(currency: Currency, minimum: Int64?, maximum: Int64?) {
        let range = 1...Money.maximumAmount
        guard minimum != nil || maximum != nil, minimum.map(range.contains) ?? true,
            maximum.map(range.contains) ?? true,
            minimum ?? 1 <= maximum ?? Money.maximumAmount
        else { return nil }
        self.currency = currency
        self.minimum = minimum
        self.maximum = maximum
    }
}

/// How a channel is offered to buyers, whichever provider's it is.
public struct ChannelTerms: Hashable, Sendable {
    /// Smaller ones come first, from minus to plus ``Category/maximumPosition``.
    public var position: Int
    /// What buyers read in place of its name, 1 to ``maximumLabelLength`` characters; nil for its name.
    public var label: String?
    /// At most one a currency, by its letters. Amounts of other currencies have no bounds.
    public var amounts: [AmountBounds]

    /// The longest label, in characters.
    public static let maximumLabelLength = 50
    /// The most currencies with bounds of one channel.
    public static let maximumCurrencies = 16

    /// As a channel is about which nothing is said.
    public static let plain = ChannelTerms()

    /// Puts the parts together.
    public init(position: Int = 0, label: String? = nil, amounts: [AmountBounds] = []) {
        self.position = position
        self.label = label
        self.amounts = amounts.sorted { $0.currency.code < $1.currency.code }
    }

    /// What does not hold, and of which part; nil when all does.
    public var fault: (member: String, reason: String)? {
        let bound = Category.maximumPosition
        guard (-bound...bound).contains(position) else { return ("position", "must be from \(-bound) to \(bound)") }
        if let label {
            let isPlain = label.unicodeScalars.allSatisfy { scalar in
                ![.control, .lineSeparator, .paragraphSeparator].contains(scalar.properties.generalCategory)
            }
            guard (1...Self.maximumLabelLength).contains(label.unicodeScalars.count), isPlain,
                label.unicodeScalars.contains(where: { !$0.properties.isWhitespace })
            else { return ("label", "must have 1 to \(Self.maximumLabelLength) characters, and no line breaks") }
        }
        guard amounts.count <= Self.maximumCurrencies, Set(amounts.map(\.currency)).count == amounts.count else {
            return ("amounts", "must be at most \(Self.maximumCurrencies), each of another currency")
        }
        return nil
    }

    /// Whether an order of that total may be paid through the channel. What costs nothing is not paid.
    public func takes(_ total: Money) -> Bool {
        total.amount == 0 || takesSome(of: total.amount...total.amount, total.currency)
    }

    /// Whether there is an amount between two that the channel takes.
    public func takesSome(of range: ClosedRange<Int64>, _ currency: Currency) -> Bool {
        amounts.allSatisfy { bounds in
            bounds.currency != currency
                || (bounds.minimum ?? 0) <= range.upperBound && range.lowerBound <= bounds.maximum ?? .max
        }
    }
}
