"""Runs one scenario: a buyer or the owner in Debian's Chromium before a real shop.

    .build/venv/bin/python Tests/BrowserTests/browser.py SCENARIO --shop URL --admin-token TOKEN [--set-up-link LINK]

The link is the one that the shop prints for its first owner; scenarios of the owner's pages need it.

`--list` prints the scenarios. Ends with status 1 when a page does something else than it should.
"""

import argparse
import sys
import traceback

try:
    from playwright.sync_api import sync_playwright
except ImportError:
    sys.exit("Playwright is missing: run `make setup-test`, and use .build/venv/bin/python")

from scenarios import (buying, finding, forms, hostile, owner_access, owner_cards, owner_notices, owner_orders,
                       owner_rights, owner_sale, owner_standards, owner_system, plain, standards, tables, waiting)
from shop import Shop
from stage import Stage, check

MODULES = [
    buying, waiting, forms, finding, plain, standards, hostile, owner_access, owner_rights, owner_cards, owner_sale,
    owner_orders, owner_notices, owner_standards, owner_system, tables,
]
SCENARIOS = {scenario.__name__: scenario for module in MODULES for scenario in module.SCENARIOS}


def run(scenario, shop, set_up_link):
    with sync_playwright() as playwright:
        stage = Stage(playwright, shop, set_up_link)
        try:
            scenario(stage)
            check(not stage.troubles, "\n".join(stage.troubles))
        except Exception:
            for context in stage.chromium.contexts:
                for page in context.pages:
                    text = " | ".join(page.locator("body").inner_text(timeout=2000).split("\n"))
                    print(f"--- {page.url}\n{text[:1500]}", file=sys.stderr)
            for trouble in stage.troubles:
                print(f"--- {trouble}", file=sys.stderr)
            raise
        finally:
            stage.chromium.close()


def main():
    parser = argparse.ArgumentParser(description="Runs one scenario in a browser.")
    parser.add_argument("scenario", nargs="?", choices=SCENARIOS)
    parser.add_argument("--shop", help="address of a running shop")
    parser.add_argument("--admin-token", help="of that shop")
    parser.add_argument("--set-up-link", help="that the shop has printed for its owner")
    parser.add_argument("--list", action="store_true", help="print the scenarios")
    options = parser.parse_args()
    if options.list:
        return print("\n".join(SCENARIOS))
    if not (options.scenario and options.shop and options.admin_token):
        parser.error("a scenario, --shop and --admin-token are needed")
    shop = Shop(options.shop, options.admin_token)
    shop.open_sandbox()
    try:
        run(SCENARIOS[options.scenario], shop, options.set_up_link)
    except Exception:
        traceback.print_exc()
        sys.exit(1)


if __name__ == "__main__":
    main()
