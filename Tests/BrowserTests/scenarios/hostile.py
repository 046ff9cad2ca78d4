"""Texts that try to be more than texts."""

import urllib.parse

from playwright.sync_api import expect

from stage import check, pay

# A quotation mark with an accent on it is one character for people, and a quotation mark for browsers.
ACCENT = "\u0301"
ATTACKS = [
    "<script>window.__pwned = 1</script>",
    "\"><img src=x onerror=\"window.__pwned = 2\">",
    f"\"{ACCENT} autofocus onfocus=\"window.__pwned = 3\" x=\"",
    "</textarea></title></style><svg onload=\"window.__pwned = 4\">",
    "'-window.__pwned=5-'", "{{{shop.name}}}&lt;b&gt;", "javascript:window.__pwned=6",
]
LINKS = """[one](javascript:window.__pwned=7) [two](JaVaScRiPt:window.__pwned=8) [three](data:text/html,<script>9</script>)
![four](https://elsewhere.example/pixel.png) <img src=x onerror="window.__pwned = 10">
<a href="javascript:alert(1)">five</a>

<script>window.__pwned = 11</script>

<javascript:window.__pwned=12>"""
# Elements and attributes that only an attack could have brought in.
FOREIGN = """() => [...document.querySelectorAll("*")].filter((item) =>
    [...item.attributes].some(({ name, value }) => name.startsWith("on") || name === "style"
      || /^\\s*(javascript|data):/i.test(["href", "src", "action"].includes(name) ? value : ""))
    || item.tagName === "SCRIPT" && !(item.type === "module" && item.getAttribute("src")?.startsWith("/assets/"))
    || item.autofocus || item.tagName === "IMG" && !item.getAttribute("src").startsWith("/")
  ).map((item) => item.outerHTML.slice(0, 200))"""


def hostile_texts(stage):
    """Whatever the owner, a buyer and a supplier write is shown as it was written, and nothing of it runs."""
    shop = stage.shop
    before = shop.admin("GET", "/settings")
    try:
        visit(stage, offer(shop))
    finally:
        kept = {name: value for name, value in before.items() if name != "version"}
        shop.settings(**kept)


def text(limit=200):
    return " ".join(ATTACKS)[:limit]


def offer(shop):
    """A shop that is hostile all over; returns slugs of its category and its products."""
    shop.settings(
        name=ATTACKS[1], tagline=text(), contact=text(300), filing=ATTACKS[0], terms=text(2000) + "\n\n" + LINKS,
        privacy=LINKS, refunds=text())
    note = shop.admin("POST", "/announcements", {"title": text(), "text": text() + "\n\n" + LINKS, "pinned": True})
    category = shop.category("hostile", text(60))
    members = {
        "title": text(), "description": text(2000) + "\n\n" + LINKS, "instructions": text(2000) + "\n\n" + LINKS,
        "category": category, "hidden": False, "amount": 100,
    }
    asked = [{"name": f"f{index}", "label": attack[:100]} for index, attack in enumerate(ATTACKS)]
    asked.append({"name": "choice", "type": "choice", "label": "choice", "choices": [item[:100] for item in ATTACKS]})
    plain = shop.product("hostile", fields=asked, **members)
    shop.cards(plain, [f"{attack}----{attack}" for attack in ATTACKS])
    pick = shop.product("hostile-pick", pickable=True, **members)
    shop.cards(pick, [f"{attack}\t5\t{attack} {index}" for index, attack in enumerate(ATTACKS)], layout="pickable")
    return note["id"], category, plain, pick


def harmless(page, where):
    """Nothing foreign is on the page, and nothing foreign has run."""
    pwned = page.evaluate("window.__pwned")
    check(pwned is None, f"{where}: attack {pwned} has run")
    foreign = page.evaluate(FOREIGN)
    check(not foreign, f"{where}: brought in: {foreign}")


def visit(stage, made):
    note, category, plain, pick = made
    page = stage.page()
    search = "/?q=" + urllib.parse.quote(ATTACKS[1])
    for address in ("/", f"/categories/{category}", "/terms", "/privacy", "/refunds", search, "/orders",
                    f"/products/{pick}", f"/products/{plain}"):
        page.goto(address)
        harmless(page, address)
        check(ATTACKS[1] in page.title(), f"{address}: the shop is called {page.title()}")
    stage.shop.admin("DELETE", f"/announcements/{note}")
    expect(page.locator("h1")).to_have_text(text())
    # Of Markdown the words stay; HTML in it is left out.
    expect(page.locator(".prose").first).to_contain_text("one two three")
    filled(stage, page)
    picked(page, pick)
    refused(stage, plain)


def filled(stage, page):
    """A buyer who fills in attacks, with and without script, and gets cards that are ones."""
    for index, attack in enumerate(ATTACKS):
        page.locator(f"#f-f{index}").fill(attack)
    page.locator("#f-choice").select_option(index=2)
    page.locator("#coupon").fill(ATTACKS[1][:32])
    page.locator("#contact").fill(ATTACKS[1])
    page.locator("[data-submit]").click()
    expect(page.locator("[aria-invalid=true]").first).to_be_visible()
    harmless(page, "errors")
    page.locator("#coupon").fill("")
    page.locator("#contact").fill("hostile@example.com")
    page.locator("#quantity").fill("7")
    expect(page.locator("[data-total]")).to_have_text("¥7.00")
    page.locator("[data-submit]").click()
    expect(page.locator("#status")).to_have_attribute("data-status", "awaiting_payment")
    harmless(page, "order")
    for attack in ATTACKS:
        expect(page.get_by_role("definition").get_by_text(attack, exact=True).first).to_be_visible()
    pay(page)
    harmless(page, "cards")
    shown = page.locator("[data-secret]").all_text_contents()
    check(sorted(shown) == sorted(ATTACKS), f"cards: {shown}")
    expect(page.locator(".key .quiet").first).to_have_text(shown[0])
    page.goto("/orders")
    harmless(page, "look-up")
    expect(page.get_by_role("link", name=text(40)).first).to_be_visible()


def picked(page, slug):
    """Previews beside their boxes, and in the lines that the script writes."""
    page.goto(f"/products/{slug}")
    for index, attack in enumerate(ATTACKS):
        option = page.locator("[data-pick]").nth(index)
        expect(option.locator("[data-name]")).to_have_text(attack)
        option.locator("input").check()
    expect(page.locator("[data-lines] li")).to_have_count(len(ATTACKS) + 1)
    harmless(page, "picks")


def refused(stage, slug):
    """The server's own errors, and the page that asks once more."""
    page = stage.page()
    page.goto(f"/products/{slug}")
    page.locator("#contact").fill(ATTACKS[2])
    for index, attack in enumerate(ATTACKS):
        page.locator(f"#f-f{index}").fill(attack)
    page.locator("#f-choice").select_option(index=3)
    page.locator("form.panel").evaluate("form => form.submit()")
    expect(page.locator("#e-contact")).to_be_visible()
    harmless(page, "errors of the server")
    expect(page.locator("#contact")).to_have_value(ATTACKS[2])
    page.locator("#contact").fill("hostile@example.com")
    page.locator("form.panel").evaluate("form => form.submit()")
    expect(page.get_by_role("heading", name="Is this right?")).to_be_visible()
    harmless(page, "confirm")
    page.goto("/orders")
    page.locator("#contact").fill(ATTACKS[2])
    page.locator("#query_password").fill("whatever")
    page.get_by_role("button", name="Find orders").click()
    expect(page.locator("#e-contact")).to_be_visible()
    harmless(page, "look-up with errors")
    expect(page.locator("#contact")).to_have_value(ATTACKS[2])


SCENARIOS = [hostile_texts]
