import Domain
import Hummingbird
import PageSupport
import Shop
import WebSupport

// How a channel is offered to buyers: its place among the others, what it is called, and for which amounts.
extension Admin {
    @Sendable func changeTerms(
        _ form: WebForm, _ visit: AdminVisit, _ request: Request, _ context: ShopRequestContext
    ) async throws -> Response {
        let known = try knownChannel(context)
        var filled = try FilledForm(form)
        let terms = readTerms(&filled, known)
        guard filled.isFine else { return channelPage(visit, known, terms: filled) }
        do {
            _ = try await useCases.configureChannel(
                name: known.channel.name, kind: known.channel.kind, settings: [:], isEnabled: nil,
                by: note(visit, form), terms: { $0 = terms }, mayEnable: sandboxRule)
        } catch {
            filled.fail(error)
            return channelPage(visit, known, terms: filled)
        }
        return Self.redirect(to: "/admin/channels", done: "saved")
    }

    /// The currencies whose bounds are asked: those of the channel, or those of what is sold if it takes any.
    private func boundedCurrencies(_ known: ConfiguredChannel) -> [Currency] {
        let sold = Set(ports.cache.products().map(\.price.currency) + known.terms.amounts.map(\.currency))
        let all = (known.channel.currencies ?? sold).sorted { $0.code < $1.code }
        return Array(all.prefix(ChannelTerms.maximumCurrencies))
    }

    private func readTerms(_ filled: inout FilledForm, _ known: ConfiguredChannel) -> ChannelTerms {
        let bound = Int64(Category.maximumPosition)
        if filled["position"].trimmed.isEmpty { filled = filled.with("position", "0") }
        let position = Int(filled.integer("position", in: -bound...bound))
        let label = filled["label"].trimmed
        let asked = boundedCurrencies(known)
        var amounts = known.terms.amounts.filter { !asked.contains($0.currency) }
        for currency in asked {
            let lowest = filled.optionalAmount("minimum_\(currency.code)", currency)
            let highest = filled.optionalAmount("maximum_\(currency.code)", currency)
            guard lowest != nil || highest != nil else { continue }
            guard let bounds = AmountBounds(currency: currency, minimum: lowest, maximum: highest) else {
                filled.fail("maximum_\(currency.code)", "must not be below the lowest amount")
                continue
            }
            amounts.append(bounds)
        }
        let terms = ChannelTerms(position: position, label: label.isEmpty ? nil : label, amounts: amounts)
        if let fault = terms.fault { filled.fail(fault.member, fault.reason) }
        return terms
    }

    /// - Parameter filled: nil for the terms as they are
    func termsSection(_ visit: AdminVisit, _ known: ConfiguredChannel, _ filled: FilledForm?) -> PageSection {
        var values = ["position": "\(known.terms.position)", "label": known.terms.label ?? ""]
        for bounds in known.terms.amounts {
            let code = bounds.currency.code
            values["minimum_\(code)"] = bounds.minimum.map { DecimalMoney.text($0, bounds.currency) }
            values["maximum_\(code)"] = bounds.maximum.map { DecimalMoney.text($0, bounds.currency) }
        }
        let field = FormFields(visit, filled ?? FilledForm(values), "term")
        var fields = [field("position", .input("number")), field("label")]
        for currency in boundedCurrencies(known) {
            for end in ["minimum", "maximum"] {
                var amount = field("\(end)_\(currency.code)")
                amount.label = visit.word("term_\(end)", currency.code)
                fields.append(amount)
            }
        }
        fields.append(field.reason)
        let form = FormSpec(
            action: "/admin/channels/\(known.channel.name.text)/terms", fields: fields, button: visit.word("save"))
        return PageSection(heading: visit.word("terms"), text: visit.word("termsHint"), forms: [form])
    }

    /// `1.00 – 500.00 CNY`, one a currency.
    static func amountsText(_ terms: ChannelTerms) -> String {
        terms.amounts.map { bounds in
            let ends = [bounds.minimum, bounds.maximum].map { end in
                end.map { DecimalMoney.text($0, bounds.currency) } ?? "…"
            }
            return "\(ends.joined(separator: " – ")) \(bounds.currency.code)"
        }.joined(separator: ", ")
    }
}
