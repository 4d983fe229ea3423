"""What everybody may see: home, browse, a listing, a seller's shop."""

from functools import partial
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django_htmx.http import push_url

from accounts.countries import country_name
from accounts.models import Seller
from catalog import asking, browsing, candidates, searching, structured
from catalog.asking import Asked
from catalog.models import Category, Listing
from catalog.variants import offered_of
from kit.money import format_money

# A basket line holds no more than this.
MOST_TO_BUY = 99


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The front of the shop."""
    context = {
        "home": browsing.home(),
        "categories": browsing.shelves.all(),
        "canonical": structured.absolute(request.path),
        "structured": structured.as_script(structured.site()),
    }
    return render(request, "catalog/home.html", context)


@require_safe
def browse(request: HttpRequest, slug: str = "") -> HttpResponse:
    """Everything for sale, or one category of it, by words, filters and in an order."""
    asked, form = asking.read(request.GET)
    chosen = "" if slug else request.GET.get("category", "").replace("\x00", "")
    if chosen and (wanted := browsing.shelves.named(chosen)):
        # A category has an address of its own.
        return redirect(asked.url(reverse("catalog:category", args=[wanted.slug])))
    category = browsing.shelves.named(slug) if slug else None
    if slug and category is None:
        raise Http404
    after = request.GET.get("after", "")
    found = searching.find(asked, category=slug, after=after)
    shops = _shops(asked, found.page)
    context = {
        "page": found.page,
        "found": found,
        "asked": asked,
        "form": form,
        "category": category,
        "categories": browsing.shelves.all(),
        "countries": _countries(),
        "shops": shops,
        "ways": asking.ways(),
        "currencies": asking.currencies(),
        "active": _active(request.path, asked, category, shops),
        "shelves_like": [shelf for shelf in browsing.shelves.like(found.q) if shelf != category],
        "sorts": partial(_sorts, request.path, asked),
        "query": asked.url(""),
        "clear_url": asked.without_words().url(request.path),
        "meant_url": asked.searching(found.meant).url(request.path) if found.meant else "",
        "more_url": _more_url(request.path, asked.searching(found.q), found.page.more),
        "best_of": _best_of(asked, found.page),
        "everywhere_url": Asked(q=asked.q).url(reverse("catalog:browse")),
        "most_letters": asking.MOST_LETTERS,
        "several_currencies": len(settings.MARKETPLACE_CURRENCIES) > 1,
        "canonical": structured.absolute(request.path),
        "is_index": asked.is_plain and not after,
        "structured": structured.as_script(structured.category(category)) if category else "",
    }
    answer = render(request, "catalog/browse.html", context)
    if getattr(request, "htmx", False) and not after:
        # The form sends its empty fields along; the address people copy and come back to has only what was asked.
        push_url(answer, asked.url(request.path))
    return answer


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
    gallery = getattr(found, "gallery", [])
    context = {
        "listing": found,
        "is_own": is_own,
        "others": browsing.more_from(found) if found.available else [],
        "similar": [] if found.available else browsing.similar(found),
        "variants": list(offered_of(found)) if found.options else [],
        "most_to_buy": min(found.available, MOST_TO_BUY),
        "canonical": structured.absolute(found.get_absolute_url()),
        "structured": structured.as_script(structured.listing(found, gallery)),
        "picture": structured.photo_address(gallery[0]["large"]) if gallery else "",
    }
    return render(request, "catalog/listing.html", context)


@require_safe
def seller_shop(request: HttpRequest, slug: str) -> HttpResponse:
    """One seller's shop: who they are, how they send, and what they sell."""
    seller = get_object_or_404(Seller, slug=slug)
    asked, _form = asking.read(request.GET)
    asked = Asked(sort=asking.NEWEST if asked.sort == asking.RELEVANCE else asked.sort, sold_out=asked.sold_out)
    after = request.GET.get("after", "")
    page = browsing.of_seller(seller, asked, after=after)
    other = Asked(sort=asked.sort, sold_out=not asked.sold_out)
    context = {
        "seller": seller,
        "page": page,
        "asked": asked,
        "sorts": _sorts(request.path, asked),
        "more_url": _more_url(request.path, asked, page.more),
        "sold_out_url": other.url(request.path),
        "ship_within_days": settings.SHIP_WITHIN_DAYS,
        "canonical": structured.absolute(request.path),
        "is_index": asked.is_plain and not after,
        "structured": structured.as_script(structured.shop(seller)),
    }
    return render(request, "catalog/shop.html", context)


def _sorts(path: str, asked: Asked) -> list[dict[str, str | bool]]:
    labels = {
        asking.NEWEST: _("Newest"),
        asking.PRICE: _("Lowest price"),
        asking.PRICE_DESC: _("Highest price"),
    }
    if asked.q:
        labels = {asking.RELEVANCE: _("Best match"), **labels}
    return [
        {"name": sort, "label": label, "url": asked.sorted_by(sort).url(path), "is_current": sort == asked.sort}
        for sort, label in labels.items()
    ]


def _active(
    path: str, asked: Asked, category: Category | None, shops: tuple[tuple[str, str], ...]
) -> list[dict[str, str]]:
    """What narrows the page, each with the address of the page without it."""
    active: list[dict[str, str]] = []
    if asked.is_plain:
        return active
    if asked.q:
        active.append({"label": f"“{asked.q}”", "url": asked.without_words().url(path)})
    labels = {
        "price": _price(asked),
        "delivery": str(dict(Listing.Delivery.choices).get(asked.delivery, "")),
        "country": _("Sellers in %(country)s") % {"country": country_name(asked.country)},
        "shop": dict(shops).get(asked.shop, asked.shop),
        "sold_out": _("Sold-out things too"),
    }
    active += [{"label": labels[name], "url": asked.without(name).url(path)} for name in asked.filters]
    if category and active:
        active.insert(0, {"label": category.label, "url": asked.url(reverse("catalog:browse"))})
    return active


def _price(asked: Asked) -> str:
    low = "" if asked.low is None else format_money(asked.low, asked.currency)
    high = "" if asked.high is None else format_money(asked.high, asked.currency)
    if low and high:
        return _("%(low)s to %(high)s") % {"low": low, "high": high}
    return _("Price from %(low)s") % {"low": low} if low else _("Up to %(high)s") % {"high": high}


def _countries() -> tuple[tuple[str, str], ...]:
    """Where sellers are, to choose from."""
    return tuple(
        sorted(((code, country_name(code)) for code in browsing.shelves.countries()), key=lambda each: each[1])
    )


def _shops(asked: Asked, page: browsing.Page) -> tuple[tuple[str, str], ...]:
    """Shops to choose from: those of this page, and the chosen one even when it has nothing here."""
    shops = {listing.seller.slug: listing.seller.name for listing in page.listings}
    if asked.shop and asked.shop not in shops:
        chosen: Any = Seller.objects.filter(slug=asked.shop).values_list("name", flat=True).first()
        shops[asked.shop] = chosen or asked.shop
    return tuple(sorted(shops.items(), key=lambda shop: shop[1].lower()))


def _best_of(asked: Asked, page: browsing.Page) -> int:
    """How many of what was found are in order of how well they fit, where that is not all of it; else 0."""
    is_part = asked.sort == asking.RELEVANCE and (page.count or 0) > candidates.CANDIDATES
    return candidates.CANDIDATES if is_part else 0


def _more_url(path: str, asked: Asked, more: str) -> str:
    return asked.url(path, after=more) if more else ""
