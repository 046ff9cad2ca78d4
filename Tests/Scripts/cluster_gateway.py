"""What the gateway keeps away from the nodes of a cluster.

1. A crowd looks at the catalog of the API: at least 99 % of the looks are answered by nginx alone (X-Cache HIT, STALE or
   UPDATING).
2. A crowd looks at the page of one product, with all kinds of languages, queries and cookies: all nodes together render
   it at most once a second.
3. Signed callbacks of an epay provider come at a constant rate while nothing else happens, and then while a crowd of one
   address orders and is turned away with 429: money must not wait for the crowd. Each callback is timed from the moment
   at which it was due.

Needs wrk. Ends with status 1 when a bound is missed.
"""

import argparse
import hashlib
import json
import os
import pathlib
import signal
import sys
import tempfile
import threading
import time
import urllib.parse

from buyers import Connection
from cluster_kit import TELL, Cluster, Owner, by_state, check, failures, wait_for_log, wrk
from node import total
from processes import wait_until

LOOKS = TELL.replace("%", "%%") + """
local paths, n = {"/api/v1/products", "/api/v1/products/%s", "/api/v1/products/%s"}, 0
kept, asked = 0, 0
request = function()
  n = n + 1
  return wrk.format("GET", paths[n %% 3 + 1])
end
function response(status, headers)
  statuses[status] = (statuses[status] or 0) + 1
  local from = headers["X-Cache"]
  if from == "HIT" or from == "STALE" or from == "UPDATING" then statuses[1] = (statuses[1] or 0) + 1 end
end
"""
# Each visitor's browser is another one, and links are followed from everywhere; the page is the same.
VIEWS = TELL.replace("%", "%%") + """
local n = 0
request = function()
  n = n + 1
  return wrk.format("GET", "/products/%s?utm_source=" .. n, {
    ["Accept-Language"] = "de;q=0." .. n %% 9 .. ", x-" .. n, ["Cookie"] = "form=" .. n})
end
function response(status, headers) statuses[status] = (statuses[status] or 0) + 1 end
"""
# One address for all: the gateway lets 20 a second through.
LIMITED = TELL.replace("%", "%%") + """
local n = 0
local headers = {["Content-Type"] = "application/json", ["X-Forwarded-For"] = "192.0.2.1"}
request = function()
  n = n + 1
  headers["Idempotency-Key"] = "limited-" .. n
  return wrk.format("POST", "/api/v1/orders", headers,
    '{"product":"%s","contact":"limited' .. n .. '@example.com","channel":"sandbox"}')
end
"""
KEY, PID = "k" * 32, "1001"


def looks(cluster, folder, seconds):
    found = wrk(folder, cluster.url, LOOKS % ("gateway", "money"), seconds, 64)
    kept, statuses = found["statuses"].pop("1", 0), found["statuses"]
    count = sum(statuses.values())
    check(count >= 20_000 and set(statuses) == {"200"} and not found["lost"],
          f"{count:,} looks at the catalog, by status {statuses}, {count / found['seconds']:,.0f}/s, p99 {found['p99']:.1f} ms")
    check(kept >= 0.99 * count, f"{100 * kept / max(count, 1):.2f} % of them were answered by nginx alone")


def rendered(cluster):
    return sum(total(node.metrics(), "sluice_pages_rendered") for node in cluster.of("web"))


def views(cluster, folder, seconds):
    before = rendered(cluster)
    found = wrk(folder, cluster.url, VIEWS % "gateway", seconds, 64)
    count, renderings = sum(found["statuses"].values()), rendered(cluster) - before
    check(count >= 20_000 and set(found["statuses"]) == {"200"} and not found["lost"],
          f"{count:,} views of a product's page, by status {found['statuses']}, {count / found['seconds']:,.0f}/s, "
          f"p99 {found['p99']:.1f} ms")
    check(0 < renderings <= found["seconds"] + 1,
          f"{renderings:.0f} renderings in {found['seconds']:.0f} s, {renderings / found['seconds']:.2f} a second")


class Money:
    """Orders on an epay channel, and the callbacks that pay them."""

    def __init__(self, cluster, owner):
        self.cluster, self.owner = cluster, owner
        status, answer = owner.call("PUT", "/channels/epay", json.dumps({
            "kind": "epay", "settings": {"gateway": "http://127.0.0.1:9", "pid": PID, "key": KEY}, "enabled": True}))
        assert status in (200, 201), answer

    def ask(self, connection, path, number, body, token=None):
        text = json.dumps(body).encode()
        bearer = f"Authorization: Bearer {token}\r\n" if token else ""
        head = (f"POST {path} HTTP/1.1\r\nHost: {self.cluster.url[7:]}\r\nX-Forwarded-For: 2001:db8::{number:x}:0:0:0:1\r\n"
                f"Content-Type: application/json\r\n{bearer}Content-Length: {len(text)}\r\n\r\n").encode()
        status, answer = connection.ask(head, text)
        return status, json.loads(answer)

    def attempts(self, first, count):
        """Numbers of that many attempts to pay that many new orders."""
        connection, orders = Connection(self.cluster.port), []
        for number in range(first, first + count):
            status, order = self.ask(connection, "/api/v1/orders", number, {
                "product": "money", "contact": f"money{number}@example.com", "channel": "epay"})
            assert status in (201, 202), (status, order)
            orders.append((number, order))
        found = []
        for number, order in orders:
            def pay():
                status, answer = self.ask(
                    connection, f"/api/v1/orders/{order['id']}/pay", number, {"channel": "epay"}, order["token"])
                assert status in (200, 201) or status == 409 and answer["code"] == "not_ready", (status, answer)
                return answer.get("url")
            url = wait_until(pay, "an order can be paid", 30)
            found.append(urllib.parse.parse_qs(urllib.parse.urlsplit(url).query))
        return found

    def notice(self, attempt):
        """The path of the callback with which the provider says that an attempt was paid."""
        fields = {
            "pid": PID, "trade_no": "T" + attempt["out_trade_no"][0], "out_trade_no": attempt["out_trade_no"][0],
            "type": "alipay", "name": attempt["name"][0], "money": attempt["money"][0], "trade_status": "TRADE_SUCCESS"}
        text = "&".join(f"{name}={value}" for name, value in sorted(fields.items()))
        fields |= {"sign": hashlib.md5((text + KEY).encode()).hexdigest(), "sign_type": "MD5"}
        return f"/callbacks/epay?{urllib.parse.urlencode(fields)}"

    def call(self, paths, rate, workers=16):
        """Sends callbacks at a rate; returns latencies in milliseconds, sorted, and the answers by count."""
        times, answers, lock = [], {}, threading.Lock()
        start, numbers = time.monotonic() + 0.2, iter(range(len(paths)))

        def work():
            connection = Connection(self.cluster.port)
            while True:
                with lock:
                    number = next(numbers, None)
                if number is None:
                    return connection.close()
                due = start + number / rate
                time.sleep(max(0, due - time.monotonic()))
                head = f"GET {paths[number]} HTTP/1.1\r\nHost: {self.cluster.url[7:]}\r\n\r\n".encode()
                status, body = connection.ask(head)
                with lock:
                    times.append(1000 * (time.monotonic() - due))
                    answer = f"{status} {body[:20].decode(errors='replace')}"
                    answers[answer] = answers.get(answer, 0) + 1
        threads = [threading.Thread(target=work) for _ in range(workers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sorted(times), answers


def at(times, share):
    return times[min(len(times) - 1, int(len(times) * share))]


def callbacks(cluster, owner, folder, rate, seconds):
    money, count = Money(cluster, owner), rate * seconds
    owner.product("money", 3 * count)
    notices = [money.notice(attempt) for attempt in money.attempts(1, 2 * count)]
    wait_for_log(cluster)
    calm, answers = money.call(notices[:count], rate)
    check(set(answers) == {"200 success"}, f"{len(calm)} callbacks at {rate}/s, by answer {answers}")
    print(f"      alone: p50 {at(calm, 0.5):.1f}  p99 {at(calm, 0.99):.1f}  max {calm[-1]:.1f} ms", flush=True)
    flood = {}
    thread = threading.Thread(target=lambda: flood.update(wrk(folder, cluster.url, LIMITED % "gateway", seconds + 2, 64)))
    thread.start()
    time.sleep(1)
    during, answers = money.call(notices[count:], rate)
    thread.join()
    turned = flood["statuses"].get("429", 0)
    everybody = sum(flood["statuses"].values())
    check(turned >= 0.9 * everybody > 0,
          f"{everybody:,} orders of one address meanwhile, {everybody / flood['seconds']:,.0f}/s, "
          f"{100 * turned / max(everybody, 1):.1f} % turned away with 429, by status {flood['statuses']}")
    check(set(answers) == {"200 success"}, f"{len(during)} callbacks at {rate}/s beside them, by answer {answers}")
    check(at(during, 0.99) < 200, f"callbacks beside them: p50 {at(during, 0.5):.1f}  p99 {at(during, 0.99):.1f}  "
                                  f"max {during[-1]:.1f} ms (bound of p99 200)")
    states = by_state(cluster, "orders", "money")
    check(states == {"delivered": 2 * count}, f"orders that were paid, by state {states}")


def main(options):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # PostgreSQL runs as another user when all is started by root.
        with Cluster(f"{folder}/cluster", pathlib.Path(options.binary).resolve(), port=options.port,
                     stand_in=options.stand_in) as cluster:
            cluster.start()
            owner = Owner(cluster)
            owner.sandbox()
            owner.product("gateway", 1000)
            callbacks(cluster, owner, folder, options.rate, options.seconds)
            looks(cluster, folder, options.seconds)
            views(cluster, folder, options.seconds)
            check(owner.audit()["ok"], "audit clean")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--rate", type=int, default=50, help="callbacks a second")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--port", type=int)
    parser.add_argument("--stand-in", action="store_true", help="one shop on SQLite in the place of the nodes")
    main(parser.parse_args())
