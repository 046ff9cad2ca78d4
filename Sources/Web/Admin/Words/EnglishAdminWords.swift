extension AdminWords {
    static let englishBasics = [
        "skip": "Skip to content", "menu": "Menu", "logOut": "Log out", "back": "Back", "oops": "That did not work",
        "save": "Save", "times": "Times are in {n}.", "checkFields": "Please check the marked fields.",
        "overtaken":
            "Somebody else has changed it meanwhile, and nothing of yours was saved. What you filled in is still "
            + "here; where something else is stored now, that stands below. Have a look, then save.",
        "storedNow": "Stored now: {n}", "yes": "yes", "no": "no",
        "sandboxBanner": "TEST MODE: a sandbox channel is enabled. Cards are given away for play money.",
        // Menu
        "menuDashboard": "Overview", "menuLive": "Live sale", "menuOrders": "Orders", "menuPayments": "Payments",
        "menuProducts": "Products", "menuCategories": "Categories", "menuCoupons": "Coupons",
        "menuAnnouncements": "Announcements", "menuBlacklist": "Blacklist", "menuChannels": "Channels",
        "menuSettings": "Shop", "menuBackups": "Backups", "menuDrill": "Drill", "menuStaff": "Staff",
        "menuJournal": "Journal",
        // What was done
        "done_saved": "Saved.", "done_removed": "Removed.", "done_ended": "Ended.",
        "done_password": "Password changed.",
        // Roles
        "role_owner": "Owner", "role_staff": "Staff", "role_read_only": "Read only",
        // Settings
        "set_name": "Name of the shop", "set_tagline": "Tagline", "set_logo": "Logo", "set_accent": "Colour",
        "set_time_zone": "Time zone", "set_contact": "Contact", "set_filing": "Registration number (备案号)",
        "set_terms": "Terms", "set_privacy": "Privacy", "set_refunds": "Refunds",
        "hint_logo": "Path of a picture of this shop, such as /pictures/….png.", "hint_accent": "Such as #1a73e8.",
        "hint_time_zone": "Such as Asia/Shanghai.", "hint_terms": "Markdown.", "hint_privacy": "Markdown.",
        "hint_refunds": "Markdown.",
        // Errors
        "error_unauthorized": "You are not logged in.", "error_forbidden": "Not allowed.",
        "error_not_found": "There is no such thing.",
        "error_wrong_state": "It has changed meanwhile, or its state does not allow it. Nothing was changed.",
        "error_already_exists": "It exists already.", "error_busy": "The shop is busy. Nothing was changed; try again.",
        "error_invalid_request": "Please check what you filled in.", "error_internal": "Something broke in the shop.",
        "error_rate_limited": "Too many tries. Wait a moment.", "error_other": "It was refused.",
        // Accounts
        "setUp": "Make the owner", "done_setUp": "The owner is made. Log in now.",
        "setUpNext": "This link works once. Choose a login name and a password for the owner of the shop.",
        "loginName": "Login name", "loginNameHint": "a-z, 0-9, dot, dash and underscore.", "password": "Password",
        "newPassword": "New password", "passwordHint": "10 characters or more.",
        "currentPassword": "Current password", "changePassword": "Change password", "logIn": "Log in",
        "loginWrong": "Name, password or code is wrong.", "loginLocked": "Too many tries. Try again in {n} seconds.",
        "code": "Code", "codeHint": "Six digits of your authenticator, or a recovery code.",
        "codeNeeded": "Please give the code of your authenticator as well.",
        "mustChangePassword": "This password works once. Choose one of your own before you go on.",
        "totp": "Second factor", "totpOff": "Off. With an authenticator app a password alone is not enough to log in.",
        "totpOn": "On. {n} recovery codes are left.", "totpBegin": "Set up", "totpRemove": "Remove",
        "totpScan": "Scan it with your authenticator app, then give the code that it shows.", "totpSecret": "By hand",
        "recoveryCodes": "Recovery codes",
        "recoveryCodesNext":
            "Each works once in the place of a code. Keep them where your phone is not. They are shown "
            + "this one time.",
        "confirm": "Confirm", "done": "Done", "sessions": "Sessions", "sessionSeen": "Last seen",
        "sessionFrom": "From", "sessionEnds": "Ends", "thisSession": "this one", "end": "End", "role": "Role",
        "members": "Members", "addMember": "Add a member", "makeRole": "Make: {n}", "disable": "Disable",
        "enable": "Enable", "isDisabled": "disabled",
        "roleConfirm": "{n} becomes: {m}. All their sessions end. Go on?",
        "disableConfirm": "{n} cannot log in any more, and all their sessions end. Go on?",
        "resetPassword": "Reset password",
        "resetPasswordConfirm": "The password and the second factor are replaced, and all sessions end. Go on?",
        "oneTimePassword": "Hand this password over. It works once and is shown this one time.", "on": "on",
        "off": "off",
    ]
}
