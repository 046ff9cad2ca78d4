// The words of cards found by content, of the order and limits of channels, and of tables that come in.
extension AdminWords {
    static let englishTrade: [String: String] = [
        // A card by its content
        "seek": "Find a card by its content", "seekOne": "In {n}. The journal says that you looked, not for what.",
        "seekAll": "In all products. The journal says that you looked, not for what.",
        "seek_content": "Content", "seek_content_hint": "What was sold, exactly as it was imported, or its whole line.",
        "seekFound": "Found", "seekNothing": "No product has or had this card, or its batch was undone.",
        "seekEverywhere": "Look in all products", "deed_find": "Look for a card",
        // How channels are offered
        "terms": "How buyers see it",
        "termsHint": "Buyers see the channels that take the amount of their order, in the order of their positions.",
        "term_position": "Position", "term_position_hint": "Smaller ones come first.", "term_label": "Name for buyers",
        "term_label_hint": "Up to 50 characters. Empty: its technical name.", "term_amounts": "Amounts",
        "term_minimum": "Lowest amount ({n})", "term_maximum": "Highest amount ({n})",
        // Tables that come in
        "tab_heading": "As a table", "tab_out": "Download as CSV",
        "tab_hint": "Download it, change it in a spreadsheet, and send it back as CSV. It is shown first what would "
            + "change. Rows are known by the first column; new ones are made, and none is removed. This needs "
            + "JavaScript.", "tab_file": "Table (CSV)", "tab_apply": "Apply", "tab_found": "New: {n}. Changed: {m}.",
        "tab_faulty": "Faulty rows: {n}. Nothing can be applied before they are right.",
        "tab_nothing": "Everything is so already.", "tab_done": "Done. New: {n}. Changed: {m}.",
        "tab_failed": "It failed: {n}", "tab_row": "Row", "tab_new": "new", "tab_changed": "changed",
        "tab_more": "{n} more rows", "tab_look": "Look at them",
        "tab_stopped": "Row {n} failed; {m} rows before it are done.", "cat_layout_csv": "Table (CSV)",
        "cat_layout_hint": "A table begins with a row that names its columns: secret, and note, preview and surcharge.",
        "cat_line_bad_row": "It has other cells than the first row has columns, or wrong quotes.",
        "cat_line_line_break": "A cell has a line break; a card is one line.",
    ]
    static let chineseTrade: [String: String] = [
        // 按内容查找卡密
        "seek": "按内容查找卡密", "seekOne": "在 {n} 中查找。日志只记录有人查找过，不记录内容。",
        "seekAll": "在所有商品中查找。日志只记录有人查找过，不记录内容。",
        "seek_content": "内容", "seek_content_hint": "与导入时完全一致的卡密内容，或导入的整行。",
        "seekFound": "查找结果", "seekNothing": "没有商品有过这张卡密，或其批次已撤销。",
        "seekEverywhere": "在所有商品中查找", "deed_find": "查找卡密",
        // 渠道的展示
        "terms": "买家看到的样子", "termsHint": "买家只会看到支持其订单金额的渠道，按排序显示。", "term_position": "排序",
        "term_position_hint": "小的在前。", "term_label": "显示名称",
        "term_label_hint": "最多 50 个字符，留空则显示技术名称。", "term_amounts": "金额范围",
        "term_minimum": "最低金额（{n}）", "term_maximum": "最高金额（{n}）",
        // 表格
        "tab_heading": "表格", "tab_out": "下载 CSV",
        "tab_hint": "下载后在表格软件中修改，再以 CSV 上传。会先显示将要做的更改。按第一列识别各行；新的行会新增，不会删除。需要 JavaScript。",
        "tab_file": "表格（CSV）", "tab_apply": "应用", "tab_found": "新增 {n}，修改 {m}。",
        "tab_faulty": "有 {n} 行不正确，改正后才能应用。", "tab_nothing": "没有需要更改的内容。",
        "tab_done": "已完成：新增 {n}，修改 {m}。", "tab_failed": "失败：{n}", "tab_row": "行", "tab_new": "新增",
        "tab_changed": "修改", "tab_more": "还有 {n} 行", "tab_look": "查看",
        "tab_stopped": "第 {n} 行失败，之前的 {m} 行已完成。", "cat_layout_csv": "表格（CSV）",
        "cat_layout_hint": "表格的第一行是列名：secret，以及需要的 note、preview、surcharge。",
        "cat_line_bad_row": "格数与第一行的列数不同，或引号不正确。", "cat_line_line_break": "单元格中有换行；一张卡密只能是一行。",
    ]
}
