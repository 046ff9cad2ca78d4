"""Allocations per order of every case, counted by the benchmarks in Sources/Benchmarks/Orders, against the thresholds.

Has ordo-one/benchmark write what it measured as thresholds into a folder that is thrown away, and compares that with
the thresholds that are kept, which have the same form. Its own check is not used: it looks for a case whose name has
spaces under another file's name than it wrote, and takes what got better for a failure.

Task hops, wall and processor time are printed for information. All figures are 90th percentiles of the rounds. Ends
with status 1 when a case allocates more than the tolerance allows, or has no threshold.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

from thresholds import judge

COMMAND = ["swift", "package", "--disable-sandbox", "benchmark", "thresholds", "update", "--no-progress", "--path"]


def measure(folder):
    """The figures of every case by the name of its file."""
    done = subprocess.run(
        COMMAND + [folder], cwd=pathlib.Path(__file__).parent, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)
    figures = {path.name: json.loads(path.read_text()) for path in sorted(pathlib.Path(folder).glob("*.p90.json"))}
    if done.returncode != 0 or not figures or "failed" in done.stdout:
        sys.exit(f"the benchmarks ended with {done.returncode}\n{done.stdout}")
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--thresholds", required=True, help="the folder of this toolchain")
    parser.add_argument("--update", action="store_true", help="write the thresholds anew")
    options = parser.parse_args()

    kept = pathlib.Path(options.thresholds)
    with tempfile.TemporaryDirectory(prefix="sluice-allocations-") as folder:
        figures = measure(folder)
    is_good = True
    heads = f"{'allocations':>12}{'threshold':>10}  {'change':24}{'task hops':>10}{'wall µs':>10}{'CPU µs':>9}"
    print(f"{'per order':34}{heads}")
    for name, found in figures.items():
        path = kept / name
        allocations = found["allocations"]
        if options.update:
            kept.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps({"allocations": allocations}, indent=2) + "\n")
        threshold = json.loads(path.read_text())["allocations"] if path.exists() else None
        change, holds = judge(allocations, threshold)
        is_good = is_good and holds
        case = name.removeprefix("Orders.").removesuffix(".p90.json").replace("_", " ")
        hops, wall, cpu = found["task hops x 100"] / 100, found["wall ns"] / 1000, found["CPU ns"] / 1000
        limit = "-" if threshold is None else threshold
        print(f"{case:34}{allocations:12}{limit:>10}  {change:24}{hops:10.2f}{wall:10.2f}{cpu:9.2f}")
    for path in kept.glob("*.p90.json"):
        if path.name not in figures:
            print(f"{path.name} belongs to no case")
            is_good = False
    sys.exit(0 if is_good else 1)


main()
