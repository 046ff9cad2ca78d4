/// Who comes: everything about a buyer follows from the seed and a number, so a drill can be held again.
///
/// A buyer has the number of the arrival with which they came first. A repeat is an arrival that sends an earlier
/// buyer's request once more, key and body, as a double click does.
struct Buyers: Sendable {
    let seed: UInt64
    /// The share of the arrivals that are repeats, at most a half.
    let repeats: Double
    /// The share of the accepted orders that are paid.
    let paid: Double
    /// How long a buyer takes to pay, in nanoseconds.
    let payAfter: ClosedRange<Int64>

    /// A double click follows the first click soon: it repeats one of so many arrivals before it.
    private static let reach: UInt64 = 1000

    private enum Purpose: UInt64 {
        case contact = 1
        case keyHigh, keyLow, pays, delay, original
    }

    // MARK: Repeats

    /// Repeats among the first so many arrivals; exact, so that the number of buyers is known beforehand.
    func repeats(among arrivals: Int) -> Int { Int(Double(arrivals) * repeats) }

    func isRepeat(_ arrival: Int) -> Bool { repeats(among: arrival + 1) > repeats(among: arrival) }

    /// The fewest arrivals that bring so many buyers.
    static func arrivals(bringing buyers: Int, repeats: Double) -> Int {
        let all = Buyers(seed: 0, repeats: repeats, paid: 1, payAfter: 0...0)
        var arrivals = buyers
        while arrivals - all.repeats(among: arrivals) < buyers {
            arrivals += max(1, buyers - arrivals + all.repeats(among: arrivals))
        }
        while arrivals > buyers, arrivals - 1 - all.repeats(among: arrivals - 1) >= buyers { arrivals -= 1 }
        return arrivals
    }

    /// The number of the buyer behind an arrival.
    func buyer(of arrival: Int) -> Int {
        guard isRepeat(arrival) else { return arrival }
        let reach = min(UInt64(arrival), Self.reach)
        var original = arrival - 1 - Int(word(.original, arrival) % reach)
        while isRepeat(original) { original -= 1 }
        return original
    }

    // MARK: One buyer

    /// 64 bits for the contact. Two buyers never share them, and their order says nothing: real addresses do not come
    /// in the order of the alphabet, and an index feels the difference.
    func contact(_ buyer: Int) -> UInt64 { word(.contact, buyer) }

    /// 128 bits for the idempotency key.
    func key(_ buyer: Int) -> (high: UInt64, low: UInt64) { (word(.keyHigh, buyer), word(.keyLow, buyer)) }

    func pays(_ buyer: Int) -> Bool { fraction(.pays, buyer) < paid }

    /// Nanoseconds between the answer and the payment.
    func payDelay(_ buyer: Int) -> Int64 {
        payAfter.lowerBound + Int64(fraction(.delay, buyer) * Double(payAfter.upperBound - payAfter.lowerBound))
    }

    // MARK: Mixing

    /// One to one in the number: an odd factor, and a mixing that can be undone.
    private func word(_ purpose: Purpose, _ number: Int) -> UInt64 {
        Self.mix(Self.mix(seed &+ purpose.rawValue) &+ UInt64(number) &* 0x9E37_79B9_7F4A_7C15)
    }

    private func fraction(_ purpose: Purpose, _ number: Int) -> Double {
        Double(word(purpose, number) >> 11) * 0x1p-53
    }

    /// The finaliser of SplitMix64.
    private static func mix(_ value: UInt64) -> UInt64 {
        var word = value
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
