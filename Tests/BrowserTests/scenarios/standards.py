"""What every page must be: open to everybody, light, and steady."""

import datetime

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from shop import moment
from stage import DESKTOP, PHONE, check, fill_in

NARROWEST = {"width": 320, "height": 800}
# Rules whose verdict hangs on colours and sizes. All others are asked once a page.
LOOKS = ["color-contrast", "target-size", "scrollable-region-focusable"]
# Pages that have most of what others have.
THOROUGHLY = ["home", "product", "pickable", "awaiting", "delivered"]
# Inputs that nobody can name, and what makes the page wider than it is. What scrolls in a box of its own does not.
UNNAMED = """() => [...document.querySelectorAll("input:not([type=hidden]), select, textarea")]
  .filter((input) => !input.labels?.length && !input.ariaLabel).map((input) => input.outerHTML)"""
WIDER = """() => {
  const isBoxed = (item) => item && item !== document.body
    && (getComputedStyle(item).overflowX !== "visible" || isBoxed(item.parentElement));
  const wider = [...document.querySelectorAll("body *")]
    .filter((item) => item.getBoundingClientRect().right > innerWidth + 1 && !isBoxed(item.parentElement));
  return document.documentElement.scrollWidth <= innerWidth ? []
    : [`${document.documentElement.scrollWidth}`, ...wider.map((item) => item.outerHTML.slice(0, 80))];
}"""


class Inspector:
    """Looks at pages with axe-core and with checks of its own, and collects what it finds."""

    def __init__(self):
        self.axe = Axe()
        self.findings = []

    def look(self, page, name, tag):
        """One page: by all rules as it is first, and by those of its looks in other colours and widths."""
        self._own(page, name, tag)
        self._axe(page, f"{name} (light, desktop)")
        others = [("dark", "phone"), ("dark", "desktop"), ("light", "phone")]
        for scheme, device in others if name in THOROUGHLY else others[:1]:
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size(PHONE if device == "phone" else DESKTOP)
            self._axe(page, f"{name} ({scheme}, {device})", LOOKS)
        page.set_viewport_size(NARROWEST)
        for item in page.evaluate(WIDER):
            self.findings.append(f"{name}: wider than 320 pixels: {item}")
        page.emulate_media(color_scheme="light")
        page.set_viewport_size(DESKTOP)

    def _axe(self, page, where, rules=None):
        options = {"resultTypes": ["violations"]}
        options |= {"runOnly": {"type": "rule", "values": rules}} if rules else {}
        for violation in self.axe.run(page, options=options).response["violations"]:
            if violation["impact"] in ("serious", "critical"):
                nodes = [f"{node['html'][:120]} – {node['failureSummary'][-160:]}" for node in violation["nodes"][:3]]
                self.findings.append(f"{where}: {violation['id']}: " + " / ".join(nodes))

    def _own(self, page, name, tag):
        lang = page.locator("html").get_attribute("lang")
        if lang != tag:
            self.findings.append(f"{name}: the language is {lang}")
        if page.locator("h1").count() != 1:
            self.findings.append(f"{name}: {page.locator('h1').count()} main headings")
        for item in page.evaluate(UNNAMED):
            self.findings.append(f"{name}: no label: {item}")


def accessibility(stage):
    """No page hinders anybody: axe-core finds nothing serious, in any colours and widths."""
    shop = stage.shop
    words = "**Bold**, [a link](/terms), `code`\n\n| a | b |\n|---|---|\n| 1 | 2 |"
    shop.settings(terms=f"# Terms\n\n{words}", privacy="Nothing is kept.", contact="help@example.com")
    shop.admin("POST", "/announcements", {"title": "New cards", "text": words, "pinned": True})
    category = shop.category("axe", "Games")
    members = {"category": category, "hidden": False, "description": words, "instructions": words}
    slug = shop.product("axe", cards=9, tiers=[{"from": 3, "amount": 900}], fields=[
        {"name": "server", "type": "choice", "choices": ["Asia", "Europe"]},
        {"name": "level", "type": "number", "optional": True}], **members)
    pick = shop.product("axe-pick", pickable=True, **members)
    shop.cards(pick, [f"No. {number}\t100\tPICK-{number}" for number in range(70)], layout="pickable")
    late = moment(shop.now() + datetime.timedelta(days=1))
    inspector = Inspector()
    page = stage.page()

    def look(name, address, tag="en", ready=None):
        page.goto(address)
        if ready:
            expect(page.locator(ready)).to_be_visible()
        inspector.look(page, name, tag)

    for name, address in [
        ("home", "/"), ("category", f"/categories/{category}"), ("product", f"/products/{slug}"),
        ("sold out", f"/products/{shop.product('axe-none', **members)}"), ("pickable", f"/products/{pick}"),
        ("not open", f"/products/{shop.product('axe-late', cards=1, opens_at=late, **members)}"),
        ("terms", "/terms"), ("missing", "/nothing-is-here"), ("no such product", "/products/nothing-is-here"),
    ]:
        look(name, address)
    orders(stage, inspector, page, look, slug)
    look("home in Chinese", "/?lang=zh", "zh-CN")
    look("product in Chinese", f"/products/{slug}?lang=zh", "zh-CN")
    without_script(stage, inspector, slug)
    check(not inspector.findings, "\n".join(inspector.findings))


def orders(stage, inspector, page, look, slug):
    """The pages of orders in all their states, and the look-up."""
    shop = stage.shop
    fields = {"fields": {"server": "Asia"}, "query_password": "paper boat"}
    short = shop.product("axe-short", cards=1, hold_seconds=1)
    waiting, paid, over = shop.order(slug, **fields), shop.order(slug, quantity=2, **fields), shop.order(short)
    shop.pay(paid)
    for name, order, status in (
        ("awaiting", waiting, "awaiting_payment"), ("delivered", paid, "delivered"), ("expired", over, "expired"),
    ):
        look(name, f"/orders/{order['id']}/open?token={order['token']}", ready=f"#status[data-status={status}]")
    look("order in Chinese", f"/orders/{waiting['id']}?lang=zh", "zh-CN")
    page.goto(f"/orders/{waiting['id']}")
    page.locator("#pay").click()
    page.wait_for_url("**/sandbox/*")
    inspector.look(page, "sandbox", "en")
    look("look-up", "/orders")
    page.locator("#contact").fill("buyer@example.com")
    page.locator("#query_password").fill("paper boat")
    page.get_by_role("button", name="Find orders").click()
    expect(page.get_by_role("heading", name="Orders found")).to_be_visible()
    inspector.look(page, "look-up with orders", "en")
    page.context.clear_cookies()
    look("an order of somebody", f"/orders/{waiting['id']}")
    look("payment by anybody", f"/orders/{waiting['id']}/pay")


def without_script(stage, inspector, slug):
    """What only a browser without script shows: it is told the addresses of pages that were made without it."""
    page = stage.page()
    page.goto(f"/products/{slug}")
    fill_in(page, "axe@example.com")
    page.locator("#f-server").select_option("Asia")
    # The page's own submit is passed by, as without script.
    page.locator("form.panel").evaluate("form => form.submit()")
    expect(page.get_by_role("heading", name="Is this right?")).to_be_visible()
    inspector.look(page, "confirm", "en")
    page.goto(f"/products/{slug}")
    page.locator("form.panel").evaluate("form => form.submit()")
    expect(page.locator("#e-contact")).to_be_visible()
    inspector.look(page, "product with errors", "en")
    page.goto("/orders")
    page.locator("#contact").fill("nobody")
    page.locator("#query_password").fill("wrong")
    page.get_by_role("button", name="Find orders").click()
    expect(page.locator("#e-contact")).to_be_visible()
    inspector.look(page, "look-up with errors", "en")


# Told by the browser itself, from the first moment on.
WATCH = """
  window.__shift = 0;
  new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.__shift += entry.value; })
    .observe({ type: "layout-shift", buffered: true });
"""


def weight(stage):
    """Pages are small, stand still, ask nobody else, and are seen before any script runs."""
    shop = stage.shop
    for number in range(24):
        title = f"A product with a title of usual length, {number}"
        shop.product(f"weight-{number}", cards=1, hidden=False, title=title)
    slug = shop.product("weight", cards=9, tiers=[{"from": 2, "amount": 900}], description="A word. " * 200, fields=[
        {"name": "account", "label": "Account"}])
    for name, address, limit in (("home", "/", 60_000), ("product", f"/products/{slug}", 80_000)):
        measured(stage, name, address, limit)
        painted_first(stage, name, address)


def measured(stage, name, address, limit):
    context = stage.context()
    context.add_init_script(WATCH)
    page = context.new_page()
    session = context.new_cdp_session(page)
    loaded = []
    session.on("Network.loadingFinished", lambda event: loaded.append(event["encodedDataLength"]))
    session.send("Network.enable")
    page.goto(address)
    page.wait_for_load_state("networkidle")
    total = round(sum(loaded))
    print(f"{name}: {total} bytes in {len(loaded)} files")
    check(len(loaded) >= 4, f"{name}: only {len(loaded)} files were seen")
    check(total < limit, f"{name}: {total} bytes are loaded")
    shift = page.evaluate("window.__shift")
    check(shift == 0, f"{name}: the page moves by {shift}")
    context.close()


def painted_first(stage, name, address):
    """Holds all scripts back until the page was painted."""
    page = stage.page()
    held = []
    page.route("**/assets/*.js", lambda route: held.append(route))
    page.goto(address, wait_until="commit")
    page.wait_for_function("() => performance.getEntriesByName('first-contentful-paint').length > 0")
    expect(page.locator("h1")).to_be_visible()
    check(held, f"{name}: no script was held back")
    page.unroute("**/assets/*.js")
    page.wait_for_load_state("load")
    # Inline scripts do not exist, and all others wait for the page.
    eager = page.locator("script:not([type=module]):not([defer])").count()
    check(eager == 0, f"{name}: {eager} scripts run at once")
    page.context.close()


SCENARIOS = [accessibility, weight]
