"""Orders found again, and pages in the language of their reader."""

from playwright.sync_api import expect

from stage import awaiting, check, fill_in, pay, place


def lookup(stage):
    """Three ways back to an order: this browser, contact and password, and the link of a message."""
    slug = stage.shop.product("lookup", cards=5)
    buyer = stage.shop.buyer("lookup")
    page = stage.page()
    page.goto(f"/products/{slug}")
    fill_in(page, buyer, password="paper boat")
    order = place(page)
    page.get_by_role("link", name="My orders").click()
    own = page.get_by_role("region", name="Ordered in this browser")
    expect(own.get_by_role("link", name="Lookup")).to_have_count(1)
    own.get_by_role("link", name="Lookup").click()
    check(awaiting(page) == order, f"the link leads to {page.url}")

    by_password(stage, buyer, order)
    by_link(stage, slug)

    page.goto("/orders")
    page.get_by_role("button", name="Forget the orders in this browser").click()
    expect(own).to_contain_text("No order was placed in this browser")
    page.goto(f"/orders/{order}")
    expect(page.get_by_text("This browser has not shown yet that the order is yours.")).to_be_visible()


def by_password(stage, buyer, order):
    page = stage.page()
    page.goto("/orders")
    expect(page.get_by_role("region", name="Ordered in this browser")).to_contain_text("No order was placed")
    page.locator("#contact").fill(buyer)
    page.locator("#query_password").fill("paper plane")
    page.get_by_role("button", name="Find orders").click()
    expect(page.get_by_text("No order has this contact with this password.")).to_be_visible()
    expect(page.get_by_role("button", name="Open")).to_have_count(0)
    page.locator("#contact").fill(f" {buyer.upper()} ")
    page.locator("#query_password").fill("paper boat")
    page.get_by_role("button", name="Find orders").click()
    page.get_by_role("button", name="Open").click()
    check(awaiting(page) == order, f"the look-up leads to {page.url}")
    pay(page)


def by_link(stage, slug):
    order = stage.shop.order(slug, "lookup@example.com")
    page = stage.page()
    with page.expect_response("**/open?token=*") as opened:
        page.goto(f"/orders/{order['id']}/open?token={order['token']}")
    policy = opened.value.headers.get("referrer-policy")
    check(policy == "no-referrer", f"the link is answered with the referrer policy {policy}")
    check(awaiting(page) == order["id"], f"the link leads to {page.url}")
    check("token" not in page.url and "?" not in page.url, f"the address is {page.url}")
    check(page.evaluate("document.referrer") == "", "the address of the link is the page's referrer")
    # Neither going back nor the way on tells anybody the token.
    page.locator("#pay").click()
    page.wait_for_url("**/sandbox/*")
    check(order["token"] not in page.evaluate("document.referrer"), "the provider is told the token")
    page.go_back()
    check(awaiting(page) == order["id"] and "token" not in page.url, f"going back leads to {page.url}")
    page.goto("/orders")
    expect(page.get_by_role("link", name="Lookup")).to_have_count(1)


def language(stage):
    """The browser's language first, then the one that was chosen, on every page of a purchase."""
    slug = stage.shop.product("language", cards=5, title="星港物语")
    buyer = stage.shop.buyer("language")
    page = stage.page(locale="zh-CN")

    def spoken(tag, text):
        expect(page.locator("html")).to_have_attribute("lang", tag)
        expect(page.locator("body")).to_contain_text(text)

    page.goto("/")
    spoken("zh-CN", "全部商品")
    page.goto(f"/products/{slug}")
    spoken("zh-CN", "下单后为你保留 15 分钟")
    expect(page.locator("[data-submit]")).to_have_text("提交订单")
    page.get_by_role("link", name="English").click()
    spoken("en", "Held for you")
    check(page.url.endswith(f"/products/{slug}?lang=en"), page.url)
    fill_in(page, buyer, password="paper boat")
    place(page)
    spoken("en", "Waiting for payment")
    check(page.url.endswith("?lang=en"), page.url)
    page.locator("#pay").click()
    page.wait_for_url("**/sandbox/*")
    # The provider's page is no page of the shop: it speaks the browser's language.
    page.locator("#pay").click()
    expect(page.locator("#status")).to_have_attribute("data-status", "delivered")

    page.goto(f"/products/{slug}?lang=en")
    page.get_by_role("link", name="My orders").click()
    spoken("en", "Find by contact and query password")
    page.locator("#contact").fill(buyer)
    page.locator("#query_password").fill("paper boat")
    page.get_by_role("button", name="Find orders").click()
    spoken("en", "Orders found")
    page.get_by_role("button", name="Open").click()
    expect(page.locator("#status")).to_have_text("Delivered")
    spoken("en", "Your cards")
    page.get_by_role("link", name="Buy again").click()
    spoken("en", "Held for you")
    page.get_by_role("searchbox").fill("nothing")
    page.get_by_role("button", name="Search").click()
    spoken("en", "Nothing fits")
    page.get_by_role("link", name="简体中文").click()
    spoken("zh-CN", "没有找到")
    check("q=nothing" in page.url, f"the search is lost: {page.url}")


SCENARIOS = [lookup, language]
