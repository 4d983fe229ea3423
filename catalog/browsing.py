"""What the shop's pages read. Each page has a constant number of queries, however many rows it shows (goal G6)."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from threading import get_ident
from time import monotonic
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.search import TrigramSimilarity
from django.db.models import Exists, Func, IntegerField, JSONField, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import BaseExpression

from accounts.models import Membership, Seller, User
from catalog import asking
from catalog.asking import Asked
from catalog.keyset import Order
from catalog.models import Category, Listing, Photo
from kit.clock import now

PAGE = 24
COUNT_UP_TO = 1000
ROW = 4
# How many rows of the newest are looked at for one row of several shops.
LOOKED_AT = 8
ROWS = 4
KEPT_SECONDS = 30.0
QUESTIONS_KEPT = 128
# What is sold out is shown only to those who ask for it, and only so long after it was published.
SOLD_OUT_SHOWN = timedelta(days=60)
# So many of the newest of a category are compared when something similar is looked for.
COMPARED = 200

NEWEST = Order(("published_at", "pk"), descending=True)
# Amounts of different currencies have no order, so each currency is a run of its own.
SORTS = {
    asking.NEWEST: NEWEST,
    asking.PRICE: Order(("currency", "price", "pk"), descending=False),
    asking.PRICE_DESC: Order(("currency", "price", "pk"), descending=True),
}

CARD_FIELDS = (
    "title", "slug", "price", "highest_price", "currency", "available", "delivery", "status", "published_at",
    "seller__name", "seller__slug",
)  # fmt: skip
PHOTO_FACTS = {"large": "image", "small": "small", "width": "width", "height": "height", "alt": "alt"}


@dataclass(frozen=True, slots=True)
class Page:
    """Some listings, where the next ones begin (empty at the end), and how many there are (None when not counted)."""

    listings: list[Listing]
    more: str = ""
    count: int | None = None

    @property
    def is_counted_out(self) -> bool:
        """Whether counting stopped before the end."""
        return self.count is not None and self.count > COUNT_UP_TO


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the home page: the newest of one category."""

    category: Category
    listings: list[Listing]


@dataclass(frozen=True, slots=True)
class Home:
    """What the home page shows."""

    feature: Listing | None
    arrivals: list[Listing]
    rows: list[Row]


class CountUpTo(Subquery):
    """How many rows a (sliced) query has, as one value beside the rows of another."""

    template = "(SELECT count(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()


@dataclass(frozen=True, slots=True)
class Named:
    """Joins columns, each behind its name. The names are this program's own, never somebody's."""

    names: tuple[str, ...]

    def join(self, columns: Iterable[str]) -> str:
        """As JSONB_BUILD_OBJECT takes them."""
        return ", ".join(f"'{name}', {column}" for name, column in zip(self.names, columns, strict=True))


def facts(**columns: str) -> Func:
    """Columns by names, as one value.

    Django's JSONObject writes each name as a parameter with a cast: a third of the work of writing a page's question.
    """
    joiner = Named(tuple(columns))
    return Func(*columns.values(), function="JSONB_BUILD_OBJECT", arg_joiner=joiner, output_field=JSONField())


def cover_of(listing: str = "pk") -> Subquery:
    """The facts of a listing's first photo: `annotate(cover=cover_of("listing_id"))` on any model that names one."""
    photos = Photo.objects.filter(listing=OuterRef(listing)).order_by("position", "pk")
    return Subquery(photos.values(facts=facts(**PHOTO_FACTS))[:1])


def cards() -> QuerySet[Listing]:
    """Published listings with what a card needs, photo and seller included, in one query."""
    return published().select_related("seller").only(*CARD_FIELDS).annotate(cover=cover_of())


def published() -> QuerySet[Listing]:
    """What everybody may see."""
    return Listing.objects.filter(status=Listing.Status.PUBLISHED)


def narrowed(found: QuerySet[Listing], asked: Asked, category: str = "") -> QuerySet[Listing]:
    """Those of `found` that fit the filters and the category (its slug); the words are searching's part."""
    if category:
        found = in_category(found, category)
    if asked.sold_out:
        found = found.filter(Q(available__gt=0) | Q(published_at__gte=now() - SOLD_OUT_SHOWN))
    else:
        found = found.filter(available__gt=0)
    exact = {
        "currency": asked.currency,
        "price__gte": asked.low,
        "price__lte": asked.high,
        "delivery": asked.delivery,
        "seller__country": asked.country,
        "seller__slug": asked.shop,
    }
    return found.filter(**{name: value for name, value in exact.items() if value not in ("", None)})


def in_category(found: QuerySet[Listing], slug: str) -> QuerySet[Listing]:
    """Those of one category: an equality PostgreSQL resolves first, so that the category's index gives the order."""
    return found.filter(category=Subquery(Category.objects.filter(slug=slug).values("pk")[:1]))


def of_seller(seller: Seller, asked: Asked, *, after: str = "") -> Page:
    """A page of one seller's shop."""
    found = narrowed(cards().filter(seller=seller), asked)
    return page(found, SORTS[asked.sort], after)


def page(found: QuerySet[Listing], order: Order, after: str, *, count: BaseExpression | None = None) -> Page:
    """One page of `found`; the first one also counts, in the same query: by `count`, where reading what is found once
    more is not the best way.
    """
    return _read(_question(found, order, after, count), order, after)


def first_page(asked: Asked, category: str) -> Page:
    """The first page of what fits the filters: what most visitors see, so how it is asked for is kept."""
    return _read(_first(get_ident(), asked, category).all(), SORTS[asked.sort], "")


@lru_cache(maxsize=QUESTIONS_KEPT)
def _first(_thread: int, asked: Asked, category: str) -> QuerySet[Listing]:
    # Never read itself, only copies of it; and each thread has its own, because copies have parts in common.
    return _question(narrowed(cards(), asked, category), SORTS[asked.sort], "", None)


def _question(found: QuerySet[Listing], order: Order, after: str, count: BaseExpression | None) -> QuerySet[Listing]:
    if not after:
        found = found.annotate(found=count or up_to(found.order_by()))
    return order.after(after, found)[: PAGE + 1]


def _read(question: QuerySet[Listing], order: Order, after: str) -> Page:
    listings = list(question)
    more = order.cursor(listings[PAGE - 1]) if len(listings) > PAGE else ""
    counted = None if after else getattr(listings[0], "found", 0) if listings else 0
    return Page(listings[:PAGE], more, counted)


def up_to(rows: QuerySet[Any]) -> CountUpTo:
    """How many `rows` there are, up to COUNT_UP_TO and one more."""
    return CountUpTo(rows.values("pk")[: COUNT_UP_TO + 1])


def home() -> Home:
    """The newest, the best of them large, and the newest of the categories that have something; three queries."""
    found = cards().only(*CARD_FIELDS, "delivery").filter(available__gt=0)
    newest = list(NEWEST.after("", found)[: LOOKED_AT * ROW])
    shown = [listing for listing in newest if _cover(listing)]
    # Of a file there is little to see.
    feature = next((one for one in shown if one.delivery != Listing.Delivery.DIGITAL), shown[0] if shown else None)
    return Home(feature, _of_several_shops([one for one in newest if one != feature])[:ROW], _rows())


def _of_several_shops(newest: list[Listing]) -> list[Listing]:
    """The newest of each shop, then the second of each: a shop that brings in forty at once does not fill the row."""
    turns: Counter[int] = Counter()
    ranked = []
    for place, listing in enumerate(newest):
        turns[listing.seller_id] += 1
        ranked.append((turns[listing.seller_id], place, listing))
    return [listing for _turn, _place, listing in sorted(ranked, key=lambda each: each[:2])]


def _rows() -> list[Row]:
    inside = Listing.objects.filter(category=OuterRef("pk"), status=Listing.Status.PUBLISHED, available__gt=0)
    newest = inside.order_by("-published_at", "-pk").values("pk")[:ROW]
    shelves = list(Category.objects.annotate(newest=ArraySubquery(newest)))
    # A row of one or two looks forgotten; its listings are still among the new arrivals and in browse.
    full = [shelf for shelf in shelves if len(shelf.newest) == ROW][:ROWS]
    listings = {listing.pk: listing for listing in cards().filter(pk__in=[pk for shelf in full for pk in shelf.newest])}
    return [Row(shelf, [listings[pk] for pk in shelf.newest if pk in listings]) for shelf in full]


def listing_page(pk: int, viewer: User | AnonymousUser) -> Listing | None:
    """A listing in any state with seller, category, all photos (`gallery`) and whether it `is_own`, in one query."""
    photos = Photo.objects.filter(listing=OuterRef("pk")).order_by("position", "pk")
    team = Membership.objects.filter(seller=OuterRef("seller"), user=viewer.pk)
    whole = Listing.objects.select_related("seller", "category").annotate(
        gallery=ArraySubquery(photos.values(facts=facts(**PHOTO_FACTS))), is_own=Exists(team)
    )
    return whole.filter(pk=pk).first()


def more_from(listing: Listing) -> list[Listing]:
    """The newest other listings of the same seller."""
    others = cards().filter(seller=listing.seller_id, available__gt=0).exclude(pk=listing.pk)
    return list(NEWEST.after("", others)[:ROW])


def similar(listing: Listing) -> list[Listing]:
    """What somebody may want instead of a listing that is sold out: of the same category, with the nearest titles."""
    shelf = Listing.objects.filter(category=listing.category_id, status=Listing.Status.PUBLISHED, available__gt=0)
    newest = shelf.exclude(pk=listing.pk).order_by("-published_at", "-pk").values("pk")[:COMPARED]
    near = cards().filter(pk__in=newest).annotate(nearness=TrigramSimilarity("title", listing.title))
    return list(near.order_by("-nearness", "-published_at", "-pk")[:ROW])


class Kept[Row]:
    """Rows of a small table, read at most twice a minute by each process."""

    def __init__(self, read: Callable[[], Iterable[Row]]) -> None:
        self._read = read
        self._rows: list[Row] = []
        self._read_at = 0.0

    def all(self) -> list[Row]:
        """The rows, in the order they were read in."""
        if not self._rows or monotonic() - self._read_at >= KEPT_SECONDS:
            self._rows = list(self._read())
            self._read_at = monotonic()
        return self._rows

    def forget(self) -> None:
        """Read again at the next use."""
        self._rows = []


class Shelves:
    """The categories and the sellers' countries, which seldom change."""

    def __init__(self) -> None:
        self._categories: Kept[Category] = Kept(Category.objects.all)
        self._countries: Kept[str] = Kept(_countries)

    def all(self) -> list[Category]:
        """Every category, in the shop's order."""
        return self._categories.all()

    def countries(self) -> list[str]:
        """The codes of the countries sellers are in."""
        return self._countries.all()

    def like(self, q: str) -> list[Category]:
        """Categories with one of these words in their names."""
        words = {word for word in q.lower().split() if len(word) > 2}
        return [each for each in self.all() if words & set(f"{each.name} {each.label}".lower().split())]

    def named(self, slug: str) -> Category | None:
        """The category with this slug; one that was added a moment ago is found too."""
        known = next((category for category in self.all() if category.slug == slug), None)
        return known or Category.objects.filter(slug=slug).first()

    def forget(self) -> None:
        """Read again at the next use."""
        self._categories.forget()
        self._countries.forget()


def _countries() -> Iterable[str]:
    return Seller.objects.order_by("country").values_list("country", flat=True).distinct()


shelves = Shelves()


def _cover(listing: Listing) -> dict[str, Any] | None:
    cover: dict[str, Any] | None = getattr(listing, "cover", None)
    return cover
