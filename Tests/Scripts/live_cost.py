"""What the live screen costs a sale that runs: accepted orders a second with screens open, against none, in turns.

One shop, one product with enough cards, wrk as the crowd. Each round measures without, with, with, without, so that what
drifts over a round counts for both. Prints the rates, and ends with status 1 when the median of the rounds is below 0.97.
"""

import argparse
import http.client
import pathlib
import statistics
import sys
import tempfile
import threading

from bench_orders import script, wrk
from owner_at_scale import set_up
from stock_at_scale import check, failures, imported

KEPT = 0.97


class Screen(threading.Thread):
    """One live screen: reads what is pushed, and counts it."""

    def __init__(self, shop):
        super().__init__(daemon=True)
        self.connection = http.client.HTTPConnection(shop.address, timeout=60)
        cookie = "; ".join(f"{name}={value}" for name, value in shop.cookies.items())
        self.connection.request("GET", "/admin/live/events", headers={"Cookie": cookie})
        self.answer, self.events = self.connection.getresponse(), 0
        assert self.answer.status == 200, self.answer.status
        self.socket = self.connection.sock
        self.start()

    def run(self):
        try:
            for line in self.answer:
                self.events += line.startswith(b"data:")
        except (OSError, ValueError, AttributeError):
            pass  # it was closed

    def close(self):
        try:
            self.socket.shutdown(2)
        except OSError:
            pass
        self.join()
        return self.events


def main(options):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        shop = set_up(options.binary, folder)
        shop.log_in()
        imported(shop, "new", options.cards, "LIVE")
        number, events, ratios = 0, 0, []

        def rate():
            nonlocal number
            number += 1
            found = wrk(folder, shop.address, script(number, "new"), options.seconds, options.connections,
                        [shop.process.pid])
            check(found["refused"] == 0 and found["rate"] > 0, f"{found['rate']:9,.0f}/s   p99 {found['p99']}")
            return found["rate"]

        rate()  # warms up, counts for nothing
        for _ in range(options.rounds):
            rates = {False: [], True: []}
            for watched in (False, True, True, False):
                screens = [Screen(shop) for _ in range(options.screens if watched else 0)]
                rates[watched].append(rate())
                events += sum(screen.close() for screen in screens)
            ratios.append(sum(rates[True]) / sum(rates[False]))
        check(events >= options.rounds * options.screens, f"{events} pushes were read by {options.screens} screens")
        check(statistics.median(ratios) >= KEPT,
              f"with / without: median {statistics.median(ratios):.3f} of " + " ".join(f"{r:.3f}" for r in ratios))
        check(shop.stop() == 0, "stopped")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--cards", type=int, default=2_200_000)
    parser.add_argument("--screens", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=256)
    main(parser.parse_args())
