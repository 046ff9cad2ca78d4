import Domain

/// A time in UTC, taken apart. Days are turned into dates by Howard Hinnant's `civil_from_days`
/// (https://howardhinnant.github.io/date_algorithms.html), which is exact for the proleptic Gregorian calendar.
struct CivilTime {
    let year: Int64
    let month: Int64
    let day: Int64
    /// Days since a Thursday, from 0 to 6: the first of January 1970 was one.
    let weekday: Int
    let hour: Int64
    let minute: Int64
    let second: Int64
    let millisecond: Int64

    init(_ time: Timestamp) {
        let (days, milliseconds) = Self.floorDivide(time.milliseconds, 86_400_000)
        let shifted = days + 719_468
        let (era, dayOfEra) = Self.floorDivide(shifted, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        weekday = Int(Self.floorDivide(days, 7).1)
        let seconds = milliseconds / 1000
        hour = seconds / 3600
        minute = seconds / 60 % 60
        second = seconds % 60
        millisecond = milliseconds % 1000
    }

    static func floorDivide(_ value: Int64, _ divisor: Int64) -> (Int64, Int64) {
        let remainder = ((value % divisor) + divisor) % divisor
        return ((value - remainder) / divisor, remainder)
    }
}
