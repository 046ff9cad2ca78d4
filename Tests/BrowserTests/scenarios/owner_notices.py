"""What the owner says to buyers, and whom the shop does not sell to."""

from playwright.sync_api import expect

from staff import fill, owner, refused, rows, said, send, table
from stage import awaiting, check, fill_in


def coupons(stage):
    """A coupon is made, changed and switched off, and buyers pay by it each time."""
    run = stage.shop.run.upper()
    code = f"OWNER-{run}"
    slug = stage.shop.product("coupon", cards=5, amount=2000)
    page, buyer = owner(stage), stage.page()
    page.goto("/admin/coupons")
    page.get_by_role("link", name="New coupon").click()
    fill(page, code=code, off="120%", products=slug)
    send(page, "Save")
    expect(page.locator("#e-off")).to_be_visible()
    fill(page, off="10%")
    send(page, "Save")
    said(page, "Saved.")
    buyer.goto(f"/products/{slug}")
    buyer.locator("#coupon").fill(code)
    expect(buyer.locator("[data-total]")).to_have_text("¥18.00")

    page.get_by_role("link", name=code).click()
    fill(page, off="5.00")
    send(page, "Save")
    said(page, "Saved.")
    buyer.reload()
    buyer.locator("#coupon").fill(code)
    expect(buyer.locator("[data-total]")).to_have_text("¥15.00")
    fill_in(buyer, f"coupon-{run}@example.com")
    buyer.locator("[name=channel][value=sandbox]").check()
    buyer.locator("[data-submit]").click()
    awaiting(buyer)
    page.goto(f"/admin/coupons?code={code}")
    row = rows(page, "Coupons")[0]
    check(row[1] == "¥5.00" and row[3] == "1 / ∞" and row[5] == "Enabled", f"the coupon says {row}")

    page.get_by_role("link", name=code).click()
    fill(page, enabled=False)
    send(page, "Save")
    said(page, "Saved.")
    buyer.goto(f"/products/{slug}")
    buyer.locator("#coupon").fill(code)
    expect(buyer.locator("#e-coupon")).to_have_text("This code is not valid here.")


def announcements(stage):
    """An announcement is shown to buyers, changed and removed."""
    title = f"New cards {stage.shop.run}"
    page, buyer = owner(stage, confirms=True), stage.page()
    page.goto("/admin/announcements")
    fill(page, title=title, text="They are **here**.", pinned=True)
    send(page, "Add")
    said(page, "Saved.")
    buyer.goto("/")
    expect(buyer.locator("body")).to_contain_text(title)
    expect(buyer.locator("strong", has_text="here").first).to_be_visible()
    page.get_by_role("link", name=title).click()
    fill(page, title=f"{title}, again", closes_at="2001-01-01T00:00")
    send(page, "Save")
    said(page, "Saved.")
    row = next(row for row in rows(page, "Announcements") if title in row[0])
    check(row[3] == "not shown", f"the announcement says {row}")
    buyer.reload()
    expect(buyer.locator("body")).not_to_contain_text(title)
    page.get_by_role("link", name=f"{title}, again").click()
    fill(page, closes_at="")
    send(page, "Save")
    buyer.reload()
    expect(buyer.locator("body")).to_contain_text(f"{title}, again")
    table(page, "Announcements").locator("tr", has_text=title).get_by_role("button", name="Remove").click()
    said(page, "Removed.")
    check(stage.questions == [f"Remove {title}, again?"], f"{stage.questions}")
    buyer.reload()
    expect(buyer.locator("body")).not_to_contain_text(title)


def blacklist(stage):
    """Who is on the list is not sold to; who is taken off it is."""
    contact = f"banned-{stage.shop.run}@example.com"
    slug = stage.shop.product("blacklist", cards=2)
    page, buyer = owner(stage), stage.page()

    def order():
        buyer.goto(f"/products/{slug}")
        fill_in(buyer, contact)
        buyer.locator("[name=channel][value=sandbox]").check()
        buyer.locator("[data-submit]").click()

    page.goto("/admin/blacklist")
    fill(page, kind="address", who="no address")
    send(page, "Add")
    expect(page.locator("#e-who")).to_be_visible()
    fill(page, kind="contact", who=f" {contact.upper()} ", reason="chargeback")
    send(page, "Add")
    said(page, "Saved.")
    row = next(row for row in rows(page, "Blacklist") if row[0] == contact)
    check(row[1] == "Buyer" and row[2] == "chargeback", f"the list says {row}")
    order()
    expect(buyer.locator("[data-alert]")).to_be_visible()
    check(stage.shop.orders_of(contact) == [], "an order was made")
    table(page, "Blacklist").locator("tr", has_text=contact).get_by_role("button", name="Remove").click()
    said(page, "Removed.")
    order()
    awaiting(buyer)


def settings(stage):
    """The shop's name and texts are changed, and buyers read them; of two who change them the second is told."""
    name = f"Shop {stage.shop.run}"
    page, buyer, late = owner(stage), stage.page(), owner(stage)
    late.goto("/admin/settings")
    page.goto("/admin/settings")
    fill(page, name=name, tagline="Keys at once", accent="no colour", terms="**All** sales are final.")
    send(page, "Save")
    expect(page.locator("#e-accent")).to_be_visible()
    expect(page.locator("#i-tagline")).to_have_value("Keys at once")
    fill(page, accent="#1e4ca0")
    send(page, "Save")
    said(page, "Saved.")
    expect(page.locator(".brand")).to_have_text(name)
    buyer.goto("/")
    expect(buyer.locator("body")).to_contain_text("Keys at once")
    check(name in buyer.title(), buyer.title())
    buyer.goto("/terms")
    expect(buyer.locator("strong")).to_have_text("All")

    fill(late, tagline="By another one")
    send(late, "Save")
    refused(late, "Somebody else has changed it meanwhile")
    expect(late.locator("#h-tagline")).to_contain_text("Stored now: Keys at once")
    expect(late.locator("#h-name")).to_contain_text(f"Stored now: {name}")
    expect(late.locator("#i-tagline")).to_have_value("By another one")
    fill(late, name=name)
    send(late, "Save")
    said(late, "Saved.")
    buyer.goto("/")
    expect(buyer.locator("body")).to_contain_text("By another one")
    fill(late, tagline="", terms="")
    send(late, "Save")
    said(late, "Saved.")
    buyer.reload()
    expect(buyer.locator("body")).not_to_contain_text("By another one")


def categories(stage):
    """A category is made, renamed, hidden and removed; its products stay."""
    run = stage.shop.run
    name = f"Shelf {run}"
    page, buyer = owner(stage, confirms=True), stage.page()
    page.goto("/admin/categories")
    fill(page, slug=f"shelf-{run}", name=name, position="7")
    send(page, "Add")
    said(page, "Saved.")
    slug = stage.shop.product("shelf", cards=1, hidden=False, category=f"shelf-{run}")
    buyer.goto("/")
    expect(buyer.get_by_role("link", name=name).first).to_be_visible()
    page.get_by_role("link", name=name).click()
    fill(page, name=f"{name} again", hidden=True)
    send(page, "Save")
    said(page, "Saved.")
    buyer.reload()
    expect(buyer.get_by_role("link", name=name)).to_have_count(0)
    remove = table(page, "Categories").locator("tr", has_text=name).get_by_role("button", name="Remove")
    remove.click()
    refused(page, "products or coupons are of this category; move them first")
    page.get_by_role("link", name="Back", exact=True).click()
    check(page.url.endswith("/admin/categories"), f"back leads to {page.url}")
    stage.shop.admin("PATCH", f"/products/{slug}", {"category": None})
    remove.click()
    said(page, "Removed.")
    check(buyer.goto(f"/products/{slug}").ok, "the product is gone with its category")


SCENARIOS = [coupons, announcements, blacklist, settings, categories]
