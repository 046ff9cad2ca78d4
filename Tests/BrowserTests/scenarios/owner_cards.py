"""Cards: how they come in, what becomes of them, and how they leave."""

import re
import urllib.parse

from playwright.sync_api import expect

from proxy import Proxy
from staff import fill, owner, refused, rows, said, send, table
from stage import check

# Keeps each place that the bar was at.
WATCH = """() => {
  const bar = document.querySelector("[data-import] progress");
  window.__places = [];
  new MutationObserver(() => { if (bar.hasAttribute("value")) window.__places.push(bar.value); })
    .observe(bar, { attributes: true, attributeFilter: ["value"] });
}"""


def choose(page, content, name="cards.txt"):
    """Chooses a file of cards."""
    file = {"name": name, "mimeType": "text/plain", "buffer": content.encode() if isinstance(content, str) else content}
    page.locator("[data-import] input[type=file]").set_input_files(file)


def tells(page, text):
    """Waits until the page says of the file what it should."""
    expect(page.locator("[data-import] [role=status]")).to_have_text(text)


def skipped(page):
    return page.locator("[data-import] .lines li").all_text_contents()


def in_stock(page, count):
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Cards · {count} in stock")


def card_file(stage):
    """10,000 cards by a file: looked at first, in by one batch with a bar that moves, and out again by one click."""
    slug = stage.shop.product("card-file")
    page = owner(stage, confirms=True)
    page.goto(f"/admin/products/{slug}/cards")
    lines = [f"FILE-{number:05}" for number in range(1, 10_001)]
    lines[5000:5000] = ["FILE-00007", "----no secret", ""]
    choose(page, "\r\n".join(lines))
    tells(page, "10000 new cards; lines that are skipped: 2. Nothing was stored yet.")
    expected = ["Line 5001: The product has or had this card.", "Line 5002: There is no secret."]
    check(skipped(page) == expected, f"skipped: {skipped(page)}")
    in_stock(page, 0)
    check(rows(page, "Batches") == [], "a look at a file makes a batch")

    page.evaluate(WATCH)
    page.locator("[data-import]").get_by_role("button", name="Import").click()
    tells(page, "Imported: 10000; skipped: 2.")
    places = page.evaluate("window.__places")
    check(places == sorted(places), f"the bar goes back: {places}")
    check(any(0 < place < len(lines) for place in places), f"the bar does not move: {places}")
    check(skipped(page) == expected, f"skipped: {skipped(page)}")
    # What has changed is shown without loading the page again.
    in_stock(page, 10000)
    batch = rows(page, "Batches")
    check(len(batch) == 1 and batch[0][2:4] == ["10000", "10000"], f"batches: {batch}")
    expect(table(page, "Cards").locator("tbody tr")).to_have_count(100)

    page.locator("[data-import]").get_by_role("button", name="Undo").click()
    said(page, "The batch was taken out.")
    check(stage.questions == ["Take 10000 cards out again, as if they had never come?"], f"{stage.questions}")
    in_stock(page, 0)
    check(rows(page, "Batches")[0][7] == "10000", f"batches: {rows(page, 'Batches')}")
    # As if they had never come: they are new again.
    choose(page, "FILE-00001\nFILE-00002\n")
    tells(page, "2 new cards; lines that are skipped: 0. Nothing was stored yet.")


def card_file_lost(stage):
    """A connection that breaks on the way: what came in stays and is said; the file again adds what is missing."""
    slug = stage.shop.product("card-lost")
    proxy = Proxy(urllib.parse.urlsplit(stage.shop.url).port)
    stage.hosts.add(urllib.parse.urlsplit(proxy.url).netloc)
    page = owner(stage, base_url=proxy.url)
    page.goto(f"/admin/products/{slug}/cards")
    total = 6000
    choose(page, "".join(f"LOST-{number:05}\n" for number in range(total)))
    tells(page, f"{total} new cards; lines that are skipped: 0. Nothing was stored yet.")
    proxy.cut_after = b'"imported":200,'
    button = page.locator("[data-import]").get_by_role("button", name="Import")
    button.click()
    tells(page, re.compile("The connection was lost. At least [0-9]+ cards came in and stay. Import the file again"))
    expect(button).to_be_enabled()
    button.click()
    tells(page, re.compile("Imported: [0-9]+; skipped: [0-9]+."))
    imported, known = map(int, re.findall("[0-9]+", page.locator("[data-import] [role=status]").text_content()))
    check(imported + known == total and known >= 200, f"{imported} cards were missing, {known} were there")
    in_stock(page, total)
    listed = page.locator("[data-import] .lines li")
    expect(listed.last).to_have_text(f"More lines that are skipped: {known - 100}")
    proxy.close()


def cards_by_hand(stage):
    """Pasted, voided and exported; a file in GB18030 says what it said."""
    slug = stage.shop.product("card-hand")
    page = owner(stage, confirms=True)
    address = f"/admin/products/{slug}/cards"
    page.goto(address)
    fill(page, cards="HAND-1\nHAND-2----with a note\nHAND-1\n----nothing")
    send(page, "Check")
    report = table(page, "Lines that are skipped")
    expect(report.locator("tbody tr")).to_have_count(2)
    expect(page.locator("#report")).to_contain_text("Nothing was stored.")
    in_stock(page, 0)
    check(page.locator("#i-cards").input_value().startswith("HAND-1\nHAND-2"), "what was pasted is gone")
    send(page, "Import")
    in_stock(page, 2)
    page.goto(address)
    choose(page, "密钥甲----说明\r\n密钥乙\r\n".encode("gb18030"))
    tells(page, "2 new cards; lines that are skipped: 0. Nothing was stored yet.")
    page.locator("[data-import]").get_by_role("button", name="Import").click()
    in_stock(page, 4)

    fill(page, reason="a test")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    check(download.value.suggested_filename == f"{slug}-available.txt", download.value.suggested_filename)
    content = download.value.path().read_text()
    check(content == "HAND-1\nHAND-2----with a note\n密钥甲----说明\n密钥乙\n", f"the file holds {content!r}")
    page.goto("/admin/journal")
    entry = next(row for row in rows(page, "Journal") if slug in row[2] and row[1] == "Export")
    check("owner" in entry[3] and "a test" in entry[3], f"the journal says {entry}")

    page.goto(address + "?state=available")
    first = table(page, "Cards").locator("tbody tr").first
    number = first.locator("td").first.text_content()
    first.get_by_role("button", name="Void").click()
    said(page, "The card is voided.")
    in_stock(page, 3)
    page.goto(f"{address}?card={number}")
    check(rows(page, "Cards")[0][2] == "voided", f"the card: {rows(page, 'Cards')}")


def card_replaced(stage):
    """A sold card that does not work is replaced; without another one the page says so and nothing is changed."""
    shop = stage.shop
    slug = shop.product("card-replaced", cards=2)
    order = shop.order(slug)
    shop.pay(order)
    page = owner(stage, confirms=True)
    page.goto(f"/admin/orders/{order['id']}")
    expect(table(page, "What was delivered")).to_contain_text("CARD-REPLACED-1")
    form = page.locator(f'form[action$="{order["id"]}/replace"]')
    form.locator("[name=reason]").fill("it was used")
    form.get_by_role("button", name="Replace a card").click()
    said(page, "The buyer has another card.")
    check(shop.read(order)["cards"] == ["CARD-REPLACED-2"], f"the buyer has {shop.read(order)['cards']}")
    expect(table(page, "Replaced cards")).to_contain_text("it was used")
    form.get_by_role("button", name="Replace a card").click()
    refused(page, "Sold out")
    check(shop.read(order)["cards"] == ["CARD-REPLACED-2"], f"the buyer has {shop.read(order)['cards']}")
    page.goto(f"/admin/products/{slug}/cards?state=voided")
    check(len(rows(page, "Cards")) == 1, f"voided: {rows(page, 'Cards')}")


SCENARIOS = [card_file, card_file_lost, cards_by_hand, card_replaced]
