"""A shop under test, as its owner and programs of buyers see it: through its API."""

import datetime
import json
import secrets
import time
import urllib.error
import urllib.request


class Refused(Exception):
    """The shop did not do what was asked."""


class Shop:
    """Calls the API of a running shop."""

    def __init__(self, url, token):
        self.url = url.rstrip("/")
        self.token = token
        # Scenarios share the shop, and may run against it again; names must be new each time.
        self.run = secrets.token_hex(3)

    # The owner

    def admin(self, method, path, body=None, media_type="application/json"):
        return self._send(method, f"/api/v1/admin{path}", body, media_type, self.token)

    def open_sandbox(self):
        """Lets buyers pay by the built-in provider."""
        self.admin("PUT", "/channels/sandbox", {"kind": "sandbox", "settings": {}, "enabled": True})

    def product(self, name, cards=0, **members):
        """Puts a product on offer and returns its slug. It is in no list unless `hidden` is False."""
        slug = f"{name}-{self.run}"
        product = {
            "slug": slug, "title": name.replace("-", " ").capitalize(), "amount": 1990, "currency": "CNY",
            "max_per_order": 10, "max_per_buyer": 100, "hidden": True,
        }
        self.admin("POST", "/products", product | members)
        if cards:
            self.cards(slug, [f"{name.upper()}-{number}" for number in range(1, cards + 1)])
        return slug

    def cards(self, slug, lines, layout="plain"):
        """Imports cards, one a line."""
        path = f"/products/{slug}/cards?layout={layout}"
        report = self.admin("POST", path, "\n".join(lines).encode(), "text/plain; charset=utf-8")
        if report["imported"] != len(lines):
            raise Refused(f"import: {report}")

    def category(self, name, title, **members):
        """Makes a category and returns its slug."""
        slug = f"{name}-{self.run}"
        self.admin("POST", "/categories", {"slug": slug, "name": title} | members)
        return slug

    def coupon(self, word, **members):
        """Makes a coupon and returns its code."""
        code = f"{word}-{self.run}".upper()
        self.admin("POST", "/coupons", {"code": code, "currency": "CNY"} | members)
        return code

    def settings(self, **members):
        """Changes the settings of the shop, whatever they were."""
        version = self.admin("GET", "/settings")["version"]
        return self.admin("PUT", "/settings", members | ({"version": version} if version else {}))

    def picture(self, content):
        """Keeps a picture and returns where it is."""
        return self.admin("POST", "/pictures", content, "image/png")["path"]

    # Buyers

    def buyer(self, name):
        """The contact of a buyer who has no orders yet."""
        return f"{name}-{self.run}@example.com"

    def order(self, slug, contact="buyer@example.com", **members):
        """Places an order."""
        body = {"product": slug, "contact": contact, "channel": "sandbox"} | members
        return self._send("POST", "/api/v1/orders", body)

    def pay(self, order):
        """Pays an order through the built-in provider."""
        return self._send("POST", f"/api/v1/sandbox/orders/{order['id']}/pay", {}, token=order["token"])

    def begin(self, order, channel):
        """Begins to pay an order through another channel; returns the attempt."""
        path = f"/api/v1/orders/{order['id']}/pay"
        return self._send("POST", path, {"channel": channel}, token=order["token"])["attempt"]

    def wait(self, order, status, seconds=20):
        """Waits until an order is where it should be."""
        end = time.monotonic() + seconds
        while self.read(order)["status"] != status:
            if time.monotonic() > end:
                raise Refused(f"order {order['id']} is {self.read(order)['status']}, not {status}")
            time.sleep(0.05)

    def read(self, order):
        """An order as it is now."""
        return self._send("GET", f"/api/v1/orders/{order['id']}", token=order["token"])

    def orders_of(self, contact):
        """What the owner sees of a buyer, newest first."""
        return self.admin("GET", f"/orders?contact={contact}")["items"]

    def now(self):
        """The shop's clock."""
        answer = self._send("GET", "/api/v1/stock?products=none")
        return datetime.datetime.fromisoformat(answer["server_time"].replace("Z", "+00:00"))

    def _send(self, method, path, body=None, media_type="application/json", token=None):
        request = urllib.request.Request(self.url + path, method=method)
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        if body is not None:
            request.add_header("Content-Type", media_type)
            request.data = body if isinstance(body, bytes) else json.dumps(body).encode()
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            raise Refused(f"{method} {path}: {error.code} {error.read().decode(errors='replace')}") from None


def moment(time):
    """A time as the API writes it."""
    return time.astimezone(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
