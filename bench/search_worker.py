"""The shop's own code, timed in a process with the marketplace's settings: `python -m bench.search_worker <what>`.

Prints one line of JSON. Started by bench/search.py.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import django

# The models below need the settings.
django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import override_settings  # noqa: E402
from django.urls import include, path  # noqa: E402

from bench.client import HOST  # noqa: E402
from bench.money_worker import defaults  # noqa: E402
from catalog import browsing, searching, vocabulary, words  # noqa: E402
from catalog.asking import RELEVANCE, Asked  # noqa: E402
from catalog.models import Listing  # noqa: E402

# Of every listing, of a fourth, of an eighth, of few, of ever fewer, and none, which resembles common ones.
QUESTIONS = {
    "a word all have": "workshop",
    "a common word": "vase",
    "two common words": "linen vase",
    "three words": "crooked cork teapot",
    "a word in forty": "w10",
    "a word in ninety": "w30",
    "a word in two hundred": "w100",
    "a rare word": "w12345",
    "a mistyped word": "stonewear vaes",
}
PAGES_EACH = 10

SCAN = """
    SELECT id FROM catalog_listing
    WHERE status = 'published' AND available > 0 AND search @@ websearch_to_tsquery('catalog_english', %s)
    ORDER BY ts_rank(search, websearch_to_tsquery('catalog_english', %s)) DESC, id DESC LIMIT 24
"""

Work = Callable[[], object]


def bare(_request: HttpRequest) -> HttpResponse:
    """The least a page of 24 listings can be: one query, and their titles."""
    rows = Listing.objects.order_by("-published_at", "-pk").values_list("title", "price")[: browsing.PAGE]
    return HttpResponse("".join(f"<p>{title} {price}</p>" for title, price in rows))


# The middleware knows the names of the marketplace's own addresses.
urlpatterns = [path("bare/", bare), path("", include("marketplace.urls"))]


def measure(rounds: int) -> dict[str, object]:
    """Milliseconds, round by round."""
    return {"questions": {name: _question(q, rounds) for name, q in QUESTIONS.items()}, "pages": _pages(rounds)}


def _question(q: str, rounds: int) -> dict[str, object]:
    asked = Asked(q=q, sort=RELEVANCE)
    found = searching.find(asked)
    meant = replace(asked, q=found.q)
    took: dict[str, list[float]] = {"ours": [], "page": [], "whole": [], "scan": []}
    for _round in range(rounds):
        # What the scan does, too: the first so many, by their numbers.
        with _spent() as spent:
            searching.ranked(meant)
        took["ours"].append(spent.milliseconds)
        # And what a visitor waits for who is the first to search for it.
        words.question.cache_clear()
        with _spent() as spent:
            took["whole"].append(_milliseconds(partial(searching.find, asked)))
        took["page"].append(spent.milliseconds)
        took["scan"].append(_scan(found.q))
    return {"found": found.page.count, **took}


def _scan(q: str) -> float:
    """Without any index, and as parallel as PostgreSQL likes."""
    with connection.cursor() as cursor:
        for kind in ("indexscan", "indexonlyscan", "bitmapscan"):
            cursor.execute(f"SET enable_{kind} = off")
        with _spent() as spent:
            cursor.execute(SCAN, [q, q])
        cursor.execute("RESET ALL")
    return spent.milliseconds


class _Spent:
    """Milliseconds in the database, from the question being sent until its answer is here."""

    def __init__(self) -> None:
        self.milliseconds = 0.0

    def __call__(self, execute: Callable[..., object], *arguments: object) -> object:
        began = time.perf_counter()
        try:
            return execute(*arguments)
        finally:
            self.milliseconds += (time.perf_counter() - began) * 1000


@contextmanager
def _spent() -> Iterator[_Spent]:
    spent = _Spent()
    with connection.execute_wrapper(spent):
        yield spent


def _pages(rounds: int) -> dict[str, list[float]]:
    took: dict[str, list[float]] = {"browse": [], "bare": [], "first": [], "deep": []}
    # Nothing is collected here; how static files are found is not what is measured.
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    client = Client(headers={"host": HOST})
    open_page = partial(client.get, secure=True)
    rows = browsing.cards().order_by("-published_at", "-pk")
    newest, middle = (browsing.NEWEST.cursor(rows[place]) for place in (0, Listing.objects.count() // 2))
    for _round in range(rounds + 1):
        with override_settings(STORAGES={**settings.STORAGES, "staticfiles": plain}):
            took["browse"].append(_cpu(lambda: open_page("/browse/")))
        with override_settings(ROOT_URLCONF=__name__):
            took["bare"].append(_cpu(lambda: open_page("/bare/")))
        took["first"].append(_milliseconds(lambda: searching.find(Asked(), after=newest)))
        took["deep"].append(_milliseconds(lambda: searching.find(Asked(), after=middle)))
    # The first round compiled the templates and warmed the caches.
    return {name: each[1:] for name, each in took.items()}


def _milliseconds(work: Work) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def _cpu(work: Work) -> float:
    """Of this process, a page: what PostgreSQL does beside it is not counted."""
    # Once without counting: changed settings make Django read every address anew, which a running server never does.
    work()
    began = time.process_time()
    for _each in range(PAGES_EACH):
        work()
    return (time.process_time() - began) * 1000 / PAGES_EACH


if __name__ == "__main__":
    connection.ensure_connection()
    if sys.argv[1] == "measure":
        print(json.dumps(measure(int(sys.argv[2]))))
    elif sys.argv[1] == "learn":
        vocabulary.count_anew()
        print(json.dumps({}))
    else:
        found = defaults(sys.argv[2:])
        # PostgreSQL works this one out itself.
        found.get("catalog_listing", {}).pop("search", None)
        print(json.dumps(found))
