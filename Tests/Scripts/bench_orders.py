"""Durable orders per second, as a share of what nginx answers to the same POSTs in the same run.

Three rounds; in each wrk loads nginx (`return 200`), then orders that are all accepted, then such of two units, then
two units with all that an order may have (a tier, a coupon with limited uses in all and for each buyer, two fields, one
of them with a pattern), then a product that is sold out. The ratio of a round compares what was measured seconds apart; the median of the rounds
is what counts. Every order has a buyer of its own, in no order that an index would like. What wrk counted as accepted is
held against the audit.

Needs wrk and nginx. Says whether the goals are met. Ends with status 1 when a ratio is so low that something was broken,
when something was answered that should not have been, or when nothing was sold.
"""

import argparse
import json
import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from stock_at_scale import Shop, audit, check, failures, imported

# Knuth's multiplicative hash: a permutation of the 32-bit numbers, so that no buyer comes twice in a run.
POST = """
local seed, n, prefix, keyed = %d, 0, "%s", %s
local headers = {["Content-Type"] = "application/json"}
local head = '{"product":"%s","quantity":%d,"contact":"'
local tail = '@example.com","channel":"sandbox"%s}'
request = function()
  n = n + 1
  local low = bit.tohex(bit.tobit((n * 40503) %% 4294967296))
  local buyer = bit.tohex(bit.bxor(bit.tobit((n * 2654435761) %% 4294967296), seed)) .. prefix
  if keyed then headers["Idempotency-Key"] = buyer .. low .. "-bench" end
  return wrk.format("POST", "/api/v1/orders", headers, head .. buyer .. tail)
end
"""

# What was broken if it is not reached, and what is wanted.
RATIOS = (("orders / nginx", 0.12, 0.30), ("sold out / nginx", 0.35, 0.40), ("with all / two units", 0.65, 0.80))

# A product with all that an order may have, and what a buyer sends for it. Two units, so that the tier holds.
OFFER = """{
  "tiers": [{"from": 2, "amount": 1500}, {"from": 5, "amount": 1200}],
  "fields": [{"name": "account"}, {"name": "server", "type": "pattern", "pattern": "[A-Z]{2}-[0-9]{1,4}"}]
}"""
COUPON = """{
  "code": "SUMMER", "percent": 10, "currency": "CNY", "minimum": 1000, "products": ["rich"], "max_uses": 100000000,
  "max_uses_per_buyer": 1
}"""
UNITS = {"pair": 2, "rich": 2}
RICH = ',"coupon":"SUMMER","fields":{"account":"player-one","server":"EU-42"}'

NGINX = """
worker_processes auto;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
daemon off;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location = /api/v1/orders {{ default_type application/json; return 200 '{answer}'; }}
  }}
}}
"""


class Nginx:
    def __init__(self, folder, answer):
        self.address = f"127.0.0.1:{free_port()}"
        path = folder / "nginx.conf"
        path.write_text(NGINX.format(folder=folder, port=self.address.split(":")[1], answer=answer))
        self.process = subprocess.Popen(["nginx", "-p", str(folder), "-c", str(path)], stderr=subprocess.DEVNULL)
        for _ in range(200):
            if answers(self.address):
                return
            time.sleep(0.02)
        raise RuntimeError((folder / "error.log").read_text())

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def free_port():
    import socket
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(address):
    import socket
    try:
        socket.create_connection(tuple(address.split(":")), timeout=1).close()
        return True
    except OSError:
        return False


def cpu(pids):
    """Seconds of processor time that the processes have used."""
    ticks = 0
    for pid in pids:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def wrk(folder, address, script, seconds, connections, pids=()):
    path = folder / "script.lua"
    path.write_text(script)
    used = cpu(pids)
    text = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(path), f"http://{address}"],
        capture_output=True, text=True, check=True).stdout
    requests, taken = re.search(r"(\d+) requests in ([\d.]+)s", text).groups()
    other = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    errors = re.search(r"Socket errors: .*", text)
    p50, p99 = (re.search(rf"^ +{part}%  +(\S+)$", text, re.MULTILINE)[1] for part in (50, 99))
    return {
        "requests": int(requests), "seconds": float(taken), "rate": int(requests) / float(taken),
        "refused": int(other[1]) if other else 0, "errors": errors[0] if errors else None, "p50": p50, "p99": p99,
        "cpu": (cpu(pids) - used) / float(taken) if pids else 0.0,
    }


def children(pid):
    return [int(text) for text in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def script(seed, product, keyed=False):
    return POST % (
        seed * 7919, f"{seed:02x}", "true" if keyed else "false", product, UNITS.get(product, 1),
        RICH if product == "rich" else "")


def main(options):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        shop = Shop(options.binary, folder / "data")
        shop.product("hot", max_per_buyer=1, hold_seconds=3600)
        shop.product("gone", max_per_buyer=1)
        for slug in UNITS:
            shop.product(slug, max_per_buyer=2, max_per_order=5, hold_seconds=3600)
        shop.admin("PATCH", "/products/rich", OFFER)
        shop.admin("POST", "/coupons", COUPON)
        shop.admin("PUT", "/channels/sandbox", '{"kind":"sandbox","settings":{}}')
        imported(shop, "hot", options.cards, "HOT")
        for slug in UNITS:
            imported(shop, slug, options.cards, slug)
        body = '{"product":"hot","contact":"1@example.com","channel":"sandbox"}'
        status, answer = shop.request("POST", "/api/v1/orders", body)
        assert status == 201, answer
        nginx = Nginx(folder, answer.decode())
        rows, accepted = [], {"hot": 1, "pair": 0, "rich": 0}

        def measure(name, seed, address, product, pids, seconds=options.seconds):
            found = wrk(
                folder, address, script(seed, product, options.keyed), seconds, options.connections, pids)
            print(f"{name:9} {found['rate']:9,.0f}/s   p50 {found['p50']:>8}  p99 {found['p99']:>8}   "
                  f"{found['cpu']:.2f} cores" + (f"   {found['errors']}" if found["errors"] else ""), flush=True)
            return found

        print(f"{os.cpu_count()} cores, {options.connections} connections, {options.seconds} s a measurement; "
              "wrk shares the cores")
        servers, own = children(nginx.process.pid), [shop.process.pid]
        for slug in accepted:
            accepted[slug] += measure("warm-up", 255, shop.address, slug, own, 2)["requests"]
        for number in range(options.rounds):
            ceiling = measure("nginx", number, nginx.address, "hot", servers)
            orders = measure("orders", number, shop.address, "hot", own)
            pair = measure("two units", number, shop.address, "pair", own)
            rich = measure("with all", number, shop.address, "rich", own)
            gone = measure("sold out", number, shop.address, "gone", own)
            check(ceiling["refused"] == 0, "nginx answered every request with 200")
            for slug, found in (("hot", orders), ("pair", pair), ("rich", rich)):
                check(found["refused"] == 0 and found["requests"] > 0, f"every order of {slug} was accepted")
                accepted[slug] += found["requests"]
            check(gone["refused"] == gone["requests"], "every order of the sold-out product was refused")
            rows.append((
                orders["rate"] / ceiling["rate"], gone["rate"] / ceiling["rate"], rich["rate"] / pair["rate"]))
        nginx.stop()
        books = audit(shop)
        limit = options.connections * (options.rounds + 1)
        for slug, answered in accepted.items():
            held = next(product for product in books["products"] if product["slug"] == slug)["held"]
            held //= UNITS.get(slug, 1)
            # wrk cuts its connections at the end of a run; orders then under way are held and counted by nobody.
            check(books["ok"] and 0 <= held - answered <= limit,
                  f"audit: {held} orders of {slug} hold cards, {answered} answered, rest cut off")
        used = shop.admin("GET", "/coupons")[1]["items"][0]["used"]
        check(0 <= used - accepted["rich"] <= limit, f"the coupon is used {used} times")
        for index, (name, floor, goal) in enumerate(RATIOS):
            ratios = [row[index] for row in rows]
            median = statistics.median(ratios)
            text = f"{name}: median {median:.3f} of " + " ".join(f"{ratio:.3f}" for ratio in ratios)
            check(median >= floor, f"{text}; goal {goal:.2f} " + ("met" if median >= goal else "MISSED"))
        shop.stop()
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--connections", type=int, default=256)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cards", type=int, default=900_000)
    parser.add_argument("--keyed", action="store_true", help="give every order an Idempotency-Key")
    main(parser.parse_args())
