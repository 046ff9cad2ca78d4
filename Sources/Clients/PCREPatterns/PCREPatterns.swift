import CPCRE2
public import Domain
import NIOConcurrencyHelpers
public import Shop

/// Patterns by PCRE2, whose matches end after a number of steps that is given
/// (https://www.pcre.org/current/doc/html/pcre2api.html, section "The match context").
///
/// So no text can hold up whoever matches, however badly it goes with a pattern: the classic traps end within half a
/// millisecond. A pattern that is made to be slow, of steps that each go through the whole text, may take some
/// milliseconds; only an owner could write it. The compiler that makes machine code is not used: it counts its steps in
/// another way.
public final class PCREPatterns: Patterns {
    private let compiled = NIOLockedValueBox<[String: CompiledPattern]>([:])
    private let maximumCount: Int
    private let steps: UInt32

    /// - Parameter limits: says how many steps a match may take, and how many patterns are kept
    public init(limits: Limits) {
        maximumCount = limits.patterns
        steps = limits.patternSteps
    }

    public func check(_ pattern: String) throws(ShopError) { _ = try CompiledPattern(pattern) }

    public func match(_ text: String, _ pattern: String) -> PatternVerdict {
        guard let compiled = compiled(pattern) else { return .differs }
        return compiled.match(text, steps: steps)
    }

    private func compiled(_ pattern: String) -> CompiledPattern? {
        if let known = compiled.withLockedValue({ $0[pattern] }) { return known }
        guard let fresh = try? CompiledPattern(pattern) else { return nil }
        compiled.withLockedValue { known in
            if known.count >= maximumCount { known.removeAll() }
            known[pattern] = fresh
        }
        return fresh
    }
}

/// A pattern that PCRE2 has read. It is never changed, and so may be used by many threads at once
/// (section "Multithreading").
private final class CompiledPattern: Sendable {
    /// Kept as a number, because a pointer cannot be shared; it stays valid as long as this object lives.
    private let address: UInt

    /// Deeper brackets than this are refused. PCRE2 itself refuses what becomes longer than 64 KiB.
    private static let maximumNesting: UInt32 = 20

    private var code: OpaquePointer? { OpaquePointer(bitPattern: address) }

    init(_ pattern: String) throws(ShopError) {
        let context = pcre2_compile_context_create_8(nil)
        defer { pcre2_compile_context_free_8(context) }
        pcre2_set_parens_nest_limit_8(context, Self.maximumNesting)
        // The whole text must fit, and it is UTF-8 as all text of the shop.
        let options =
            PCRE2_UTF | PCRE2_UCP | PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_NEVER_BACKSLASH_C
            | PCRE2_DOLLAR_ENDONLY
        var (fault, offset) = (Int32(0), 0)
        let bytes = Array(pattern.utf8)
        let code = pcre2_compile_8(bytes, bytes.count, options, &fault, &offset, context)
        guard let code else {
            throw ShopError(.invalidRequest, "is no regular expression: \(Self.message(fault)) (at byte \(offset))")
        }
        address = UInt(bitPattern: code)
    }

    deinit { pcre2_code_free_8(code) }

    private static func message(_ fault: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 128)
        let length = pcre2_get_error_message_8(fault, &buffer, buffer.count)
        return String(decoding: buffer.prefix(Int(max(0, length))), as: UTF8.self)
    }

    func match(_ text: String, steps: UInt32) -> PatternVerdict {
        let context = pcre2_match_context_create_8(nil)
        let data = pcre2_match_data_create_8(1, nil)
        defer {
            pcre2_match_data_free_8(data)
            pcre2_match_context_free_8(context)
        }
        pcre2_set_match_limit_8(context, steps)
        pcre2_set_depth_limit_8(context, steps)
        // In KiB; what is remembered for going back.
        pcre2_set_heap_limit_8(context, 1024)
        var text = text
        // The pattern is freed with this object, of which only a number is used.
        let found = withExtendedLifetime(self) {
            text.withUTF8 { bytes in
                pcre2_match_8(code, bytes.baseAddress, bytes.count, 0, PCRE2_NO_UTF_CHECK, data, context)
            }
        }
        switch found {
        // Zero says that there was no room for the parts, of which none is wanted.
        case 0...: return .fits
        case PCRE2_ERROR_NOMATCH: return .differs
        default: return .tooHard
        }
    }
}
