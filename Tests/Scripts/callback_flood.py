"""100,000 forged callbacks of 16 KiB: what they leave on disk, and what orders feel before, during and after.

Needs wrk. Orders per second are measured by wrk with a buyer of its own for each request; during the flood orders come
at a fixed rate and each is timed from the moment it was due. Ends with status 1 when a bound is missed.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time

from stock_at_scale import Load, Shop, audit, check, failures, imported

ORDERS = """
local n, seed = 0, tostring(%d)
request = function()
  n = n + 1
  local body = '{"product":"hot","contact":"' .. seed .. tostring({}):sub(8) .. n .. '@example.com","channel":"sandbox"}'
  body = body:gsub("0x", "x")
  return wrk.format("POST", "/api/v1/orders", {["Content-Type"] = "application/json"}, body)
end
local threads = {}
function setup(thread) table.insert(threads, thread) end
function response(status) if status == 201 then ok = (ok or 0) + 1 end end
function done() local sum = 0 for _, t in ipairs(threads) do sum = sum + (t:get("ok") or 0) end io.write("accepted " .. sum .. "\\n") end
"""

FLOOD = """
local body = "pid=1001&sign=0123456789abcdef0123456789abcdef&junk=" .. string.rep("x", 16384 - 52)
request = function()
  return wrk.format("POST", "/callbacks/epay", {["Content-Type"] = "application/x-www-form-urlencoded"}, body)
end
"""


def wrk(folder, address, script, seconds, connections):
    path = folder / "script.lua"
    path.write_text(script)
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(path), f"http://{address}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def orders_per_second(folder, shop, seed, seconds=8):
    text = wrk(folder, shop.address, ORDERS % seed, seconds, 64)
    return int(re.search(r"accepted (\d+)", text)[1]) / seconds


def size(folder):
    return sum(file.stat().st_size for file in folder.iterdir()) / 1e6


def forged(shop):
    _, text = shop.request("GET", "/metrics")
    found = re.search(rb'sluice_callbacks\{channel="epay",verdict="forged"\} (\d+)', text)
    return int(found[1]) if found else 0


def main(binary, count, rate):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        data = folder / "data"
        shop = Shop(binary, data)
        shop.product("hot")
        shop.product("steady")
        shop.admin("PUT", "/channels/sandbox", '{"kind":"sandbox","settings":{}}')
        shop.admin("PUT", "/channels/epay", json.dumps(
            {"kind": "epay", "settings": {"gateway": "http://127.0.0.1:9", "pid": "1001", "key": "k" * 32}}))
        imported(shop, "hot", 600_000, "HOT")
        imported(shop, "steady", 50_000, "STEADY")
        orders_per_second(folder, shop, 1, 3)
        before = orders_per_second(folder, shop, 2)
        shop.admin("GET", "/payments?limit=1")
        empty, peak = size(data), 0

        load = Load(shop, "steady", rate)
        start, sent = time.monotonic(), 0
        while sent < count:
            text = wrk(folder, shop.address, FLOOD, 2, 32)
            sent += int(re.search(r"(\d+) requests in", text)[1])
            peak = max(peak, size(data))
        seconds = time.monotonic() - start
        during = load.end()
        shop.admin("GET", "/payments?limit=1")
        peak = max(peak, size(data))
        check(sent >= count, f"{sent} forged callbacks of 16 KiB in {seconds:.0f} s")
        check(peak - empty < 40, f"disk grew by {peak - empty:.1f} MB at most, with {len(load.times)} orders in it")
        _, page = shop.admin("GET", "/payments?verdict=forged&limit=1000")
        check(len(page["items"]) == 1000, f"{len(page['items'])} of them kept")
        check(set(load.statuses) == {201}, f"orders during the flood {load.statuses} at {rate}/s, p50 {during[0.5]:.1f} p99 {during[0.99]:.1f} ms")
        after = orders_per_second(folder, shop, 3)
        check(after >= 0.9 * before, f"orders per second: before {before:.0f}, after {after:.0f} ({after / before:.2f})")
        time.sleep(16)  # the counts of /metrics are at most fifteen seconds old
        forged(shop)
        # wrk does not count what was under way at its end.
        check(forged(shop) >= sent, f"{forged(shop)} counted")
        check(audit(shop)["ok"], "audit clean")
        check(shop.stop() == 0, "stopped with 0")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--callbacks", type=int, default=100_000)
    parser.add_argument("--rate", type=int, default=200)
    arguments = parser.parse_args()
    main(arguments.binary, arguments.callbacks, arguments.rate)
    sys.exit(1 if failures else 0)
