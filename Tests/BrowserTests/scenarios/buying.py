"""A purchase, and what gets in its way."""

import json
import re

from playwright.sync_api import expect

from stage import amount, awaiting, cards, check, fill_in, pay, place


def purchase(stage):
    """From the product's page to cards that can be copied and kept."""
    slug = stage.shop.product("purchase", cards=2, instructions="Redeem it **in the launcher**.")
    context = stage.context()
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"/products/{slug}")
    expect(page.locator("[data-stock]")).to_have_text("2 in stock")
    fill_in(page, "purchase@example.com", quantity=2)
    place(page)
    expect(page.get_by_text("purchase@example.com")).to_be_visible()
    check(amount(page) == "¥39.80", f"the order costs {amount(page)}")
    check(cards(page) == [], "cards are shown before they are paid")
    pay(page)
    expected = ["PURCHASE-1", "PURCHASE-2"]
    check(sorted(cards(page)) == expected, f"cards: {cards(page)}")
    expect(page.get_by_text("in the launcher")).to_be_visible()

    def clipboard():
        return page.evaluate("navigator.clipboard.readText()")

    single = page.locator(".key [data-copy]").first
    single.click()
    expect(single).to_have_text("Copied")
    check(clipboard() == cards(page)[0], f"the clipboard holds {clipboard()!r}")
    page.locator(".actions [data-copy]").click()
    expect(page.locator("[data-said]")).to_have_text("Copied")
    check(clipboard() == "\n".join(cards(page)), f"the clipboard holds {clipboard()!r}")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as text").click()
    check(download.value.suggested_filename.endswith(".txt"), download.value.suggested_filename)
    content = download.value.path().read_bytes().decode()
    check(content == "\r\n".join(cards(page)) + "\r\n", f"the file holds {content!r}")


def hold_runs_out(stage):
    """The page says by itself that the time to pay is over, and what that means."""
    slug = stage.shop.product("hold-runs-out", cards=1, hold_seconds=5)
    page = stage.page()
    page.goto(f"/products/{slug}")
    fill_in(page, "hold@example.com")
    place(page)
    expect(page.locator(".countdown")).to_have_text(re.compile("^00:0[1-5]$"))
    expect(page.locator("#status")).to_have_attribute("data-status", "expired")
    expect(page.locator("#status")).to_have_text("Expired")
    expect(page.get_by_text("the cards went back on sale")).to_be_visible()
    expect(page.locator("#pay")).to_have_count(0)
    page.get_by_role("link", name="Buy again").click()
    expect(page.locator("[data-stock]")).to_have_text("1 in stock")


def last_card_two_tabs(stage):
    """Of two who want the last card one gets it, and the other is told."""
    slug = stage.shop.product("last-card", cards=1)
    pages = [stage.page(), stage.page()]
    buyers = [stage.shop.buyer("first"), stage.shop.buyer("second")]
    for page, buyer in zip(pages, buyers):
        page.goto(f"/products/{slug}")
        fill_in(page, buyer)
    for page in pages:
        page.locator("[data-submit]").click(no_wait_after=True)
    for page in pages:
        expect(page.locator("#status, [data-alert]:not([hidden]), [data-sold-out]:not([hidden])").first).to_be_visible()
    winners = [page for page in pages if "/orders/" in page.url]
    losers = [page for page in pages if "/orders/" not in page.url]
    check(len(winners) == 1 and len(losers) == 1, f"{len(winners)} got the last card")
    awaiting(winners[0])
    expect(losers[0].locator("[data-alert]")).to_have_text("Sold out")
    expect(losers[0].locator("[data-submit]")).to_be_disabled()
    made = [order for buyer in buyers for order in stage.shop.orders_of(buyer)]
    check(len(made) == 1, f"{len(made)} orders")


def busy_retry(stage):
    """While the shop is busy the page tries again, always under the same key, and one order is made."""
    slug = stage.shop.product("busy-retry", cards=5)
    buyer = stage.shop.buyer("busy")
    page = stage.page()
    keys = []

    def answer(route):
        if route.request.method != "POST":
            return route.continue_()
        keys.append(route.request.headers.get("idempotency-key"))
        if len(keys) > 2:
            return route.continue_()
        problem = {"type": "urn:sluice:problem:busy", "title": "Busy", "status": 503, "code": "busy", "detail": "busy"}
        route.fulfill(
            status=503, content_type="application/problem+json", headers={"Retry-After": "1"}, body=json.dumps(problem))

    page.route("**/api/v1/orders", answer)
    page.goto(f"/products/{slug}")
    fill_in(page, buyer)
    page.locator("[data-submit]").click()
    expect(page.locator("[data-status]")).to_contain_text("You keep your turn; trying again (1)")
    expect(page.locator("[data-submit]")).to_be_disabled()
    expect(page.locator("[data-status]")).to_contain_text("trying again (2)")
    awaiting(page)
    check(len(keys) == 3 and len(set(keys)) == 1 and keys[0], f"keys: {keys}")
    check(len(stage.shop.orders_of(buyer)) == 1, "more than one order was made")


SCENARIOS = [purchase, hold_runs_out, last_card_two_tabs, busy_retry]
