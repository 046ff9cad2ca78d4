"""One Chromium before one shop, and what several scenarios do on pages."""

import re
import urllib.parse

from playwright.sync_api import expect

CHROMIUM = "/usr/bin/chromium"
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}

# Two cores may be busy with other tests; what is there is seen at once all the same.
expect.set_options(timeout=20_000)


def check(holds, what):
    """Fails the scenario unless something holds."""
    if not holds:
        raise AssertionError(what)


class Stage:
    """One Chromium before one shop. What no page may ever do is collected in `troubles`."""

    def __init__(self, playwright, shop, set_up_link=None):
        # Chromium refuses its own sandbox to root, whom tests may run as.
        self.chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        self.shop = shop
        # Which the shop has printed for its owner.
        self.set_up_link = set_up_link
        self.hosts = {urllib.parse.urlsplit(shop.url).netloc}
        self.questions = []
        self.troubles = []

    def context(self, confirms=False, **options):
        """A browser of its own: with its own cookies, and English unless `locale` says otherwise.

        What it is asked it confirms or takes for a fault.
        """
        options = {"locale": "en-US", "viewport": DESKTOP, "base_url": self.shop.url} | options
        context = self.chromium.new_context(**options)
        context.set_default_timeout(20_000)
        context.on("request", self._requested)
        context.on("console", self._said)
        context.on("weberror", lambda error: self.troubles.append(f"script failed: {error.error}"))
        context.on("dialog", self._confirm if confirms else self._dialog)
        return context

    def page(self, **options):
        """A page in a browser of its own."""
        return self.context(**options).new_page()

    def _requested(self, request):
        host = urllib.parse.urlsplit(request.url)
        if host.scheme in ("http", "https", "ws", "wss") and host.netloc not in self.hosts:
            self.troubles.append(f"a request to another host: {request.url}")

    def _said(self, message):
        # Refusals that a page explains to its buyer are said here, too; everything else is a fault.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.troubles.append(f"the console says: {message.text}")

    def _confirm(self, dialog):
        self.questions.append(dialog.message)
        dialog.accept()

    def _dialog(self, dialog):
        self.troubles.append(f"a dialog: {dialog.message}")
        dialog.dismiss()


# What buyers do

def fill_in(page, contact, quantity=None, password=None, coupon=None):
    """Fills in the form on a product's page."""
    if quantity is not None:
        page.locator("#quantity").fill(str(quantity))
    page.locator("#contact").fill(contact)
    if password is not None:
        page.locator("#query_password").fill(password)
    if coupon is not None:
        page.locator("#coupon").fill(coupon)


def place(page):
    """Sends the form, and waits for the order's page."""
    page.locator("[data-submit]").click()
    return awaiting(page)


def awaiting(page):
    """Waits for the page of an order that is to be paid; returns the order's id."""
    expect(page.locator("#status")).to_have_attribute("data-status", "awaiting_payment")
    return re.search(r"/orders/([0-9a-z]{26})", page.url)[1]


def pay(page):
    """From the order's page to the built-in provider, and back to the cards."""
    page.locator("#pay").click()
    page.wait_for_url("**/sandbox/*")
    page.locator("#pay").click()
    expect(page.locator("#status")).to_have_attribute("data-status", "delivered")


def cards(page):
    """The cards that a page shows."""
    return page.locator("[data-secret]").all_text_contents()


def amount(page):
    """What the page of an order says it costs."""
    return page.locator("#amount").text_content().strip()


def pay_twice(stage, order, channel):
    """Money comes through two channels: what came second is to be given back."""
    attempt = stage.shop.begin(order, channel)
    stage.shop.pay(order)
    page = stage.page()
    page.goto(f"/sandbox/{attempt}")
    page.locator("#pay").click()
    page.wait_for_url("**/orders/**")
    page.context.close()
