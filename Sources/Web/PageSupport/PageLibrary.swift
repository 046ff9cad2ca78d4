package import Domain
import Mustache
package import NIOCore

/// Escapes texts by Unicode scalars. The engine's own rule goes by characters as people see them, for which a quotation
/// mark with an accent on it is no quotation mark; for a browser it is one.
private struct EscapedText: MustacheContentType {
    static let name = "PAGE"

    func escapeText(_ text: String) -> String { HTMLText.escaped(text) }
}

/// Templates that may include each other, and what they become with values.
package struct PageLibrary: Sendable {
    private let library: MustacheLibrary

    /// - Parameter sources: the templates' bytes by name
    /// - Throws: *internal* when one is broken.
    package init(_ sources: [String: [UInt8]]) throws(ShopError) {
        MustacheContentTypes.register(EscapedText(), named: EscapedText.name)
        do {
            var library = MustacheLibrary()
            for (name, source) in sources {
                let text = "{{% CONTENT_TYPE:\(EscapedText.name)}}\n" + String(decoding: source, as: UTF8.self)
                try library.register(text, named: name)
            }
            self.library = library
        } catch {
            throw ShopError(.internalFault, "a page template is broken", cause: "\(error)")
        }
    }

    /// The page; nothing when there is no template of that name.
    package func render(_ name: String, _ values: [String: Any]) -> ByteBuffer {
        ByteBuffer(string: library.render(values, withTemplate: name) ?? "")
    }
}

extension [String: Any] {
    /// Adds a value unless it is nothing. The template engine takes an empty text for something.
    package func with(_ name: String, _ value: String?) -> [String: Any] {
        guard let value, !value.isEmpty else { return self }
        return merging([name: value]) { _, new in new }
    }
}

extension String {
    /// Without spaces at its ends.
    package var trimmed: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
