"""What buyers fill in, and what the pages make of it."""

from playwright.sync_api import expect

from stage import amount, awaiting, cards, check, fill_in, pay, place


def coupon_and_tiers(stage):
    """The price follows what is typed, the shop confirms it, and the order costs that much."""
    slug = stage.shop.product("tiers", cards=9, amount=2000, tiers=[{"from": 3, "amount": 1800}])
    code = stage.shop.coupon("TENTH", percent=10, products=[slug])
    page = stage.page()
    page.goto(f"/products/{slug}")
    total, confirmed = page.locator("[data-total]"), page.locator("[data-checked]")
    expect(total).to_have_text("¥20.00")
    expect(confirmed).to_have_text("Confirmed by the shop")

    # Typed, the total is there at once; the shop's word follows.
    held = []
    page.route("**/api/v1/orders/quote", lambda route: held.append(route))
    page.locator("#quantity").fill("4")
    expect(total).to_have_text("¥72.00")
    expect(confirmed).to_have_text("is confirmed when you order")
    page.unroute("**/api/v1/orders/quote")
    with page.expect_response("**/api/v1/orders/quote"):
        page.locator("#quantity").fill("3")
    expect(total).to_have_text("¥54.00")
    expect(confirmed).to_have_text("Confirmed by the shop")
    expect(page.locator("[data-lines]")).to_contain_text("Price from 3 on")

    page.locator("#coupon").fill("NO-SUCH-CODE")
    expect(page.locator("#e-coupon")).to_have_text("This code is not valid here.")
    expect(page.locator("#coupon")).to_have_attribute("aria-invalid", "true")
    page.locator("#coupon").fill(code.lower())
    expect(page.locator("#e-coupon")).to_be_hidden()
    expect(page.locator("#coupon")).not_to_have_attribute("aria-invalid", "true")
    expect(total).to_have_text("¥48.60")
    expect(page.locator("[data-lines]")).to_contain_text(f"Coupon {code}")

    fill_in(page, "tiers@example.com")
    place(page)
    check(amount(page) == "¥48.60", f"the order costs {amount(page)}")
    expect(page.get_by_role("row", name=f"Coupon {code} −¥5.40")).to_be_visible()


def pickable(stage):
    """A card of one's choice, from the second page of them, at its surcharge."""
    slug = stage.shop.product("pickable", pickable=True, amount=1000)
    stage.shop.cards(
        slug, [f"No. {number:03}\t{500 if number == 64 else ''}\tSECRET-{number:03}" for number in range(1, 66)],
        layout="pickable")
    page = stage.page()
    page.goto(f"/products/{slug}")
    options, total, quantity = page.locator("[data-pick]"), page.locator("[data-total]"), page.locator("#quantity")
    expect(options).to_have_count(60)
    page.get_by_role("link", name="More cards").click()
    expect(options).to_have_count(65)
    expect(page.get_by_role("link", name="More cards")).to_be_hidden()
    check(page.url.endswith(slug), f"more cards led to {page.url}")

    page.get_by_label("No. 002").check()
    expect(total).to_have_text("¥10.00")
    page.get_by_label("No. 064").check()
    expect(total).to_have_text("¥25.00")
    expect(quantity).to_have_value("2")
    expect(quantity).not_to_be_editable()
    expect(page.locator("[data-picked]")).to_have_text("2 picked")
    expect(page.locator("[data-lines]")).to_contain_text("Picked card No. 064")
    page.get_by_label("No. 002").uncheck()
    expect(quantity).to_have_value("1")
    expect(total).to_have_text("¥15.00")
    expect(page.locator("[data-checked]")).to_have_text("Confirmed by the shop")

    fill_in(page, "pickable@example.com")
    place(page)
    check(amount(page) == "¥15.00", f"the order costs {amount(page)}")
    pay(page)
    check(cards(page) == ["SECRET-064"], f"cards: {cards(page)}")
    page.goto(f"/products/{slug}")
    page.get_by_role("link", name="More cards").click()
    expect(options).to_have_count(64)
    expect(page.get_by_label("No. 064")).to_have_count(0)


ASKED = [
    {"name": "nick", "label": "Your name in the game"},
    {"name": "mail", "label": "Account e-mail", "type": "email"},
    {"name": "level", "label": "Level", "type": "number", "minimum": 1, "maximum": 99},
    {"name": "server", "label": "Server", "type": "choice", "choices": ["Asia", "Europe"]},
    {"name": "code", "label": "Code, as AB-123", "type": "pattern", "pattern": "[A-Z]{2}-[0-9]{3}"},
    {"name": "wish", "label": "A wish", "optional": True},
]
RIGHT = {"nick": "Mira", "mail": "mira@example.com", "level": "42", "server": "Europe", "code": "AB-123"}
WRONG = {"mail": "mira", "level": "100", "code": "ab-123"}


def answer(page, values):
    for name, value in values.items():
        field = page.locator(f"#f-{name}")
        if name == "server":
            field.select_option(value)
        else:
            field.fill(value)


def fields(stage):
    """What a product asks for: what is wrong is said beside it, by the script and by the server alike."""
    slug = stage.shop.product("fields", cards=5, fields=ASKED)
    with_script(stage.page(), slug)
    without_script(stage.page(java_script_enabled=False), slug)


def refused(page, name, text):
    """Waits until a page says so beside a field."""
    expect(page.locator(f"#e-{name}")).to_have_text(text)
    expect(page.locator(f"#e-{name}")).to_be_visible()
    expect(page.locator(f"#f-{name}")).to_have_attribute("aria-invalid", "true")
    described = page.locator(f"#f-{name}").get_attribute("aria-describedby").split()
    check(f"e-{name}" in described, f"the error of {name} belongs to no field")


def ordered(page):
    """The page of the order says what was filled in."""
    awaiting(page)
    facts = dict(zip(page.locator(".facts dt").all_text_contents(), page.locator(".facts dd").all_text_contents()))
    expected = {field["label"]: RIGHT[field["name"]] for field in ASKED if field["name"] in RIGHT}
    check(expected.items() <= facts.items(), f"the order says {facts}")
    check("A wish" not in facts, "what was left out is on the order")


def with_script(page, slug):
    page.goto(f"/products/{slug}")
    page.locator("[data-submit]").click()
    expect(page.locator("#contact")).to_be_focused()
    for name in RIGHT:
        refused(page, name, "Please fill this in.")
    expect(page.locator("#e-wish")).to_be_hidden()
    fill_in(page, "fields@example.com")
    answer(page, RIGHT | WRONG)
    for name in RIGHT:
        expect(page.locator(f"#e-{name}")).to_be_hidden()
    # The server finds them one by one.
    for name in WRONG:
        page.locator("[data-submit]").click()
        refused(page, name, "This does not fit what is asked for.")
        expect(page.locator(f"#f-{name}")).to_be_focused()
        answer(page, {name: RIGHT[name]})
    page.locator("[data-submit]").click()
    ordered(page)


def without_script(page, slug):
    page.goto(f"/products/{slug}")
    fill_in(page, "fields@example.com")
    answer(page, RIGHT)
    for name in WRONG:
        # What the browser itself would stop is sent by whoever has an older one.
        page.locator("form.panel").evaluate("form => form.noValidate = true")
        answer(page, {name: WRONG[name]})
        page.locator("[data-submit]").click()
        refused(page, name, "This does not fit what is asked for.")
        expect(page.locator("#f-nick")).to_have_value("Mira")
        expect(page.locator("#contact")).to_have_value("fields@example.com")
        answer(page, {name: RIGHT[name]})
    page.locator("[data-submit]").click()
    page.get_by_role("button", name="Place order").click()
    ordered(page)


SCENARIOS = [coupon_and_tiers, pickable, fields]
