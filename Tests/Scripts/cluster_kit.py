"""What the scripts about the cluster share: its owner, its books, and what its processes took."""

import http.client
import json
import pathlib
import resource
import subprocess
import sys
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "deploy/cluster"))

from cluster import SHARDS, Cluster  # noqa: E402
from node import total  # noqa: E402
from processes import family  # noqa: E402
from stock_at_scale import cards, check, failures  # noqa: E402, F401

# States of an order that has its cards.
HOLDING = {"awaiting_payment", "paid", "delivered"}


class Owner:
    """What is asked in the owner's name, through the gateway."""

    def __init__(self, cluster):
        self.cluster = cluster

    def call(self, method, path, body=None, kind="application/json", seconds=600):
        parts = urllib.parse.urlsplit(self.cluster.admin_url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=seconds)
        headers = {"Authorization": f"Bearer {self.cluster.token}"}
        if body is not None:
            headers["Content-Type"] = kind
        streamed = not isinstance(body, (str, bytes, type(None)))
        try:
            connection.request(method, f"/api/v1/admin{path}", body=body, headers=headers, encode_chunked=streamed)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        return answer.status, json.loads(text) if text else None

    def product(self, slug, count, **more):
        body = {"slug": slug, "title": slug, "amount": 1990, "currency": "CNY", "max_per_buyer": 1,
                "hold_seconds": 3600, **more}
        status, answer = self.call("POST", "/products", json.dumps(body))
        assert status == 201, answer
        if count:
            self.import_cards(slug, count)

    def import_cards(self, slug, count):
        status, answer = self.call("POST", f"/products/{slug}/cards", cards(count, slug.upper()), "text/plain")
        assert status in (200, 201) and answer["imported"] == count, answer

    def sandbox(self):
        status, answer = self.call("PUT", "/channels/sandbox", '{"kind":"sandbox","settings":{},"enabled":true}')
        assert status in (200, 201), answer

    def audit(self):
        status, answer = self.call("GET", "/audit")
        assert status == 200, answer
        return answer


def by_state(cluster, table, slug):
    """How many rows of a product a ledger has, by state."""
    rows = cluster.rows(
        f"SELECT r.state, count(*) FROM {table} r JOIN products p ON p.id = r.product_id WHERE p.slug = '{slug}' "
        "GROUP BY r.state")
    return {state: int(count) for state, count in rows}


def lag(cluster):
    """Orders in the log that no ledger has yet, as the writers tell; 0 when nobody tells."""
    found = [total(node.metrics(), "sluice_order_log_lag") for node in cluster.of("orders")]
    return sum(value for value in found if value is not None)


def read_positions(cluster):
    """How many records the ledgers have taken from the log of this broker; None when there is no log."""
    if "shop" in cluster.nodes:
        return None
    # A new mock broker is another cluster with another name, and its log begins at 0.
    rows = cluster.rows("SELECT log, partition, next FROM log_positions")
    return sum(int(row[2]) for row in rows)


def wait_for_log(cluster, seconds=60, steady=0.0):
    """Seconds until no order waits in the log, and nothing was read for a while; None when that did not come."""
    start, quiet, before = time.monotonic(), None, None
    while time.monotonic() - start < seconds:
        now = (lag(cluster), read_positions(cluster) if steady else None)
        moment = time.monotonic()
        if now[0] == 0 and (quiet is None or now != before):
            quiet = moment
        if now[0] != 0:
            quiet = None
        if quiet is not None and moment - quiet >= steady:
            return quiet - start
        before = now
        time.sleep(0.1 if not steady else 0.5)
    return None


def check_books(cluster, owner, slug, name, log_before=None):
    """What must hold after a sale without faults, whatever was sold."""
    audit = owner.audit()
    broken = [found["id"] for found in audit["checks"] if not found["ok"]]
    stock = next(product for product in audit["products"] if product["slug"] == slug)
    check(audit["ok"], f"{name}: audit clean" if audit["ok"] else f"{name}: audit not clean: {broken or stock}")
    orders, held = by_state(cluster, "orders", slug), by_state(cluster, "cards", slug)
    check(orders.get("rejected", 0) == 0, f"{name}: {orders.get('rejected', 0)} orders rejected")
    rows = sum(count for state, count in orders.items() if state in HOLDING)
    taken = held.get("held", 0) + held.get("sold", 0)
    check(taken == rows == stock["held"] + stock["sold"],
          f"{name}: {taken} cards sold or held, {rows} orders that have one, the audit counts "
          f"{stock['held'] + stock['sold']}")
    log_now = read_positions(cluster)
    if log_now is not None and log_before is not None:
        read, all_rows = log_now - log_before, sum(orders.values())
        # The log itself cannot be counted any more: the mock has dropped its oldest records. What was read of it can.
        check(read >= all_rows, f"{name}: {read} records read from the log (by log_positions), {all_rows} order rows, "
                                f"{read - all_rows} records were sent again")
    return taken


class Shares:
    """Processor time by group, as shares of one core, from one moment to another."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.before, self.start = self.spent(), time.monotonic()

    def spent(self):
        groups = {"nginx": [self.cluster.nginx], "redis": [self.cluster.redis], "postgres": self.cluster.shards}
        if self.cluster.broker:
            groups["broker"] = [self.cluster.broker]
        for node in self.cluster.nodes.values():
            groups.setdefault(f"{node.role} nodes", []).append(node)
        spent = {name: sum(found["cpu"] for child in children for found in family(child.pid).values())
                 for name, children in groups.items()}
        # The only children that are waited for in a measurement are generators.
        own = resource.getrusage(resource.RUSAGE_CHILDREN)
        return {"generator": own.ru_utime + own.ru_stime, **spent}

    def end(self):
        seconds, now = time.monotonic() - self.start, self.spent()
        return {name: max(0, now[name] - self.before[name]) / seconds for name in now}


def wrk(folder, url, script, seconds, connections, arguments=()):
    """Runs wrk with a script whose `done` prints one line of JSON; returns that."""
    path = pathlib.Path(folder) / "script.lua"
    path.write_text(script)
    done = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "15s", "--latency", "-s", str(path), url,
         *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout[done.stdout.index("{\"statuses\""):])


# For a wrk script: counts answers by status and prints the figures as JSON. With one thread, as it is started here.
TELL = """
statuses, threads = {}, {}
function setup(thread) table.insert(threads, thread) end
function response(status) statuses[status] = (statuses[status] or 0) + 1 end
function done(summary, latency)
  local parts = {}
  for status, count in pairs(threads[1]:get("statuses")) do table.insert(parts, string.format('"%s":%d', status, count)) end
  local errors = summary.errors
  io.write(string.format('{"statuses":{%s},"seconds":%f,"mean":%f,"p50":%f,"p99":%f,"max":%f,"lost":%d}\\n',
    table.concat(parts, ","), summary.duration / 1e6, latency.mean / 1000, latency:percentile(50) / 1000,
    latency:percentile(99) / 1000, latency.max / 1000, errors.connect + errors.read + errors.write + errors.timeout))
end
"""
