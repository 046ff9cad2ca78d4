"""How the owner gets in, and others do not."""

import re

from playwright.sync_api import expect

from staff import PASSWORD, code, facts, fill, log_in, log_out, refused, rows, said, send, set_up_path, table
from stage import check


def owner_access(stage):
    """The first start, a second factor, sessions, and a lock for those who guess. Needs a shop of its own."""
    page = first_start(stage)
    secret, spares = second_factor(page)
    log_in_by_code(page, secret)
    log_in_by_spare(page, spares)
    remove_second_factor(page)
    sessions(stage, page)
    lock(stage, page)


def first_start(stage):
    path = set_up_path(stage)
    page, other = stage.page(), stage.page()
    for one in (page, other):
        one.goto(path)
        expect(one.get_by_role("heading", level=1)).to_have_text("Make the owner")
    fill(page, name="owner", password="too short")
    send(page, "Make the owner")
    expect(page.locator("#e-password")).to_be_visible()
    expect(page.locator("#i-name")).to_have_value("owner")
    fill(page, password=PASSWORD)
    send(page, "Make the owner")
    said(page, "The owner is made. Log in now.")
    # The link works once: neither opened again, nor by a form that was opened before.
    fill(other, name="second", password=PASSWORD)
    send(other, "Make the owner")
    refused(other, "the link was used")
    check(other.goto(path).status == 404, "the link is open")
    log_in(other, "second")
    refused(other, "Name, password or code is wrong.")
    other.context.close()
    log_in(page, "owner")
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    return page


def second_factor(page):
    """Sets it up; returns its secret and the recovery codes."""
    page.goto("/admin/account")
    send(page, "Set up")
    secret = facts(page)["By hand"]
    expect(page.locator("svg.code")).to_be_visible()
    # Whoever mistypes goes on with the secret that their authenticator has.
    fill(page, code="000000" if code(secret) != "000000" else "000001")
    send(page, "Confirm")
    expect(page.locator("#e-code")).to_be_visible()
    check(facts(page)["By hand"] == secret, "a wrong code makes another secret")
    fill(page, code=code(secret))
    send(page, "Confirm")
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    spares = list(facts(page).values())
    check(len(set(spares)) == 10, f"recovery codes: {spares}")
    page.get_by_role("link", name="Done").click()
    expect(page.locator("main")).to_contain_text("On. 10 recovery codes are left.")
    return secret, spares


def log_in_by_code(page, secret):
    log_out(page)
    log_in(page, "owner")
    refused(page, "Please give the code of your authenticator as well.")
    page.goto("/admin")
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")
    # The code that confirmed it was used.
    log_in(page, "owner", code=code(secret))
    refused(page, "Name, password or code is wrong.")
    log_in(page, "owner", code=code(secret, ahead=1))
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")


def log_in_by_spare(page, spares):
    log_out(page)
    log_in(page, "owner", code=spares[3].lower())
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    page.goto("/admin/account")
    expect(page.locator("main")).to_contain_text("On. 9 recovery codes are left.")
    log_out(page)
    log_in(page, "owner", code=spares[3])
    refused(page, "Name, password or code is wrong.")
    log_in(page, "owner", code=spares[0])
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")


def remove_second_factor(page):
    page.goto("/admin/account")
    page.get_by_role("region", name="Second factor").get_by_label("Current password").fill(PASSWORD)
    send(page, "Remove")
    said(page, "Saved.")
    expect(page.locator("main")).to_contain_text("Off. With an authenticator app")


def sessions(stage, page):
    """One browser ends what another one has begun."""
    other = stage.page()
    log_in(other, "owner")
    expect(other.get_by_role("heading", level=1)).to_have_text("Overview")
    page.goto("/admin/account")
    listed = rows(page, "Sessions")
    check(all(row[2].startswith("127.0.0.1\n") for row in listed), f"sessions: {listed}")
    check([("this one" in row[0]) for row in listed].count(True) == 1, f"sessions: {listed}")
    foreign = table(page, "Sessions").locator("tbody tr").filter(has_not_text="this one")
    expect(foreign).to_have_count(len(listed) - 1)
    for _ in listed[1:]:
        foreign.first.get_by_role("button", name="End").click()
        said(page, "Ended.")
    other.reload()
    expect(other.get_by_role("heading", level=1)).to_have_text("Log in")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("owner")
    other.context.close()


def lock(stage, page):
    """After five wrong tries by a name even the right password is not looked at; sessions go on."""
    guesser = stage.page()
    for _ in range(8):
        log_in(guesser, "owner", "a password that is wrong")
        if "Too many tries" in guesser.locator(".alert.bad").text_content():
            break
    refused(guesser, "Too many tries. Try again in ")
    seconds = int(re.search(r"in (\d+) seconds", guesser.locator(".alert.bad").text_content())[1])
    check(1 <= seconds <= 30, f"the first lock is for {seconds} seconds")
    log_in(guesser, "owner")
    refused(guesser, "Too many tries. Try again in ")
    guesser.goto("/admin")
    expect(guesser.get_by_role("heading", level=1)).to_have_text("Log in")
    page.goto("/admin")
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")


SCENARIOS = [owner_access]
