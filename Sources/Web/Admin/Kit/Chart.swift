import PageSupport

/// A chart of bars or of a line as an SVG image. Texts are escaped; colours come from the style sheet.
struct Chart {
    struct Point {
        var label: String
        var value: Double
        /// The value as text.
        var text: String
    }

    var points: [Point]
    var label: String
    var isLine = false

    private static let (width, height, left, bottom, top) = (720.0, 200.0, 8.0, 30.0, 26.0)

    /// The image.
    var svg: String {
        let largest = max(points.map(\.value).max() ?? 0, 1e-9)
        let step = (Self.width - 2 * Self.left) / Double(max(points.count, 1))
        let room = Self.height - Self.bottom - Self.top
        func y(_ value: Double) -> Double { Self.top + room * (1 - value / largest) }
        func x(_ index: Int) -> Double { Self.left + step * (Double(index) + 0.5) }
        var body = ""
        if isLine {
            let path = points.enumerated().map { "\(Self.number(x($0))),\(Self.number(y($1.value)))" }
            let line = path.joined(separator: " ")
            body += "<polyline fill=\"none\" stroke=\"var(--series)\" stroke-width=\"2\" points=\"\(line)\"/>"
        }
        for (index, point) in points.enumerated() {
            let title = "<title>\(HTMLText.escaped("\(point.label): \(point.text)"))</title>"
            let height = isLine ? room : max(0, room * point.value / largest)
            let fill = isLine ? "transparent" : "var(--series)"
            body +=
                "<rect x=\"\(Self.number(x(index) - step * 0.4))\" y=\"\(Self.number(Self.top + room - height))\" "
                + "width=\"\(Self.number(step * 0.8))\" height=\"\(Self.number(height))\" "
                + "fill=\"\(fill)\">\(title)</rect>"
        }
        let every = max(1, (points.count + 9) / 10)
        for (index, point) in points.enumerated() where index.isMultiple(of: every) {
            // Narrow screens have room for every other one.
            let odd = (index / every).isMultiple(of: 2) ? "" : "class=\"odd\" "
            body +=
                "<text \(odd)x=\"\(Self.number(x(index)))\" y=\"\(Self.number(Self.height - 8))\" "
                + "text-anchor=\"middle\" "
                + "font-size=\"11\" fill=\"var(--muted)\">\(HTMLText.escaped(point.label))</text>"
        }
        body += peak(x)
        let line = Self.number(Self.top + room)
        return "<svg viewBox=\"0 0 \(Int(Self.width)) \(Int(Self.height))\" role=\"img\" "
            + "aria-label=\"\(HTMLText.escaped(label))\"><path d=\"M\(Self.left) \(line)H\(Self.width - Self.left)\" "
            + "stroke=\"var(--line)\"/>\(body)</svg>"
    }

    /// The largest value, in words above it: there is no axis, and on a phone nothing to point with.
    private func peak(_ x: (Int) -> Double) -> String {
        guard let index = points.indices.max(by: { points[$0].value < points[$1].value }), points[index].value > 0
        else { return "" }
        let anchor = index < points.count / 4 ? "start" : index > points.count * 3 / 4 ? "end" : "middle"
        return "<text x=\"\(Self.number(x(index)))\" y=\"\(Self.number(Self.top - 7))\" text-anchor=\"\(anchor)\" "
            + "font-size=\"11\" fill=\"var(--ink)\">\(HTMLText.escaped(points[index].text))</text>"
    }

    private static func number(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
}
