/// What everybody may see of a card that buyers may pick.
public struct CardPreview: Hashable, Sendable {
    /// What tells it from the others, such as the number that is sold; 1 to 100 characters.
    public let text: String
    /// What it costs more than a unit, in minor units of the product's currency.
    public let surcharge: Int64

    /// The longest text, in characters.
    public static let maximumLength = 100

    /// Nil when the text is empty, too long or holds control characters, or the surcharge is not from 0 to
    /// ``PickedCard/maximumSurcharge``.
    public init?(text: String, surcharge: Int64) {
        guard (1...Self.maximumLength).contains(text.unicodeScalars.count),
            text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }),
            (0...PickedCard.maximumSurcharge).contains(surcharge)
        else { return nil }
        self.text = text
        self.surcharge = surcharge
    }
}
