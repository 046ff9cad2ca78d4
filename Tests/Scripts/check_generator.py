"""Holds the drill's open-loop generator against wrk and against the shop's own counters.

1. What the drill says it sent is what the shop counted.
2. At a rate that the shop carries with ease, the drill's median latency is of the size of wrk's with one connection.
3. The shop is stopped for half a second in the middle. The drill, which sends by the clock, must see it in its p99. wrk
   waits for each answer before it sends the next request, and adds by reckoning what it did not send; the two must
   come to the same.

Needs wrk. Ends with status 1 when one of them does not hold.
"""

import argparse
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

from bench_orders import script
from stock_at_scale import TOKEN, Shop, check, failures


def drill(binary, shop, folder, slug, load):
    report = folder / slug
    result = subprocess.run(
        [binary, "drill", "--url", f"http://{shop.address}", "--slug", slug, "--cards", "1", "--repeats", "0",
         "--load", load, "--connections", "64", "--max-lag", "50", "--report", str(report)],
        env=dict(os.environ, SLUICE_ADMIN_TOKEN=TOKEN), capture_output=True, text=True)
    check(result.returncode == 0, f"drill {load}: {result.stdout.strip().splitlines()[-1]}")
    return json.loads((report / "drill.json").read_text())


def milliseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def closed_loop(folder, shop, seconds):
    path = folder / "closed.lua"
    path.write_text(script(1, "gone"))
    text = subprocess.run(
        ["wrk", "-t1", "-c1", f"-d{seconds}s", "--latency", "-s", str(path), f"http://{shop.address}"],
        capture_output=True, text=True, check=True).stdout
    return [milliseconds(re.search(rf"^ +{part}%  +(\S+)$", text, re.MULTILINE)[1]) for part in (50, 99)]


def counted(shop):
    _, text = shop.request("GET", "/metrics")
    return sum(int(number) for number in re.findall(rb"^sluice_orders_total\{[^}]*\} (\d+)", text, re.MULTILINE))


def stalled(shop, after=2.0, seconds=0.5):
    def stall():
        time.sleep(after)
        shop.process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        shop.process.send_signal(signal.SIGCONT)
    threading.Thread(target=stall, daemon=True).start()


def main(options):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        shop = Shop(options.binary, folder / "data")
        shop.product("gone", max_per_buyer=1)
        shop.admin("PUT", "/channels/sandbox", '{"kind":"sandbox","settings":{}}')
        closed_loop(folder, shop, 1)
        before = counted(shop)
        quiet = drill(options.binary, shop, folder, "quiet", "1000x5")
        sent = counted(shop) - before
        check(sent == quiet["counts"]["arrivals_sent"] == 5000, f"the shop counted {sent} orders of 5000 sent")
        wrk50, _ = closed_loop(folder, shop, 5)
        own = quiet["milliseconds"]["sold_out"]
        # With one connection wrk keeps both processors awake; at a fifth of that rate they have to wake up first.
        check(wrk50 / 2 <= own["p50"] <= wrk50 * 5, f"median: drill {own['p50']:.3f} ms, wrk {wrk50:.3f} ms")
        stalled(shop)
        seen = drill(options.binary, shop, folder, "stalled", "1000x5")["milliseconds"]["sold_out"]
        stalled(shop)
        _, missed99 = closed_loop(folder, shop, 5)
        check(seen["p99"] >= 400, f"half a second without answers: p99 of the drill {seen['p99']:.0f} ms")
        check(0.8 <= seen["p99"] / missed99 <= 1.25, f"the same reckoned by wrk: p99 {missed99:.0f} ms")
        check(shop.stop() == 0, "stopped")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    main(parser.parse_args())
