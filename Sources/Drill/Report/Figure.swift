import Foundation

/// Numbers for people.
enum Figure {
    /// 12,345
    static func count(_ number: Int) -> String {
        let digits = Array(String(abs(number)))
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return number < 0 ? "-\(text)" : text
    }

    /// Three digits that count: 0.123, 1.23, 12.3, 123.
    static func short(_ number: Double) -> String {
        let digits = number < 1 ? 3 : number < 10 ? 2 : number < 100 ? 1 : 0
        return String(format: "%.\(digits)f", number)
    }

    static func percent(_ share: Double) -> String { "\(short(share * 100)) %" }

    static func pad(_ text: String, _ width: Int) -> String {
        text.count >= width ? text : String(repeating: " ", count: width - text.count) + text
    }

    static func fill(_ text: String, _ width: Int) -> String {
        text.count >= width ? text : text + String(repeating: " ", count: width - text.count)
    }
}
