"""What the shop's pages read. Each page has a constant number of queries, however many rows it shows (goal G6)."""

from dataclasses import dataclass
from time import monotonic
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import Exists, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject

from accounts.models import Membership, Seller, User
from catalog.keyset import Order
from catalog.models import Category, Listing, Photo

PAGE = 24
COUNT_UP_TO = 1000
ROW = 4
ROWS = 4
SHELVES_KEPT_SECONDS = 30.0

NEWEST = Order(("published_at", "pk"), descending=True)
# Amounts of different currencies have no order, so each currency is a run of its own.
SORTS = {
    "newest": NEWEST,
    "price": Order(("currency", "price", "pk"), descending=False),
    "price-desc": Order(("currency", "price", "pk"), descending=True),
}

CARD_FIELDS = (
    "title", "slug", "price", "currency", "available", "delivery", "status", "published_at", "seller__name",
    "seller__slug",
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


def cover_of(listing: str = "pk") -> Subquery:
    """The facts of a listing's first photo: `annotate(cover=cover_of("listing_id"))` on any model that names one."""
    photos = Photo.objects.filter(listing=OuterRef(listing)).order_by("position", "pk")
    return Subquery(photos.values(facts=JSONObject(**PHOTO_FACTS))[:1])


def cards() -> QuerySet[Listing]:
    """Published listings with what a card needs, photo and seller included, in one query."""
    published = Listing.objects.filter(status=Listing.Status.PUBLISHED)
    return published.select_related("seller").only(*CARD_FIELDS).annotate(cover=cover_of())


def browse(*, q: str = "", category: str = "", sort: str = "newest", after: str = "") -> Page:
    """A page of the shop: by words, category (its slug) and order; one query, the count of the first page included."""
    found = cards()
    if category:
        found = in_category(found, category)
    if q:
        words = SearchQuery(q, config="english", search_type="websearch")
        found = found.alias(words=SearchVector("title", "description", config="english")).filter(words=words)
    return page(found, SORTS.get(sort, NEWEST), after)


def in_category(found: QuerySet[Listing], slug: str) -> QuerySet[Listing]:
    """Those of one category: an equality PostgreSQL resolves first, so that the category's index gives the order."""
    return found.filter(category=Subquery(Category.objects.filter(slug=slug).values("pk")[:1]))


def of_seller(seller: Seller, *, after: str = "") -> Page:
    """A page of one seller's shop, newest first."""
    return page(cards().filter(seller=seller), NEWEST, after)


def page(found: QuerySet[Listing], order: Order, after: str) -> Page:
    """One page of `found`; the first one also counts, up to COUNT_UP_TO, in the same query."""
    if not after:
        counted: QuerySet[Any] = found.order_by().values("pk")[: COUNT_UP_TO + 1]
        found = found.annotate(found=CountUpTo(counted))
    listings = list(order.after(after, found)[: PAGE + 1])
    more = order.cursor(listings[PAGE - 1]) if len(listings) > PAGE else ""
    count = None if after else getattr(listings[0], "found", 0) if listings else 0
    return Page(listings[:PAGE], more, count)


def home() -> Home:
    """The newest, the best of them large, and the newest of the categories that have something; three queries."""
    newest = list(NEWEST.after("", cards())[: 2 * ROW])
    feature = next((listing for listing in newest if listing.available and _cover(listing)), None)
    arrivals = [listing for listing in newest if listing != feature][:ROW]
    return Home(feature, arrivals, _rows())


def _rows() -> list[Row]:
    inside = Listing.objects.filter(category=OuterRef("pk"), status=Listing.Status.PUBLISHED)
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
        gallery=ArraySubquery(photos.values(facts=JSONObject(**PHOTO_FACTS))), is_own=Exists(team)
    )
    return whole.filter(pk=pk).first()


def more_from(listing: Listing) -> list[Listing]:
    """The newest other listings of the same seller."""
    others = cards().filter(seller=listing.seller_id).exclude(pk=listing.pk)
    return list(NEWEST.after("", others)[:ROW])


class Shelves:
    """The categories, read at most twice a minute by each process: they change a few times a year."""

    def __init__(self) -> None:
        self._categories: list[Category] = []
        self._read_at = -SHELVES_KEPT_SECONDS

    def all(self) -> list[Category]:
        """Every category, in the shop's order."""
        if not self._categories or monotonic() - self._read_at >= SHELVES_KEPT_SECONDS:
            self._categories = list(Category.objects.all())
            self._read_at = monotonic()
        return self._categories

    def named(self, slug: str) -> Category | None:
        """The category with this slug; one that was added a moment ago is found too."""
        known = next((category for category in self.all() if category.slug == slug), None)
        return known or Category.objects.filter(slug=slug).first()

    def forget(self) -> None:
        """Read again at the next use."""
        self._categories = []


shelves = Shelves()


def _cover(listing: Listing) -> dict[str, Any] | None:
    cover: dict[str, Any] | None = getattr(listing, "cover", None)
    return cover
