"""The sitemap: categories, shops and everything for sale, in files that a large shop does not make longer."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.contrib.sitemaps.views import SitemapIndexItem
from django.core.paginator import EmptyPage, PageNotAnInteger
from django.db.models import Max, Model, QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.models import Seller
from catalog import structured
from catalog.models import Category, Listing

# sitemaps.org allows 50,000 addresses a file; this many are written in about a second.
ADDRESSES = 5000


class Part:
    """One file's worth of rows."""

    def __init__(self, rows: Sequence[Any] | QuerySet[Any]) -> None:
        self.object_list = rows


class ById:
    """Files by ranges of ids: the tenth costs what the first does, and a row never moves to another file."""

    def __init__(self, rows: QuerySet[Any]) -> None:
        self.rows = rows

    @property
    def num_pages(self) -> int:
        """How many files there are, one at least."""
        # The table's last id, not that of the last row on show: the index gives it at once.
        last = self.rows.model._default_manager.aggregate(last=Max("pk"))["last"] or 0
        return max(1, -(-int(last) // ADDRESSES))

    def page(self, number: int | str) -> Part:
        """The rows of one file. Raises PageNotAnInteger and EmptyPage, as Django's paginator does."""
        try:
            place = int(number)
        except ValueError:
            raise PageNotAnInteger(str(number)) from None
        if not 1 <= place <= self.num_pages:
            raise EmptyPage(str(place))
        return Part(self.rows.filter(pk__gt=(place - 1) * ADDRESSES, pk__lte=place * ADDRESSES).order_by("pk"))


class OurSitemap(Sitemap[Any]):
    """Addresses as SITE_URL has them, however the crawler came here."""

    limit = ADDRESSES

    @property
    def protocol(self) -> str:  # type: ignore[override]
        """https, or what SITE_URL says."""
        return urlsplit(settings.SITE_URL).scheme

    def get_protocol(self, protocol: str | None = None) -> str:
        """The same."""
        return self.protocol

    def get_domain(self, site: Any = None) -> str:
        """The marketplace's own name."""
        return urlsplit(settings.SITE_URL).netloc


class Shelves(OurSitemap):
    """The home page, everything, and each category."""

    def items(self) -> list[str]:
        """Paths."""
        shelves = Category.objects.values_list("slug", flat=True)
        return [
            reverse("catalog:home"),
            reverse("catalog:browse"),
            *(reverse("catalog:category", args=[slug]) for slug in shelves),
        ]

    def location(self, item: str) -> str:
        """The path itself."""
        return item


class Shops(OurSitemap):
    """Shops that have something published."""

    def items(self) -> QuerySet[Seller]:
        """Sellers, of whom only the slug is read."""
        published = Listing.objects.filter(status=Listing.Status.PUBLISHED)
        return Seller.objects.filter(pk__in=published.values("seller")).only("slug")

    def location(self, item: Model) -> str:
        """The shop's page."""
        return reverse("catalog:shop", args=[getattr(item, "slug", "")])

    @property
    def paginator(self) -> ById:  # type: ignore[override]
        """By ranges of ids."""
        return ById(self.items())


class Listings(OurSitemap):
    """Everything published, sold out or not: its page stays."""

    def items(self) -> QuerySet[Listing]:
        """Listings, of which only what the sitemap says is read."""
        return Listing.objects.filter(status=Listing.Status.PUBLISHED).only("slug", "updated_at")

    def lastmod(self, item: Listing) -> datetime:
        """When its words or its price changed."""
        return item.updated_at

    @property
    def paginator(self) -> ById:  # type: ignore[override]
        """By ranges of ids."""
        return ById(self.items())


@require_safe
def index(request: HttpRequest) -> TemplateResponse:
    """/sitemap.xml: the addresses of the parts. (Django's own would name the host the crawler asked for.)"""
    parts = [
        SitemapIndexItem(structured.absolute(reverse("catalog:sitemap_part", args=[section])) + _page(number))
        for section, sitemap in SITEMAPS.items()
        for number in range(1, sitemap().paginator.num_pages + 1)
    ]
    return TemplateResponse(request, "sitemap_index.xml", {"sitemaps": parts}, content_type="application/xml")


def _page(number: int) -> str:
    return "" if number == 1 else f"?p={number}"


SITEMAPS: dict[str, type[Sitemap[Any]]] = {"shelves": Shelves, "shops": Shops, "listings": Listings}
