"""Orders per second in a shop with millions of orders on file, against an empty one in the same run.

The orders on file are written straight into the ledger: delivered ones of other products, with all that belongs to them.
Prints the rates in turn and ends with status 1 when the full shop keeps less than nine tenths of the empty one's rate.
"""

import argparse
import pathlib
import signal
import sqlite3
import statistics
import sys
import tempfile
import time

from bench_orders import script, wrk
from stock_at_scale import Shop, check, failures, imported

# Two months of orders, in the order of their time, by buyers in no order.
FILL = """
CREATE TEMP TABLE numbers (n INTEGER PRIMARY KEY);
WITH RECURSIVE counted (n) AS (SELECT :first UNION ALL SELECT n + 1 FROM counted WHERE n < :last)
    INSERT INTO numbers SELECT n FROM counted;
INSERT INTO orders (id, product_id, quantity, contact, channel, amount, currency, state, version, created_at, expires_at)
    SELECT id(n), :product, 1, contact(n), 'sandbox', 1990, 'CNY', 'delivered', 2, :start + n / 2, :start + n / 2 + 600000
    FROM numbers;
INSERT INTO journal (order_id, version, event, from_state, to_state, at)
    SELECT id(n), 1, 'claim', NULL, 'awaiting_payment', :start + n / 2 FROM numbers;
INSERT INTO journal (order_id, version, event, from_state, to_state, at)
    SELECT id(n), 2, 'deliver', 'awaiting_payment', 'delivered', :start + n / 2 FROM numbers;
INSERT INTO cards (product_id, batch_id, state, order_id, fingerprint, secret)
    SELECT :product, :batch, 'sold', id(n), fingerprint(n), zeroblob(60) FROM numbers;
INSERT INTO outbox (topic, order_id, created_at, sent_at) SELECT 'order.delivered', id(n), :start, :start FROM numbers;
DROP TABLE numbers;
"""


def fill(path, count, slice_orders=1_000_000):
    books = sqlite3.connect(path, isolation_level=None)
    for pragma in ("synchronous = OFF", "journal_mode = OFF", "cache_size = -1000000", "foreign_keys = OFF"):
        books.execute(f"PRAGMA {pragma}")
    start = int(time.time() * 1000) - count // 2 - 3_600_000
    books.create_function("id", 1, lambda n: ((start + n // 2) << 16).to_bytes(8, "big") + n.to_bytes(8, "big"))
    books.create_function("contact", 1, lambda n: f"{n * 2654435761 % 4294967296:08x}@example.org")
    books.create_function("fingerprint", 1, lambda n: (n * 0x9E3779B97F4A7C15 % 2**64).to_bytes(16, "big"))
    product = books.execute("SELECT id FROM products WHERE slug = 'old'").fetchone()[0]
    books.execute("INSERT INTO batches (product_id, created_at, imported) VALUES (?, ?, ?)", (product, start, count))
    batch = books.execute("SELECT max(id) FROM batches").fetchone()[0]
    indexes = books.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        " AND tbl_name IN ('orders', 'cards', 'outbox')").fetchall()
    for name, _ in indexes:
        books.execute(f"DROP INDEX {name}")
    for first in range(0, count, slice_orders):
        values = {"first": first, "last": first + slice_orders - 1, "product": product, "start": start, "batch": batch}
        for statement in FILL.split(";\n"):
            if statement.strip():
                used = {key: value for key, value in values.items() if f":{key}" in statement}
                books.execute(statement, used)
        print(f"{first + slice_orders:,} orders on file", flush=True)
    for _, sql in indexes:
        books.execute(sql)
    books.execute("INSERT INTO buyer_orders SELECT product_id, contact, 0, id FROM orders ORDER BY 2, 1, 4")
    books.execute("UPDATE filed_orders SET through = (SELECT max(id) FROM orders)")
    books.close()


def main(options):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        shops = {}
        for name in ("empty", "full"):
            shop = Shop(options.binary, folder / name)
            shop.product("hot", max_per_buyer=1, hold_seconds=3600)
            shop.product("old", max_per_buyer=1000)
            shop.admin("PUT", "/channels/sandbox", '{"kind":"sandbox","settings":{}}')
            shops[name] = shop
        shops["full"].stop(signal.SIGTERM)
        fill(folder / "full" / "ledger.sqlite", options.orders)
        size = (folder / "full" / "ledger.sqlite").stat().st_size / 1e9
        start = time.monotonic()
        shops["full"].start()
        print(f"{size:.1f} GB; ready after {time.monotonic() - start:.2f} s", flush=True)
        for name, shop in shops.items():
            imported(shop, "hot", options.cards, "HOT")
            wrk(folder, shop.address, script(255, "hot"), 2, options.connections)
        ratios = []
        for number in range(options.rounds):
            rates = {}
            for name, shop in shops.items():
                found = wrk(folder, shop.address, script(number, "hot"), 5, options.connections, [shop.process.pid])
                check(found["refused"] == 0, f"{name:5} {found['rate']:9,.0f}/s   p50 {found['p50']}  p99 {found['p99']}")
                rates[name] = found["rate"]
            ratios.append(rates["full"] / rates["empty"])
        check(statistics.median(ratios) >= 0.9,
              "full / empty: median " + f"{statistics.median(ratios):.3f} of " + " ".join(f"{r:.3f}" for r in ratios))
        for shop in shops.values():
            check(shop.stop() == 0, "stopped")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--orders", type=int, default=10_000_000)
    parser.add_argument("--cards", type=int, default=500_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=256)
    main(parser.parse_args())
