"""Every page that can be reached by links, on a phone: nothing broken, nothing too wide, nothing axe objects to.

Visitor and buyer see the light scheme, seller and staff the dark one, so that both are looked at for the price of one.
A kind of page is looked at once, by whoever reaches it first.
"""

import re
from collections import Counter, deque
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import pytest
from django.urls import Resolver404, resolve
from playwright.sync_api import Error

from tests.browser import looking
from tests.browser.site import Site, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# Who walks, in which scheme, from where.
WALKS = (
    ("", "light", ["/", "/_gallery/", "/nowhere/"]),
    ("buyer", "light", ["/orders/", "/basket/"]),
    ("seller", "dark", ["/desk/", "/_gallery/?scheme=dark"]),
    ("admin", "dark", ["/admin/"]),
)
# Files to keep, what ends the visit, and letters in their frame, where no script may run and so no axe either.
NOT_PAGES = re.compile(
    r"\.(?:pdf|csv|xml|txt|zip|svg|jpg|webp)$|/csv/|/export/|/logout/|^/(?:static|media)/|/html/$|^/_gallery/letter/"
)
# Django's own pages for any model: these are the same for each ...
SAME_FOR_ALL = re.compile(r"^admin:\w+_(?:add|delete|history)$|^admin:app_list$")
# ... and these differ in what they hold: axe looks at those that have something to fill in.
GENERIC = re.compile(r"^admin:\w+_(?:changelist|change)$")
# Some views show quite different pages: an order that waits, one that is paid, one that came back.
TIMES = Counter({"orders:purchase": 3, "orders:seller_order": 3, "catalog:listing": 2})
FILLED_IN = ".form-row :is(input:not([type=hidden]), select, textarea), #result_list td:not(.action-checkbox) input"
FACTS = f"""[
  document.documentElement.scrollWidth - innerWidth,
  [...document.links].map(link => link.getAttribute("href")),
  document.querySelector("{FILLED_IN}") !== null,
]"""


@dataclass
class Crawl:
    """What was seen so far, by everybody."""

    times: Counter[str] = field(default_factory=Counter)
    visited: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def walk(self, person: Visitor, starts: list[str], *, below: str, scheme: str) -> None:
        """Follow links breadth first from the starts, to a page of each kind."""
        waiting, known = deque(starts), set(starts)
        while waiting:
            path = waiting.popleft()
            kind = kind_of(path)
            if self.times[kind] >= max(TIMES[kind], 1) and path not in starts:
                continue
            self.times[kind] += 1
            self.visited.append(path)
            found, links = look_at(person, path, kind, scheme)
            self.complaints += [f"{path}: {complaint}" for complaint in found]
            new = [link for link in dict.fromkeys(links) if link not in known and link.startswith(below)]
            known.update(new)
            waiting.extend(new)


def test_every_page_within_reach_is_in_order(site: Site) -> None:
    crawl = Crawl()

    for role, scheme, starts in WALKS:
        with site.visitor("phone") as person:
            person.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            if role:
                login = site.login(role)
                entrance = "/admin/login/" if role == "admin" else "/accounts/login/"
                person.sign_in(login["email"], login["password"], entrance)
            crawl.walk(person, starts, below="/admin/" if role == "admin" else "/", scheme=scheme)

    assert crawl.complaints == []
    assert len(crawl.visited) > 100, crawl.visited


def kind_of(path: str) -> str:
    """The view behind an address: its pages are of one kind. The demo's own pages have no name here."""
    try:
        return resolve(urlsplit(path).path).view_name
    except Resolver404:
        return re.sub(r"^(/_\w+/)[^/]+/$", r"\1…/", urlsplit(path).path)


def look_at(person: Visitor, path: str, kind: str, scheme: str) -> tuple[list[str], list[str]]:
    """What is wrong with one page, and where it leads."""
    if SAME_FOR_ALL.match(kind):
        return [], []
    try:
        answer = person.page.goto(person.site.web + path)
    except Error as error:
        if "Download is starting" in str(error):
            return [], []
        raise
    if answer is None or "text/html" not in answer.headers.get("content-type", ""):
        return [], []
    expected = path == "/nowhere/" or path.startswith("/_gallery/errors/")
    complaints = [f"status {answer.status}"] if answer.status >= 400 and not expected else []
    too_wide, links, is_form = person.page.evaluate(FACTS)
    if too_wide > 0:
        complaints.append(f"{too_wide} px wider than the phone")
    if is_form or not GENERIC.match(kind):
        complaints += looking.objections(person.page, person.scripts, f"{person.size} {scheme}")
    return complaints, ours(person, links)


def ours(person: Visitor, links: list[str | None]) -> list[str]:
    """The links that lead to other pages of the marketplace."""
    here = urlsplit(person.site.web).netloc
    found = [urlsplit(urljoin(person.page.url, link or "")) for link in links]
    return [
        there.path + (f"?{there.query}" if there.query else "")
        for there in found
        if there.netloc == here and not NOT_PAGES.search(there.path)
    ]
