"""One fault after the other, on a cluster under a constant load, and what became of every order.

Buyers come at a constant rate through the gateway, each with a key, and send the same request again after 429, 502, 503,
504 and cut connections, until they know; a share of them pays. There are two products, one on each shard: `scarce` runs
out after the fault, `ample` never does. After each fault, when the log is read and all buyers know:

- every order that was answered 201, 202 or 200 is in a ledger, once, and has its card; an order of `scarce` may also be
  rejected, for it may have been let in by a gate that had forgotten; one of `ample` may not
- what was answered sold_out has no card; what was paid is delivered
- sold + held = min(stock, demand), and the audit is clean

One line a fault, with counts, the slowest answer to an order, and the verdict. Ends with status 1 when something did not hold.
"""

import argparse
import collections
import os
import shutil
import signal
import sys
import tempfile
import time

from buyers import Buyers
from cluster_kit import HOLDING, SHARDS, Cluster, Owner, by_state, total, wait_for_log
from engines import PARTITIONS_OF_A_SHARD, TOPIC
from processes import Trouble, wait_until


class Run:
    """One fault: two products, a load, the fault in its middle, the reckoning."""

    BEFORE, AFTER = 6, 8

    def __init__(self, name, cluster, options, number):
        self.name, self.cluster, self.options = name, cluster, options
        self.owner, self.violations, self.notes = Owner(cluster), [], []
        self.seed = f"{name}-{number}"
        self.rate = options.rolling_rate if name == "rolling" else options.rate
        self.load = None

    def need(self, holds, text):
        if not holds:
            self.violations.append(text)

    # The products.

    def products(self, seconds):
        """One on each shard; which shard a product comes to is the shop's choice."""
        expected = int(self.rate * seconds)
        stocks = {"scarce": int(expected * 0.3), "ample": 2 * expected + 10_000}
        homes = self.homes()
        self.scarce, self.ample = homes
        self.stock = {self.scarce: stocks["scarce"], self.ample: stocks["ample"]}
        for slug, count in self.stock.items():
            self.owner.import_cards(slug, count)

    def homes(self):
        """Names of two products on different shards, `scarce` on shard 0."""
        found = {}
        for number in range(20):
            slug = f"{self.seed}-{number}"
            self.owner.product(slug, 0)
            found.setdefault(self.shard_of(slug), slug)
            if len(found) == SHARDS or "shop" in self.cluster.nodes and number == 1:
                break
        if "shop" in self.cluster.nodes:
            return f"{self.seed}-0", f"{self.seed}-1"
        if len(found) < SHARDS:
            raise Trouble(f"20 products are all on shard {list(found)}")
        return found[0], found[1]

    def shard_of(self, slug):
        if "shop" in self.cluster.nodes:
            return 0
        for number, shard in enumerate(self.cluster.shards):
            if shard.run(f"SELECT 1 FROM products WHERE slug = '{slug}'"):
                return number
        raise Trouble(f"no shard has the product {slug}")

    # The run.

    def hold(self, fault, seconds):
        self.products(self.BEFORE + seconds + self.AFTER)
        self.load = Buyers(self.cluster.port, [self.scarce, self.ample], self.rate, self.options.paid, seed=self.seed)
        time.sleep(self.BEFORE)
        began = time.monotonic()
        try:
            fault(self)
        except Exception as error:
            self.violations.append(f"the fault itself: {error!r}")
        mended = time.monotonic()
        time.sleep(self.AFTER)
        # A load that could not be answered yet goes on a little, so that the end of the trouble is seen.
        wait_until(lambda: self.load.between(time.monotonic() - 2, time.monotonic())[202]
                   + self.load.between(time.monotonic() - 2, time.monotonic())[201] > 0
                   or time.monotonic() - mended > self.options.patience or self.is_sold_out(), "", 10_000, 0.5)
        undecided = self.load.end(self.options.patience)
        self.recovery = self.load.recovered_after(began)
        self.quiet = wait_for_log(self.cluster, self.options.patience, steady=2)
        self.need(self.quiet is not None, f"orders wait in the log {self.options.patience:.0f} s after the last buyer")
        self.reckon(undecided)
        return self.line()

    def is_sold_out(self):
        """Whether nobody can be accepted any more, which is no trouble."""
        return self.load.answers["place", 409] > 0 and self.load.between(
            time.monotonic() - 2, time.monotonic(), self.ample)[409] > 0

    # The reckoning.

    def reckon(self, undecided):
        orders = self.load.orders
        for order in orders:
            if order.trouble:
                self.violations.append(f"order {order.number}: {order.trouble}")
        late = sum(1 for order in undecided if order.answer is None)
        self.need(not undecided, f"{late} buyers never knew, {len(undecided) - late} could not pay")
        self.need(all(len(order.bodies) <= 1 for order in orders), "a key was answered with two orders")
        ids = collections.Counter(order.id for order in orders if order.id)
        self.need(not ids or max(ids.values()) == 1, "an order was given to two buyers")
        odd = collections.Counter(
            order.answer for order in orders if order.answer not in ("accepted", "sold_out", None))
        self.need(not odd, f"other answers: {dict(odd)}")
        for slug in (self.scarce, self.ample):
            self.reckon_product(slug, [order for order in orders if order.product == slug])
        audit = self.owner.audit()
        broken = [found["id"] for found in audit["checks"] if not found["ok"]]
        self.need(audit["ok"], f"audit not clean: {broken}")
        for product in audit["products"]:
            if product["slug"] in self.stock and product.get("drift"):
                self.notes.append(f"the gate is off by {product['drift']}")

    def reckon_product(self, slug, orders):
        rows = collections.defaultdict(list)
        for contact, state in self.cluster.rows(
                f"SELECT o.contact, o.state FROM orders o JOIN products p ON p.id = o.product_id WHERE p.slug = '{slug}'"):
            rows[contact].append(state)
        name = "scarce" if slug == self.scarce else "ample"
        lost, twice, odd, unpaid, ghosts, rejected = 0, 0, collections.Counter(), 0, 0, 0
        for order in orders:
            states = rows.get(order.contact, [])
            if order.answer == "accepted":
                lost += not states
                rejected += states == ["rejected"]
                for state in states:
                    if state not in HOLDING and state != "rejected":
                        odd[state] += 1
                unpaid += order.paid and states != ["delivered"]
            elif order.answer == "sold_out":
                ghosts += any(state in HOLDING for state in states)
            twice += len(states) > 1
        self.need(not lost, f"{name}: {lost} ACCEPTED ORDERS ARE IN NO LEDGER")
        self.need(not twice, f"{name}: {twice} buyers have two orders")
        self.need(not odd, f"{name}: accepted orders are {dict(odd)}")
        self.need(not unpaid, f"{name}: {unpaid} paid orders are not delivered")
        self.need(not ghosts, f"{name}: {ghosts} buyers were told sold out and have a card")
        cards = by_state(self.cluster, "cards", slug)
        taken = cards.get("held", 0) + cards.get("sold", 0)
        # Who never knew may or may not have one.
        demand, unknown = len(orders), sum(1 for order in orders if order.answer is None)
        low, high = min(self.stock[slug], demand - unknown), min(self.stock[slug], demand)
        self.need(low <= taken <= high, f"{name}: {taken} cards sold or held, and stock {self.stock[slug]}, demand "
                                        f"{demand} mean {low}" + (f" to {high}" if high != low else ""))
        if rejected:
            self.notes.append(f"{name}: {rejected} rejected")
            self.need(taken == self.stock[slug], f"{name}: {rejected} orders rejected although stock was left")

    def line(self):
        load = self.load
        accepted = sum(1 for order in load.orders if order.answer == "accepted")
        sold_out = sum(1 for order in load.orders if order.answer == "sold_out")
        again = sum(1 for order in load.orders if order.tries > 1)
        paid = sum(1 for order in load.orders if order.paid)
        quiet = "never" if self.quiet is None else f"{self.quiet:.1f} s"
        text = (f"{self.name:16} buyers {len(load.orders):6}  accepted {accepted:6}  sold out {sold_out:6}  paid {paid:5}  "
                f"503 {load.count(503):5}  504 {load.count(504):5}  502 {load.count(502):4}  429 {load.count(429):4}  "
                f"cut {load.count('lost'):4}  retried {again:5}  slowest {load.slowest:4.1f} s  recovered in {self.recovery:5.1f} s  log quiet {quiet}  "
                f"{'ok' if not self.violations else 'VIOLATED'}")
        details = [f"      {note}" for note in self.notes] + [f"      MISS  {text}" for text in self.violations]
        return "\n".join([text, *details])


# The faults. Each returns when it is mended.

def nodes_again(run, *nodes):
    """Waits until nodes that died are there again."""
    wait_until(lambda: all(node.is_running() and node.is_ready() and node.due is None for node in nodes),
               "the nodes are there again", 60)


def kill(run, role, times=1):
    for number in range(times):
        nodes = run.cluster.of(role)
        node = nodes[number % len(nodes)]
        pid = node.pid
        node.crash()
        wait_until(lambda: node.pid != pid, f"{node.name} is started again", 30)
        nodes_again(run, node)
        time.sleep(1)


def kill_web(run):
    kill(run, "web")


def kill_writer(run):
    """Three times, to find it in the middle of a batch."""
    kill(run, "orders", 3)


def leader_of(run):
    return run.cluster.leader(0) or run.cluster.of("upkeep")[0]


def kill_leader(run):
    node = leader_of(run)
    run.notes.append(f"{node.name} was killed" + ("" if run.cluster.leader(0) else "; nobody says that they lead"))
    pid = node.pid
    node.crash()
    wait_until(lambda: node.pid != pid, f"{node.name} is started again", 30)
    nodes_again(run, node)
    wait_for_leader(run)


def wait_for_leader(run):
    if "shop" not in run.cluster.nodes:
        wait_until(lambda: run.cluster.leader(0) and run.cluster.leader(1), "both shards have a leader", 60)


def redis_empty(run):
    run.cluster.redis.kill()
    run.cluster.redis.forget()
    run.cluster.redis.start()


def redis_old(run):
    """It comes back with what it knew some seconds before: an older epoch, more stock, fewer buyers."""
    redis = run.cluster.redis
    redis.ask_it("SAVE")
    kept = redis.folder / "kept.rdb"
    shutil.copy(redis.folder / "dump.rdb", kept)
    time.sleep(6)
    redis.kill()
    redis.forget()
    kept.rename(redis.folder / "dump.rdb")
    redis.append_only = False
    redis.start()
    # For what comes after.
    redis.ask_it("CONFIG", "SET", "appendonly", "yes")
    redis.append_only = True


def redis_pause(run):
    run.cluster.redis.pause()
    time.sleep(10)
    run.cluster.redis.resume()


def broker_down(run):
    broker = run.cluster.broker
    for number in range(1, broker.BROKERS + 1):
        broker.tell(f"down {number}")
    time.sleep(20)
    for number in range(1, broker.BROKERS + 1):
        broker.tell(f"up {number}")


def broker_slow(run):
    broker = run.cluster.broker
    for partition in range(SHARDS * PARTITIONS_OF_A_SHARD):
        broker.tell(f"leader {TOPIC} {partition} {partition % broker.BROKERS + 1}")
    time.sleep(3)
    broker.tell("rtt 2000")
    time.sleep(12)
    broker.tell("rtt 0")


def shard_down(run):
    """The shard of `scarce` sells nothing meanwhile; `ample` sells on."""
    shard = run.cluster.shards[0]
    shard.cut()
    began = time.monotonic()
    time.sleep(15)
    shard.start()
    # The first second shows the orders under way, and the noticing of the death.
    down = run.load.between(began + 2, began + 15, run.scarce)
    other = run.load.between(began + 2, began + 15, run.ample)
    run.notes.append(f"while it was down, scarce: {dict(down)}; ample: {dict(other)}")
    if "shop" in run.cluster.nodes:
        return
    good = sum(other[status] for status in (200, 201, 202))
    run.need(good >= 0.8 * sum(other.values()) > 0, "the other shard did not sell on")
    run.need(down[503] > 0 and down[503] >= 0.8 * sum(down.values()), "its products were not answered with 503")


def postgres_restart(run):
    for shard in run.cluster.shards:
        shard.end()
        shard.start()


def leader_pause(run):
    """Longer than its lease: somebody else leads, and it must notice when it wakes."""
    node = leader_of(run)
    node.pause()
    time.sleep(20)
    during = run.cluster.leader(0)
    node.resume()
    time.sleep(5)
    wait_for_leader(run)
    if "shop" not in run.cluster.nodes:
        run.need(during is not None and during is not node, f"nobody led while {node.name} was paused")
        leading = [other.name for other in run.cluster.of("upkeep") if total(other.metrics(), "sluice_upkeep_leader", shard="0")]
        run.need(len(leading) == 1, f"shard 0 is led by {leading}")


def rolling(run):
    for node in run.cluster.nodes.values():
        with run.cluster.supervisor.lock:
            code = node.end()
            node.launch()
        run.need(code == 0, f"{node.name} ended with {code}")
        node.wait_ready()
        # Its place at the gateway comes back after five seconds without failures, as values/nodes-web.conf says.
        time.sleep(6)


# Name, what is done, and how many seconds it takes, for the stock.
FAULTS = {
    "web-kill": (kill_web, 3), "writer-kill": (kill_writer, 8), "leader-kill": (kill_leader, 8),
    "redis-empty": (redis_empty, 4), "redis-old": (redis_old, 10), "redis-pause": (redis_pause, 10),
    "broker-down": (broker_down, 20), "broker-slow": (broker_slow, 15), "shard-down": (shard_down, 17),
    "postgres-restart": (postgres_restart, 6), "leader-pause": (leader_pause, 26), "rolling": (rolling, 60)}


def main(options):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    failed, skipped = [], []
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # PostgreSQL runs as another user when all is started by root.
        quiet = (lambda line: None) if not options.verbose else print
        with Cluster(f"{folder}/cluster", options.binary, port=options.port, say=quiet,
                     stand_in=options.stand_in) as cluster:
            cluster.start()
            Owner(cluster).sandbox()
            print(f"{os.cpu_count()} cores, shared with the buyers; {options.rate} orders a second, {options.paid:.0%} of "
                  "them paid; 503, 504, 502, 429 and cut count answers, the rest buyers", flush=True)
            for number, (name, (fault, seconds)) in enumerate(FAULTS.items()):
                if options.only and name not in options.only:
                    continue
                if name.startswith("broker") and not cluster.broker:
                    skipped.append(name)
                    continue
                run = Run(name, cluster, options, number)
                print(run.hold(fault, seconds), flush=True)
                if run.violations:
                    failed.append(name)
            if failed and options.keep:
                shutil.copytree(f"{folder}/cluster/nodes", options.keep, dirs_exist_ok=True)
    if skipped:
        print(f"not run, for the broker is another one: {', '.join(skipped)}")
    print(f"violated: {', '.join(failed)}" if failed else "no violation")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--rate", type=int, default=300)
    parser.add_argument("--rolling-rate", type=int, default=1000)
    parser.add_argument("--paid", type=float, default=0.2, help="share of the accepted orders that are paid")
    parser.add_argument("--patience", type=float, default=60, help="seconds until everything must have come right")
    parser.add_argument("--only", nargs="+", choices=list(FAULTS))
    parser.add_argument("--keep", help="a folder for the nodes' logs when something was violated")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--port", type=int)
    parser.add_argument("--stand-in", action="store_true", help="one shop on SQLite in the place of the nodes")
    main(parser.parse_args())
