"""What every page of the owner must be: open to everybody, usable without a mouse, and in one language."""

import pathlib
import re

from playwright.sync_api import expect

from scenarios.owner_rights import furnish
from scenarios.plain import FOCUSED, Keys
from scenarios.standards import Inspector
from staff import fill, log_in, log_out, owner, refused, said, send, set_up_path
from stage import check
from walk import Walk

WORDS = pathlib.Path(__file__).parents[3] / "Sources/Web/Admin/Words"
# All that is read, and all that is read out; what is code, or the name of the other language, has no language.
TEXTS = """() => {
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!element.closest("script, textarea, body [lang], .code")) texts.push(walker.currentNode.textContent);
  }
  for (const name of ["aria-label", "data-confirm", "placeholder", "title", "alt"]) {
    for (const element of document.querySelectorAll(`body [${name}]`)) texts.push(element.getAttribute(name));
  }
  texts.push(document.title.split(" · ")[0]);
  return [...new Set(texts.map((text) => text.replace(/\\s+/g, " ").trim()))].filter((text) => text);
}"""


def owner_accessibility(stage):
    """No page of the owner hinders anybody, in any colours and widths. Needs a shop of its own."""
    inspector = Inspector()
    page = stage.page()
    page.goto(set_up_path(stage))
    inspector.look(page, "set-up", "en")
    page.goto("/admin/login")
    inspector.look(page, "login", "en")
    page.context.close()
    starts = furnish(stage)
    page = owner(stage, confirms=True)
    walk = Walk(page, starts, each=1, look=lambda name: inspector.look(page, name, "en"))
    check(len(walk.pages) >= 20, f"only {sorted(walk.pages)} were looked at")
    for name, (address, status) in walk.pages.items():
        check(status == 200, f"{address} is answered {status}")
    after_forms(stage, inspector, page, starts)
    check(not inspector.findings, "\n".join(inspector.findings))


def after_forms(stage, inspector, page, starts):
    """Pages that only a form leads to."""
    def look(name):
        inspector.look(page, name, "en")

    cards = next(start for start in starts if start.endswith("/cards"))
    page.goto(cards)
    fill(page, cards="NEW-1\nNEW-1\n----nothing")
    send(page, "Check")
    expect(page.locator("#report")).to_be_visible()
    look("cards, looked at")
    page.goto(cards)
    page.locator("[data-import] input[type=file]").set_input_files(
        {"name": "cards.txt", "mimeType": "text/plain", "buffer": b"NEW-1\n" * 30})
    expect(page.locator("[data-import] .lines li")).to_have_count(29)
    look("a file, looked at")
    page.goto("/admin/new-product")
    fill(page, slug="odd", title="Odd", amount="none")
    send(page, "Save")
    expect(page.locator("#e-amount")).to_be_visible()
    look("a product with errors")
    product = cards.removesuffix("/cards")
    page.goto(product)
    stage.shop.admin("PATCH", product.removeprefix("/admin"), {"title": "By another one"})
    send(page, "Save")
    refused(page, "Somebody else has changed it meanwhile")
    look("a product that somebody else has changed")
    page.goto("/admin/staff")
    fill(page, name="new-one")
    send(page, "Add a member")
    expect(page.locator("dd")).to_be_visible()
    look("a one-time password")
    page.goto("/admin/account")
    send(page, "Set up")
    expect(page.locator("svg.code")).to_be_visible()
    look("a second factor")
    page.goto("/admin/orders?contact=nobody")
    refused(page, "Please check what you filled in.")
    look("orders of nobody")
    page.goto("/admin/orders/00000000000000000000000000")
    look("no such order")
    log_out(page)
    log_in(page, "owner", "a password that is wrong")
    refused(page, "Name, password or code is wrong.")
    look("login with errors")


def words():
    """The English words of the pages by their keys, where the Chinese are others; and the keys."""
    tables = {"english": {}, "chinese": {}}
    for path in WORDS.glob("*.swift"):
        text = re.sub(r'"\s*\+ "', "", path.read_text())
        for name, body in re.findall(r"let (english|chinese)\w*(?:: [^=]+)? = \[\n(.*?)\n    \]", text, re.S):
            tables[name] |= dict(re.findall(r'"((?:[^"\\]|\\.)+)":\s*"((?:[^"\\]|\\.)*)"', body))
    english, chinese = tables["english"], tables["chinese"]
    check(len(english) > 300 and english.keys() == chinese.keys(), f"{len(english)} and {len(chinese)} words were read")
    return {key: word for key, word in english.items() if word != chinese[key]}, set(english)


class Reader:
    """Reads Chinese pages, and collects what is English on them."""

    def __init__(self, page):
        self.page = page
        self.findings = []
        english, self.keys = words()
        self.english = {
            key: re.compile(re.escape(word).replace(r"\{n\}", ".*").replace(r"\{m\}", ".*"))
            for key, word in english.items()
        }
        # Of several words: not by chance in a name.
        self.sentences = {key: word for key, word in self.english.items() if len(english[key].split()) > 3}

    def look(self, name):
        if self.page.locator("html").get_attribute("lang") != "zh-CN":
            self.findings.append(f"{name}: another language")
        for text in self.page.evaluate(TEXTS):
            if text in self.keys and re.search("_|[a-z][A-Z]", text):
                self.findings.append(f"{name}: no word for {text}")
            for key, word in self.english.items():
                if word.fullmatch(text) or key in self.sentences and word.search(text):
                    self.findings.append(f"{name}: {key} is English: {text}")
            if re.fullmatch("[a-z]+(_[a-z]+)+", text) and text not in ("sandbox_two", "read_only"):
                self.findings.append(f"{name}: no word: {text}")


def owner_language(stage):
    """Chosen once, the language holds on every page, and all words are of it. Needs a shop of its own."""
    starts = furnish(stage)
    page = owner(stage, confirms=True)
    page.goto("/admin/orders?state=delivered")
    page.get_by_role("link", name="简体中文").click()
    check("/admin/orders" in page.url, f"the choice leads to {page.url}")
    reader = Reader(page)
    walk = Walk(page, starts, each=1, look=reader.look)
    check(len(walk.pages) >= 20, f"only {sorted(walk.pages)} were looked at")
    cards = next(start for start in starts if start.endswith("/cards"))
    page.goto(cards)
    fill(page, cards="NEW-1\nNEW-1\n----nothing")
    send(page, "检查")
    expect(page.locator("#report")).to_be_visible()
    reader.look("cards, looked at")
    page.locator("[data-import] input[type=file]").set_input_files(
        {"name": "cards.txt", "mimeType": "text/plain", "buffer": b"NEW-1\nNEW-1\n"})
    expect(page.locator("[data-import] [role=status]")).to_have_text("新卡密 1 张，跳过 1 行。尚未保存。")
    reader.look("a file, looked at")
    page.goto("/admin/account")
    send(page, "启用")
    expect(page.locator("svg.code")).to_be_visible()
    reader.look("a second factor")
    page.goto("/admin/orders/00000000000000000000000000")
    reader.look("no such order")
    check(not reader.findings, "\n".join(reader.findings))
    page.get_by_role("link", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def owner_keyboard(stage):
    """Every stop of the Tab key is seen, the menu can be skipped, and work is done without a mouse."""
    slug = stage.shop.product("keyboard", cards=2)
    page = owner(stage)
    for address in ("/admin", "/admin/orders", f"/admin/products/{slug}", f"/admin/products/{slug}/cards"):
        page.goto(address)
        keys = Keys(page)
        check(keys.tab()["name"] == "Skip to content", f"{address}: the first stop does not skip")
        page.keyboard.press("Enter")
        expect(page.locator("#main")).to_be_focused()
        keys.arrive()
        stops = 0
        while page.evaluate("document.activeElement !== document.body") and stops < 80:
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement === document.body"):
                break
            focused = page.evaluate(FOCUSED)
            check(focused["seen"], f"{address}: the focus is not seen on {focused}")
            check(focused["tag"] != "A" or "Overview" not in focused["name"], f"{address}: the menu was not skipped")
            stops += 1
        check(stops >= 3, f"{address}: {stops} stops")
    page.goto("/admin/categories")
    keys = Keys(page)
    keys.tab()
    page.keyboard.press("Enter")
    keys.arrive()
    keys.tab_to("slug")
    page.keyboard.type(f"keys-{stage.shop.run}")
    keys.tab_to("name")
    page.keyboard.type("By keys")
    keys.tab_to("hidden")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    said(page, "Saved.")
    expect(page.get_by_role("link", name="By keys")).to_be_visible()


SCENARIOS = [owner_accessibility, owner_language, owner_keyboard]
