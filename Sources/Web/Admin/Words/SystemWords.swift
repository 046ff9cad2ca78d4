// The words of backups, drills and the books on the live screen.
extension AdminWords {
    static let englishSystem: [String: String] = englishBackups.merging(englishDrills) { first, _ in first }
    static let chineseSystem: [String: String] = chineseBackups.merging(chineseDrills) { first, _ in first }

    private static let englishBackups: [String: String] = [
        "buyersLink": "The buyer's link", "buyersLinkShow": "Show the link",
        "buyersLinkHint":
            "The shop sends no messages yet. For a buyer who has lost the order: whoever has this link sees its cards.",
        "buyersLinkShown":
            "Give it to the buyer and to nobody else. It is noted in the journal that you were shown it.",
        "deed_order_link": "was shown a buyer's link",
        "menuBackups": "Backups", "bak_make": "Make a backup",
        "bak_makeHint":
            "A copy of the whole ledger, while the shop goes on selling. The master key is not in it: keep that "
            + "elsewhere, or nobody can read the cards.",
        "bak_origin": "Made by", "bak_bytes": "Size", "bak_manual": "hand", "bak_scheduled": "schedule",
        "bak_uploaded": "upload", "bak_download": "Download", "bak_remove": "Remove",
        "bak_removeAsk": "Remove this backup for good?", "bak_none": "There is no backup yet.",
        "bak_schedule": "Schedule",
        "bak_scheduleHint":
            "Backups lie on the same disk as the ledger. Download one now and then, or copy them elsewhere.",
        "bak_hours": "Hours between two backups", "bak_hours_hint": "0 for none", "bak_keep": "Scheduled ones kept",
        "bak_bring": "Bring a backup in",
        "bak_bringHint": "A file that was downloaded here or made by sluice backup. It is checked before it is kept.",
        "bak_choose": "Choose a file", "bak_sending": "Sending and checking …", "bak_failed": "Not kept: {n}",
        "bak_holds": "What it holds", "bak_newest": "Newest entry", "bak_key": "Master key",
        "bak_keyFits": "opens it", "bak_keyOther": "another shop's: it cannot be restored here",
        "bak_restore": "Restore",
        "bak_restoreHint":
            "The shop stops while the backup is checked, which takes a minute or so for each GiB, and begins anew on "
            + "it; everybody is logged out, and buyers come in at once. Orders and payments after {n} are not in it: "
            + "compare your provider's list of payments. Cards that were sold since stay out of the pool. Cards that "
            + "came in since are not in it, so do not import anew what was sold of them. The ledger that gives way is "
            + "kept in the data folder.",
        "bak_understood": "I know that what came after the backup is missing in it",
        "bak_tick": "must be ticked", "bak_restoreAsk": "Stop the shop and put this backup in the ledger's place?",
        "bak_restarting": "The shop begins anew",
        "bak_restartingHint": "The backup is checked and takes the ledger's place. This page goes on by itself.",
        "bak_last": "The last restore", "bak_file": "Backup", "bak_outcome": "Outcome",
        "bak_restored": "restored, the books balance", "bak_restoredWrong": "restored, the books do not balance",
        "bak_notRestored": "not restored, the ledger is as it was",
        "bak_after": "Compare your provider's list of payments with the orders: those after the backup are missing.",
        "bak_noSchedule": "The schedule cannot be read, so no backup is made by it. Set it anew.",
        "bak_cluster":
            "This shop runs on databases of its own, which are backed up by their own tools: see docs/operations.md.",
        "done_backedUp": "The backup is made.", "done_stopped": "Stopped.",
        "deed_backup": "made a backup", "deed_backup_upload": "brought a backup in",
        "deed_backup_download": "downloaded a backup", "deed_backup_remove": "removed a backup",
        "deed_backup_schedule": "changed the backups' schedule", "deed_restore": "asked for a restore",
        "deed_restored": "restored a backup", "deed_drill": "began a drill",
        "deed_drill_stop": "stopped a drill", "deed_drill_remove": "removed a drill",
        "liveBooks":
            "The first three are looked at each second. The invariants of the books are checked while this page is "
            + "open, the more seldom the longer it takes; of a large shop only while few buyers come.",
        "check_ledger": "ledger takes writes", "check_stock": "no stock below zero",
        "check_answers": "no answer failed",
        "liveBooksTime": "Checked at", "liveBooksList": "Invariants",
    ]

    private static let englishDrills: [String: String] = [
        "menuDrills": "Drills", "drill_begin": "Rehearse a sale",
        "drill_hint":
            "A shop of its own, on a scratch ledger beside the live one, sells a copy of a product by the sandbox. "
            + "Name, price and limits are copied. Nothing of the live shop is touched, but they share the machine.",
        "drill_nothing": "There is no product yet that could be copied.", "drill_product": "Product",
        "drill_cards": "Cards on sale", "drill_buyers": "Buyers", "drill_rate": "Buyers a second",
        "drill_paid": "Percent who pay", "drill_verdict": "Verdict", "drill_none": "No drill was held yet.",
        "drill_running": "Being held", "drill_passed": "passed", "drill_missed": "not passed",
        "drill_void": "proves nothing", "drill_failed": "not held", "drill_stop": "Stop", "drill_one": "Drill",
        "drill_runningHint": "It imports, opens, sells, lets pay and checks its books; then the report stands here.",
        "drill_seconds": "Seconds", "drill_sent": "Buyers so far", "drill_accepted": "Accepted",
        "drill_soldOut": "Sold out", "drill_other": "Refused or failed", "drill_delivered": "Delivered",
        "drill_p99now": "99 of 100 within", "drill_came": "What became of the buyers",
        "drill_refused": "Refused", "drill_failures": "Failed or unknown", "drill_perSecond": "Accepted a second",
        "drill_durations": "How long it took, in milliseconds", "drill_duration": "Duration",
        "drill_count": "Count", "drill_mean": "Mean", "drill_p50": "Half within", "drill_p99": "99 of 100 within",
        "drill_longest": "Longest", "drill_placing": "Answer to an order", "drill_delivery": "Order to cards",
        "drill_plotArrivals": "Buyers who came, a second", "drill_plotAccepted": "Accepted orders, a second",
        "drill_plotSoldOut": "Told that it is sold out, a second",
        "drill_plotP99": "99 of 100 answered within, in milliseconds", "drill_whole": "The whole report",
        "drill_wholeHint": "In English, with the seed, the machine and the audits.",
        "drill_cluster":
            "A node of a cluster holds no drills: rehearse from another machine by sluice drill --url, with a shop "
            + "that sells nothing real.",
    ]

    private static let chineseBackups: [String: String] = [
        "buyersLink": "买家链接", "buyersLinkShow": "显示链接",
        "buyersLinkHint": "店铺暂不发送消息。供找不到订单的买家使用：拥有此链接者可看到卡密。",
        "buyersLinkShown": "请只交给买家本人。查看此链接已记入日志。", "deed_order_link": "查看买家链接",
        "menuBackups": "备份", "bak_make": "立即备份",
        "bak_makeHint": "在不停止销售的情况下复制整个账本。备份不含主密钥：请另行保管，否则无人能读取卡密。",
        "bak_origin": "来源", "bak_bytes": "大小", "bak_manual": "手动", "bak_scheduled": "定时",
        "bak_uploaded": "上传", "bak_download": "下载", "bak_remove": "删除",
        "bak_removeAsk": "彻底删除这个备份？", "bak_none": "还没有备份。", "bak_schedule": "定时备份",
        "bak_scheduleHint": "备份与账本在同一块磁盘上，请不时下载一份或复制到别处。",
        "bak_hours": "备份间隔（小时）", "bak_hours_hint": "0 表示不备份", "bak_keep": "保留的定时备份数",
        "bak_bring": "上传备份", "bak_bringHint": "从本页下载的文件，或由 sluice backup 生成的文件。保存前会先检查。",
        "bak_choose": "选择文件", "bak_sending": "正在发送并检查……", "bak_failed": "未保存：{n}",
        "bak_holds": "备份内容", "bak_newest": "最新记录", "bak_key": "主密钥", "bak_keyFits": "可以打开",
        "bak_keyOther": "属于另一家店铺，无法在此恢复", "bak_restore": "恢复",
        "bak_restoreHint":
            "检查备份期间店铺停止（每 GiB 约一分钟），然后以此备份重新开始，所有人都会退出登录，买家立即可以下单。"
            + "{n} 之后的订单和付款不在其中，请核对支付平台的收款记录。此后售出的卡密不会再次出售；此后导入的卡密不在其中，"
            + "已售出的请勿重新导入。被替换的账本会保留在数据目录中。",
        "bak_understood": "我知道备份之后的内容不在其中", "bak_tick": "必须勾选",
        "bak_restoreAsk": "停止店铺并用此备份替换账本？", "bak_restarting": "店铺正在重新开始",
        "bak_restartingHint": "正在检查备份并替换账本，本页会自动继续。", "bak_last": "最近一次恢复",
        "bak_file": "备份", "bak_outcome": "结果", "bak_restored": "已恢复，账目正确",
        "bak_restoredWrong": "已恢复，但账目有误", "bak_notRestored": "未恢复，账本保持原样",
        "bak_after": "请把支付平台的收款记录与订单核对一遍：备份之后的都不在其中。",
        "bak_noSchedule": "无法读取备份计划，定时备份已停止。请重新设置。",
        "bak_cluster": "本店铺使用独立的数据库，请用数据库自带的工具备份，参见 docs/operations.md。",
        "done_backedUp": "备份已完成。", "done_stopped": "已停止。", "deed_backup": "创建备份",
        "deed_backup_upload": "上传备份", "deed_backup_download": "下载备份", "deed_backup_remove": "删除备份",
        "deed_backup_schedule": "修改备份计划", "deed_restore": "请求恢复", "deed_restored": "恢复备份",
        "deed_drill": "开始演练", "deed_drill_stop": "停止演练", "deed_drill_remove": "删除演练", "check_ledger": "账本可写入",
        "check_stock": "库存不为负", "check_answers": "没有失败的响应",
        "liveBooks": "前三项每秒检查一次。打开本页期间会核对账目的不变式；核对耗时越长，间隔越久，规模大的店铺只在买家少时核对。",
        "liveBooksTime": "核对时间", "liveBooksList": "不变式",
    ]

    private static let chineseDrills: [String: String] = [
        "menuDrills": "演练", "drill_begin": "演练一次开售",
        "drill_hint":
            "在正式账本旁的临时账本上，用一家独立的店铺通过沙盒渠道出售商品的副本。复制名称、价格和限购。不会触及正式店铺，但共用这台机器。",
        "drill_nothing": "还没有可以复制的商品。", "drill_product": "商品", "drill_cards": "在售卡密",
        "drill_buyers": "买家", "drill_rate": "每秒到来的买家", "drill_paid": "付款比例（%）",
        "drill_verdict": "结论", "drill_none": "还没有演练过。", "drill_running": "进行中", "drill_passed": "通过",
        "drill_missed": "未通过", "drill_void": "无效", "drill_failed": "未能进行", "drill_stop": "停止", "drill_one": "演练",
        "drill_runningHint": "依次导入、开售、付款并核对账目，结束后报告显示在这里。", "drill_seconds": "秒",
        "drill_sent": "已到来的买家", "drill_accepted": "成功", "drill_soldOut": "售罄",
        "drill_other": "拒绝或失败", "drill_delivered": "已发货", "drill_p99now": "99% 响应在",
        "drill_came": "买家的结果", "drill_refused": "拒绝", "drill_failures": "失败或未知",
        "drill_perSecond": "每秒成功", "drill_durations": "耗时（毫秒）", "drill_duration": "项目",
        "drill_count": "次数", "drill_mean": "平均", "drill_p50": "一半以内", "drill_p99": "99% 以内",
        "drill_longest": "最长", "drill_placing": "下单响应", "drill_delivery": "下单到发卡",
        "drill_plotArrivals": "每秒到来的买家", "drill_plotAccepted": "每秒成功的订单",
        "drill_plotSoldOut": "每秒售罄的回答", "drill_plotP99": "99% 的响应在（毫秒）",
        "drill_whole": "完整报告", "drill_wholeHint": "英文，包含随机种子、机器和审计。",
        "drill_cluster": "集群节点不进行演练：请在另一台机器上用 sluice drill --url 对不出售真实商品的店铺演练。",
    ]
}
