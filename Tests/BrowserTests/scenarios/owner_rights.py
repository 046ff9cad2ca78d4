"""What members of other roles may not do."""

from staff import form_token, member, owner
from stage import check, pay_twice
from walk import Walk

OWN = {
    "/admin/logout", "/admin/account/password", "/admin/account/totp/begin", "/admin/account/sessions/N/end",
}
# What the owner is offered, so that a walk that misses it cannot pass.
OFFERED = {
    "/admin/orders/ORDER/confirm", "/admin/orders/ORDER/cancel", "/admin/orders/ORDER/fulfil",
    "/admin/orders/ORDER/refund", "/admin/orders/ORDER/replace", "/admin/payments/N/replay", "/admin/refunds/settle",
    "/admin/products", "/admin/products/NAME", "/admin/products/NAME/units", "/admin/products/NAME/secret",
    "/admin/products/NAME/cards", "/admin/products/NAME/export", "/admin/batches/N/undo", "/admin/cards/N/void",
    "/admin/cards/N/replace", "/admin/categories", "/admin/categories/NAME", "/admin/categories/NAME/remove",
    "/admin/coupons", "/admin/coupons/NAME", "/admin/announcements", "/admin/announcements/N",
    "/admin/announcements/N/remove", "/admin/blacklist", "/admin/blacklist/N/remove", "/admin/channels",
    "/admin/channels/NAME", "/admin/channels/NAME/switch", "/admin/channels/NAME/test", "/admin/settings",
    "/admin/staff", "/admin/staff/N/role", "/admin/staff/N/disable", "/admin/staff/N/password",
    "/admin/staff/sessions/N/end",
}
# Of these, what the staff is not offered: money that leaves, secrets, and the shop itself.
NOT_FOR_STAFF = {
    "/admin/orders/ORDER/refund", "/admin/refunds/settle", "/admin/products/NAME/export", "/admin/channels",
    "/admin/channels/NAME", "/admin/channels/NAME/switch", "/admin/channels/NAME/test", "/admin/settings",
    "/admin/staff", "/admin/staff/N/role", "/admin/staff/N/disable", "/admin/staff/N/password",
    "/admin/staff/sessions/N/end",
}


def furnish(stage):
    """One of everything, and orders in all states; returns addresses of pages that have forms of their own."""
    shop = stage.shop
    category = shop.category("rights", "Games")
    slug = shop.product("rights", cards=9, category=category)
    shared = shop.product("rights-shared", kind="shared", secret="One for all", units=3)
    manual = shop.product("rights-manual", kind="manual")
    late = shop.product("rights-late", cards=1, hold_seconds=1, late_money="review")
    shop.coupon("RIGHTS", percent=10)
    shop.admin("POST", "/announcements", {"title": "News", "text": "Nothing."})
    shop.admin("POST", "/blacklist", {"domain": "spam.example"})
    shop.admin("PUT", "/channels/epay", {"kind": "epay", "enabled": False, "settings": {
        "gateway": "https://pay.example.com", "pid": "1000", "key": "secret"}})
    shop.admin("PUT", "/channels/sandbox-two", {"kind": "sandbox", "settings": {}, "enabled": True})
    over = shop.order(late)
    waiting, paid, fulfilled, twice = shop.order(slug), shop.order(slug), shop.order(manual), shop.order(slug)
    shop.pay(paid)
    shop.pay(fulfilled)
    pay_twice(stage, twice, "sandbox-two")
    shop.wait(over, "expired")
    shop.pay(over)
    orders = [f"/admin/orders/{order['id']}" for order in (waiting, paid, fulfilled, over, twice)]
    products = [f"/admin/products/{name}" for name in (slug, shared, manual)]
    return [
        *orders, *products, f"/admin/products/{slug}/cards", f"/admin/products/{slug}/cards?state=sold",
        "/admin/channels/epay", "/admin/channels/sandbox", "/admin/refunds", "/admin/books",
    ]


def owner_rights(stage):
    """Every form that the owner is shown anywhere is absent or refused for those who may not. Needs its own shop."""
    starts = furnish(stage)
    boss = owner(stage)
    members = {role: member(stage, boss, role.replace("_", "-"), role) for role in ("staff", "read_only")}
    all_of_it = Walk(boss, starts, each=1)
    missing = (OWN | OFFERED) - set(all_of_it.forms)
    check(not missing, f"the walk did not come by {sorted(missing)}")
    for role, page in members.items():
        before = audit(stage)
        own = Walk(page, [address for address, _ in all_of_it.pages.values()] + starts, each=1)
        statuses = {status for _, status in own.pages.values()}
        check(statuses <= {200, 403}, f"{role} is answered {own.pages}")
        expected = OWN | (OFFERED - NOT_FOR_STAFF if role == "staff" else set())
        offered = set(own.forms) & (OWN | OFFERED)
        check(offered == expected, f"{role} is offered {sorted(offered ^ expected)}")
        kept_out(page, role, all_of_it, own)
        check(audit(stage) == before, f"{role} has changed something")


def audit(stage):
    """What the owner's journal and the books say."""
    return stage.shop.admin("GET", "/journal")["items"], stage.shop.admin("GET", "/audit")["products"]


def kept_out(page, role, all_of_it, own):
    """What is not offered is refused to whoever sends it all the same, with a token of a page of their own."""
    page.goto("/admin")
    headers = {"Origin": page.evaluate("location.origin")}
    token = form_token(page.content())
    refused = 0
    for name, form in all_of_it.forms.items():
        if name in own.forms:
            continue
        answer = page.request.post(
            form["action"], form=form["fields"] | {"form": token}, headers=headers, max_redirects=0)
        check(answer.status == 403, f"{role}: {form['action']} is answered {answer.status}")
        refused += 1
    for name, address in all_of_it.uploads.items():
        if name in own.uploads:
            continue
        answer = page.request.post(
            address, data=b"CARD", headers=headers | {"X-Form-Token": token, "Content-Type": "text/plain"})
        check(answer.status == 403, f"{role}: {address} is answered {answer.status}")
        refused += 1
    check(refused >= 10, f"{role} was refused {refused} forms only")
    # There is a form of that kind for everybody, but not for the sessions of others.
    ends = all_of_it.forms["/admin/account/sessions/N/end"]["action"]
    answer = page.request.post(ends, form={"form": token}, headers=headers, max_redirects=0)
    check(answer.status == 404, f"{role}: {ends} is answered {answer.status}")


SCENARIOS = [owner_rights]
