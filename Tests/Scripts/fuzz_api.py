"""Runs Schemathesis against a shop that it starts itself, by the shop's own description of its API.

Fails on any 5xx, any answer that the description does not have, and on memory that grows.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import urllib.request

ADMIN = "admin-token-of-the-proofs"

# What a schema cannot say: the shop's data (a quantity above a product's limit, a name that a product does not ask
# for, a key used before) makes a well-formed request wrong, and a callback is forged unless it is signed.
SETTINGS = """
[[operations]]
include-name = "POST /api/v1/orders"
checks.positive_data_acceptance.expected-statuses = ["2XX","401","403","404","409","422","429"]
[[operations]]
include-name = "POST /api/v1/admin/products"
checks.positive_data_acceptance.expected-statuses = ["2XX","401","403","404","409","422","429"]
[[operations]]
include-name = "PUT /api/v1/admin/channels/{channel}"
checks.positive_data_acceptance.expected-statuses = ["2XX","401","403","404","409","422","429"]
[[operations]]
include-path-regex = "/api/v1/(orders/quote|products/.slug./cards|admin/(products/.slug.|coupons|coupons/.code.|announcements|announcements/.id.|blacklist|settings|pictures|categories|categories/.slug.))$"
checks.positive_data_acceptance.expected-statuses = ["2XX","401","403","404","409","422","429"]
[[operations]]
include-path-regex = "/api/v1/admin/(products/.slug./(units|secret|cards)|orders/.id./fulfil)"
checks.positive_data_acceptance.expected-statuses = ["2XX","401","403","404","409","415","422","429"]
[[operations]]
include-path = "/callbacks/{channel}"
checks.positive_data_acceptance.expected-statuses = ["2XX","400","404"]
"""

# One real order, which the runs pay, cancel and read: its channel is enabled or not, its state allows it or not.
ORDER_SETTINGS = """
[parameters]
"path.id" = "{id}"
[[operations]]
include-path = "/api/v1/orders/{{id}}/pay"
checks.positive_data_acceptance.expected-statuses = ["2XX","404","409","422"]
"""


def call(url, method, path, body, content="application/json"):
    headers = {"Authorization": f"Bearer {ADMIN}", "Content-Type": content}
    with urllib.request.urlopen(urllib.request.Request(url + path, body, headers, method=method)) as answer:
        return json.load(answer)


def resident_kilobytes(shop):
    for line in pathlib.Path(f"/proc/{shop.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise RuntimeError("no VmRSS")


def fuzz(url, folder, seed, examples, token=ADMIN, settings_text=SETTINGS, more=()):
    settings = pathlib.Path(folder, "schemathesis.toml")
    settings.write_text(settings_text)
    command = [
        str(pathlib.Path(sys.executable).parent / "schemathesis"), "--config-file", str(settings), "run",
        url + "/openapi.yaml", "--url", url, "--seed", str(seed), "--max-examples", str(examples),
        "--header", f"Authorization: Bearer {token}", "--checks", "all",
        "--request-timeout", "30", "--no-color", *(more or ["--exclude-checks", "ignored_auth"]),
    ]
    return subprocess.run(command).returncode


def fuzz_order(url, folder, seed, examples):
    """The operations of one order, with its token. A wrong token is answered 404 as by contract, not 401."""
    # Of a product that the runs before did not change, for a contact that they did not block.
    sell(url, "quiet-card")
    order = call(url, "POST", "/api/v1/orders",
                 b'{"product":"quiet-card","contact":"owner@quiet.example","channel":"sandbox"}')
    return fuzz(
        url, folder, seed, examples, order["token"], ORDER_SETTINGS.format(id=order["id"]),
        ["--include-path-regex", r"^/api/v1/(sandbox/)?orders/\{id\}", "--exclude-checks", "ignored_auth,missing_required_header"])


def sell(url, slug):
    call(url, "POST", "/api/v1/admin/products",
         b'{"slug":"%s","title":"Demo","amount":1990,"currency":"CNY","max_per_order":5}' % slug.encode())
    call(url, "POST", f"/api/v1/admin/products/{slug}/cards",
         "\n".join(f"CARD-{n}" for n in range(5000)).encode(), "text/plain")
    call(url, "PUT", "/api/v1/admin/channels/sandbox", b'{"kind":"sandbox","settings":{},"enabled":true}')


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--examples", type=int, default=100)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        shop = subprocess.Popen(
            [str(pathlib.Path(arguments.binary).resolve()), "serve", "--data", folder + "/data", "--listen",
             "127.0.0.1:0"], stdout=subprocess.PIPE, env={"SLUICE_ADMIN_TOKEN": ADMIN}, text=True)
        url = shop.stdout.readline().split()[1]
        try:
            sell(url, "demo-card")
            first = fuzz(url, folder, 1, arguments.examples)
            before = resident_kilobytes(shop)
            second = fuzz(url, folder, 2, arguments.examples)
            after = resident_kilobytes(shop)
            third = fuzz_order(url, folder, 3, arguments.examples)
            audit = call(url, "GET", "/api/v1/admin/audit", None)
        finally:
            shop.terminate()
            status = shop.wait(timeout=60)
    print(f"resident KiB after the first run {before}, after the second {after}; audit ok {audit['ok']}; exit {status}")
    if first or second or third or not audit["ok"] or status or after - before > 32 * 1024:
        sys.exit(1)


main()
