"""Small helps for the shop's templates."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.core.files.storage import FileSystemStorage, default_storage
from django.template.loader import render_to_string
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from accounts.countries import country_name
from catalog.models import Category, Listing

register = template.Library()

# About a kilobyte each, in every process.
CARDS_KEPT = 4096


@dataclass(frozen=True, slots=True)
class Card:
    """How a listing is shown on a page. Two with the same `facts` look the same."""

    facts: tuple[object, ...]
    listing: Listing = field(compare=False)
    level: int
    hide_shop: bool


@register.filter
def photo_url(name: str | None) -> str:
    """The address of a stored photo; nothing for a photo without this size."""
    if not name:
        return ""
    # Those of other storages may change from one moment to the next: some sign their addresses.
    if default_storage.__class__ is FileSystemStorage:
        return _file_url(default_storage.base_url, name)
    return default_storage.url(name)


@lru_cache(maxsize=CARDS_KEPT)
def _file_url(_base: str, name: str) -> str:
    return default_storage.url(name)


@register.filter
def named(categories: Iterable[Category]) -> tuple[tuple[str, str], ...]:
    """What is shown of categories, to keep a part of a page by: `{% kept categories|named %}`."""
    return tuple((each.slug, each.label) for each in categories)


@register.filter
def country(code: str) -> str:
    """A country by its name."""
    return country_name(code)


@register.simple_tag
def listing_card(listing: Listing, level: int | str = 3, *, hide_shop: bool | str = False) -> SafeString:
    """`{% listing_card listing %}`: a listing from catalog.browsing.cards(), drawn by components/listing_card.html.

    Drawing cards is most of what a page of the shop costs (goal G6), and most visitors see the same ones: they are kept
    by all that is to be seen on them, so that one that changed is another card.
    """
    return _card(listing, get_language(), int(level or 3), hide_shop=bool(hide_shop))


@register.simple_tag
def listing_cards(listings: Iterable[Listing], level: int | str = 3, *, hide_shop: bool | str = False) -> SafeString:
    """`{% listing_cards page.listings 2 %}`: the cards of a page, each as an item of its list."""
    language = get_language()
    cards = ((_card(listing, language, int(level or 3), hide_shop=bool(hide_shop)),) for listing in listings)
    return format_html_join("\n", "<li>{}</li>", cards)


def _card(listing: Listing, language: str | None, level: int, *, hide_shop: bool) -> SafeString:
    cover: dict[str, Any] = getattr(listing, "cover", None) or {}
    facts = (
        language,
        listing.pk,
        listing.slug,
        listing.title,
        listing.price,
        listing.highest_price,
        listing.currency,
        listing.available > 0,
        listing.seller.name,
        # Where photos are may change while the server runs: some storages sign their addresses.
        photo_url(cover.get("small") or cover.get("large")),
        cover.get("width"),
        cover.get("height"),
        cover.get("alt"),
    )
    card = Card(facts, listing, level, hide_shop)
    # Whoever works at the template wants to see it change.
    return _draw(card) if settings.DEBUG else _drawn(card)


def _draw(card: Card) -> SafeString:
    given = {"listing": card.listing, "level": card.level, "hide_shop": card.hide_shop}
    return render_to_string("components/listing_card.html", given)


_drawn = lru_cache(maxsize=CARDS_KEPT)(_draw)
