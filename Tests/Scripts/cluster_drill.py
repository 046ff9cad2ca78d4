"""Four sales on a cluster of its own, each measured and held against its books:

crowd     600,000 cards of one product, and demand without end (wrk, a closed loop with keep-alive connections)
flash     1,000 cards, 5,000 buyers a second (sluice drill, an open loop)
paid      500 orders a second, each paid and delivered (sluice drill)
reads     5,000 looks a second at orders that wait to be paid, as their pages do (sluice drill --reads)

Every buyer comes from an address of their own, so that no limit by address counts. The generator shares the cores with
everything else. A sale that sold nothing is void. Needs wrk. Ends with status 1 when a bound is missed.
"""

import argparse
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

from cluster_kit import (
    TELL, Cluster, Owner, Shares, check, check_books, failures, read_positions, wait_for_log, wrk)

# A buyer, an address and a key for each request: Knuth's multiplicative hash is a permutation of the 32-bit numbers.
CROWD = TELL.replace("%", "%%") + """
local n, seed = 0, %d
local headers = {["Content-Type"] = "application/json"}
local head, tail = '{"product":"%s","quantity":1,"contact":"', '@example.com","channel":"sandbox"}'
request = function()
  n = n + 1
  local buyer = bit.tohex(bit.bxor(bit.tobit((n * 2654435761) %% 4294967296), seed))
  headers["X-Forwarded-For"] = "2001:db8:" .. buyer:sub(1, 4) .. ":" .. buyer:sub(5) .. "::1"
  headers["Idempotency-Key"] = buyer .. bit.tohex(bit.tobit((n * 40503) %% 4294967296)) .. "-crowd"
  return wrk.format("POST", "/api/v1/orders", headers, head .. buyer .. tail)
end
"""
HEAD = ("", "accepted/s", "accepted", "sold out", "refused", "failed", "unknown", "mean ms", "p50 ms", "p99 ms", "max ms")


class Drills:
    def __init__(self, cluster, binary, options, folder):
        self.cluster, self.binary, self.options, self.folder = cluster, binary, options, folder
        self.owner, self.rows, self.cores = Owner(cluster), [HEAD], []

    def measured(self, name, work, seconds):
        """Runs a load and puts it into the table; the log must be read to its end soon after."""
        log_before, shares = read_positions(self.cluster), Shares(self.cluster)
        figures = work()
        used = shares.end()
        waited = wait_for_log(self.cluster, 60)
        self.rows.append((
            name, f"{figures['accepted'] / figures['seconds']:,.0f}", *(f"{figures[key]:,}" for key in (
                "accepted", "sold_out", "refused", "failed", "unknown")),
            *(f"{figures[key]:.1f}" for key in ("mean", "p50", "p99", "max"))))
        self.cores.append((name, used))
        check(figures["accepted"] > 0, f"{name}: {figures['accepted']} orders accepted (none would be void)")
        check(waited is not None and waited < 5,
              f"{name}: the log was read to its end {'not' if waited is None else f'{waited:.1f} s after'}")
        return figures, log_before

    def crowd(self):
        slug, count = "crowd", self.options.cards
        self.owner.product(slug, count)

        def work():
            found = wrk(self.folder, self.cluster.url, CROWD % (0x5EED, slug), self.options.seconds,
                        self.options.connections)
            statuses = {int(status): number for status, number in found["statuses"].items()}
            known = {201, 202, 409, 429, 503, 504}
            return {
                **found, "accepted": statuses.get(201, 0) + statuses.get(202, 0), "sold_out": statuses.get(409, 0),
                "refused": statuses.get(429, 0) + statuses.get(503, 0), "unknown": statuses.get(504, 0) + found["lost"],
                "failed": sum(number for status, number in statuses.items() if status not in known)}
        figures, log_before = self.measured("crowd", work, self.options.seconds)
        taken = check_books(self.cluster, self.owner, slug, "crowd", log_before)
        # wrk cuts its connections at the end; orders then under way are held and counted by nobody.
        most = figures["accepted"] + figures["unknown"] + self.options.connections
        check(figures["accepted"] <= taken <= most,
              f"crowd: {taken} cards sold or held, {figures['accepted']} orders answered as accepted")
        check(figures["failed"] == 0, f"crowd: {figures['failed']} answers that the contract does not allow")

    def drill(self, slug, *arguments):
        """Holds `sluice drill` against the gateway; its figures in the words of the table."""
        report = self.folder / slug
        command = [
            self.binary, "drill", "--url", self.cluster.url, "--admin-url", self.cluster.admin_url, "--forwarded",
            "--slug", slug, "--connections", str(self.options.connections), "--max-lag", str(self.options.max_lag),
            "--hold-seconds", "3600", "--report", str(report), *map(str, arguments)]
        done = subprocess.run(
            command, env=dict(os.environ, SLUICE_ADMIN_TOKEN=self.cluster.token), capture_output=True, text=True)
        if not (report / "drill.json").exists():
            raise RuntimeError(done.stderr)
        for line in done.stdout.strip().splitlines():
            if line.startswith(("Void", "Violation", "Passed")):
                check(line.startswith("Passed"), f"{slug}: {line}")
        return json.loads((report / "drill.json").read_text())

    def figures(self, found, kind="placing"):
        counts, latency = found["counts"], found["milliseconds"][kind]
        claimed = found["milliseconds"]["order_to_claimed"]
        delivered = found["milliseconds"]["order_to_delivered"]
        for name, summary in (("until claimed", claimed), ("until delivered", delivered)):
            if summary["count"]:
                print(f"      {name}: p50 {summary['p50']:.1f}  p99 {summary['p99']:.1f}  max {summary['max']:.1f} ms, "
                      f"{summary['count']} orders", flush=True)
        lag = found["milliseconds"]["lag"]
        print(f"      arrivals were released up to {lag['max']:.1f} ms late, p99 {lag['p99']:.1f}; that is in the "
              "latency", flush=True)
        return {
            "seconds": found["sale"]["load_seconds"], "accepted": counts["accepted"], "sold_out": counts["sold_out"],
            "refused": counts["refused"] + counts["limited"], "failed": counts["failed"] + counts["pay_failed"],
            "unknown": counts["unknown"], "delivered": counts["delivered"],
            **{key: latency[key] for key in ("mean", "p50", "p99", "max")}}

    def flash(self):
        def work():
            return self.figures(self.drill(
                # People take a while to pay; nobody does in the very second of the rush.
                "flash", "--cards", 1000, "--load", f"{self.options.rate}x{self.options.seconds}",
                "--pay-after", "2..20"))
        figures, log_before = self.measured("flash", work, self.options.seconds)
        check_books(self.cluster, self.owner, "flash", "flash", log_before)
        check(figures["accepted"] == 1000 == figures["delivered"],
              f"flash: {figures['delivered']} of 1,000 cards sold, {figures['accepted']} orders accepted")
        check(figures["mean"] < 50 and figures["p99"] < 200,
              f"flash: mean {figures['mean']:.1f} ms (bound 50), p99 {figures['p99']:.1f} ms (bound 200)")

    def paid(self):
        count = self.options.paid_rate * self.options.seconds

        def work():
            return self.figures(self.drill(
                "paid", "--cards", count, "--load", f"{self.options.paid_rate}x{self.options.seconds}", "--paid", 1,
                "--repeats", 0))
        figures, log_before = self.measured("paid", work, self.options.seconds)
        check_books(self.cluster, self.owner, "paid", "paid", log_before)
        check(figures["delivered"] == count, f"paid: {figures['delivered']} of {count} orders paid and delivered")

    def reads(self):
        def work():
            found = self.drill(
                "reads", "--cards", 2000, "--load", "200x10", "--paid", 0, "--reads",
                f"{self.options.rate}x{self.options.seconds}")
            figures, reads = self.figures(found), found["reads"]
            self.looks = reads
            return {**figures, **{key: reads["milliseconds"][key] for key in ("mean", "p50", "p99", "max")},
                    "refused": reads["refused"], "failed": figures["failed"] + reads["failed"],
                    "unknown": reads["unknown"]}
        figures, log_before = self.measured("reads", work, self.options.seconds)
        check_books(self.cluster, self.owner, "reads", "reads", log_before)
        looks = self.looks
        check(looks["shown"] == looks["planned"],
              f"reads: {looks['shown']:,} of {looks['planned']:,} looks answered, {looks['refused']} refused, "
              f"{looks['unknown']} unknown, {looks['failed']} failed; their latency is in the table")

    def tables(self):
        print_table(self.rows)
        groups = list(self.cores[0][1])
        print("\ncores, of", os.cpu_count())
        print_table([("", *groups)] + [
            (name, *(f"{used[group]:.2f}" for group in groups)) for name, used in self.cores])


def print_table(rows):
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.rjust(width) if column else cell.ljust(width)
                        for column, (cell, width) in enumerate(zip(row, widths))), flush=True)


def main(options):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    binary = str(pathlib.Path(options.binary).resolve())
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # PostgreSQL runs as another user when all is started by root.
        with Cluster(f"{folder}/cluster", binary, port=options.port, stand_in=options.stand_in) as cluster:
            cluster.start()
            print(f"{os.cpu_count()} cores, shared with the generator; {options.seconds} s a sale", flush=True)
            drills = Drills(cluster, binary, options, pathlib.Path(folder))
            drills.owner.sandbox()
            for name in ("reads", "flash", "paid", "crowd"):
                if options.only in (None, name):
                    getattr(drills, name)()
            for node in cluster.nodes.values():
                check(node.deaths == 0, f"{node.name} died {node.deaths} times")
            drills.tables()
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--cards", type=int, default=600_000, help="of the crowd")
    parser.add_argument("--rate", type=int, default=5000, help="buyers of the flash sale, and looks, a second")
    parser.add_argument("--paid-rate", type=int, default=500)
    parser.add_argument("--connections", type=int, default=256)
    parser.add_argument("--max-lag", type=float, default=100, help="milliseconds; lateness counts in the latency, too")
    parser.add_argument("--only", choices=["crowd", "flash", "paid", "reads"])
    parser.add_argument("--port", type=int)
    parser.add_argument("--stand-in", action="store_true", help="one shop on SQLite in the place of the nodes")
    main(parser.parse_args())
