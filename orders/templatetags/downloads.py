"""What a buyer can download: `{% downloads_of order %}` on a page, `{% download_links order as links %}` in a mail, and
`{% digital_promise listing variants %}` before they buy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import template
from django.conf import settings

from catalog.models import Listing, Variant
from orders import digital_files, downloads
from orders.downloads import Offered
from orders.given_back import is_given_back
from orders.models import Order

register = template.Library()


@register.inclusion_tag("orders/_downloads.html", takes_context=True)
def downloads_of(context: Any, order: Order) -> dict[str, Any]:
    """The files with a button each; nothing before they were handed over, nor once all of the money went back."""
    found = downloads.offered(order)
    return {"downloads": [] if found and is_given_back(order) else found, "csrf_token": context.get("csrf_token")}


@register.simple_tag
def download_links(order: Order) -> list[Offered]:
    """The same for a mail, whose links last longer."""
    return downloads.offered(order, good_for=downloads.IN_MAIL)


@register.inclusion_tag("orders/_digital_promise.html")
def digital_promise(listing: Listing, variants: Sequence[Variant]) -> dict[str, Any]:
    """When it is the buyer's: at once where each of `variants` (all there is to choose) comes with a file."""
    there = digital_files.variants_with(listing)
    later = [] if None in there else [variant.name for variant in variants if variant.pk not in there]
    is_there = None in there or bool(variants and not later)
    some = ", ".join(later) if len(later) < len(variants) else ""
    return {"is_there": is_there, "later": some, "days": settings.SHIP_WITHIN_DAYS}
