import Foundation

/// A line plot as SVG, drawn without any script.
struct Plot: Sendable {
    /// One line. A value that is nil leaves a gap.
    struct Line: Sendable {
        let name: String
        /// A class of the page's style sheet.
        let style: String
        let values: [Double?]
    }

    let title: String
    let unit: String
    /// Seconds between two values.
    let step: Double
    let lines: [Line]
    let isLogarithmic: Bool

    private static let (width, height) = (900.0, 280.0)
    private static let (left, right, top, bottom) = (70.0, 20.0, 34.0, 34.0)

    func svg() -> String {
        let range = range()
        var parts = [
            """
            <svg viewBox="0 0 \(Int(Self.width)) \(Int(Self.height))" role="img" \
            aria-label="\(HTMLText.escape(title))">
            """
        ]
        for tick in ticks(range) { parts.append(yTick(tick, range)) }
        parts += xTicks()
        for line in lines { parts.append(path(line, range)) }
        parts.append(legend())
        parts.append("</svg>")
        return parts.joined(separator: "\n")
    }

    // MARK: Scales

    private func range() -> ClosedRange<Double> {
        let values = lines.flatMap(\.values).compactMap { $0 }.filter { $0.isFinite }
        let greatest = values.max() ?? 1
        guard isLogarithmic else { return 0...Self.roundUp(max(greatest, 1)) }
        let least = values.filter { $0 > 0 }.min() ?? 0.1
        let low = pow(10, log10(max(least, 0.001)).rounded(.down))
        return low...max(pow(10, log10(max(greatest, 0.001)).rounded(.up)), low * 10)
    }

    /// The next of 1, 2 and 5 times a power of ten.
    private static func roundUp(_ value: Double) -> Double {
        let power = pow(10, log10(value).rounded(.down))
        return [1, 2, 5, 10].map { $0 * power }.first { $0 >= value } ?? value
    }

    private func ticks(_ range: ClosedRange<Double>) -> [Double] {
        guard isLogarithmic else { return (0...4).map { range.upperBound * Double($0) / 4 } }
        var ticks = [range.lowerBound]
        while let last = ticks.last, last * 9.99 < range.upperBound { ticks.append(last * 10) }
        return ticks
    }

    private func y(_ value: Double, _ range: ClosedRange<Double>) -> Double {
        let (low, high) = (range.lowerBound, range.upperBound)
        let share =
            isLogarithmic
            ? (log10(max(value, low)) - log10(low)) / (log10(high) - log10(low)) : (value - low) / (high - low)
        return Self.height - Self.bottom - share * (Self.height - Self.top - Self.bottom)
    }

    private var seconds: Double { max(Double(lines.map(\.values.count).max() ?? 1) * step, step) }

    private func x(_ second: Double) -> Double {
        Self.left + second / seconds * (Self.width - Self.left - Self.right)
    }

    // MARK: Parts

    private func yTick(_ value: Double, _ range: ClosedRange<Double>) -> String {
        let y = Self.point(y(value, range))
        let label = value >= 1000 ? Figure.count(Int(value)) : value == 0 ? "0" : String(format: "%g", value)
        return """
            <line class="grid" x1="\(Int(Self.left))" x2="\(Int(Self.width - Self.right))" y1="\(y)" y2="\(y)"/>\
            <text x="\(Int(Self.left) - 8)" y="\(y)" dy="4" text-anchor="end">\(label)</text>
            """
    }

    private func xTicks() -> [String] {
        let spacing = Self.roundUp(seconds / 8)
        return (0...Int(seconds / spacing)).map { index in
            let second = Double(index) * spacing
            return """
                <text x="\(Self.point(x(second)))" y="\(Int(Self.height) - 12)" text-anchor="middle">\
                \(String(format: "%g", second)) s</text>
                """
        }
    }

    private func path(_ line: Line, _ range: ClosedRange<Double>) -> String {
        var commands: [String] = []
        var isDown = false
        for (index, value) in line.values.enumerated() {
            guard let value, value.isFinite else {
                isDown = false
                continue
            }
            let position = "\(Self.point(x((Double(index) + 0.5) * step))) \(Self.point(y(value, range)))"
            commands.append((isDown ? "L" : "M") + position)
            isDown = true
        }
        return "<path class=\"\(line.style)\" d=\"\(commands.joined())\"/>"
    }

    private func legend() -> String {
        var x = Self.left
        var parts = ["<text class=\"unit\" x=\"\(Int(x))\" y=\"18\">\(HTMLText.escape(unit))</text>"]
        x += 150
        for line in lines {
            parts.append(
                """
                <path class="\(line.style)" d="M\(Int(x)) 14h24"/>\
                <text x="\(Int(x) + 30)" y="18">\(HTMLText.escape(line.name))</text>
                """)
            x += 130
        }
        return parts.joined(separator: "\n")
    }

    private static func point(_ value: Double) -> String { String(format: "%.1f", value) }
}
