// The words of the overview, the live sale and the books.
extension AdminWords {
    static let englishFigures: [String: String] = [
        "counting": "The orders are being counted; look again in a moment.", "countedAt": "Counted at {n}.",
        "lastDay": "Last 24 hours", "figureOrders": "Orders", "figureDelivered": "Delivered",
        "figureExpired": "Expired", "figureConversion": "Delivered of ordered", "figureTakings": "Takings",
        "ordersByHour": "Orders by hour", "takingsByDay": "Takings by day", "noTakings": "No takings in 30 days.",
        "attention": "Wants looking after", "inReview": "Money in review", "paidWaiting": "Paid, not delivered",
        "ledger": "Ledger", "writable": "takes writes", "stopped": "stopped", "checkBooks": "Check the books",
        "lowStock": "Low stock", "stockLeft": "Left", "nothingLow": "Nothing is low.", "product": "Product",
        "channel": "Channel", "state": "State", "noChannel": "There is no channel yet.", "books": "The books",
        "booksRight": "every card and every yuan is accounted for", "booksWrong": "something is wrong",
        "invariants": "Invariants", "invariant": "Number", "statement": "Statement", "violations": "Violations",
        "stock": "Stock", "imported": "Imported", "available": "Available", "held": "Held", "sold": "Sold",
        "voided": "Voided", "drift": "Drift", "liveNow": "Since this page was opened",
        "liveNext": "The numbers are pushed each second by this node.", "live_rate": "Requests a second",
        "live_accepted": "Accepted", "live_soldOut": "Sold out", "live_refused": "Refused", "live_failed": "Failed",
        "live_p99": "99 of 100 within", "live_flush": "A commit takes", "live_queue": "Waiting to be written",
        "live_stock": "Cards left", "liveCurve": "The last two minutes.", "liveLost": "no connection",
    ]
    static let chineseFigures: [String: String] = [
        "counting": "正在统计订单，请稍后再看。", "countedAt": "统计于 {n}。", "lastDay": "最近 24 小时", "figureOrders": "订单",
        "figureDelivered": "已发货", "figureExpired": "已过期",
        "figureConversion": "成交率", "figureTakings": "收入", "ordersByHour": "每小时订单",
        "takingsByDay": "每日收入", "noTakings": "30 天内没有收入。", "attention": "需要处理",
        "inReview": "待核查款项", "paidWaiting": "已付款未发货", "ledger": "账本", "writable": "可写入",
        "stopped": "已停止", "checkBooks": "核对账目", "lowStock": "库存不足", "stockLeft": "剩余",
        "nothingLow": "没有库存不足的商品。", "product": "商品", "channel": "渠道", "state": "状态",
        "noChannel": "还没有支付渠道。", "books": "账目", "booksRight": "每张卡、每分钱都有据可查",
        "booksWrong": "账目有误", "invariants": "不变式", "invariant": "编号", "statement": "内容",
        "violations": "违反次数", "stock": "库存", "imported": "导入", "available": "可售", "held": "占用",
        "sold": "已售", "voided": "作废", "drift": "差异", "liveNow": "自打开本页起",
        "liveNext": "数据由本节点每秒推送。", "live_rate": "每秒请求", "live_accepted": "成功",
        "live_soldOut": "售罄", "live_refused": "拒绝", "live_failed": "失败", "live_p99": "99% 响应在",
        "live_flush": "提交耗时", "live_queue": "等待写入", "live_stock": "剩余卡密", "liveCurve": "最近两分钟。",
        "liveLost": "连接中断",
    ]
}
