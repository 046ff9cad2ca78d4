"""The owner's tables, out and in as a spreadsheet would do it, and what buyers see of the owner's channels."""

import csv
import io

from playwright.sync_api import expect

from staff import owner
from stage import awaiting, check, fill_in


def csv_round_trip(stage):
    """Products and coupons: what the preview shows is what is done, and what comes out is what went in."""
    shop = stage.shop
    apple = shop.product("apple", amount=1000, title="=Apple, \"red\"", description="first line\n'second'")
    pear = shop.product("pear", amount=2000, tiers=[{"from": 2, "amount": 1800}])
    code = shop.coupon("SPRING", percent=10)
    page = owner(stage)

    table = download(page, "/admin/products")
    check([row["slug"] for row in table] == sorted([apple, pear]), f"the table has {table}")
    upload(page, table)
    expect(section(page)).to_contain_text("Everything is so already.")
    expect(section(page).get_by_role("button", name="Apply")).to_be_hidden()
    row = next(row for row in table if row["slug"] == apple)
    row["amount"] = "12.50"
    table.append(row | {"slug": f"plum-{shop.run}", "title": "Plum", "version": ""})
    preview(page, table, [
        [apple, "changed", "Price (amount): 10.00 → 12.50"], [f"plum-{shop.run}", "new", "Title (title): Plum"],
    ])
    check(shop.admin("GET", f"/products/{apple}")["amount"] == 1000, "the preview has changed something")
    check(parts(page, 0) == 1, "the changed row shows more than its change")
    apply(page)
    same(table, download(page, "/admin/products"), "slug")

    table = download(page, "/admin/coupons")
    table[0]["off"] = "15%"
    table.append(table[0] | {"code": f"AUTUMN-{shop.run}".upper(), "max_uses": "5", "version": ""})
    preview(page, table, [[code, "changed", "10% → 15%"], [f"AUTUMN-{shop.run}".upper(), "new", "15%"]])
    apply(page)
    same(table, download(page, "/admin/coupons"), "code")

    faulty(page, table)


def faulty(page, table):
    """A row that is wrong is told, and nothing can be applied."""
    page.goto("/admin/coupons")
    upload(page, [row | {"off": "100000%"} if index == 0 else row for index, row in enumerate(table)])
    expect(section(page)).to_contain_text("Faulty rows: 1.")
    expect(rows(page)).to_have_count(1)
    expect(rows(page).first).to_contain_text("Discount (off): must be an amount")
    expect(section(page).get_by_role("button", name="Apply")).to_be_hidden()
    section(page).locator("input[type=file]").set_input_files(
        {"name": "coupons.csv", "mimeType": "text/csv", "buffer": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"})
    expect(section(page)).to_contain_text("this is a picture")


def section(page):
    return page.locator("[data-table]")


def rows(page):
    return section(page).locator("[data-rows] > li")


def parts(page, index):
    return rows(page).nth(index).locator("li").count()


def download(page, path):
    """The rows of a table, as Python's own reader finds them."""
    page.goto(path)
    with page.expect_download() as begun:
        section(page).get_by_role("link", name="Download as CSV").click()
    with open(begun.value.path(), encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def upload(page, table):
    """Chooses the table as a file, written as Python's own writer does."""
    text = io.StringIO()
    writer = csv.DictWriter(text, table[0].keys())
    writer.writeheader()
    writer.writerows(table)
    section(page).locator("input[type=file]").set_input_files(
        {"name": "table.csv", "mimeType": "text/csv", "buffer": text.getvalue().encode()})


def preview(page, table, expected):
    """Sends a table and checks that exactly these rows are shown, each with its texts."""
    upload(page, table)
    expect(rows(page)).to_have_count(len(expected))
    for index, texts in enumerate(expected):
        for text in texts:
            expect(rows(page).nth(index)).to_contain_text(text)
    expect(section(page)).to_contain_text("New: 1. Changed: 1.")


def apply(page):
    section(page).get_by_role("button", name="Apply").click()
    expect(section(page)).to_contain_text("Done. New: 1. Changed: 1.")


def same(sent, found, key):
    """What is there now is what was sent, whatever its versions."""
    def bare(table):
        return sorted(({name: cell for name, cell in row.items() if name != "version"} for row in table),
                      key=lambda row: row[key])
    check(bare(sent) == bare(found), f"sent {bare(sent)}, found {bare(found)}")


def channel_bounds(stage):
    """A buyer is offered the channels that take the amount, by the owner's names and in the owner's order."""
    shop = stage.shop
    settings = {"gateway": "https://pay.example.com", "pid": "1000", "key": "a-key-of-tests"}
    shop.admin("PUT", "/channels/large", {
        "kind": "epay", "settings": settings, "position": -1, "label": "Large sums <b>",
        "amounts": [{"currency": "CNY", "minimum": 5000}]})
    slug = shop.product("bounds", cards=9, amount=2000)
    page = stage.page()
    page.goto(f"/products/{slug}")
    large, plain = page.get_by_label("Large sums <b>"), page.get_by_label("Test payment")
    expect(large).to_be_hidden()
    expect(plain).to_be_checked()
    page.locator("#quantity").fill("3")
    expect(large).to_be_visible()
    check(page.locator("input[name=channel]").first.get_attribute("value") == "large", "the order of the channels")
    large.check()
    page.locator("#quantity").fill("2")
    expect(large).to_be_hidden()
    expect(plain).to_be_checked()
    fill_in(page, "bounds@example.com")
    page.locator("[data-submit]").click()
    awaiting(page)
    expect(page.get_by_label("Large sums <b>")).to_have_count(0)
    expect(page.get_by_label("Test payment")).to_be_checked()


SCENARIOS = [csv_round_trip, channel_bounds]
