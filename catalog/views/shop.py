"""What everybody may see: home, browse, a listing, a seller's shop."""

from collections.abc import Mapping
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import Seller
from catalog import browsing
from catalog.forms import BrowseForm
from catalog.models import Listing

# A basket line holds no more than this.
MOST_TO_BUY = 99


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The front of the shop."""
    return render(request, "catalog/home.html", {"home": browsing.home(), "categories": browsing.shelves.all()})


@require_safe
def browse(request: HttpRequest, slug: str = "") -> HttpResponse:
    """Everything for sale, or one category of it, by words and in an order."""
    category = browsing.shelves.named(slug) if slug else None
    if slug and category is None:
        raise Http404
    asked = BrowseForm(request.GET).asked()
    page = browsing.browse(q=asked["q"], category=slug, sort=asked["sort"], after=request.GET.get("after", ""))
    context = {
        "page": page,
        "category": category,
        "categories": browsing.shelves.all(),
        "q": asked["q"],
        "sort": asked["sort"],
        "sorts": _sorts(request.path, asked),
        "query": _query(asked),
        "more_url": _more_url(request.path, asked, page.more),
        "several_currencies": len(settings.MARKETPLACE_CURRENCIES) > 1,
    }
    return render(request, "catalog/browse.html", context)


@require_safe
def listing(request: HttpRequest, pk: int, slug: str) -> HttpResponse:
    """One listing. Its own sellers see it before it is published; for everybody else it is not there."""
    found = browsing.listing_page(pk, request.user)
    is_own = getattr(found, "is_own", False)
    if found is None or not (found.status == Listing.Status.PUBLISHED or is_own):
        raise Http404
    if slug != found.slug:
        moved = redirect(found, permanent=True)
        # Titles change, and change back: a browser that remembered the old move for ever would go in circles.
        moved.headers["Cache-Control"] = "max-age=60"
        return moved
    context = {
        "listing": found,
        "is_own": is_own,
        "others": browsing.more_from(found),
        "most_to_buy": min(found.available, MOST_TO_BUY),
    }
    return render(request, "catalog/listing.html", context)


@require_safe
def seller_shop(request: HttpRequest, slug: str) -> HttpResponse:
    """One seller's shop."""
    seller = get_object_or_404(Seller, slug=slug)
    page = browsing.of_seller(seller, after=request.GET.get("after", ""))
    context = {"seller": seller, "page": page, "more_url": _more_url(request.path, {}, page.more)}
    return render(request, "catalog/shop.html", context)


def _sorts(path: str, asked: Mapping[str, str]) -> list[dict[str, str | bool]]:
    labels = {"newest": _("Newest"), "price": _("Lowest price"), "price-desc": _("Highest price")}
    return [
        {
            "label": label,
            "url": path + _query({**asked, "sort": sort}),
            "is_current": sort == asked["sort"],
        }
        for sort, label in labels.items()
    ]


def _query(asked: Mapping[str, str]) -> str:
    """What was asked for as a query string, without what goes without saying."""
    said = {name: value for name, value in asked.items() if value and (name, value) != ("sort", "newest")}
    return f"?{urlencode(said)}" if said else ""


def _more_url(path: str, asked: Mapping[str, str], more: str) -> str:
    return path + _query({**asked, "after": more}) if more else ""
