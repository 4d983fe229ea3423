"""Finding things by words: what fits best, and what was meant where a word was mistyped."""

from dataclasses import dataclass, replace

from django.contrib.postgres.search import SearchQueryField
from django.db.models import BooleanField, F, Func, QuerySet, Value
from django.db.models.functions import Cast

from catalog import candidates, vocabulary, words
from catalog.asking import RELEVANCE, Asked
from catalog.browsing import PAGE, SORTS, Page, cards, first_page, narrowed, page, published, up_to
from catalog.candidates import Place, Ranked
from catalog.keyset import Order
from catalog.models import Listing

# So few are no reason to be sure that the word was the one that was meant.
FEW = 3

# A whole number, because a place in the order is written into an address and has to be read back exactly.
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
    # Without a word nothing is found, by a question that says so.
    for part in words.question(q).parts or ("",):
        asked = Cast(Value(part), SearchQueryField())
        rows = rows.filter(
            Func(F("search"), asked, template="(%(expressions)s)", arg_joiner=" @@ ", output_field=BooleanField())
        )
    return rows


def _page(asked: Asked, category: str, after: str) -> Page:
    if not (asked.q or asked.sold_out or after):
        # What is shown of sold-out things goes by the clock.
        return first_page(asked, category)
    if asked.q and asked.sort == RELEVANCE:
        return _best(asked, category, after)
    rows = narrowed(cards(), asked, category)
    if not asked.q:
        return page(rows, SORTS[asked.sort], after)
    fitting = matching(rows, asked.q)
    # Counted from the newest on: what many listings have is then met a thousand times soon, along the index of dates,
    # where the index of words would first collect every one of them.
    return page(fitting, SORTS[asked.sort], after, count=up_to(fitting.order_by("-published_at", "-pk")))


def ranked(asked: Asked, category: str = "", after: str = "") -> Ranked:
    """The places of a page and of one more, by how well what stands there fits the words."""
    behind = BEST.place(after, Listing)
    return candidates.best(
        matching(narrowed(published(), asked, category), asked.q),
        words.question(asked.q).text,
        after=Place(rank=behind[0], pk=behind[1]) if behind else None,
        most=PAGE + 1,
    )


def _best(asked: Asked, category: str, after: str) -> Page:
    """What fits best first: the places, then the listings that stand there."""
    found = ranked(asked, category, after)
    places = found.places[:PAGE]
    listings = cards().in_bulk([place.pk for place in places])
    return Page(
        # One that was taken down a moment ago has a place and no card.
        [listings[place.pk] for place in places if place.pk in listings],
        BEST.cursor(places[-1]) if len(found.places) > PAGE else "",
        None if after else found.count,
    )
