public import Domain

/// Times as text, in UTC with milliseconds: `2026-01-31T12:00:00.000Z` (RFC 3339, section 5.6).
public enum RFC3339 {
    /// Writes a time.
    public static func text(_ time: Timestamp) -> String {
        let civil = CivilTime(time)
        if (0...9999).contains(civil.year) { return text(civil) }
        let date = "\(padded(civil.year, 4))-\(padded(civil.month, 2))-\(padded(civil.day, 2))"
        let clock = "\(padded(civil.hour, 2)):\(padded(civil.minute, 2)):\(padded(civil.second, 2))"
        return "\(date)T\(clock).\(padded(civil.millisecond, 3))Z"
    }

    /// The usual case, without a string for each number.
    private static func text(_ civil: CivilTime) -> String {
        String(unsafeUninitializedCapacity: 24) { bytes in
            var end = 0
            func put(_ value: Int64, _ digits: Int, _ separator: Unicode.Scalar) {
                var rest = value
                for index in stride(from: end + digits - 1, through: end, by: -1) {
                    bytes[index] = 0x30 + UInt8(rest % 10)
                    rest /= 10
                }
                bytes[end + digits] = UInt8(ascii: separator)
                end += digits + 1
            }
            put(civil.year, 4, "-")
            put(civil.month, 2, "-")
            put(civil.day, 2, "T")
            put(civil.hour, 2, ":")
            put(civil.minute, 2, ":")
            put(civil.second, 2, ".")
            put(civil.millisecond, 3, "Z")
            return end
        }
    }

    /// Reads a time in UTC, with or without a fraction of a second; nil for anything else.
    public static func read(_ text: String) -> Timestamp? {
        let characters = Array(text.utf8)
        guard characters.count >= 20, characters.last == UInt8(ascii: "Z"), characters[4] == UInt8(ascii: "-"),
            characters[7] == UInt8(ascii: "-"), characters[10] == UInt8(ascii: "T"),
            characters[13] == UInt8(ascii: ":"), characters[16] == UInt8(ascii: ":")
        else { return nil }
        let parts = [0..<4, 5..<7, 8..<10, 11..<13, 14..<16, 17..<19].map { number(characters[$0]) }
        guard let year = parts[0], let month = parts[1], let day = parts[2], let hour = parts[3],
            let minute = parts[4], let second = parts[5], (1...12).contains(month),
            (1...monthLength(month, year: year)).contains(day), hour < 24, minute < 60, second < 60,
            let fraction = fraction(characters[19..<(characters.count - 1)])
        else { return nil }
        let seconds = days(year: year, month: month, day: day) * 86_400 + hour * 3600 + minute * 60 + second
        return Timestamp(milliseconds: seconds * 1000 + fraction)
    }

    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = CivilTime.floorDivide(shiftedYear, 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func monthLength(_ month: Int64, year: Int64) -> Int64 {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
    }

    /// Milliseconds of a fraction such as `.25`; 0 when there is none.
    private static func fraction(_ characters: ArraySlice<UInt8>) -> Int64? {
        guard let point = characters.first else { return 0 }
        let digits = characters.dropFirst()
        guard point == UInt8(ascii: "."), (1...9).contains(digits.count), number(digits) != nil else { return nil }
        return number((Array(digits) + [0x30, 0x30]).prefix(3)[...])
    }

    private static func number(_ characters: ArraySlice<UInt8>) -> Int64? {
        guard characters.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return characters.reduce(0 as Int64) { $0 * 10 + Int64($1 - 0x30) }
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = "\(value)"
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
