"""How long a shop with a million cards and 100,000 orders takes until it is ready again after kill -9.

Makes the books with the shop's own schema, asks for a clean audit, and fails when a start takes two seconds or more.
"""

import argparse
import os
import pathlib
import signal
import sqlite3
import subprocess
import tempfile
import time
import urllib.request

ADMIN = "admin-token-of-the-proofs"
CARDS = 1_000_000
ORDERS = 100_000


def start(binary, data):
    """Starts a shop; returns the process, its address and the seconds until it was ready."""
    begun = time.monotonic()
    shop = subprocess.Popen(
        [binary, "serve", "--data", data, "--listen", "127.0.0.1:0"],
        stdout=subprocess.PIPE, env={"SLUICE_ADMIN_TOKEN": ADMIN}, text=True)
    line = shop.stdout.readline()
    assert line.startswith("ready "), "the shop did not start"
    return shop, line.split()[1], time.monotonic() - begun


def call(url, method, path, body=None, content="application/json"):
    headers = {"Authorization": f"Bearer {ADMIN}", "Content-Type": content}
    request = urllib.request.Request(url + path, body, headers, method=method)
    with urllib.request.urlopen(request, timeout=120) as answer:
        return answer.read().decode()


def fill(path):
    """A tenth of the cards is held or sold by the orders, half and half."""
    books = sqlite3.connect(path)
    books.execute("PRAGMA synchronous = OFF")
    product = books.execute("SELECT id FROM products").fetchone()[0]
    now = int(time.time() * 1000)
    books.execute("INSERT INTO batches (id, product_id, created_at, imported) VALUES (7, ?, 0, ?)", (product, CARDS))

    def order_id(number):
        return ((now - 3_600_000 + number // 100) << 16).to_bytes(8, "big") + os.urandom(8)

    ids = [order_id(number) for number in range(ORDERS)]
    attempts = [order_id(number) for number in range(ORDERS)]
    sold = [number % 2 == 0 for number in range(ORDERS)]
    books.executemany(
        "INSERT INTO orders VALUES (?, ?, 1, ?, 'sandbox', 1990, 'CNY', NULL, NULL, ?, x'00', ?, ?, ?, ?)",
        ((ids[n], product, f"buyer-{n}@example.com", f"key-{n}", "delivered" if sold[n] else "awaiting_payment",
          2 if sold[n] else 1, now, now + 86_400_000) for n in range(ORDERS)))
    books.executemany(
        "INSERT INTO journal (order_id, version, event, from_state, to_state, at) VALUES (?, ?, ?, ?, ?, ?)",
        (row for n in range(ORDERS) for row in [(ids[n], 1, "claim", None, "awaiting_payment", now)]
         + ([(ids[n], 2, "deliver", "awaiting_payment", "delivered", now)] if sold[n] else [])))
    books.executescript("""
        INSERT INTO buyer_orders SELECT product_id, contact, 0, id FROM orders ORDER BY 2, 1, 4;
        INSERT INTO order_keys SELECT product_id, idempotency_key, id FROM orders ORDER BY 2, 1, 4;
        UPDATE filed_orders SET through = (SELECT max(id) FROM orders);
    """)
    paid = [n for n in range(ORDERS) if sold[n]]
    books.executemany("INSERT INTO attempts (id, order_id, channel, amount, currency, created_at)"
                      " VALUES (?, ?, 'sandbox', 1990, 'CNY', ?)",
                      ((attempts[n], ids[n], now) for n in paid))
    books.executemany(
        "INSERT INTO payments (channel, provider_event, attempt, order_id, amount, currency, verdict, resolution,"
        " received_at, raw) VALUES ('sandbox', ?, ?, ?, 1990, 'CNY', 'accepted', 'delivered', ?, '')",
        ((f"event-{n}", attempts[n].hex(), ids[n], now) for n in paid))
    books.executemany("INSERT INTO outbox (topic, order_id, created_at) VALUES ('order.delivered', ?, ?)",
                      ((ids[n], now) for n in paid))
    books.executemany(
        "INSERT INTO cards (product_id, batch_id, state, order_id, fingerprint, secret) VALUES (?, 7, ?, ?, ?, ?)",
        ((product, "available" if n >= ORDERS else "sold" if sold[n] else "held", ids[n] if n < ORDERS else None,
          n.to_bytes(16, "big"), bytes(60)) for n in range(CARDS)))
    books.commit()
    books.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    binary = str(pathlib.Path(parser.parse_args().binary).resolve())
    with tempfile.TemporaryDirectory() as data:
        shop, url, _ = start(binary, data)
        call(url, "POST", "/api/v1/admin/products",
             b'{"slug":"game-key","title":"Game key","amount":1990,"currency":"CNY"}')
        call(url, "PUT", "/api/v1/admin/channels/sandbox", b'{"kind":"sandbox","settings":{},"enabled":true}')
        shop.send_signal(signal.SIGTERM)
        assert shop.wait() == 0
        fill(os.path.join(data, "ledger.sqlite"))
        times = []
        for number in range(5):
            shop, url, seconds = start(binary, data)
            times.append(seconds)
            for buyer in range(200):
                body = f'{{"product":"game-key","contact":"{number}{buyer:05}","channel":"sandbox"}}'
                call(url, "POST", "/api/v1/orders", body.encode())
            if number == 4:
                audit = call(url, "GET", "/api/v1/admin/audit")
                assert audit.startswith('{"ok":true'), audit
                print("audit clean:", audit[:140])
            shop.kill()
            shop.wait()
        print(f"cards {CARDS}, orders {ORDERS}, seconds until ready after kill -9:",
              " ".join(f"{seconds:.3f}" for seconds in times))
        assert max(times) < 2, "a start took two seconds or more"


main()
