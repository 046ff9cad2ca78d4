"""Ways through all of the owner's pages, by the links that they show."""

import re
import urllib.parse

# What a page leads on to, and what it offers to change.
FOUND = """() => ({
  links: [...document.querySelectorAll("a[href]")].map((link) => new URL(link.href))
    .filter((link) => link.origin === location.origin && link.pathname.startsWith("/admin"))
    .map((link) => link.pathname + link.search),
  forms: [...document.querySelectorAll("form")].filter((form) => form.method === "post").map((form) => ({
    action: new URL(form.action).pathname,
    fields: Object.fromEntries([...new FormData(form)].filter(([, value]) => typeof value === "string")),
  })),
  uploads: [...document.querySelectorAll("[data-import], [data-picture]")]
    .map((section) => JSON.parse(section.dataset.import ?? section.dataset.picture).address),
})"""
# No pages, or the same ones in other words.
PASSED = re.compile(r"^/admin/(language/|logout|files/|live/events)|\.csv$")


def kind(address):
    """What addresses of the same kind have in common."""
    path = urllib.parse.urlsplit(address).path
    path = re.sub(r"/[0-9a-z]{26}(?=/|$)", "/ORDER", path)
    path = re.sub(r"/\d+(?=/|$)", "/N", path)
    return re.sub(r"/(products|categories|coupons|channels)/[^/]+", r"/\1/NAME", path)


class Walk:
    """Goes through the pages that somebody is shown, a few of each kind, and keeps what they offer."""

    def __init__(self, page, starts=(), each=2, look=None):
        """`starts` are looked at in any case. `look` is told the name of each page when it is shown."""
        self.pages = {}
        self.forms = {}
        self.uploads = {}
        counts = {}
        ahead = ["/admin", *starts]
        seen = set(ahead)
        while ahead:
            address = ahead.pop(0)
            name = kind(address)
            counts[name] = counts.get(name, 0) + 1
            answer = page.goto(address)
            self.pages.setdefault(name, (address, answer.status))
            found = page.evaluate(FOUND)
            for form in found["forms"]:
                self.forms.setdefault(kind(form["action"]), form)
            for upload in found["uploads"]:
                self.uploads.setdefault(kind(upload), upload)
            if look:
                look(name if counts[name] == 1 else f"{name} ({counts[name]})")
            for link in found["links"]:
                if link not in seen and not PASSED.search(urllib.parse.urlsplit(link).path):
                    if sum(kind(other) == kind(link) for other in ahead) + counts.get(kind(link), 0) < each:
                        seen.add(link)
                        ahead.append(link)
