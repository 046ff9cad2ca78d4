"""Instructions per order of every case, counted by valgrind, against the thresholds of this toolchain.

Each case is run for N and for 3N rounds after the same preparation; what the longer run has more is the work of 2N
rounds, in all threads of the process. Nothing is timed, so it does not matter what else the machine does.

Needs valgrind. Ends with status 1 when a case got worse by more than the tolerance, when its runs differ by more than
that, when it has no threshold, or when it could not be run.
"""

import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

from thresholds import TOLERANCE_PERCENT, judge

# Orders of the shorter run; whole rounds of them.
ORDERS = {"parse an order": 4096, "gate admits": 4096, "claim a batch of 256": 1280, "claim an order alone": 200}
DEFAULT_ORDERS = 640

COMMAND = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]


# With a seed of its own in each process, Swift's dictionaries differ from run to run, by some percent of the work.
ENVIRONMENT = os.environ | {"SWIFT_DETERMINISTIC_HASHING": "1"}


def cases(binary):
    lines = subprocess.run([binary], check=True, capture_output=True, text=True).stdout.splitlines()
    return {name: int(orders) for orders, name in (line.split("\t") for line in lines)}


def count(binary, case, rounds, prepared):
    """All instructions of one run, in user mode."""
    with tempfile.TemporaryDirectory(prefix="sluice-instructions-") as folder:
        command = COMMAND + [binary, folder, case, str(rounds), str(prepared)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, env=ENVIRONMENT)
    found = re.search(r"I +refs: +([\d,]+)", done.stderr)
    if done.returncode != 0 or not found:
        sys.exit(f"{case}: valgrind ended with {done.returncode}\n{done.stderr}")
    return int(found.group(1).replace(",", ""))


def measure(binary, case, orders_per_round, runs):
    rounds = max(1, ORDERS.get(case, DEFAULT_ORDERS) // orders_per_round)
    figures = []
    for _ in range(runs):
        short, long = (count(binary, case, n, 3 * rounds) for n in (rounds, 3 * rounds))
        figures.append((long - short) / (2 * rounds * orders_per_round))
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--thresholds", required=True, help="the file of this toolchain")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--filter", default="", help="only cases whose name matches")
    parser.add_argument("--update", action="store_true", help="write the thresholds anew")
    options = parser.parse_args()

    path = pathlib.Path(options.thresholds)
    thresholds = json.loads(path.read_text()) if path.exists() else {}
    is_good = True
    print(f"{'instructions per order':34}{'mean':>12}{'spread':>10}{'threshold':>12}  change")
    with tempfile.TemporaryDirectory(prefix="sluice-instructions-") as folder:
        # This valgrind does not read the debugging information of this toolchain.
        binary = os.path.join(folder, "OrderCost")
        subprocess.run(["strip", "--strip-debug", "-o", binary, options.binary], check=True)
        for case, orders in cases(binary).items():
            if not re.search(options.filter, case):
                continue
            figures = measure(binary, case, orders, options.runs)
            mean = statistics.mean(figures)
            spread = 100 * (max(figures) - min(figures)) / mean
            if options.update:
                thresholds[case] = round(mean)
            change, holds = judge(mean, thresholds.get(case))
            # A figure that is as unsteady as that cannot be judged.
            is_good = is_good and holds and spread <= TOLERANCE_PERCENT
            threshold = f"{thresholds[case]:,}" if case in thresholds else "-"
            print(f"{case:34}{mean:12,.0f}{spread:8.2f} %{threshold:>12}  {change}", flush=True)
    if options.update:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(thresholds, indent=2) + "\n")
    sys.exit(0 if is_good else 1)


main()
