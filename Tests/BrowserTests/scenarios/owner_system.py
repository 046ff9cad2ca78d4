"""What an owner does for the shop itself: backups, a restore, rehearsals, and the live screen while they run."""

import pathlib
import tempfile

from playwright.sync_api import expect

from staff import facts, fill, log_in, owner, refused, rows, said, send, table
from stage import check


def owner_backup(stage):
    """A backup is made, downloaded, brought in again and restored. Needs a shop of its own, which begins anew."""
    shop = stage.shop
    slug = shop.product("backed-up", cards=3)
    early = shop.order(slug, shop.buyer("early"))
    page = owner(stage, confirms=True)
    page.goto("/admin/backups")
    send(page, "Make a backup")
    said(page, "The backup is made.")
    with tempfile.TemporaryDirectory() as folder:
        with page.expect_download() as download:
            table(page, "Backups").get_by_role("button", name="Download").first.click()
        file = pathlib.Path(folder) / download.value.suggested_filename
        download.value.save_as(file)
        check(file.read_bytes()[:15] == b"SQLite format 3", "the download is no ledger")
        late = shop.order(slug, shop.buyer("late"))
        table(page, "Backups").get_by_role("button", name="Remove").first.click()
        said(page, "Removed.")
        expect(page.locator("main")).to_contain_text("There is no backup yet.")
        bring_in(page, folder, file)
    restore(page)
    log_in(page, "owner")
    page.goto("/admin/backups")
    check(facts(page)["Outcome"] == "restored, the books balance", f"{facts(page)}")
    check(shop.read(early)["status"] == "awaiting_payment", "an order from before the backup is gone")
    check(shop.read(late)["status"] != "awaiting_payment", "an order from after the backup is there")
    check(shop.admin("GET", "/audit")["ok"], "the books do not balance")
    page.goto("/admin/journal")
    deeds = [row[1] for row in rows(page, "Journal")]
    check("restored a backup" in deeds, f"the journal: {deeds}")


def bring_in(page, folder, file):
    """What is no backup is refused whatever it is called; the right file is looked into."""
    wrong = pathlib.Path(folder) / "20260101T000000Z-manual.sqlite"
    wrong.write_bytes(b"\x89PNG and not a ledger at all")
    chooser = page.locator("[data-upload] input[type=file]")
    chooser.set_input_files(wrong)
    expect(page.locator("[data-upload] [role=status]")).to_contain_text("Not kept:")
    chooser.set_input_files(file)
    page.wait_for_url("**/admin/backups/*-uploaded.sqlite")
    known = facts(page)
    check((known["Cards"], known["Orders"], known["Master key"]) == ("3", "1", "opens it"), f"{known}")


def restore(page):
    page.get_by_role("button", name="Restore", exact=True).click()
    expect(page.locator("#e-understood")).to_have_text("must be ticked")
    fill(page, understood=True)
    page.get_by_role("button", name="Restore", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The shop begins anew")
    # Everybody was logged out, so the page that waits ends at the log-in.
    page.wait_for_url("**/admin/login*", timeout=60_000)


def owner_drill(stage):
    """A drill is begun by a button and watched on the live screen; its report has plots, and the shop sold nothing."""
    shop = stage.shop
    slug = shop.product("drilled", cards=2)
    page = owner(stage, confirms=True)
    page.goto("/admin/drills")
    fill(page, product=slug, cards="30", buyers="1500", rate="150", paid="100")
    send(page, "Rehearse a sale")
    expect(page.get_by_role("heading", level=1)).to_have_text("Drill")
    place = page.url
    watch(stage, page)
    page.goto("/admin/drills")
    fill(page, product=slug, cards="30", buyers="100", rate="100", paid="100")
    send(page, "Rehearse a sale")
    refused(page, "another drill is being held")
    page.goto(place)
    # The page goes on by itself.
    expect(page.locator("#outcome")).to_be_visible(timeout=120_000)
    known = facts(page)
    check(known["Cards on sale"] == "30" and known["Accepted"] == "30" and known["Delivered"] == "30", f"{known}")
    check(known["Verdict"] in ("passed", "proves nothing"), f"{known}")
    expect(page.locator("figure svg")).to_have_count(4)
    page.get_by_role("link", name="The whole report").click()
    expect(page.get_by_role("heading", level=2).first).to_have_text("Rate")
    check(shop.admin("GET", f"/products/{slug}")["slug"] == slug, "the product is gone")
    check(not [order for order in shop.admin("GET", "/orders")["items"] if order["product"] == slug],
          "the drill has placed orders in the live shop")


def watch(stage, page):
    """The live screen moves during a drill: its own figures, and those of the drill."""
    page.goto("/admin/live")
    box = page.locator('[data-live="drill_sent"]')
    seen = set()
    for _ in range(4):
        expect(box).not_to_have_text("–", timeout=60_000)
        seen.add(box.text_content())
        before = box.text_content()
        expect(box).not_to_have_text(before, timeout=90_000)
    check(len(seen) >= 3, f"the live screen stands still: {seen}")
    expect(page.locator("#books li.badge").first).to_be_visible()
    check(page.locator("#books li.badge.bad").count() == 0, "an invariant does not hold")
    # An order in the live shop is counted there while the drill runs.
    accepted = page.locator('[data-live="accepted"]')
    stage.shop.order(stage.shop.product("beside", cards=1), stage.shop.buyer("beside"))
    expect(accepted).to_have_text("1")
    points = page.locator("[data-curve]").get_attribute("points")
    check(len(points.split()) >= 3, f"the curve: {points}")


SCENARIOS = [owner_backup, owner_drill]
