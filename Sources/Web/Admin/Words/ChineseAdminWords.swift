extension AdminWords {
    static let chineseBasics = [
        "skip": "跳到正文", "menu": "菜单", "logOut": "退出登录", "back": "返回", "oops": "操作未成功",
        "save": "保存", "times": "时间均为 {n}。", "checkFields": "请检查标出的内容。",
        "overtaken": "内容已被他人修改，你的修改尚未保存。你填写的内容仍在这里；与当前保存的不同之处列在各项下方。请核对后再保存。",
        "storedNow": "当前保存的：{n}", "yes": "是", "no": "否",
        "sandboxBanner": "测试模式：测试支付已启用，卡密会被免费发出。",
        // 菜单
        "menuDashboard": "概览", "menuLive": "实时销售", "menuOrders": "订单", "menuPayments": "支付记录",
        "menuProducts": "商品", "menuCategories": "分类", "menuCoupons": "优惠码", "menuAnnouncements": "公告",
        "menuBlacklist": "黑名单", "menuChannels": "支付渠道", "menuSettings": "店铺设置", "menuBackups": "备份",
        "menuDrill": "演练", "menuStaff": "员工", "menuJournal": "操作日志",
        // 完成
        "done_saved": "已保存。", "done_removed": "已删除。", "done_ended": "已结束。", "done_password": "密码已修改。",
        // 角色
        "role_owner": "店主", "role_staff": "员工", "role_read_only": "只读",
        // 设置
        "set_name": "店铺名称", "set_tagline": "标语", "set_logo": "标志", "set_accent": "主题色",
        "set_time_zone": "时区", "set_contact": "联系方式", "set_filing": "备案号",
        "set_terms": "服务条款", "set_privacy": "隐私政策", "set_refunds": "退款政策",
        "hint_logo": "本店图片的路径，如 /pictures/….png。", "hint_accent": "如 #1a73e8。",
        "hint_time_zone": "如 Asia/Shanghai。", "hint_terms": "Markdown 格式。", "hint_privacy": "Markdown 格式。",
        "hint_refunds": "Markdown 格式。",
        // 错误
        "error_unauthorized": "尚未登录。", "error_forbidden": "没有权限。", "error_not_found": "内容不存在。",
        "error_wrong_state": "内容已被他人修改，或当前状态不允许。没有做任何更改。",
        "error_already_exists": "已经存在。", "error_busy": "商店繁忙，没有做任何更改，请重试。",
        "error_invalid_request": "请检查填写的内容。", "error_internal": "商店出了点问题。",
        "error_rate_limited": "尝试过于频繁，请稍候。", "error_other": "操作被拒绝。",
        // 账号
        "setUp": "创建店主账号", "done_setUp": "店主账号已创建，请登录。",
        "setUpNext": "此链接只能使用一次。请为店主设置登录名和密码。",
        "loginName": "登录名", "loginNameHint": "可用 a-z、0-9、点、横线和下划线。", "password": "密码",
        "newPassword": "新密码", "passwordHint": "至少 10 个字符。", "currentPassword": "当前密码",
        "changePassword": "修改密码", "logIn": "登录", "loginWrong": "登录名、密码或验证码不正确。",
        "loginLocked": "尝试次数过多，请在 {n} 秒后再试。", "code": "验证码",
        "codeHint": "验证器上的六位数字，或一个恢复码。", "codeNeeded": "请同时填写验证器上的验证码。",
        "mustChangePassword": "此密码只能使用一次，请先设置自己的密码。",
        "totp": "两步验证", "totpOff": "未启用。启用验证器后，仅凭密码无法登录。",
        "totpOn": "已启用，剩余 {n} 个恢复码。", "totpBegin": "启用", "totpRemove": "停用",
        "totpScan": "用验证器应用扫描，再填写它显示的验证码。", "totpSecret": "手动输入",
        "recoveryCodes": "恢复码",
        "recoveryCodesNext": "每个恢复码可代替验证码使用一次。请保存在手机以外的地方，仅显示这一次。",
        "confirm": "确认", "done": "完成", "sessions": "登录会话", "sessionSeen": "最近使用", "sessionFrom": "来源",
        "sessionEnds": "到期", "thisSession": "当前会话", "end": "结束", "role": "角色", "members": "成员",
        "addMember": "添加成员", "makeRole": "改为：{n}", "disable": "停用", "enable": "启用",
        "isDisabled": "已停用", "roleConfirm": "将 {n} 改为：{m}，其所有会话会结束。继续吗？",
        "disableConfirm": "{n} 将无法登录，其所有会话会结束。继续吗？", "resetPassword": "重置密码",
        "resetPasswordConfirm": "密码和两步验证会被替换，所有会话会结束。继续吗？",
        "oneTimePassword": "请转交此密码，它只能使用一次，仅显示这一次。", "on": "已启用", "off": "未启用",
    ]
}
