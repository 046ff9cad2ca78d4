"""A purchase without script, and a purchase without a mouse."""

from playwright.sync_api import expect

from stage import awaiting, cards, check, fill_in

# The element that has the focus: whether an outline is seen around it, where it is, and what it is.
FOCUSED = """() => {
  const element = document.activeElement;
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  return {
    seen: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 && box.width > 0 && box.height > 0
      && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    index: [...document.querySelectorAll("*")].indexOf(element),
    tab: element.tabIndex, name: element.name || element.id || element.textContent.trim().slice(0, 30),
    tag: element.tagName,
  };
}"""


def no_script(stage):
    """Everything works without script, whatever is loaded or sent again."""
    slug = stage.shop.product("no-script", cards=3, instructions="Redeem it in the launcher.")
    buyer = stage.shop.buyer("plain")
    page = stage.page(java_script_enabled=False)
    page.goto(f"/products/{slug}")
    page.reload()
    fill_in(page, buyer, quantity=2, password="paper boat")
    expect(page.locator("[data-submit]")).to_have_text("Review order")
    page.locator("[data-submit]").click()
    expect(page.get_by_role("heading", name="Is this right?")).to_be_visible()
    # A reload sends the form once more, and shows the same; nothing is ordered yet.
    page.reload()
    expect(page.get_by_role("heading", name="Is this right?")).to_be_visible()
    expect(page.locator(".sum .money")).to_have_text("¥39.80")
    expect(page.locator("dl")).to_contain_text(buyer)
    check(stage.shop.orders_of(buyer) == [], "an order was made before it was confirmed")

    form = page.locator("main form[method=post]")
    sent = dict(form.locator("input").evaluate_all("inputs => inputs.map((input) => [input.name, input.value])"))
    address = form.get_attribute("action")
    page.get_by_role("button", name="Place order").dblclick()
    order = awaiting(page)
    again = page.request.post(address, form=sent, headers={"Origin": stage.shop.url})
    check(again.ok and order in again.url, f"sent again, the form leads to {again.url}")
    page.reload()
    check(awaiting(page) == order, f"loaded again, the order's page is {page.url}")
    expect(page.locator("dl").first).to_contain_text(buyer)

    page.locator("#pay").click()
    page.wait_for_url("**/sandbox/*")
    page.reload()
    page.locator("#pay").click()
    expect(page.locator("#status")).to_have_attribute("data-status", "delivered")
    page.reload()
    check(sorted(cards(page)) == ["NO-SCRIPT-1", "NO-SCRIPT-2"], f"cards: {cards(page)}")
    expect(page.get_by_text("Redeem it in the launcher.")).to_be_visible()
    expect(page.locator("[data-copy]").first).to_be_hidden()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as text").click()
    content = download.value.path().read_bytes().decode()
    check(content == "\r\n".join(cards(page)) + "\r\n", f"the file holds {content!r}")
    check(len(stage.shop.orders_of(buyer)) == 1, "more than one order was made")


class Keys:
    """A buyer without a mouse, who always sees where the focus is."""

    def __init__(self, page):
        self.page = page
        self.last = None

    def tab(self):
        """To the next element, which must come later on the page."""
        self.page.keyboard.press("Tab")
        focused = self.page.evaluate(FOCUSED)
        check(focused["seen"], f"the focus is not seen on {focused}")
        check(focused["tab"] == 0, f"{focused} has an order of its own")
        check(self.last is None or focused["index"] > self.last, f"the focus goes back to {focused}")
        self.last = focused["index"]
        return focused

    def tab_to(self, name):
        """Through everything before an element with that name, id or text."""
        seen = []
        for _ in range(40):
            focused = self.tab()
            if focused["name"] == name:
                return seen
            seen.append(focused["name"])
        raise AssertionError(f"Tab does not lead to {name}, but to {seen}")

    def arrive(self):
        """Begins at the top of a new page."""
        self.last = None


def keyboard(stage):
    """A whole purchase by Tab, typing, Space and Enter."""
    slug = stage.shop.product("keyboard", cards=2, fields=[
        {"name": "server", "type": "choice", "choices": ["Asia", "Europe"]}])
    page = stage.page()
    page.goto(f"/products/{slug}")
    keys = Keys(page)
    expect(page.locator("[data-checked]")).to_have_text("Confirmed by the shop")
    check(keys.tab()["name"] == "Skip to content", "the first element does not skip")
    check(keys.tab()["tag"] == "A" and "Skip" not in page.evaluate(FOCUSED)["name"], "nothing follows")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    keys.arrive()
    passed = keys.tab_to("quantity")
    check("q" not in passed and "Search" not in passed, f"the head was not skipped: {passed}")
    page.keyboard.press("ArrowUp")
    expect(page.locator("#quantity")).to_have_value("2")
    check(keys.tab_to("contact") == [], "something is between quantity and contact")
    page.keyboard.type("keys@example.com")
    keys.tab_to("fields.server")
    page.keyboard.type("E")
    expect(page.locator("#f-server")).to_have_value("Europe")
    keys.tab_to("channel")
    page.keyboard.press("Space")
    keys.tab_to("Place order")
    page.keyboard.press("Enter")
    order = awaiting(page)

    keys.arrive()
    keys.tab_to("channel")
    check(keys.tab()["name"] == "pay", "after the channel comes something else than paying")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sandbox/*")
    keys.arrive()
    keys.tab_to("pay")
    page.keyboard.press("Space")
    expect(page.locator("#status")).to_have_attribute("data-status", "delivered")
    check(order in page.url and len(cards(page)) == 2, f"{page.url}: {cards(page)}")
    keys.arrive()
    keys.tab_to("Copy")
    page.keyboard.press("Enter")
    expect(page.locator("[data-said]")).to_have_text("Copied")


SCENARIOS = [no_script, keyboard]
