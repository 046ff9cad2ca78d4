"""The owner's pages of a shop with a million orders on file: how long each list, search and chart takes.

Orders, cards, payments and refunds are written straight into the ledger. Each page is asked for several times by an owner
who has logged in, the slowest counts, and so does the first look after the start. Prints a line a page and ends with status
1 when one takes 200 ms or more.
"""

import argparse
import http.client
import json
import pathlib
import re
import signal
import sqlite3
import sys
import tempfile
import time
import urllib.parse

from orders_on_file import fill
from stock_at_scale import Shop, check, failures, imported

BOUND = 200
PASSWORD = "a password of this script"
# Every tenth order in another state, and money that came for it.
MIX = """
UPDATE orders SET state = 'expired' WHERE substr(id, 16, 1) < x'20';
UPDATE orders SET state = 'review' WHERE substr(id, 16, 1) >= x'20' AND substr(id, 15, 2) < x'2040' AND substr(id, 14, 1) < x'02';
INSERT INTO attempts (id, order_id, channel, amount, currency, created_at)
    SELECT id, id, 'sandbox', 1990, 'CNY', created_at FROM orders WHERE product_id = :product;
INSERT INTO payments (channel, provider_event, attempt, order_id, amount, currency, verdict, resolution, received_at, raw)
    SELECT 'sandbox', hex(id), hex(id), id, 1990, 'CNY', iif(state = 'review', 'mismatched', 'accepted'),
        iif(state = 'review', 'review', 'delivered'), created_at, '' FROM orders
    WHERE product_id = :product AND state IN ('delivered', 'review') ORDER BY id;
INSERT INTO refunds (order_id, payment_id, amount, currency, state, created_at, changed_at)
    SELECT order_id, id, amount, currency, 'done', received_at, received_at FROM payments WHERE id % 50 = 0;
INSERT INTO owner_journal (at, actor, action, subject) SELECT received_at, 'ann', 'confirm', hex(order_id)
    FROM payments WHERE id % 10 = 0
"""


class OwnedShop(Shop):
    """A shop whose owner comes with a browser's cookies."""

    def start(self):
        self.cookies = {}
        super().start()

    def ask(self, method, path, fields=None):
        connection = http.client.HTTPConnection(self.address, timeout=120)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
                   "Origin": f"http://{self.address}", "Accept-Language": "en"}
        body = None
        if fields is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urllib.parse.urlencode(fields)
        start = time.monotonic()
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        text = answer.read()
        took = (time.monotonic() - start) * 1000
        for value in answer.headers.get_all("Set-Cookie") or []:
            name, _, rest = value.partition("=")
            self.cookies[name] = rest.partition(";")[0]
        connection.close()
        return answer.status, text.decode(), took

    def token(self, path):
        return re.search(r'name="form" value="([^"]+)"', self.ask("GET", path)[1]).group(1)

    def log_in(self):
        status, text, _ = self.ask("POST", "/admin/login", {
            "form": self.token("/admin/login"), "name": "ann", "password": PASSWORD})
        assert status == 303, text


def set_up(binary, folder):
    """A shop with an owner, two products and a channel."""
    complaints = folder / "complaints"
    shop = OwnedShop(binary, folder / "shop", complaints)
    token = ""
    while not token:
        found = re.search(r"/admin/setup\?token=(\S+)", complaints.read_text())
        token = found.group(1) if found else ""
        time.sleep(0.05)
    status, text, _ = shop.ask("POST", "/admin/setup", {
        "form": shop.token(f"/admin/setup?token={token}"), "token": token, "name": "ann", "password": PASSWORD})
    assert status == 303, text
    shop.product("old", max_per_buyer=1000)
    shop.product("new")
    shop.admin("PUT", "/channels/sandbox", '{"kind":"sandbox","settings":{}}')
    return shop


def mix(path):
    books = sqlite3.connect(path, isolation_level=None)
    for pragma in ("synchronous = OFF", "journal_mode = OFF", "cache_size = -1000000", "foreign_keys = OFF"):
        books.execute(f"PRAGMA {pragma}")
    product = books.execute("SELECT id FROM products WHERE slug = 'old'").fetchone()[0]
    for statement in MIX.split(";\n"):
        books.execute(statement, {"product": product} if ":product" in statement else {})
    states = dict(books.execute("SELECT state, count(*) FROM orders GROUP BY state"))
    middle, = books.execute("SELECT contact FROM orders LIMIT 1 OFFSET 500000").fetchone()
    card, batch = books.execute("SELECT id, batch_id FROM cards LIMIT 1 OFFSET 500000").fetchone()
    counts = {table: books.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
              for table in ("orders", "cards", "payments", "refunds", "owner_journal")}
    books.close()
    print(", ".join(f"{count:,} {table}" for table, count in counts.items()), states, flush=True)
    return middle, card, batch


def pages(shop, contact, card, batch):
    """Every page that lists, searches or draws, some of them deep in their lists."""
    listed = shop.ask("GET", "/admin/orders")[1]
    order = sold(shop)
    cursor = re.search(r"/admin/orders\?after=([^\"&]+)", listed).group(1)
    quoted = urllib.parse.quote(contact)
    yield from ["/admin", "/admin/live", "/admin/orders", f"/admin/orders/{order}", f"/admin/orders?after={cursor}"]
    for state in ("awaiting_payment", "paid", "delivered", "expired", "cancelled", "rejected", "review"):
        yield f"/admin/orders?state={state}"
    yield from [f"/admin/orders?contact={quoted}", f"/admin/orders?contact={quoted}&state=delivered", f"/admin/orders?contact={quoted}&state=expired",
                "/admin/orders?contact=nobody@example.org"]
    yield from ["/admin/payments", "/admin/payments?after=500000", "/admin/refunds"]
    for verdict in ("accepted", "duplicate", "forged", "mismatched"):
        yield f"/admin/payments?verdict={verdict}"
    yield from ["/admin/payments?resolution=review", "/admin/refunds?state=open", "/admin/refunds?state=done"]
    yield from ["/admin/journal", "/admin/journal?after=50000", "/admin/products", "/admin/products/old"]
    base = "/admin/products/old/cards"
    yield from [base, f"{base}?card={card}", f"{base}?state=sold", f"{base}?state=available", f"{base}?state=voided",
                f"{base}?batch={batch}", f"{base}?state=held&batch={batch}", f"{base}?after=500000"]
    yield from ["/admin/categories", "/admin/coupons", "/admin/announcements", "/admin/blacklist", "/admin/channels",
                "/admin/staff", "/admin/settings", "/admin/backups", "/admin/drills", "/admin/account"]


def sold(shop):
    """An order that was placed and paid through the shop itself, so that its cards can be shown."""
    imported(shop, "new", 10, "NEW")
    shop.request("PUT", "/api/v1/admin/channels/sandbox", '{"kind":"sandbox","settings":{},"enabled":true}')
    body = '{"product":"new","contact":"buyer@example.com","channel":"sandbox"}'
    status, text = shop.request("POST", "/api/v1/orders", body)
    assert status == 201, text
    order = json.loads(text)
    connection = http.client.HTTPConnection(shop.address, timeout=60)
    connection.request("POST", f"/api/v1/sandbox/orders/{order['id']}/pay", body="{}", headers={
        "Content-Type": "application/json", "Authorization": f"Bearer {order['token']}"})
    assert connection.getresponse().status == 200
    connection.close()
    return order["id"]


def main(options):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        shop = set_up(options.binary, folder)
        shop.stop(signal.SIGTERM)
        path = folder / "shop" / "ledger.sqlite"
        fill(path, options.orders, min(options.orders, 1_000_000))
        contact, card, batch = mix(path)
        print(f"{path.stat().st_size / 1e9:.1f} GB", flush=True)
        shop.start()
        shop.log_in()
        for page in pages(shop, contact, card, batch):
            looks = [shop.ask("GET", page) for _ in range(options.looks)]
            statuses, times = {status for status, _, _ in looks}, [took for _, _, took in looks]
            check(statuses == {200} and max(times) < BOUND,
                  f"{page:70} first {times[0]:6.1f}  slowest {max(times):6.1f} ms  {sorted(statuses)}")
        took = shop.ask("GET", "/admin/books")[2]
        print(f"      /admin/books, which checks everything: {took / 1000:.1f} s", flush=True)
        for name in ("orders", "payments"):
            _, text, took = shop.ask("GET", f"/admin/{name}.csv")
            print(f"      /admin/{name}.csv: {text.count(chr(10)):,} lines in {took / 1000:.1f} s", flush=True)
        check(shop.stop() == 0, "stopped")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--looks", type=int, default=5)
    main(parser.parse_args())
