"""Runs one scenario: a buyer in Debian's Chromium before a real shop.

    .build/venv/bin/python Tests/BrowserTests/browser.py SCENARIO --shop URL --admin-token TOKEN

`--list` prints the scenarios. Ends with status 1 when a page does something else than it should.
"""

import argparse
import sys
import traceback

try:
    from playwright.sync_api import sync_playwright
except ImportError:
    sys.exit("Playwright is missing: run `make setup-test`, and use .build/venv/bin/python")

from scenarios import buying, finding, forms, hostile, plain, standards, tables, waiting
from shop import Shop
from stage import Stage, check

MODULES = [buying, waiting, forms, finding, plain, standards, hostile, tables]
SCENARIOS = {scenario.__name__: scenario for module in MODULES for scenario in module.SCENARIOS}


def run(scenario, shop):
    with sync_playwright() as playwright:
        stage = Stage(playwright, shop)
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
    parser.add_argument("--list", action="store_true", help="print the scenarios")
    options = parser.parse_args()
    if options.list:
        return print("\n".join(SCENARIOS))
    if not (options.scenario and options.shop and options.admin_token):
        parser.error("a scenario, --shop and --admin-token are needed")
    shop = Shop(options.shop, options.admin_token)
    shop.open_sandbox()
    try:
        run(SCENARIOS[options.scenario], shop)
    except Exception:
        traceback.print_exc()
        sys.exit(1)


if __name__ == "__main__":
    main()
