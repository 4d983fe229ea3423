"""Finding things by words: what fits best, and what was meant where a word was mistyped."""

from dataclasses import dataclass, replace

from django.db.models import Count, F, Func, IntegerField, QuerySet, Window

from catalog import vocabulary, words
from catalog.asking import RELEVANCE, Asked
from catalog.browsing import SORTS, Page, cards, first_page, narrowed, page, up_to
from catalog.keyset import Order
from catalog.models import Listing

# The newest so many that have the words are put in order by how well they fit. A word that a tenth of the shop has
# would otherwise cost reading all of that tenth, for a page of 24 (goal G10).
CANDIDATES = 500
# So few are no reason to be sure that the word was the one that was meant.
FEW = 3

BEST = Order(("rank", "pk"), descending=True, computed={"rank": "IntegerField"})


@dataclass(frozen=True, slots=True)
class Found:
    """A page of what was found. `q` is what was searched in the end, `instead_of` what was typed if that is another;
    `meant` is another spelling worth a try.
    """

    page: Page
    q: str
    instead_of: str = ""
    meant: str = ""


def find(asked: Asked, *, category: str = "", after: str = "") -> Found:
    """A page of the shop. Words nothing is found for are searched for as what they resemble, and that is said."""
    first = _page(asked, category, after)
    if not asked.q or after or (first.count or 0) > FEW:
        return Found(first, asked.q)
    nearer = vocabulary.corrected(asked.q)
    if nearer == asked.q:
        return Found(first, asked.q)
    if first.listings:
        return Found(first, asked.q, meant=nearer)
    second = _page(replace(asked, q=nearer), category, after)
    return Found(second, nearer, instead_of=asked.q) if second.listings else Found(first, asked.q)


def matching(rows: QuerySet[Listing], q: str) -> QuerySet[Listing]:
    """Those of `rows` that have the words, in any grammatical form; quotes, `or` and minus as people write them."""
    return rows.filter(search=words.query(q))


def best(rows: QuerySet[Listing], q: str) -> QuerySet[Listing]:
    """Those of `rows` that have the words, the newest of them, with how well they fit as `rank`.

    CANDIDATES and one more, which tells that there are others.
    """
    newest = matching(rows, q).order_by("-published_at", "-pk").values("pk")[: CANDIDATES + 1]
    return cards().filter(pk__in=newest).annotate(rank=_rank(q))


def _page(asked: Asked, category: str, after: str) -> Page:
    if not (asked.q or asked.sold_out or after):
        # What is shown of sold-out things goes by the clock.
        return first_page(asked, category)
    rows = narrowed(cards(), asked, category)
    if not asked.q:
        return page(rows, SORTS[asked.sort], after)
    if asked.sort == RELEVANCE:
        # Counted by the way: what is read to be put in order is not read once more.
        return page(best(rows, asked.q), BEST, after, count=Window(Count("*")))
    fitting = matching(rows, asked.q)
    # Counted from the newest on: what many listings have is then met a thousand times soon, along the index of dates,
    # where the index of words would first collect every one of them.
    return page(fitting, SORTS[asked.sort], after, count=up_to(fitting.order_by("-published_at", "-pk")))


def _rank(q: str) -> Func:
    # A whole number, because a place in the order is written into an address and has to be read back exactly.
    return Func(
        F("search"),
        words.query(q),
        function="ts_rank",
        template="(1000000 * %(function)s(%(expressions)s))::integer",
        output_field=IntegerField(),
    )
