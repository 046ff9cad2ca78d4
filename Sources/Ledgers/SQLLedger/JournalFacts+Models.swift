import Domain
import Foundation
import Shop

// What the owner's journal says of a thing before and after a change. No secrets, and nobody's contact.

extension Listing {
    var facts: JournalFacts {
        var facts = JournalFacts()
        facts.add("title", product.title)
        facts.add("amount", product.price.amount)
        facts.add("currency", product.price.currency.code)
        facts.add("kind", product.kind.rawValue)
        facts.add("max_per_order", product.limits.perOrder)
        facts.add("max_per_buyer", product.limits.perBuyer)
        facts.add("max_held_per_buyer", product.limits.heldPerBuyer)
        facts.add("hold_seconds", product.holdSeconds)
        facts.add(product.window)
        facts.add("late_money", product.lateMoney.rawValue)
        facts.add("pickable", product.isPickable)
        facts.add("category", product.category?.number)
        facts.add("tiers", JournalFacts.text(product.tiers))
        facts.add("fields", JournalFacts.text(product.fields))
        facts.add("position", page.position)
        facts.add("hidden", page.isHidden)
        facts.add("stock_display", page.stockDisplay.rawValue)
        facts.add("picture", page.picture)
        facts.add("description", page.description)
        facts.add("instructions", page.instructions)
        return facts
    }
}

extension Category {
    var facts: JournalFacts {
        var facts = JournalFacts()
        facts.add("slug", slug.text)
        facts.add("name", name)
        facts.add("position", position)
        facts.add("hidden", isHidden)
        return facts
    }
}

extension Coupon {
    var facts: JournalFacts {
        var facts = JournalFacts()
        switch terms.discount {
        case .fixed(let amount): facts.add("fixed", amount)
        case .percent(let hundredths): facts.add("percent", hundredths)
        }
        facts.add("currency", terms.currency.code)
        facts.add("minimum", terms.minimum)
        facts.add("products", terms.scope.products.map(\.number).sorted().map(String.init).joined(separator: ","))
        facts.add("category", terms.scope.category?.number)
        facts.add("max_uses", terms.uses.total)
        facts.add("max_uses_per_buyer", terms.uses.perBuyer)
        facts.add(terms.window)
        facts.add("enabled", terms.isEnabled)
        return facts
    }
}

extension Announcement {
    var facts: JournalFacts {
        var facts = JournalFacts()
        facts.add("title", title)
        facts.add("text", text)
        facts.add(window)
        facts.add("pinned", isPinned)
        return facts
    }
}

extension ShopSettings {
    var facts: JournalFacts {
        var facts = JournalFacts()
        let texts = [
            ("name", name), ("tagline", tagline), ("logo", logo), ("accent", accent), ("time_zone", timeZone),
            ("contact", contact), ("filing", filing), ("terms", terms), ("privacy", privacy), ("refunds", refunds),
        ]
        for (name, text) in texts { facts.add(name, text) }
        return facts
    }
}

extension Block {
    /// Of what kind only: whom it is about, and why, stands in the list, from which it can be removed.
    var facts: JournalFacts {
        var facts = JournalFacts()
        switch party {
        case .contact: facts.add("kind", "contact")
        case .domain: facts.add("kind", "domain")
        case .addresses: facts.add("kind", "addresses")
        }
        return facts
    }
}

extension JournalFacts {
    fileprivate mutating func add(_ window: SaleWindow) {
        add("opens_at", window.opensAt?.milliseconds)
        add("closes_at", window.closesAt?.milliseconds)
    }

    fileprivate static func text(_ value: some Encodable) -> String? {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) }
    }
}
