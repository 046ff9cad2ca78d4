/// One line of an order's price.
public struct PriceLine: Hashable, Sendable {
    /// What the line is about.
    public enum Reason: Hashable, Sendable {
        /// So many units at the price of one.
        case goods(quantity: Int)
        /// What the tier that begins at this quantity takes off.
        case tier(from: Int)
        /// What a card costs more because the buyer picked it; may be nothing.
        case pick(card: Int64)
        /// What a coupon takes off.
        case coupon(CouponCode)
    }

    /// What it is about.
    public let reason: Reason
    /// Minor units; negative when something is taken off.
    public let amount: Int64

    /// Puts the parts together.
    public init(_ reason: Reason, amount: Int64) {
        self.reason = reason
        self.amount = amount
    }

    /// The word of the API and the database: `goods`, `tier`, `pick` or `coupon`.
    public var word: String {
        switch reason {
        case .goods: "goods"
        case .tier: "tier"
        case .pick: "pick"
        case .coupon: "coupon"
        }
    }
}

// The stored form: `goods=5970,3;tier=-600,3;pick=500,17;coupon=-537,SUMMER`.
extension PriceLine {
    /// Lines as they are stored, in order.
    public static func text(_ lines: [PriceLine]) -> String {
        var text = ""
        text.reserveCapacity(24 * lines.count)
        for line in lines {
            if !text.isEmpty { text += ";" }
            text += line.word
            text += "="
            text += String(line.amount)
            text += ","
            switch line.reason {
            case .goods(let number), .tier(let number): text += String(number)
            case .pick(let card): text += String(card)
            case .coupon(let code): text += code.text
            }
        }
        return text
    }

    /// Reads the stored form; nil when it is not one.
    public static func lines(_ text: String) -> [PriceLine]? {
        var lines: [PriceLine] = []
        for part in text.split(separator: ";", omittingEmptySubsequences: false) {
            guard let line = PriceLine(stored: part) else { return nil }
            lines.append(line)
        }
        return lines
    }

    private init?(stored text: Substring) {
        guard let equals = text.firstIndex(of: "="), let comma = text.firstIndex(of: ","), equals < comma,
            let amount = Int64(text[text.index(after: equals)..<comma])
        else { return nil }
        let detail = text[text.index(after: comma)...]
        let reason: Reason? =
            switch text[..<equals] {
            case "goods": Int(detail).map { .goods(quantity: $0) }
            case "tier": Int(detail).map { .tier(from: $0) }
            case "pick": Int64(detail).map { .pick(card: $0) }
            case "coupon": CouponCode(String(detail)).map { .coupon($0) }
            default: nil
            }
        guard let reason else { return nil }
        self.init(reason, amount: amount)
    }
}
