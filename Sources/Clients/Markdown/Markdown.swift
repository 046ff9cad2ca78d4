import CCommonMark

/// Makes HTML of Markdown that somebody else has written: CommonMark with tables, struck-out text and bare links.
///
/// The HTML may stand in a page of ours: markup in the text is left out, and so are addresses that run something
/// (`javascript:` and its like), by the library's safe mode. Pictures are shown only from ``picturePath``; those of
/// other hosts become links, so that no visitor's browser asks a stranger.
public enum Markdown {
    /// Where pictures may be.
    public static let picturePath = "/pictures/"
    /// Headings begin two levels lower, below those of the page.
    private static let headingShift: Int32 = 2
    private static let extensions = ["table", "strikethrough", "autolink"]

    private static let isReady: Void = cmark_gfm_core_extensions_ensure_registered()

    /// - Returns: HTML of whole blocks; nothing for a text that is empty
    public static func html(_ text: String) -> String {
        _ = isReady
        let options = CMARK_OPT_DEFAULT | CMARK_OPT_VALIDATE_UTF8
        guard let parser = cmark_parser_new(options) else { return "" }
        defer { cmark_parser_free(parser) }
        for name in extensions {
            if let found = cmark_find_syntax_extension(name) { cmark_parser_attach_syntax_extension(parser, found) }
        }
        var text = text
        text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { cmark_parser_feed(parser, $0.baseAddress, $0.count) }
        }
        guard let document = cmark_parser_finish(parser) else { return "" }
        defer { cmark_node_free(document) }
        fit(document)
        guard let html = cmark_render_html(document, options, cmark_parser_get_syntax_extensions(parser)) else {
            return ""
        }
        defer { cmark_get_default_mem_allocator().pointee.free(html) }
        return String(cString: html)
    }

    /// Fits a document into a page.
    private static func fit(_ document: OpaquePointer) {
        guard let steps = cmark_iter_new(document) else { return }
        defer { cmark_iter_free(steps) }
        while true {
            let event = cmark_iter_next(steps)
            if event == CMARK_EVENT_DONE { return }
            guard event == CMARK_EVENT_ENTER, let node = cmark_iter_get_node(steps) else { continue }
            switch cmark_node_get_type(node) {
            case CMARK_NODE_HEADING:
                cmark_node_set_heading_level(node, min(6, cmark_node_get_heading_level(node) + headingShift))
            case CMARK_NODE_IMAGE where !isOwn(node):
                _ = cmark_node_set_type(node, CMARK_NODE_LINK)
            default: continue
            }
        }
    }

    private static func isOwn(_ image: OpaquePointer) -> Bool {
        guard let url = cmark_node_get_url(image).map({ String(cString: $0) }) else { return false }
        guard url.utf8.starts(with: picturePath.utf8) else { return false }
        // Of a name nothing is needed with which browsers could be led elsewhere.
        return url.utf8.dropFirst(picturePath.utf8.count).allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte) || byte == UInt8(ascii: ".")
        } && !url.contains("..")
    }
}
