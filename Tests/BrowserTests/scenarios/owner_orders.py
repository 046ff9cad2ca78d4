"""What is done to orders and money by hand."""

from playwright.sync_api import expect

from staff import facts, fill, owner, refused, rows, said, send, table
from stage import check, pay_twice


def state(page):
    return facts(page)["State"]


def act(page, order, verb, button, **values):
    """Fills one of the forms of an order's page, and sends it."""
    form = page.locator(f'form[action="/admin/orders/{order["id"]}/{verb}"]')
    for name, value in values.items():
        form.locator(f"[name={name}]").fill(value)
    form.get_by_role("button", name=button, exact=True).click()


def order_deeds(stage):
    """An order is confirmed, one is cancelled, and one is fulfilled by hand; the buyers and the timeline know."""
    shop = stage.shop
    slug, manual = shop.product("deeds", cards=3), shop.product("deeds-manual", kind="manual")
    page = owner(stage, confirms=True)

    order = shop.order(slug)
    page.goto(f"/admin/orders/{order['id']}")
    check(state(page) == "Waiting for payment", state(page))
    act(page, order, "confirm", "Confirm by hand", reason="it came <b>by</b> bank")
    said(page, "Confirmed.")
    check(state(page) == "Delivered", state(page))
    check(shop.read(order)["cards"] == ["DEEDS-1"], f"the buyer has {shop.read(order)['cards']}")
    check("owner\nit came <b>by</b> bank" in [row[3] for row in rows(page, "Timeline")], f"{rows(page, 'Timeline')}")
    check(stage.questions == ["You vouch for the money, and the buyer gets the goods. Go on?"], f"{stage.questions}")

    order = shop.order(slug)
    page.goto(f"/admin/orders/{order['id']}")
    other = stage.page()
    act(page, order, "cancel", "Cancel the order", reason="asked to")
    said(page, "Cancelled.")
    check(state(page) == "Cancelled" and shop.read(order)["status"] == "cancelled", state(page))
    other.context.close()
    page.goto("/admin/journal")
    entry = next(row for row in rows(page, "Journal") if order["id"] in row[2])
    check(entry[1] == "Cancel order" and entry[3] == "owner\nasked to", f"the journal says {entry}")

    order = shop.order(manual)
    shop.pay(order)
    page.goto("/admin")
    expect(page.get_by_role("region", name="Wants looking after")).to_contain_text("Paid, not delivered")
    page.goto(f"/admin/orders/{order['id']}")
    act(page, order, "fulfil", "Fulfil", text="Topped up.\nThank you.")
    said(page, "Fulfilled.")
    check(state(page) == "Delivered" and shop.read(order)["cards"] == ["Topped up.\nThank you."], f"{shop.read(order)}")


def deed_too_late(stage):
    """A page that is older than the order's state changes nothing, and shows what the order is now."""
    shop = stage.shop
    order = shop.order(shop.product("too-late", cards=1))
    page = owner(stage, confirms=True)
    page.goto(f"/admin/orders/{order['id']}")
    shop.pay(order)
    act(page, order, "cancel", "Cancel the order")
    refused(page, "its state does not allow it. Nothing was changed.")
    check(state(page) == "Delivered", state(page))
    expect(page.locator(f'form[action$="{order["id"]}/cancel"]')).to_have_count(0)
    check(shop.read(order)["status"] == "delivered", "a delivered order was cancelled")


def refund_cases(stage):
    """A paid order is refunded through its provider; money that came twice is given back by hand."""
    shop = stage.shop
    slug = shop.product("refund", cards=2)
    other = f"second-{shop.run}"
    shop.admin("PUT", f"/channels/{other}", {"kind": "sandbox", "settings": {}, "enabled": True})
    page = owner(stage, confirms=True)
    order = shop.order(slug)
    shop.pay(order)
    page.goto(f"/admin/orders/{order['id']}")
    act(page, order, "refund", "Through the provider", reason="sorry")
    said(page, "Done; the refund cases below say what came of it.")
    check(state(page) == "Refunded" and shop.read(order)["status"] == "refunded", state(page))
    case = rows(page, "Refund cases")
    check(len(case) == 1 and case[0][4] == "Done" and "sorry" in case[0][6], f"cases: {case}")

    twice = shop.order(slug)
    pay_twice(stage, twice, other)
    page.goto("/admin/refunds?state=open")
    case = next(row for row in rows(page, "Refund cases") if row[1] == twice["id"])
    check(case[2:5] == [other, "¥19.90", "Open"], f"the case says {case}")
    number = case[0].split()[0].removeprefix("#")
    fill(page, case=number, reason="paid twice")
    send(page, "I have paid it back myself")
    said(page, "The money was given back.")
    page.goto(f"/admin/orders/{twice['id']}")
    case = rows(page, "Refund cases")[0]
    check(case[4] == "Done" and "paid twice" in case[6], f"the case says {case}")
    check(state(page) == "Delivered", "the order itself is refunded")


def inbox(stage):
    """Late money waits in the inbox until it is judged anew; judged once more it changes nothing."""
    shop = stage.shop
    slug = shop.product("inbox", cards=1, hold_seconds=1, late_money="review")
    order = shop.order(slug)
    shop.wait(order, "expired")
    shop.pay(order)
    page = owner(stage, confirms=True)
    page.goto("/admin")
    expect(page.get_by_role("region", name="Wants looking after")).to_contain_text("Money in review")
    page.goto(f"/admin/payments?verdict=late&resolution=review&order={order['id']}")
    entries = rows(page, "Payments")
    check(len(entries) == 1 and entries[0][2:4] == ["Late", "To be reviewed"], f"payments: {entries}")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as CSV").click()
    lines = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    check(len(lines) == 2 and order["id"] in lines[1] and '"late","review"' in lines[1], f"the file holds {lines}")
    # Somebody else has the same page open.
    other = owner(stage, confirms=True)
    other.goto(page.url)
    table(page, "Payments").get_by_role("button", name="Judge anew").click()
    said(page, "Judged anew: the order has changed.")
    check(shop.read(order)["cards"] == ["INBOX-1"], f"the buyer has {shop.read(order)}")
    table(other, "Payments").get_by_role("button", name="Judge anew").click()
    said(other, "Judged anew: the order stays as it is.")
    page.goto(f"/admin/orders/{order['id']}")
    check(state(page) == "Delivered" and rows(page, "Payments")[0][3] == "Delivered", f"{rows(page, 'Payments')}")


def order_lists(stage):
    """Orders are found by state, contact and number, page by page, and leave as a table."""
    shop = stage.shop
    slug, buyer = shop.product("lists", cards=60), shop.buyer("lists")
    made = [shop.order(slug, buyer) for _ in range(55)]
    shop.pay(made[0])
    page = owner(stage)
    page.goto("/admin/orders")
    fill(page, contact=f" {buyer.upper()} ")
    send(page, "Search")
    first = [row[5] for row in rows(page, "Orders")]
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as CSV").click()
    lines = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    check(len(lines) == 56 and all(buyer in line for line in lines[1:]), f"{len(lines)} lines")
    page.get_by_role("link", name="Next page").click()
    second = [row[5] for row in rows(page, "Orders")]
    check((len(first), len(second)) == (50, 5), f"{len(first)} and {len(second)} orders")
    check(set(first + second) == {order["id"] for order in made}, "an order is missing")
    fill(page, state="delivered")
    send(page, "Search")
    check([row[5] for row in rows(page, "Orders")] == [made[0]["id"]], f"{rows(page, 'Orders')}")
    page.goto("/admin/orders")
    fill(page, order=made[9]["id"])
    send(page, "Search")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Order {made[9]['id']}")
    page.goto("/admin/orders")
    fill(page, order="no-number")
    send(page, "Search")
    refused(page, "must be an order's number")
    expect(page.locator("#i-order")).to_have_value("no-number")


SCENARIOS = [order_deeds, deed_too_late, refund_cases, inbox, order_lists]
