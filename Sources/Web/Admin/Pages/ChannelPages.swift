import Domain
import Hummingbird
import PageSupport
import Shop
import WebSupport

// The ways to pay.
extension Admin {
    var channelRoutes: [Route] {
        [
            page("/channels", .read) { visit, _, _ in channelList(visit) },
            form("/channels", .changeChannels) { form, visit, _, _ in
                do {
                    let name = try Self.channelName(form["channel"].trimmed)
                    guard ports.cache.channel(name) == nil else {
                        throw ShopError(.alreadyExists, "a channel of that name exists", field: "channel")
                    }
                    let isEpay = form["kind"] != "sandbox"
                    try await configure(
                        name, kind: isEpay ? "epay" : "sandbox", isEpay ? Self.epaySettings(form) : [:],
                        isEnabled: true,
                        note(visit, form))
                } catch let error as ShopError {
                    return channelList(visit, form, error)
                }
                return Self.redirect(to: "/admin/channels", done: "saved")
            },
            page("/channels/{name}", .changeChannels) { visit, _, context in
                channelPage(visit, try knownChannel(context))
            },
            form("/channels/{name}", .changeChannels) { form, visit, _, context in
                let known = try knownChannel(context)
                do {
                    guard known.channel.kind == "epay" else {
                        throw ShopError(.wrongChannel, "a \(known.channel.kind) channel has no settings")
                    }
                    try await configure(
                        known.channel.name, kind: "epay", Self.epaySettings(form), isEnabled: nil,
                        note(visit, form))
                } catch let error as ShopError {
                    return channelPage(visit, known, form, error)
                }
                return Self.redirect(to: "/admin/channels", done: "saved")
            },
            form("/channels/{name}/switch", .changeChannels) { form, visit, _, context in
                let known = try knownChannel(context)
                do {
                    try await configure(
                        known.channel.name, kind: known.channel.kind, [:], isEnabled: form["enabled"] == "yes",
                        note(visit, form))
                } catch let error as ShopError where error.code != .internalFault {
                    return channelList(visit, nil, error)
                }
                return Self.redirect(to: "/admin/channels", done: "saved")
            },
            form("/channels/{name}/terms", .changeChannels, changeTerms),
            form("/channels/{name}/test", .changeChannels) { _, visit, _, context in
                let known = try knownChannel(context)
                return channelPage(visit, known, answer: await ask(known.channel, visit))
            },
        ]
    }

    private static func channelName(_ text: String) throws(ShopError) -> Slug {
        guard let name = Slug(text) else { throw .invalid("channel", "must be 1 to 64 of a-z, 0-9 and -") }
        return name
    }

    func knownChannel(_ context: ShopRequestContext) throws(ShopError) -> ConfiguredChannel {
        guard let name = Slug(context.parameter("name")), let channel = ports.cache.channel(name) else {
            throw ShopError(.notFound, "no such channel")
        }
        return channel
    }

    private static func epaySettings(_ form: WebForm) -> [String: String] {
        var settings: [String: String] = [:]
        for name in ["gateway", "pid", "key", "type"] {
            let value = form[name].trimmed
            settings[name] = value.isEmpty ? nil : value
        }
        settings["refunds"] = form["refunds"] == "yes" ? "on" : "off"
        return settings
    }

    private func configure(
        _ name: Slug, kind: String, _ settings: [String: String], isEnabled: Bool?, _ note: OwnerNote
    ) async throws {
        _ = try await useCases.configureChannel(
            name: name, kind: kind, settings: settings, isEnabled: isEnabled, by: note, mayEnable: sandboxRule)
    }

    /// Play money must not be taken for real by strangers.
    func sandboxRule(_ kind: String) throws(ShopError) {
        guard kind == "sandbox", !settings.allowsSandbox, !PublicURL.isLoopback(settings.publicURL()) else { return }
        throw ShopError(
            .forbidden,
            "a sandbox gives cards away for nothing; set SLUICE_ALLOW_SANDBOX=1 to allow it on a public address")
    }

    // MARK: Asking the provider

    /// Asks about a payment that was never begun: whoever answers that it is unknown or unpaid has understood.
    private func ask(_ channel: any PaymentChannel, _ visit: AdminVisit) async -> String {
        guard let channel = channel as? any QueryableChannel else { return visit.word("testNot") }
        guard let currency = channel.currencies?.min(by: { $0.code < $1.code }) ?? Currency(code: "CNY"),
            let amount = Money(amount: 1, currency: currency)
        else { return visit.word("testNot") }
        let attempt = Attempt(
            id: AttemptID(ports.identifiers.make()), order: OrderID(ports.identifiers.make()), channel: channel.name,
            amount: amount, createdAt: ports.clock.now())
        guard let query = channel.query(attempt) else { return visit.word("testPlain") }
        do throws(ShopError) {
            let answer = try await ports.caller.call(query)
            switch channel.read(answer, to: attempt) {
            case .unpaid: return visit.word("testUnpaid", "\(answer.status)")
            case .unclear(let reason): return visit.word("testUnclear", "\(answer.status)", reason)
            case .paid, .refunded: return visit.word("testOdd", "\(answer.status)")
            }
        } catch {
            return visit.word("testNoAnswer", error.detail)
        }
    }

    // MARK: Pages

    private func channelList(_ visit: AdminVisit, _ form: WebForm? = nil, _ error: ShopError? = nil) -> Response {
        var sections = [PageSection(table: channelTable(visit))]
        if visit.may(.changeChannels) {
            func name(_ kind: String) -> FormField {
                let isMeant = form?["kind"] == kind
                return FormField(
                    name: "channel", label: visit.word("channelName"), value: isMeant ? form?["channel"] ?? "" : "",
                    hint: visit.word("channelNameHint"),
                    error: isMeant && error?.field == "channel" ? error.map { visit.bareReason($0) } ?? "" : "",
                    isRequired: true)
            }
            let epay = FormSpec(
                action: "/admin/channels",
                fields: [.hidden("kind", "epay"), name("epay")]
                    + epayFields(visit, form?["kind"] == "epay" ? form : nil, error), button: visit.word("addChannel"))
            let sandbox = FormSpec(
                action: "/admin/channels", fields: [.hidden("kind", "sandbox"), name("sandbox")],
                button: visit.word("addChannel"), isPlain: true)
            sections.append(PageSection(heading: visit.word("newEpay"), text: visit.word("newEpayNext"), forms: [epay]))
            sections.append(
                PageSection(heading: visit.word("newSandbox"), text: visit.word("newSandboxNext"), forms: [sandbox]))
        }
        return show(
            visit, visit.word("menuChannels"), sections, alert: error.map { Self.explain($0, visit) } ?? "",
            status: error.map { Problem.answer($0).status } ?? .ok)
    }

    private func channelTable(_ visit: AdminVisit) -> DataTable {
        DataTable(
            columns: [
                "cat_position", "channelName", "kind", "filter_state", "currencies", "term_amounts", "callbackAddress",
                "",
            ].enumerated().map { .init(text: $1.isEmpty ? "" : visit.word($1), isNumber: $0 == 0) },
            rows: ports.cache.channels().map { known in
                let name = known.channel.name.text
                let mayChange = visit.may(.changeChannels)
                let codes = known.channel.currencies?.map(\.code).sorted().joined(separator: " ")
                var toggle = DataTable.Cell(text: "")
                if mayChange {
                    toggle.action = DataTable.Action(
                        address: "/admin/channels/\(name)/switch",
                        button: visit.word(known.isEnabled ? "disable" : "enable"),
                        hidden: [("enabled", known.isEnabled ? "no" : "yes")])
                }
                return [
                    .init(text: "\(known.terms.position)"),
                    .init(
                        text: name, small: known.terms.label ?? "",
                        link: mayChange ? "/admin/channels/\(name)" : ""),
                    .init(text: known.channel.kind),
                    .init(
                        text: visit.word(known.isEnabled ? "on" : "off"), tone: known.isEnabled ? .good : .plain,
                        isBadge: true),
                    .init(text: codes ?? visit.word("anyCurrency")),
                    .init(text: Self.amountsText(known.terms)),
                    .init(text: "\(settings.publicURL())/callbacks/\(name)", isCode: true), toggle,
                ]
            }, nothing: visit.word("noChannels"), label: visit.word("menuChannels"))
    }

    /// - Parameter filled: what was filled in of the terms, if something is wrong with it
    func channelPage(
        _ visit: AdminVisit, _ known: ConfiguredChannel, _ form: WebForm? = nil, _ error: ShopError? = nil,
        terms filled: FilledForm? = nil, answer: String = ""
    ) -> Response {
        let base = "/admin/channels/\(known.channel.name.text)"
        var sections = [
            PageSection(
                facts: [
                    Fact(label: visit.word("kind"), value: known.channel.kind),
                    Fact(label: visit.word("filter_state"), value: visit.word(known.isEnabled ? "on" : "off")),
                    Fact(
                        label: visit.word("callbackAddress"),
                        value: "\(settings.publicURL())/callbacks/\(known.channel.name.text)"),
                ])
        ]
        sections.append(termsSection(visit, known, filled))
        if known.channel is any QueryableChannel {
            let test = FormSpec(action: base + "/test", fields: [], button: visit.word("testConnection"), isPlain: true)
            sections.append(
                PageSection(
                    heading: visit.word("testConnection"), text: answer.isEmpty ? visit.word("testNext") : answer,
                    forms: [test]))
        }
        if known.channel.kind == "epay" {
            let change = FormSpec(action: base, fields: epayFields(visit, form, error), button: visit.word("save"))
            sections.append(
                PageSection(heading: visit.word("channelSettings"), text: visit.word("keyAgain"), forms: [change]))
        }
        return show(
            visit, known.channel.name.text,
            crumbs: [Link(text: visit.word("menuChannels"), address: "/admin/channels")], sections,
            alert: error.map { Self.explain($0, visit) } ?? alert(filled, visit),
            status: error.map { Problem.answer($0).status } ?? status(filled))
    }

    /// The key is never written into a page, not even the one that was just sent.
    private func epayFields(_ visit: AdminVisit, _ form: WebForm?, _ error: ShopError?) -> [FormField] {
        func field(
            _ name: String, _ kind: FormField.Kind = .input("text"), isRequired: Bool = true
        ) -> FormField {
            FormField(
                name: name, label: visit.word("epay_\(name)"), kind: kind,
                value: name == "key" ? "" : form?[name] ?? "", hint: visit.words["epayHint_\(name)"] ?? "",
                error: form != nil && error?.field == "settings.\(name)"
                    ? error.map { visit.bareReason($0) } ?? "" : "",
                isRequired: isRequired, autocomplete: "off")
        }
        return [
            field("gateway"), field("pid"), field("key", .input("password")), field("type", isRequired: false),
            field("refunds", .check, isRequired: false),
            FormField(name: "reason", label: visit.word("reason"), value: form?["reason"] ?? ""),
        ]
    }
}
