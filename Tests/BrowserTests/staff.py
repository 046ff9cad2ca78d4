"""Members of the staff before the owner's pages, and what several scenarios do there."""

import base64
import hmac
import re
import struct
import time
import urllib.parse

from playwright.sync_api import expect

from stage import check

PASSWORD = "a password of the tests"


def owner(stage, **options):
    """A page of the owner, who is made by the first scenario of a shop."""
    page = stage.page(**options)
    path = set_up_path(stage)
    answer = page.request.get(path)
    if answer.ok:
        # Another scenario may be faster: then the owner is there, too.
        token = urllib.parse.parse_qs(urllib.parse.urlsplit(path).query)["token"][0]
        form = {"form": form_token(answer.text()), "token": token, "name": "owner", "password": PASSWORD}
        page.request.post("/admin/setup", form=form, headers={"Origin": stage.shop.url})
    log_in(page, "owner")
    expect(page.locator(".side")).to_be_visible()
    return page


def set_up_path(stage):
    """Where the link leads that the shop has printed."""
    check(stage.set_up_link, "--set-up-link is needed")
    link = urllib.parse.urlsplit(stage.set_up_link)
    return f"{link.path}?{link.query}"


def form_token(html):
    """What the forms of a page carry."""
    return re.search('name="form" value="([^"]+)"', html)[1]


def log_in(page, name, password=PASSWORD, code=None):
    """Sends the form of the login; says nothing of what comes of it."""
    page.goto("/admin/login")
    page.locator("#i-name").fill(name)
    page.locator("#i-password").fill(password)
    page.get_by_role("main").get_by_role("button").click()
    if code is not None:
        page.locator("#i-password").fill(password)
        page.locator("#i-code").fill(code)
        page.get_by_role("main").get_by_role("button").click()


def log_out(page):
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/admin/login")


def member(stage, owner, name, role, **options):
    """A page of another member, who has chosen a password of their own."""
    owner.goto("/admin/staff")
    owner.locator("#i-name").fill(name)
    owner.locator("#i-role").select_option(role)
    owner.get_by_role("button", name="Add a member").click()
    once = owner.locator("dd").text_content()
    page = stage.page(**options)
    log_in(page, name, once)
    page.wait_for_url("**/admin/account")
    page.locator("#i-current").fill(once)
    page.locator("#i-password").fill(PASSWORD)
    page.get_by_role("button", name="Change password").click()
    said(page, "Password changed.")
    return page


def said(page, text):
    """Waits until a page says that something was done."""
    expect(page.locator(".alert.good")).to_have_text(text)


def refused(page, text):
    """Waits until a page says that something was not done."""
    expect(page.locator(".alert.bad")).to_contain_text(text)


def fill(page, **values):
    """Fills fields of a page by their names: texts, choices, and check boxes by True and False."""
    for name, value in values.items():
        field = page.locator(f"#i-{name}")
        if isinstance(value, bool):
            field.set_checked(value)
        elif field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)


def send(page, name):
    """Presses a button of the page itself."""
    page.locator("main form").get_by_role("button", name=name, exact=True).click()


def facts(page):
    """What stands in the lists of facts of a page."""
    pairs = page.locator(".facts > div").evaluate_all(
        "items => items.map((item) => [item.querySelector('dt').textContent, item.querySelector('dd').textContent])")
    return dict(pairs)


def table(page, label):
    return page.get_by_role("group", name=label, exact=True)


def rows(page, label):
    """The texts of a table's cells, row by row."""
    return table(page, label).locator("tbody tr").evaluate_all(
        "rows => rows.map((row) => [...row.cells].map((cell) => cell.innerText.trim()))")


def code(secret, ahead=0):
    """Six digits as an authenticator shows them, some steps of 30 seconds ahead."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.digest(key, struct.pack(">Q", int(time.time()) // 30 + ahead), "sha1")
    number = struct.unpack(">I", digest[digest[-1] & 15:][:4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"
