"""A million cards: how long an import takes and how much memory, that repeating it changes nothing, that a kill in the
middle loses nothing, and what orders feel while an import, a backup and an audit run together.

Prints one line a measurement and ends with status 1 when a bound is missed.
"""

import argparse
import http.client
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time

TOKEN = "admin-token-of-the-tests"
failures = []


def check(holds, text):
    print(("ok    " if holds else "MISS  ") + text, flush=True)
    if not holds:
        failures.append(text)


class Shop:
    def __init__(self, binary, folder, complaints=os.devnull):
        self.binary, self.folder, self.complaints = binary, folder, complaints
        self.start()

    def start(self):
        environment = dict(os.environ, SLUICE_ADMIN_TOKEN=TOKEN)
        with open(self.complaints, "a") as complaints:
            self.process = subprocess.Popen(
                [self.binary, "serve", "--data", str(self.folder), "--listen", "127.0.0.1:0"],
                stdout=subprocess.PIPE, stderr=complaints, env=environment, text=True)
        line = self.process.stdout.readline()
        assert line.startswith("ready http://"), line
        self.address = line.split("http://")[1].strip()

    def request(self, method, path, body=None, kind="application/json", connection=None):
        own = connection or http.client.HTTPConnection(self.address, timeout=600)
        headers = {"Authorization": f"Bearer {TOKEN}"}
        if body is not None:
            headers["Content-Type"] = kind
        own.request(method, path, body=body, headers=headers, encode_chunked=not isinstance(body, (str, bytes, type(None))))
        answer = own.getresponse()
        text = answer.read()
        if connection is None:
            own.close()
        return answer.status, text

    def admin(self, method, path, body=None, kind="application/json"):
        status, text = self.request(method, "/api/v1/admin" + path, body, kind)
        return status, json.loads(text)

    def resident(self):
        try:
            for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
                if line.startswith("VmRSS"):
                    return int(line.split()[1]) / 1024
        except FileNotFoundError:
            pass  # it was killed
        return 0

    def stop(self, kind=signal.SIGTERM):
        self.process.send_signal(kind)
        return self.process.wait()

    def product(self, slug, **more):
        body = {"slug": slug, "title": slug, "amount": 1990, "currency": "CNY", **more}
        status, answer = self.admin("POST", "/products", json.dumps(body))
        assert status == 201, answer


def cards(count, prefix="CARD"):
    """The text of an import, in pieces of about 64 KiB."""
    piece = []
    for number in range(count):
        piece.append(f"{prefix}-{number:08d}-ABCD-EFGH-JKLM\n")
        if len(piece) == 2000:
            yield "".join(piece).encode()
            piece = []
    yield "".join(piece).encode()


class Watch(threading.Thread):
    """The highest values of things that are looked at now and then."""

    def __init__(self, *looks):
        super().__init__(daemon=True)
        self.looks, self.highest, self.done = looks, [0] * len(looks), threading.Event()
        self.start()

    def run(self):
        while not self.done.wait(0.02):
            for index, look in enumerate(self.looks):
                self.highest[index] = max(self.highest[index], look())

    def end(self):
        self.done.set()
        self.join()
        return self.highest


def log_size(folder):
    try:
        return (folder / "ledger.sqlite-wal").stat().st_size / 1e6
    except FileNotFoundError:
        return 0


def imported(shop, slug, count, prefix="CARD"):
    watch = Watch(shop.resident, lambda: log_size(shop.folder))
    start = time.monotonic()
    status, answer = shop.admin("POST", f"/products/{slug}/cards", cards(count, prefix), "text/plain")
    seconds = time.monotonic() - start
    return answer, seconds, watch.end()


def audit(shop):
    status, answer = shop.admin("GET", "/audit")
    return answer


class Load:
    """Orders at a fixed rate, each timed from the moment it was due."""

    def __init__(self, shop, slug, rate, workers=16):
        self.shop, self.slug, self.rate = shop, slug, rate
        self.times, self.statuses, self.done, self.next = [], {}, threading.Event(), 0
        self.lock, self.start = threading.Lock(), time.monotonic()
        self.threads = [threading.Thread(target=self.work, daemon=True) for _ in range(workers)]
        for thread in self.threads:
            thread.start()

    def work(self):
        connection = http.client.HTTPConnection(self.shop.address, timeout=60)
        while not self.done.is_set():
            with self.lock:
                number = self.next
                self.next += 1
            due = self.start + number / self.rate
            time.sleep(max(0, due - time.monotonic()))
            body = json.dumps({"product": self.slug, "contact": f"{self.slug}{number}@example.com", "channel": "sandbox"})
            status, _ = self.shop.request("POST", "/api/v1/orders", body, connection=connection)
            with self.lock:
                self.times.append(time.monotonic() - due)
                self.statuses[status] = self.statuses.get(status, 0) + 1

    def end(self):
        self.done.set()
        for thread in self.threads:
            thread.join()
        self.times.sort()
        return {q: 1000 * self.times[min(len(self.times) - 1, int(len(self.times) * q))] for q in (0.5, 0.99, 0.999)}


def imports(binary, count):
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(binary, pathlib.Path(folder))
        shop.product("first")
        answer, seconds, (resident, log) = imported(shop, "first", count)
        check(answer["imported"] == count, f"imported {answer['imported']} of {count}")
        check(seconds < 60 * count / 1e6, f"in {seconds:.1f} s")
        check(resident < 300, f"resident at most {resident:.0f} MiB")
        check(log < 256, f"write-ahead log at most {log:.0f} MB")
        answer, seconds, (resident, log) = imported(shop, "first", count)
        check(answer["duplicates"] == count and answer["imported"] == 0, f"again: {answer['duplicates']} duplicates")
        print(f"      in {seconds:.1f} s, resident at most {resident:.0f} MiB", flush=True)
        check(len(answer["lines"]) + answer["unlisted"] == count, f"{len(answer['lines'])} lines listed, {answer['unlisted']} counted")

        shop.product("second")
        killer = threading.Timer(seconds / 3, lambda: shop.process.kill())
        killer.start()
        try:
            imported(shop, "second", count)
            check(False, "the import was to be killed")
        except (http.client.HTTPException, OSError):
            pass
        shop.process.wait()
        shop.start()
        before = next(p for p in audit(shop)["products"] if p["slug"] == "second")["available"]
        answer, seconds, _ = imported(shop, "second", count)
        after = audit(shop)
        stock = next(p for p in after["products"] if p["slug"] == "second")
        check(0 < before < count, f"killed after {before} cards")
        check(answer["imported"] == count - before, f"repeated: {answer['imported']} more, {answer['duplicates']} duplicates")
        check(stock["available"] == count and after["ok"], f"exactly {stock['available']} cards, audit ok {after['ok']}")
        check(shop.stop() == 0, "stopped with 0")


def together(binary, count, rate, beside, pause):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        shop = Shop(binary, folder / "data")
        shop.product("hot")
        shop.product("cold")
        shop.admin("PUT", "/channels/sandbox", '{"kind":"sandbox","settings":{},"enabled":true}')
        imported(shop, "hot", count // 2, "HOT")
        quiet = Load(shop, "hot", rate)
        time.sleep(5)
        calm = quiet.end()
        print(f"      alone: {quiet.statuses}, p50 {calm[0.5]:.1f} p99 {calm[0.99]:.1f} p99.9 {calm[0.999]:.1f} ms", flush=True)
        watch = Watch(lambda: log_size(folder / "data"), shop.resident)
        load = Load(shop, "hot", rate)
        load.next = quiet.next
        load.start -= load.next / rate
        audits, backups, stop = [], [], threading.Event()

        def auditing():
            while not stop.is_set():
                audits.append(audit(shop)["ok"])
                stop.wait(pause)

        def backing_up():
            number = 0
            while not stop.is_set():
                number += 1
                command = [shop.binary, "backup", "--data", str(folder / "data"), "--to", str(folder / f"copy{number}")]
                backups.append(subprocess.run(command, stdout=subprocess.DEVNULL).returncode)
                (folder / f"copy{number}").unlink(missing_ok=True)
                stop.wait(pause)

        work = {"audit": auditing, "backup": backing_up}
        threads = [threading.Thread(target=work[name]) for name in beside]
        for thread in threads:
            thread.start()
        answer, seconds, _ = imported(shop, "cold", count, "COLD")
        stop.set()
        for thread in threads:
            thread.join()
        times = load.end()
        log, resident = watch.end()
        check(answer["imported"] == count, f"imported {answer['imported']} in {seconds:.1f} s beside {len(audits)} audits and {len(backups)} backups")
        check(all(audits) and not any(backups), f"audits {all(audits)}, backups {set(backups)}")
        check(set(load.statuses) == {201}, f"orders by status {load.statuses} at {rate}/s")
        check(times[0.99] < 50, f"orders p50 {times[0.5]:.1f} p99 {times[0.99]:.1f} p99.9 {times[0.999]:.1f} ms, from when they were due")
        check(log < 256, f"write-ahead log at most {log:.0f} MB, resident at most {resident:.0f} MiB")
        check(audit(shop)["ok"], "audit clean")
        check(shop.stop() == 0, "stopped with 0")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--cards", type=int, default=1_000_000)
    parser.add_argument("--rate", type=int, default=200)
    parser.add_argument("--part", choices=["imports", "together"])
    parser.add_argument("--beside", nargs="*", default=["audit", "backup"], choices=["audit", "backup"])
    parser.add_argument("--pause", type=float, default=5, help="seconds between two audits, and two backups")
    arguments = parser.parse_args()
    if arguments.part != "together":
        imports(arguments.binary, arguments.cards)
    if arguments.part != "imports":
        together(arguments.binary, arguments.cards, arguments.rate, arguments.beside, arguments.pause)
    sys.exit(1 if failures else 0)
