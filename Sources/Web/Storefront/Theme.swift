import Foundation

/// The owner's colour, with what is readable on it and beside it, whatever colour was chosen: at least 4.5 to 1 (WCAG
/// 2.2, success criterion 1.4.3).
struct Theme {
    private let accent: Colour

    private static let standard = Colour(red: 0x3D, green: 0x4F, blue: 0xD6)
    /// Of light and dark pages, as style.css has them: those with the least contrast.
    private static let light = Colour(red: 0xF6, green: 0xF7, blue: 0xF9)
    private static let dark = Colour(red: 0x1F, green: 0x23, blue: 0x2B)
    private static let white = Colour(red: 0xFF, green: 0xFF, blue: 0xFF)
    private static let black = Colour(red: 0x10, green: 0x12, blue: 0x16)
    private static let contrast = 4.6

    /// - Parameter accent: `#rrggbb`; the shop's default when nil
    init(accent: String?) { self.accent = accent.flatMap { Colour($0) } ?? Self.standard }

    /// White where it can be read, as buttons have it; black on light colours.
    private var onAccent: Colour {
        filled.contrast(to: Self.white) >= Self.contrast ? Self.white : Self.black
    }

    private var filled: Colour {
        // Colours in the middle take neither; they are made darker until white is readable.
        max(accent.contrast(to: Self.white), accent.contrast(to: Self.black)) >= Self.contrast
            ? accent : accent.mixed(with: Self.black, until: Self.contrast, to: Self.white)
    }

    var css: String {
        let text = accent.mixed(with: Self.black, until: Self.contrast, to: Self.light)
        let darkText = accent.mixed(with: Self.white, until: Self.contrast, to: Self.dark)
        return ":root{--accent:\(filled.text);--on-accent:\(onAccent.text);--accent-text:\(text.text);"
            + "--accent-dark-text:\(darkText.text)}\n"
    }
}

/// A colour of sRGB.
struct Colour: Hashable {
    let red: Int
    let green: Int
    let blue: Int

    init(red: Int, green: Int, blue: Int) {
        self.red = red
        self.green = green
        self.blue = blue
    }

    /// Nil unless the text is `#rrggbb`.
    init?(_ text: String) {
        guard text.utf8.count == 7, text.utf8.first == UInt8(ascii: "#"),
            text.utf8.dropFirst().allSatisfy({ "0123456789abcdefABCDEF".utf8.contains($0) }),
            let value = Int(text.dropFirst(), radix: 16)
        else { return nil }
        self.init(red: value >> 16, green: value >> 8 & 0xFF, blue: value & 0xFF)
    }

    var text: String {
        let digits = String(red << 16 | green << 8 | blue, radix: 16)
        return "#" + String(repeating: "0", count: 6 - digits.count) + digits
    }

    /// Relative luminance (WCAG 2.2).
    private var luminance: Double {
        func linear(_ part: Int) -> Double {
            let value = Double(part) / 255
            return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
        }
        return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }

    /// From 1 to 21.
    func contrast(to other: Colour) -> Double {
        let (first, second) = (luminance, other.luminance)
        return (max(first, second) + 0.05) / (min(first, second) + 0.05)
    }

    /// As little of another colour as makes it readable on a ground.
    func mixed(with other: Colour, until contrast: Double, to ground: Colour) -> Colour {
        for part in 0...20 {
            let colour = mixed(with: other, part: part, of: 20)
            if colour.contrast(to: ground) >= contrast { return colour }
        }
        return other
    }

    private func mixed(with other: Colour, part: Int, of whole: Int) -> Colour {
        func mix(_ first: Int, _ second: Int) -> Int { (first * (whole - part) + second * part) / whole }
        return Colour(red: mix(red, other.red), green: mix(green, other.green), blue: mix(blue, other.blue))
    }
}
