import Domain
import HTTPTypes
import Hummingbird
import PageSupport
import QRCodes
import Shop
import WebSupport

// Logging in and out, the first owner, and what members do with their own account.
extension Admin {
    var accountRoutes: [Route] {
        [
            open(.get, "/setup") { visit, _, _ in try await setUpPage(visit, token: visit.query["token"] ?? "") },
            entrance("/setup") { form, visit, _, _ in
                do {
                    _ = try await useCases.staff.setUpOwner.claim(
                        form["token"], name: form["name"].trimmed, password: form["password"])
                } catch let error as ShopError {
                    return try await setUpPage(visit, token: form["token"], name: form["name"], error)
                }
                return Self.redirect(to: "/admin/login", done: "setUp")
            },
            open(.get, "/login") { visit, _, _ in
                visit.member == nil ? loginPage(visit, next: visit.query["next"] ?? "") : Self.redirect(to: "/admin")
            },
            entrance("/login", logIn),
            entrance("/logout") { _, _, request, _ in
                if let token = request.cookie(SessionCookie.name) { try await useCases.staff.logOut(token) }
                var response = Self.redirect(to: "/admin/login")
                response.headers.append(HTTPField(name: .setCookie, value: SessionCookie.removal))
                return response
            },
            open(.get, "/language/{language}") { visit, _, context in
                guard let language = Language(rawValue: context.parameter("language")) else {
                    throw ShopError(.notFound, "no such language")
                }
                var response = Self.redirect(to: Self.own(visit.query["next"] ?? ""))
                let value =
                    "\(AdminVisit.languageCookie)=\(language.rawValue); Path=/admin; Max-Age=31536000; SameSite=Lax"
                response.headers.append(HTTPField(name: .setCookie, value: value))
                return response
            },
            member("/account") { _, staff, visit, _ in try await accountPage(visit, staff) },
            memberForm("/account/password", changePassword),
            memberForm("/account/totp") { form, staff, visit, _ in
                let codes: [String]
                do {
                    codes = try await useCases.staff.manageSecondFactor.confirm(staff, code: form["code"].trimmed)
                } catch let error as ShopError {
                    // Whoever has mistyped it has the right secret in their authenticator already.
                    let manage = useCases.staff.manageSecondFactor
                    guard error.field == "code", let offer = try await manage.pending(staff, issuer: visit.shop.name)
                    else { return try await accountPage(visit, staff, error) }
                    return offerPage(visit, offer, error)
                }
                return show(
                    visit, visit.word("recoveryCodes"),
                    [
                        PageSection(
                            text: visit.word("recoveryCodesNext"),
                            facts: codes.enumerated().map { Fact(label: "\($0 + 1)", value: $1) },
                            links: [Link(text: visit.word("done"), address: "/admin/account", isPlain: false)])
                    ])
            },
            memberForm("/account/totp/begin") { _, staff, visit, _ in
                let offer = try await useCases.staff.manageSecondFactor.begin(staff, issuer: visit.shop.name)
                return offerPage(visit, offer)
            },
            memberForm("/account/totp/remove") { form, staff, visit, _ in
                do {
                    try await useCases.staff.manageSecondFactor.remove(staff, password: form["password"])
                } catch let error as ShopError {
                    return try await accountPage(visit, staff, error)
                }
                return Self.redirect(to: "/admin/account", done: "saved")
            },
            memberForm("/account/sessions/{id}/end") { _, staff, _, context in
                try await useCases.staff.endSession(Int64(context.parameter("id")) ?? 0, by: staff)
                return Self.redirect(to: "/admin/account", done: "ended")
            },
        ]
    }

    var fileRoutes: [Route] {
        [
            Route(.get, "/admin/files/{name}", for: .owner, isDocumented: false) { _, context in
                let address = "/admin/files/\(context.parameter("name"))"
                let files = [
                    renderer.style, renderer.script, renderer.cards, renderer.tables, renderer.system, renderer.icon,
                ]
                guard let file = files.first(where: { $0.address == address }) else {
                    throw ShopError(.notFound, "no such file")
                }
                return file.response
            }
        ]
    }

    // MARK: Kinds of routes

    /// A form for those who have not logged in.
    private func entrance(_ path: String, _ handler: @escaping FormHandler) -> Route {
        post(path) { visit, request, context in
            let form = try await WebForm(request, maximumBytes: ports.limits.bodyBytes)
            try visit.token.check(form["form"])
            return try await handler(form, visit, request, context)
        }
    }

    private typealias MemberHandler =
        @Sendable (
            _ form: WebForm?, _ staff: StaffVisit, _ visit: AdminVisit, _ context: ShopRequestContext
        ) async throws -> Response

    /// A page for every member, also one who must choose a password first.
    private func member(_ path: String, _ handler: @escaping MemberHandler) -> Route {
        open(.get, path) { visit, _, context in
            guard let staff = visit.staff else { return Self.redirect(to: "/admin/login") }
            return try await handler(nil, staff, visit, context)
        }
    }

    private func memberForm(
        _ path: String,
        _ handler: @escaping @Sendable (WebForm, StaffVisit, AdminVisit, ShopRequestContext) async throws -> Response
    ) -> Route {
        entrance(path) { form, visit, _, context in
            guard let staff = visit.staff else { return Self.redirect(to: "/admin/login") }
            return try await handler(form, staff, visit, context)
        }
    }

    /// A path of the owner's pages, whatever was asked for.
    static func own(_ path: String) -> String {
        let isPlain = path.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || "/-_.".utf8.contains(byte)
        }
        return isPlain && (path == "/admin" || path.hasPrefix("/admin/")) && !path.contains("..") ? path : "/admin"
    }

    // MARK: The first owner

    private func setUpPage(
        _ visit: AdminVisit, token: String, name: String = "", _ error: ShopError? = nil
    ) async throws -> Response {
        guard try await useCases.staff.setUpOwner.isOpen(token) else {
            throw ShopError(
                .notFound, "the link was used, or is too old; the shop prints another one at its next start")
        }
        let form = FormSpec(
            action: "/admin/setup",
            fields: [
                .hidden("token", token), loginField(visit, name, error), newPasswordField(visit, "password", error),
            ], button: visit.word("setUp"))
        var response = show(
            visit, visit.word("setUp"), [PageSection(text: visit.word("setUpNext"), forms: [form])],
            alert: error.map { Self.explain($0, visit) } ?? "", status: error.map { Problem.answer($0).status } ?? .ok)
        PageHeaders.setReferrerPolicy("no-referrer", &response.headers)
        return response
    }

    private func loginField(_ visit: AdminVisit, _ value: String, _ error: ShopError?) -> FormField {
        FormField(
            name: "name", label: visit.word("loginName"), value: value, hint: visit.word("loginNameHint"),
            error: error?.field == "name" ? error.map { visit.bareReason($0) } ?? "" : "", isRequired: true,
            autocomplete: "username")
    }

    private func newPasswordField(_ visit: AdminVisit, _ name: String, _ error: ShopError?) -> FormField {
        FormField(
            name: name, label: visit.word("newPassword"), kind: .input("password"), hint: visit.word("passwordHint"),
            error: error?.field == name ? error.map { visit.bareReason($0) } ?? "" : "", isRequired: true,
            autocomplete: "new-password")
    }

    // MARK: Logging in

    private func loginPage(
        _ visit: AdminVisit, next: String, name: String = "", alert: String = "", asksCode: Bool = false,
        status: HTTPResponse.Status = .ok
    ) -> Response {
        var fields = [
            FormField.hidden("next", Self.own(next)),
            FormField(
                name: "name", label: visit.word("loginName"), value: name, isRequired: true, autocomplete: "username"),
            FormField(
                name: "password", label: visit.word("password"), kind: .input("password"), isRequired: true,
                autocomplete: "current-password"),
        ]
        if asksCode {
            fields.append(
                FormField(
                    name: "code", label: visit.word("code"), hint: visit.word("codeHint"),
                    autocomplete: "one-time-code"))
        }
        let form = FormSpec(action: "/admin/login", fields: fields, button: visit.word("logIn"))
        return show(visit, visit.word("logIn"), [PageSection(forms: [form])], alert: alert, status: status)
    }

    @Sendable private func logIn(
        _ form: WebForm, _ visit: AdminVisit, _ request: Request, _ context: ShopRequestContext
    ) async throws -> Response {
        let peer = PeerAddress(context.peer)
        let address = ClientAddress(peer: peer, headers: request.headers, trusted: settings.trustedProxies)
        let origin = StaffOrigin(address: address.text, agent: request.headers[.userAgent] ?? "")
        let code = form["code"].trimmed
        let outcome = try await useCases.staff.logIn(
            name: form["name"].trimmed, password: form["password"], code: code.isEmpty ? nil : code, origin: origin)
        func again(_ word: String, asksCode: Bool, _ status: HTTPResponse.Status) -> Response {
            loginPage(
                visit, next: form["next"], name: form["name"], alert: word, asksCode: asksCode, status: status)
        }
        switch outcome {
        case .opened(let token, let staff):
            let next = staff.member.mustChangePassword ? "/admin/account" : Self.own(form["next"])
            var response = Self.redirect(to: next)
            let cookie = SessionCookie.value(token, isSecure: isSecure)
            response.headers.append(HTTPField(name: .setCookie, value: cookie))
            return response
        case .wrong: return again(visit.word("loginWrong"), asksCode: !code.isEmpty, .unauthorized)
        case .locked(let end):
            let seconds = max(1, (end.milliseconds - visit.now.milliseconds + 999) / 1000)
            return again(visit.word("loginLocked", "\(seconds)"), asksCode: !code.isEmpty, .tooManyRequests)
        case .secondFactorNeeded: return again(visit.word("codeNeeded"), asksCode: true, .ok)
        }
    }

    // MARK: One's own account

    @Sendable private func changePassword(
        _ form: WebForm, _ staff: StaffVisit, _ visit: AdminVisit, _ context: ShopRequestContext
    ) async throws -> Response {
        do {
            _ = try await useCases.staff.changePassword(
                staff, current: form["current"], password: form["password"])
        } catch {
            return try await accountPage(visit, staff, error)
        }
        return Self.redirect(to: "/admin/account", done: "password")
    }

    private func accountPage(
        _ visit: AdminVisit, _ staff: StaffVisit, _ error: ShopError? = nil
    ) async throws -> Response {
        let current = FormField(
            name: "current", label: visit.word("currentPassword"), kind: .input("password"),
            error: error?.field == "current" ? error.map { visit.bareReason($0) } ?? "" : "", isRequired: true,
            autocomplete: "current-password")
        let password = FormSpec(
            action: "/admin/account/password", fields: [current, newPasswordField(visit, "password", error)],
            button: visit.word("changePassword"))
        var sections = [
            PageSection(
                heading: visit.word("password"),
                text: staff.member.mustChangePassword ? visit.word("mustChangePassword") : "", forms: [password])
        ]
        if !staff.member.mustChangePassword {
            sections.append(try await secondFactorSection(visit, staff))
            let sessions = try await useCases.staff.listSessions.own(staff)
            sections.append(
                PageSection(heading: visit.word("sessions"), table: sessionTable(visit, sessions, "/admin/account")))
        }
        return show(
            visit, staff.member.name.text, sections, alert: error.map { Self.explain($0, visit) } ?? "",
            status: error.map { Problem.answer($0).status } ?? .ok)
    }

    private func secondFactorSection(_ visit: AdminVisit, _ staff: StaffVisit) async throws -> PageSection {
        guard staff.member.hasTOTP else {
            let begin = FormSpec(action: "/admin/account/totp/begin", fields: [], button: visit.word("totpBegin"))
            return PageSection(heading: visit.word("totp"), text: visit.word("totpOff"), forms: [begin])
        }
        let left = try await useCases.staff.manageSecondFactor.codesLeft(staff)
        let password = FormField(
            name: "password", label: visit.word("currentPassword"), kind: .input("password"), isRequired: true,
            autocomplete: "current-password")
        let remove = FormSpec(
            action: "/admin/account/totp/remove", fields: [password], button: visit.word("totpRemove"),
            isDangerous: true)
        return PageSection(heading: visit.word("totp"), text: visit.word("totpOn", "\(left)"), forms: [remove])
    }

    private func offerPage(
        _ visit: AdminVisit, _ offer: ManageSecondFactor.Offer, _ error: ShopError? = nil
    ) -> Response {
        let code = QRCode(offer.uri)
        let image =
            code.map {
                "<svg class=\"code\" viewBox=\"0 0 \($0.imageWidth) \($0.imageWidth)\" role=\"img\" aria-label=\"QR\" "
                    + "shape-rendering=\"crispEdges\"><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>"
                    + "<path d=\"\($0.path)\"/></svg>"
            } ?? ""
        let form = FormSpec(
            action: "/admin/account/totp",
            fields: [
                FormField(
                    name: "code", label: visit.word("code"), error: error?.detail ?? "", isRequired: true,
                    autocomplete: "one-time-code")
            ], button: visit.word("confirm"))
        return show(
            visit, visit.word("totp"),
            [
                PageSection(
                    text: visit.word("totpScan"), chart: image,
                    facts: [Fact(label: visit.word("totpSecret"), value: offer.secret)], forms: [form])
            ], alert: error.map { Self.explain($0, visit) } ?? "",
            status: error.map { Problem.answer($0).status } ?? .ok)
    }

    func sessionTable(_ visit: AdminVisit, _ sessions: [StaffVisit], _ base: String) -> DataTable {
        DataTable(
            columns: ["loginName", "sessionSeen", "sessionFrom", "sessionEnds", ""].map {
                DataTable.Column(text: $0.isEmpty ? "" : visit.word($0))
            },
            rows: sessions.map { other in
                let session = other.session
                let end = DataTable.Action(address: "\(base)/sessions/\(session.id)/end", button: visit.word("end"))
                let isOwn = session.id == visit.staff?.session.id
                return [
                    DataTable.Cell(text: other.member.name.text, small: isOwn ? visit.word("thisSession") : ""),
                    DataTable.Cell(text: visit.time(session.lastSeenAt)),
                    DataTable.Cell(text: session.origin.address, small: session.origin.agent),
                    DataTable.Cell(text: visit.time(session.expiresAt)), DataTable.Cell(text: "", action: end),
                ]
            }, label: visit.word("sessions"))
    }
}
