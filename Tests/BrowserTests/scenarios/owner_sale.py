"""From an empty shelf to the first sale, and two who work at the same product."""

import re

from playwright.sync_api import expect

from staff import facts, fill, owner, refused, rows, said, send, table
from stage import awaiting, cards, check, fill_in, pay


def takings(page):
    """What the overview says that came in within a day, in fen."""
    page.goto("/admin")
    found = re.search(r"¥([0-9.,]+)", facts(page)["Takings"])
    return round(float(found[1].replace(",", "")) * 100) if found else 0


def first_sale(stage):
    """Category, product, cards and channel are made on pages; a buyer buys; the owner sees the order and the money."""
    run = stage.shop.run
    slug = f"first-{run}"
    page = owner(stage)
    before = takings(page)
    page.goto("/admin/categories")
    fill(page, slug=f"games-{run}", name=f"Games {run}")
    send(page, "Add")
    said(page, "Saved.")
    channel(page, f"play-{run}")
    product(page, slug, f"games-{run}")
    page.get_by_role("link", name="Cards", exact=True).click()
    fill(page, cards="FIRST-1\nFIRST-2\nFIRST-2\n")
    send(page, "Check")
    expect(page.locator("#report")).to_contain_text("Nothing was stored.")
    send(page, "Import")
    expect(page.get_by_role("heading", level=1)).to_have_text("Cards · 2 in stock")

    order = bought(stage, slug, f"play-{run}", f"Games {run}")
    page.goto("/admin/orders")
    table(page, "Orders").get_by_role("link", name=order).click()
    shown = facts(page)
    check(shown["State"] == "Delivered" and shown["Amount"] == "¥34.00", f"the order says {shown}")
    check(shown["Contact"] == f"first-{run}@example.com" and shown["Server"] == "EU", f"the order says {shown}")
    expect(table(page, "What was delivered")).to_contain_text("FIRST-1")
    steps = [row[1] for row in rows(page, "Timeline")]
    check(steps == ["Cards claimed", "Delivered"], f"the timeline says {steps}")
    payments = rows(page, "Payments")
    check(len(payments) == 1 and payments[0][2:4] == ["Accepted", "Delivered"], f"payments: {payments}")
    after = takings(page)
    check(after >= before + 3400, f"takings were {before}, and are {after}")


def channel(page, name):
    page.goto("/admin/channels")
    form = page.get_by_role("region", name="New sandbox")
    form.locator("[name=channel]").fill(name)
    form.get_by_role("button", name="Add").click()
    said(page, "Saved.")
    row = next(row for row in rows(page, "Channels") if row[1] == name)
    check(row[2:4] == ["sandbox", "on"], f"the channel: {row}")


def product(page, slug, category):
    """By the form; what is wrong is said beside its field, and all that was right stays."""
    page.goto("/admin/products")
    page.get_by_role("link", name="New product").click()
    fill(page, slug=slug, title="First key", amount="19.905", tiers="2 17.00", max_per_order="5", category=category,
         fields="server | Server | choice | EU, US", description="**All** of it.")
    send(page, "Save")
    expect(page.locator("#e-amount")).to_be_visible()
    expect(page.locator("#i-amount")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#i-tiers")).to_have_value("2 17.00")
    fill(page, amount="19.90")
    send(page, "Save")
    said(page, "Saved.")
    check(page.url.endswith(f"/admin/products/{slug}?done=saved"), page.url)
    expect(page.locator("#i-fields")).to_have_value("server | Server | choice | EU, US")
    expect(page.locator("#i-category")).to_have_value(category)


def bought(stage, slug, channel, category):
    """A buyer finds the product under its category, and buys two; returns the order's number."""
    page = stage.page()
    page.goto("/")
    page.get_by_role("link", name=category).first.click()
    page.get_by_role("link", name="First key").first.click()
    expect(page.locator("[data-stock]")).to_have_text("2 in stock")
    fill_in(page, f"{slug}@example.com", quantity=2)
    page.locator("#f-server").select_option("EU")
    page.locator(f"[name=channel][value={channel}]").check()
    page.locator("[data-submit]").click()
    order = awaiting(page)
    pay(page)
    check(sorted(cards(page)) == ["FIRST-1", "FIRST-2"], f"cards: {cards(page)}")
    page.context.close()
    return order


def two_editors(stage):
    """Of two who change one product the second is told, sees what is stored now, and can save after a look."""
    slug = stage.shop.product("edited", description="Before.")
    first, second = owner(stage), owner(stage)
    address = f"/admin/products/{slug}"
    for page in (first, second):
        page.goto(address)
    fill(first, title="By the first", description="After.", stock_display="band", hidden=False)
    send(first, "Save")
    said(first, "Saved.")
    fill(second, title="By the second", amount="25.00")
    send(second, "Save")
    refused(second, "Somebody else has changed it meanwhile, and nothing of yours was saved.")
    check(stage.shop.admin("GET", f"/products/{slug}")["title"] == "By the first", "the first is overwritten unseen")
    # What was typed is there, and beside it what the other has made of it.
    expect(second.locator("#i-title")).to_have_value("By the second")
    expect(second.locator("#i-amount")).to_have_value("25.00")
    stored = dict(second.locator(".stored").evaluate_all(
        "items => items.map((item) => [item.parentElement.id.slice(2), item.textContent])"))
    check(stored == {
        "title": "Stored now: By the first", "amount": "Stored now: 19.90", "description": "Stored now: After.",
        "stock_display": "Stored now: roughly", "hidden": "Stored now: no",
    }, f"the page says {stored}")
    # They take over what the other has said of the text, keep their price, and save.
    fill(second, description="After.")
    send(second, "Save")
    said(second, "Saved.")
    now = stage.shop.admin("GET", f"/products/{slug}")
    check((now["title"], now["amount"], now["description"]) == ("By the second", 2500, "After."), f"{now}")
    # The first, who has looked away, is told in turn.
    fill(first, title="Once more by the first")
    send(first, "Save")
    refused(first, "Somebody else has changed it meanwhile")
    first.get_by_role("link", name="Look at the newest version").click()
    expect(first.locator("#i-title")).to_have_value("By the second")


SCENARIOS = [first_sale, two_editors]
