/// What the shop is called, how it looks and what it tells everybody about itself. Written by the owner as a whole.
public struct ShopSettings: Hashable, Sendable {
    /// What the shop is called, in one line of 1 to 60 characters.
    public var name: String
    /// What stands below the name, in one line of at most 200 characters.
    public var tagline: String
    /// Path of a picture of this shop, `/pictures/` and its name; nil for none.
    public var logo: String?
    /// A colour as `#rrggbb` in lower case; nil for the shop's default.
    public var accent: String?
    /// Name of the time zone in which times are shown, as IANA has it; 1 to 64 characters. Whether there is such a
    /// zone is not known here.
    public var timeZone: String
    /// How the owner is reached: plain text of one or more lines, at most 300 characters.
    public var contact: String
    /// The number under which the site is registered (备案号), in one line of at most 60 characters.
    public var filing: String
    /// Terms of sale: Markdown, at most 20,000 characters; rendered by whoever shows it.
    public var terms: String
    /// What is done with personal data: Markdown, at most 20,000 characters.
    public var privacy: String
    /// When money is given back: Markdown, at most 20,000 characters.
    public var refunds: String
    /// How often they were stored; 0 for settings that never were.
    public var version: Int

    /// The longest name, in characters.
    public static let maximumNameLength = 60
    /// The longest tagline, in characters.
    public static let maximumTaglineLength = 200
    /// The longest name of a time zone, in characters.
    public static let maximumTimeZoneLength = 64
    /// The longest contact, in characters.
    public static let maximumContactLength = 300
    /// The longest filing, in characters.
    public static let maximumFilingLength = 60
    /// The longest terms, privacy and refunds, in characters each.
    public static let maximumTextLength = 20_000

    /// A shop whose owner has said nothing.
    public static let plain = ShopSettings()

    /// Somebody else was faster in changing them.
    public static var changedMeanwhile: ShopError {
        ShopError(.wrongState, "the settings were changed by somebody else meanwhile; look at them and try again")
    }

    /// Puts parts together, checked or not; see ``check()``.
    public init(
        name: String = "Sluice", tagline: String = "", logo: String? = nil, accent: String? = nil,
        timeZone: String = "UTC", contact: String = "", filing: String = "", terms: String = "", privacy: String = "",
        refunds: String = "", version: Int = 0
    ) {
        self.name = name
        self.tagline = tagline
        self.logo = logo
        self.accent = accent
        self.timeZone = timeZone
        self.contact = contact
        self.filing = filing
        self.terms = terms
        self.privacy = privacy
        self.refunds = refunds
        self.version = version
    }

    /// Holds every part to its bounds, but does not ask whether there is such a time zone or such a picture.
    ///
    /// - Throws: *invalid_request* that names the first part at fault, as the API calls it.
    public func check() throws(ShopError) {
        try Self.checkLine("name", name, 1...Self.maximumNameLength)
        try Self.checkLine("tagline", tagline, 0...Self.maximumTaglineLength)
        if let logo, Picture.name(inPath: logo) == nil {
            throw .invalid("logo", "must be the path of a picture of this shop, /pictures/ and its name")
        }
        if let accent, !Self.isColour(accent) {
            throw .invalid("accent", "must be a colour such as #1a73e8, with lower-case letters")
        }
        try Self.checkLine("time_zone", timeZone, 1...Self.maximumTimeZoneLength)
        try Self.checkText("contact", contact, Self.maximumContactLength)
        try Self.checkLine("filing", filing, 0...Self.maximumFilingLength)
        try Self.checkText("terms", terms, Self.maximumTextLength)
        try Self.checkText("privacy", privacy, Self.maximumTextLength)
        try Self.checkText("refunds", refunds, Self.maximumTextLength)
    }

    private static func isColour(_ text: String) -> Bool {
        text.utf8.count == 7 && text.utf8.first == UInt8(ascii: "#")
            && text.utf8.dropFirst().allSatisfy { "0123456789abcdef".utf8.contains($0) }
    }

    private static func checkLine(_ field: String, _ text: String, _ lengths: ClosedRange<Int>) throws(ShopError) {
        guard lengths.contains(text.unicodeScalars.count) else {
            let range = lengths.lowerBound == 0 ? "at most" : "\(lengths.lowerBound) to"
            throw .invalid(field, "must have \(range) \(lengths.upperBound) characters")
        }
        guard !text.unicodeScalars.contains(where: breaksLine) else {
            throw .invalid(field, "must be one line, without control characters")
        }
    }

    private static func checkText(_ field: String, _ text: String, _ maximum: Int) throws(ShopError) {
        guard text.unicodeScalars.count <= maximum else {
            throw .invalid(field, "must have at most \(maximum) characters")
        }
        guard !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control && $0 != "\n" }) else {
            throw .invalid(field, "must not hold control characters; a line ends with a line feed alone")
        }
    }

    private static func breaksLine(_ scalar: Unicode.Scalar) -> Bool {
        [.control, .lineSeparator, .paragraphSeparator].contains(scalar.properties.generalCategory)
    }
}
