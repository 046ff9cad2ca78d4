"""Takes pictures of the owner's pages in both languages, after a month of sales that it makes.

    .build/venv/bin/python Tests/BrowserTests/owner_pictures.py --binary PATH --out DIR

It starts the shop itself, again and again at a later hour, with a clock that is late: the month takes a minute.
Pictures are WebP; all of them together are to stay under 900 KB.
"""

import argparse
import math
import os
import pathlib
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

try:
    from playwright.sync_api import expect, sync_playwright
except ImportError:
    sys.exit("Playwright is missing: run `make setup-test`, and use .build/venv/bin/python")

import staff
from catalog import Catalog
from screenshots import DEVICES, LANGUAGES, shoot
from shop import Shop
from stage import Stage, check

BUYERS = ["lin", "mira", "chen.wei", "okafor", "sofia", "zhao", "tanaka", "dupont", "20481024", "13900001234"]
CLOCK = pathlib.Path(__file__).parents[1] / "Scripts" / "late_clock.c"
TOKEN = "of-the-pictures-of-the-owner"
# Taken on a phone, too.
ON_PHONE = {"dashboard", "orders", "order"}


class Machine:
    """A shop on this machine, which can be started with a clock that is late."""

    def __init__(self, binary):
        self.binary = binary
        self.folder = tempfile.TemporaryDirectory()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        self.clock = pathlib.Path(self.folder.name) / "late_clock.so"
        subprocess.run([shutil.which("cc") or "clang", "-shared", "-fPIC", "-O1", "-o", self.clock, CLOCK], check=True)
        self.process = None
        self.link = None

    def start(self, minutes=0):
        """Starts it anew, with its clock so many minutes late."""
        self.stop()
        environment = {"PATH": os.environ["PATH"], "SLUICE_ADMIN_TOKEN": TOKEN}
        if minutes:
            environment |= {"LD_PRELOAD": str(self.clock), "LATE_BY_SECONDS": str(minutes * 60)}
        self.process = subprocess.Popen(
            [self.binary, "serve", "--data", f"{self.folder.name}/data", "--listen", self.address], env=environment,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        # Read to the end, or it could say no more one day.
        threading.Thread(target=self._read, args=(self.process.stderr,), daemon=True).start()
        check(self.process.stdout.readline().startswith("ready"), "the shop does not start")

    def _read(self, errors):
        for line in errors:
            if found := re.search(r"http\S+/admin/setup\?token=\w+", line):
                self.link = found[0]

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait()
            self.process = None


class Month:
    """Sales of the last thirty days."""

    def __init__(self, shop, catalog, machine):
        self.shop = shop
        self.machine = machine
        # The same each time.
        self.chance = random.Random(7)
        self.offers = [catalog.tales, catalog.tales, "music-1", "tales-gold-1", catalog.drive]
        for slug, count in ((catalog.tales, 600), ("music-1", 300), ("tales-gold-1", 200), (catalog.drive, 200)):
            shop.cards(slug, [f"{slug.upper()}-MORE-{number:04}" for number in range(count)])

    def sell(self):
        slug = self.chance.choice(self.offers)
        members = {"quantity": self.chance.choice([1, 1, 1, 2, 3]) if slug.startswith("tales-1") else 1}
        if slug.startswith("drive"):
            members["fields"] = {"account": "buyer@mail.example", "region": "亚洲 Asia"}
        buyer = self.chance.choice(BUYERS)
        contact = buyer if buyer.isdigit() else f"{buyer}@mail.example"
        order = self.shop.order(slug, contact, **members)
        if self.chance.random() < 0.86:
            self.shop.pay(order)

    def run(self):
        for day in range(29, 1, -1):
            self.machine.start(day * 24 * 60)
            for _ in range(round(16 + 5 * math.sin(day * 2.2) + (12 if day % 7 < 2 else 0) + (29 - day) / 2)):
                self.sell()
        for hour in range(23, 0, -1):
            self.machine.start(hour * 60)
            # Where the shop is, people buy at noon and in the evening.
            local = (time.gmtime().tm_hour + 8 - hour) % 24
            rush = math.exp(-((local - 20) / 3) ** 2) + 0.6 * math.exp(-((local - 12) / 2) ** 2)
            for _ in range(round(1 + 5 * rush)):
                self.sell()


def special_order(shop, page):
    """An order with a history: paid too late, judged anew, and one of its cards replaced."""
    slug = shop.product("late", cards=6, title="遗迹行者 首发版 · Relic Walker, first print", amount=9900, hold_seconds=1,
                        late_money="review", max_per_order=5)
    order = shop.order(slug, "mira@mail.example", quantity=2)
    shop.wait(order, "expired")
    shop.pay(order)
    page.goto(f"/admin/orders/{order['id']}")
    page.get_by_role("button", name="Judge anew").click()
    staff.said(page, "Judged anew: the order has changed.")
    form = page.locator('form[action$="/replace"]')
    form.locator("[name=reason]").fill("The buyer says that it was used before")
    form.get_by_role("button", name="Replace a card").click()
    staff.said(page, "The buyer has another card.")
    return order


def furnish(shop, machine):
    """Everything before anybody looks; returns the catalog."""
    machine.start(30 * 24 * 60)
    shop.open_sandbox()
    catalog = Catalog(shop)
    Month(shop, catalog, machine).run()
    machine.start()
    for name in ("alipay", "wechat"):
        shop.admin("PUT", f"/channels/{name}", {"kind": "epay", "enabled": True, "settings": {
            "gateway": "https://pay.example.com", "pid": "1042", "key": "of-the-pictures", "type": name}})
    return catalog


def rehearse(page, slug):
    """A backup, and a drill with its report; returns where that is."""
    page.goto("/admin/backups")
    staff.send(page, "Make a backup")
    staff.said(page, "The backup is made.")
    page.goto("/admin/drills")
    staff.fill(page, product=slug, cards="500", buyers="6000", rate="600", paid="90")
    staff.send(page, "Rehearse a sale")
    expect(page.locator("#outcome")).to_be_visible(timeout=120_000)
    return page.url


def steps(catalog, order, drill):
    """Name and address of each page."""
    return [
        ("dashboard", "/admin"), ("orders", "/admin/orders"), ("order", f"/admin/orders/{order['id']}"),
        ("product-form", f"/admin/products/{catalog.tales}"), ("cards", f"/admin/products/{catalog.tales}/cards"),
        ("channels", "/admin/channels"), ("drill", drill), ("backups", "/admin/backups"),
    ]


def settle(page, name):
    """Waits until the page shows what it shows in the end."""
    if name == "cards":
        lines = "".join(f"STAR-{number:04}-HAVEN\n" for number in range(2400)) + "STAR-0001-HAVEN\n----no secret\n"
        page.locator("[data-import] input[type=file]").set_input_files(
            {"name": "starhaven.txt", "mimeType": "text/plain", "buffer": lines.encode()})
        expect(page.locator("[data-import] .lines li")).to_have_count(2)
    page.evaluate("document.activeElement?.blur()")


class Rush:
    """Many buyers at once, for the live screen."""

    def __init__(self, shop, slug, seconds):
        self.shop = shop
        self.slug = slug
        self.end = time.monotonic() + seconds
        self.threads = [threading.Thread(target=self._buy, args=(number,)) for number in range(6)]
        for thread in self.threads:
            thread.start()

    def _buy(self, number):
        count = 0
        while (left := self.end - time.monotonic()) > 0:
            count += 1
            try:
                self.shop.order(self.slug, f"rush-{number}-{count}@mail.example", channel="alipay")
            except Exception:  # Sold out is an answer, too.
                pass
            time.sleep(0.02 + 0.05 * (1 + math.sin(left * 1.3)))

    def wait(self):
        for thread in self.threads:
            thread.join()


def take(machine, out, scheme):
    """All of them; returns their bytes."""
    shop = Shop(f"http://{machine.address}", TOKEN)
    # Names in the pictures must be the same each time.
    shop.run = "1"
    catalog = furnish(shop, machine)
    total = 0
    with sync_playwright() as playwright:
        stage = Stage(playwright, shop, machine.link)
        first = staff.owner(stage, confirms=True)
        order = special_order(shop, first)
        drill = rehearse(first, catalog.tales)
        # Without it no page needs to warn of play money.
        shop.admin("PUT", "/channels/sandbox", {"kind": "sandbox", "settings": {}, "enabled": False})
        rush = shop.product("rush", cards=1500, title="收获季 · Harvest Season")
        live = {}
        for language, locale in LANGUAGES.items():
            for device, viewport in DEVICES.items():
                page = staff.owner(stage, locale=locale, viewport=viewport, color_scheme=scheme)
                for name, address in steps(catalog, order, drill):
                    if device == "desktop" or name in ON_PHONE:
                        page.goto(address)
                        settle(page, name)
                        total += shoot(page, out / f"admin-{name}-{language}-{device}.webp", device)
                if device == "desktop":
                    page.goto("/admin/live")
                    live[language] = page
        Rush(shop, rush, 30).wait()
        for language, page in live.items():
            total += shoot(page, out / f"admin-live-{language}-desktop.webp", "desktop")
        stage.chromium.close()
        check(not stage.troubles, "\n".join(stage.troubles))
    return total


def main():
    parser = argparse.ArgumentParser(description="Takes pictures of the owner's pages.")
    parser.add_argument("--binary", required=True, help="the program")
    parser.add_argument("--out", required=True, type=pathlib.Path, help="folder for the pictures")
    parser.add_argument("--dark", action="store_true", help="in the dark colours")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    machine = Machine(options.binary)
    try:
        total = take(machine, options.out, "dark" if options.dark else "light")
    finally:
        machine.stop()
    print(f"{total / 1024:.0f} KiB in {options.out}")
    check(total < 900_000, "the pictures are too large together")


if __name__ == "__main__":
    main()
