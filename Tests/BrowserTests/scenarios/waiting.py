"""Pages that change by themselves, and pages that are loaded again."""

import datetime
import re

from playwright.sync_api import expect

from shop import moment
from stage import awaiting, cards, check, fill_in, place


def opening(stage):
    """The button works the moment the sale opens."""
    page = stage.page()
    # The browser's first page takes longest.
    page.goto("/")
    opens = stage.shop.now() + datetime.timedelta(seconds=5)
    slug = stage.shop.product("opening", cards=1, opens_at=moment(opens))
    page.goto(f"/products/{slug}")
    submit = page.locator("[data-submit]")
    expect(submit).to_be_disabled()
    expect(submit).to_have_text("Not yet on sale")
    expect(page.locator("[data-opens-at]")).to_have_text(re.compile("^00:0[1-5]$"))
    check(stage.shop.now() < opens, "the page was too slow for this test")
    fill_in(page, "opening@example.com")
    expect(submit).to_be_enabled()
    check(stage.shop.now() >= opens, "the button works before the sale opens")
    expect(page.locator("[data-opening]")).to_be_hidden()
    expect(page.locator("#contact")).to_have_value("opening@example.com")
    place(page)


def live_status(stage):
    """Whoever looks at an order sees it paid: by news, and where there are none, by asking."""
    slug = stage.shop.product("live-status", cards=2)
    for has_news in (True, False):
        order = stage.shop.order(slug)
        context = stage.context()
        if not has_news:
            context.add_init_script("delete window.EventSource")
        page = context.new_page()
        asked = []
        page.on("request", lambda request: asked.append(request))
        page.goto(f"/orders/{order['id']}/open?token={order['token']}")
        awaiting(page)
        if has_news:
            with page.expect_response("**/events"):
                page.reload()
        stage.shop.pay(order)
        expect(page.locator("#status")).to_have_attribute("data-status", "delivered")
        check(len(cards(page)) == 1, f"cards: {cards(page)}")
        news = [request for request in asked if request.url.endswith("/events")]
        questions = [request for request in asked if request.resource_type == "fetch"]
        check(bool(news) == has_news, f"{len(news)} streams of news")
        check(bool(questions) != has_news, f"{len(questions)} questions")
        context.close()


def reload_each_step(stage):
    """Each page of a purchase may be loaded again, and stays what it was."""
    slug = stage.shop.product("reload", cards=2)
    buyer = stage.shop.buyer("reload")
    page = stage.page()
    page.goto(f"/products/{slug}")
    fill_in(page, "somebody@example.com")
    page.reload()
    expect(page.locator("[data-submit]")).to_be_enabled()
    fill_in(page, buyer, quantity=2)
    order = place(page)
    page.reload()
    check(awaiting(page) == order, f"loaded again, the order's page is {page.url}")
    page.locator("#pay").click()
    page.wait_for_url("**/sandbox/*")
    page.reload()
    expect(page.locator("#amount")).to_have_text("¥39.80")
    page.locator("#pay").click()
    expect(page.locator("#status")).to_have_attribute("data-status", "delivered")
    shown = cards(page)
    page.reload()
    expect(page.locator("#status")).to_have_attribute("data-status", "delivered")
    check(cards(page) == shown and len(shown) == 2, f"cards: {shown}, then {cards(page)}")
    # Going all the way back makes no second order.
    page.goto(f"/products/{slug}")
    expect(page.locator("[data-sold-out]")).to_be_visible()
    check(len(stage.shop.orders_of(buyer)) == 1, "more than one order was made")


SCENARIOS = [opening, live_status, reload_each_step]
