"""Takes pictures of eight pages in both languages, on a phone and on a desktop, from a catalog that it makes.

    .build/venv/bin/python Tests/BrowserTests/screenshots.py --shop URL --admin-token TOKEN --out DIR

The shop must be empty. Pictures are WebP; all of them together are to stay under 1 MB.
"""

import argparse
import base64
import pathlib
import re
import sys

try:
    from playwright.sync_api import expect, sync_playwright
except ImportError:
    sys.exit("Playwright is missing: run `make setup-test`, and use .build/venv/bin/python")

from catalog import Catalog
from shop import Shop
from stage import DESKTOP, PHONE, Stage, check

LANGUAGES = {"en": "en-US", "zh": "zh-CN"}
DEVICES = {"desktop": DESKTOP, "phone": PHONE}
# Longer pages are cut off here, in CSS pixels.
LONGEST = {"desktop": 1200, "phone": 1500}
SCALE = {"desktop": 0.8, "phone": 1}
QUALITY = 50


def orders(shop, catalog):
    """Orders for the pages of one buyer."""
    expired = catalog.expired_order()
    waiting = shop.order(catalog.drive, "buyer@mail.example", query_password="paper boat", fields={
        "account": "buyer@mail.example", "region": "亚洲 Asia"})
    delivered = shop.order(catalog.tales, "buyer@mail.example", quantity=2, query_password="paper boat")
    shop.pay(delivered)
    return expired, waiting, delivered


def steps(catalog, expired, waiting, delivered):
    """Name and address of each page. Orders that a link has opened are listed at the look-up."""
    return [
        ("home", "/"), ("product", f"/products/{catalog.tales}"), ("not-open", f"/products/{catalog.harvest}"),
        ("pickable", f"/products/{catalog.lucky}"), ("expired", opened(expired)), ("awaiting", opened(waiting)),
        ("delivered", opened(delivered)), ("lookup", "/orders"),
    ]


def opened(order):
    return f"/orders/{order['id']}/open?token={order['token']}"


def settle(page, name):
    """Waits until the page shows what it shows in the end."""
    if name in ("product", "pickable"):
        expect(page.locator("[data-checked]")).to_have_text(re.compile("价格已由商店确认|Confirmed by the shop"))
    if name == "expired":
        expect(page.locator("#status")).to_have_attribute("data-status", "expired")
    if name == "pickable":
        for index in (4, 8):
            page.locator("[data-pick]").nth(index).click()
        expect(page.locator("[data-lines] li")).to_have_count(3)
    page.evaluate("document.activeElement?.blur()")
    page.wait_for_load_state("networkidle" if name == "home" else "load")


def shoot(page, path, device):
    """The whole page, as far as it is not too long."""
    session = page.context.new_cdp_session(page)
    size = session.send("Page.getLayoutMetrics")["cssContentSize"]
    clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], LONGEST[device]),
            "scale": SCALE[device]}
    picture = session.send("Page.captureScreenshot", {
        "format": "webp", "quality": QUALITY, "captureBeyondViewport": True, "clip": clip})
    path.write_bytes(base64.b64decode(picture["data"]))
    session.detach()
    return path.stat().st_size


def main():
    parser = argparse.ArgumentParser(description="Takes pictures of the pages.")
    parser.add_argument("--shop", required=True, help="address of a running, empty shop")
    parser.add_argument("--admin-token", required=True, help="of that shop")
    parser.add_argument("--out", required=True, type=pathlib.Path, help="folder for the pictures")
    parser.add_argument("--dark", action="store_true", help="in the dark colours")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    shop = Shop(options.shop, options.admin_token)
    # Colours are chosen by slugs, which must be the same each time.
    shop.run = "1"
    shop.open_sandbox()
    catalog = Catalog(shop)
    made = orders(shop, catalog)
    total = 0
    with sync_playwright() as playwright:
        stage = Stage(playwright, shop)
        for language, locale in LANGUAGES.items():
            for device, viewport in DEVICES.items():
                scheme = "dark" if options.dark else "light"
                page = stage.page(locale=locale, viewport=viewport, color_scheme=scheme)
                for name, address in steps(catalog, *made):
                    page.goto(address)
                    settle(page, name)
                    total += shoot(page, options.out / f"{name}-{language}-{device}.webp", device)
                page.context.close()
        stage.chromium.close()
        check(not stage.troubles, "\n".join(stage.troubles))
    print(f"{total / 1024:.0f} KiB in {options.out}")
    check(total < 1_000_000, "the pictures are too large together")


if __name__ == "__main__":
    main()
