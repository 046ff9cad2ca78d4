"""The whole cluster on this machine: Redis, two PostgreSQL shards, a broker, nginx and eight nodes, all on loopback.

Prints the address when it can sell, and a table of its processes. Ctrl-C ends all of it. What was sold stays in the
folder; the broker's log does not.

The broker is librdkafka's mock unless SLUICE_KAFKA_BROKERS names real ones: NOT DURABLE, in memory, and a partition
drops its oldest records beyond 5 MiB. Never sell through it.
"""

import argparse
import base64
import fcntl
import os
import pathlib
import secrets
import signal
import sqlite3
import sys
import threading
import time

from engines import PROJECT, PARTITIONS_OF_A_SHARD, TOPIC, Broker, Nginx, Postgres, Redis, write_private
from node import Node, Supervisor, end_all, get, need
from processes import Guardian, Ports, Stopped, Trouble, can_bind, is_open, servant, stopping, wait_until
from status import Status, leads

SHARDS = 2
# A node that has died so often before it was ready for the first time is not waited for.
FATAL_DEATHS = 5
# Two of each that a crowd or a death may take; two for upkeep, so that there is another leader.
NODES = (("web-1", "web"), ("web-2", "web"), ("orders-1", "orders"), ("orders-2", "orders"), ("payments-1", "payments"),
         ("delivery-1", "delivery"), ("upkeep-1", "upkeep"), ("upkeep-2", "upkeep"))


class Cluster:
    """Everything, started and ended in the right order. Use it with `with`, or call `stop`."""

    def __init__(self, folder, binary=None, broker=None, port=None, say=print, stand_in=False):
        self.folder = pathlib.Path(folder).resolve()
        self.binary = pathlib.Path(binary or PROJECT / ".build/release/sluice").resolve()
        self.say, self.ports, self.is_stopped = say, Ports(), False
        need(self.binary.exists(), f"there is no {self.binary}: make build")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.lock = open(self.folder / "lock", "w")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Trouble(f"another cluster runs in {self.folder}") from None
        self.keep_secrets()
        user = servant()
        self.guardian = Guardian()
        self.redis = Redis(self.folder / "redis", self.guardian, user, self.ports.free(), self.password)
        self.shards = [
            Postgres(self.folder / f"postgres-{number}", self.guardian, user, self.ports.free(), number, self.password)
            for number in range(SHARDS)]
        self.outside = os.environ.get("SLUICE_KAFKA_BROKERS")
        self.broker = None if self.outside else Broker(
            self.folder / "broker", self.guardian, broker or self.binary.parent / "development-broker", SHARDS)
        self.port = port or (8080 if can_bind(8080) and not is_open(8080) else self.ports.free())
        need(can_bind(self.port), f"port {self.port} is taken")
        self.nginx = Nginx(
            self.folder / "nginx", self.guardian, user, self.port, self.ports.free(), self.ports.free())
        names = (("shop", "all"),) if stand_in else NODES
        self.nodes = {
            name: Node(name, role, self.folder / "nodes", self.guardian, self) for name, role in names}
        self.supervisor = Supervisor(list(self.nodes.values()), say)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    # Addresses.

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def callbacks_url(self):
        return f"http://127.0.0.1:{self.nginx.callbacks_port}"

    @property
    def admin_url(self):
        return f"http://127.0.0.1:{self.nginx.admin_port}"

    @property
    def token_file(self):
        return self.folder / "admin-token"

    def keep_secrets(self):
        """Makes them once: cards that were sealed with another master key could not be read."""
        made = {
            "master.key": lambda: base64.b64encode(secrets.token_bytes(32)).decode(),
            "admin-token": lambda: secrets.token_urlsafe(32), "engines-password": lambda: secrets.token_hex(16)}
        for name, make in made.items():
            if not (self.folder / name).exists():
                write_private(self.folder / name, make() + "\n")
        self.key, self.token, self.password = ((self.folder / name).read_text().strip() for name in made)

    def variables(self, node):
        """What a node finds in its environment."""
        own = {
            "SLUICE_MASTER_KEY": self.key, "SLUICE_ADMIN_TOKEN": self.token, "SLUICE_PUBLIC_URL": self.url,
            "SLUICE_TRUSTED_PROXIES": "127.0.0.1"}
        if node.role != "all":
            own |= {
                "SLUICE_REDIS_URL": self.redis.url, "SLUICE_KAFKA_BROKERS": self.outside or self.broker.brokers,
                "SLUICE_POSTGRES_SHARDS": ",".join(shard.url for shard in self.shards)}
        return own

    # Looking in.

    def of(self, role):
        """The nodes that have a role."""
        return [node for node in self.nodes.values() if node.role in (role, "all")]

    def leader(self, shard=0):
        """The node that leads a shard, as it says itself; None when nobody does."""
        return next((node for node in self.of("upkeep") if str(shard) in leads(node.metrics())), None)

    def rows(self, statement):
        """What all shards answer to a statement, a list of columns as text for each row."""
        if "shop" in self.nodes:
            path = self.nodes["shop"].folder / "data/ledger.sqlite"
            with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as ledger:
                return [[str(column) for column in row] for row in ledger.execute(statement)]
        lines = [line for shard in self.shards for line in shard.run(statement).splitlines()]
        return [line.split("|") for line in lines]

    # Life.

    @property
    def engines(self):
        return [self.redis, *self.shards] + ([self.broker] if self.broker else [])

    @property
    def children(self):
        return [*self.engines, self.nginx, *self.nodes.values()]

    def start(self, seconds=120):
        # Logs are of one run; what was sold is not.
        for log in [*(child.log for child in self.children), *self.nginx.folder.glob("*.log")]:
            log.unlink(missing_ok=True)
        try:
            self.start_engines()
            self.say("engines are up, starting nodes")
            for node in self.nodes.values():
                node.launch()
            self.supervisor.start()
            wait_until(self.nodes_are_ready, "the nodes are ready", seconds)
            self.nginx.configure(
                self.ports_of("web"), self.ports_of("payments", "callbacks_port"), self.ports_of("web", "admin_port"))
            self.nginx.start()
            wait_until(self.is_ready, "/readyz says that the shop can sell", seconds)
            wait_until(self.is_read, "each partition of the log has an order writer", seconds)
        except BaseException:
            self.stop()
            raise
        return self

    def start_engines(self):
        if self.outside:
            self.say(f"broker: {self.outside}; the topic {TOPIC} with {SHARDS * PARTITIONS_OF_A_SHARD} partitions must "
                     "be there")
        else:
            self.say("broker: librdkafka's mock cluster. It is NOT DURABLE: orders that were accepted and not placed "
                     "yet are gone when it ends, and a partition drops its oldest records beyond 5 MiB.")
        failures = []

        def start(engine):
            try:
                engine.start()
            except Exception as error:
                failures.append(error)
        threads = [threading.Thread(target=start, args=(engine,)) for engine in self.engines]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]

    def ports_of(self, role, kind="port"):
        return [getattr(node, kind) for node in self.nodes.values() if node.role in (role, "all")]

    def nodes_are_ready(self):
        for node in self.nodes.values():
            need(node.deaths <= FATAL_DEATHS, f"{node.name} died {node.deaths} times: {node.last_words()}")
        return all(node.is_running() and node.is_ready() for node in self.nodes.values())

    def is_ready(self):
        try:
            return get(f"{self.url}/readyz", 5)[0] == 200
        except OSError:
            return False

    def is_read(self):
        """Whether the order writers have shared the partitions among them. Until then orders wait in the log."""
        read = {labels.get("partition") for node in self.of("orders") for name, labels, _ in node.metrics()
                if name == "sluice_order_log_lag"}
        return "shop" in self.nodes or len(read) >= SHARDS * PARTITIONS_OF_A_SHARD

    def stop(self):
        """Ends what runs: first the gateway, so that no buyer comes; the ledger last."""
        if self.is_stopped:
            return
        self.is_stopped = True
        if self.supervisor.is_alive():
            self.supervisor.end()
        end_all([self.nginx], self.say)
        end_all(list(self.nodes.values()), self.say)
        if self.broker:
            end_all([self.broker], self.say)
        end_all([self.redis], self.say)
        end_all(self.shards, self.say)
        self.guardian.dismiss()
        self.lock.close()


# The command.

def watch(cluster, notes, once):
    """Draws the table anew every two seconds on a terminal; elsewhere once, and then tells of deaths only."""
    status, dead = Status(cluster), set()
    status.text()
    # Shares of processor time need two looks.
    stopping.wait(1)
    print(introduction(cluster) + status.text(), flush=True)
    while not stopping.wait(2):
        for engine in [*cluster.engines, cluster.nginx]:
            if not engine.is_running() and engine.name not in dead:
                dead.add(engine.name)
                cluster.say(f"{engine.name} {engine.state()}: {engine.last_words()}")
        if not once:
            told = "".join(f"\n{line}" for line in notes[-8:])
            print(f"\033[H\033[2J{introduction(cluster)}{status.text()}\n{told}", flush=True)


def introduction(cluster):
    return (f"shop         {cluster.url}\nowner        {cluster.admin_url}\ncallbacks    {cluster.callbacks_url}\n"
            f"admin token  {cluster.token_file}\nlogs         {cluster.folder}\nCtrl-C ends it.\n\n")


def main(options):
    once, notes = not sys.stdout.isatty(), []

    def say(line):
        notes.append(f"{time.strftime('%H:%M:%S')} {line}")
        print(notes[-1], flush=True)

    for kind in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(kind, lambda *_: stopping.set())
    try:
        with Cluster(
                options.folder, options.binary, options.broker, options.port, say, options.stand_in) as cluster:
            cluster.start()
            watch(cluster, notes, once)
            print("\nending", flush=True)
    except Stopped as stopped:
        say(str(stopped))
    except Trouble as trouble:
        sys.exit(f"cluster: {trouble}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", default=PROJECT / ".data/cluster")
    parser.add_argument("--port", type=int, help="the shop's port; 8080 if it is free, else another one")
    parser.add_argument("--binary", help="sluice; .build/release/sluice if none is given")
    parser.add_argument("--broker", help="development-broker; beside sluice if none is given")
    parser.add_argument("--stand-in", action="store_true", help="one shop on SQLite in the place of the nodes")
    main(parser.parse_args())
