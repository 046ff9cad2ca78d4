"""How long a gate takes to know a million cards, and that it lets nobody in before.

Imports the cards, then ends Redis with kill -9 and starts it empty. From then on an order is tried again and again: it
must be refused with 503 until the gate was loaded from the ledger. The time includes the wait for orders that may still
be on their way into the log, which is there whatever the number of cards.

Ends with status 1 when something did not hold.
"""

import argparse
import http.client
import json
import os
import sys
import tempfile
import time

from cluster_kit import Cluster, Owner, check, failures


def order(cluster, number):
    """Status and code of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", cluster.port, timeout=15)
    body = {"product": "million", "contact": f"{100_000 + number}", "channel": "sandbox"}
    try:
        connection.request("POST", "/api/v1/orders", json.dumps(body), {
            "Content-Type": "application/json", "X-Forwarded-For": f"10.1.{number // 250 % 250}.{number % 250}"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"{}").get("code")
    finally:
        connection.close()


def main(options):
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        with Cluster(f"{folder}/cluster", options.binary, say=lambda line: None) as cluster:
            cluster.start()
            owner = Owner(cluster)
            owner.sandbox()
            owner.product("million", 0)
            start = time.monotonic()
            owner.import_cards("million", options.cards)
            took = time.monotonic() - start
            print(f"{options.cards:,} cards imported in {took:.1f} s, {options.cards / took:,.0f} a second", flush=True)
            check(order(cluster, 0)[0] == 202, "an order is taken before")
            cluster.redis.kill()
            cluster.redis.forget()
            start = time.monotonic()
            cluster.redis.start()
            refused, number = [], 1
            while True:
                status, code = order(cluster, number)
                if status == 202:
                    break
                refused.append((status, code))
                number += 1
                if time.monotonic() - start > 60:
                    break
                time.sleep(0.05)
            took = time.monotonic() - start
            check(status == 202 and took < options.bound,
                  f"open again {took:.1f} s after Redis was started empty (bound {options.bound} s)")
            check(refused and set(refused) == {(503, "busy")}, f"until then {len(refused)} orders were refused: "
                  f"{sorted(set(refused))}")
            time.sleep(2)
            audit = owner.audit()
            stock = next(product for product in audit["products"] if product["slug"] == "million")
            check(audit["ok"] and stock["held"] == 2 and stock["available"] == options.cards - 2,
                  f"audit clean: {stock['held']} held, {stock['available']:,} available")
    return 1 if failures else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--cards", type=int, default=1_000_000)
    parser.add_argument("--bound", type=float, default=10)
    sys.exit(main(parser.parse_args()))
