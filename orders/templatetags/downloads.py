"""What a buyer can download: `{% downloads_of order %}` on a page, `{% download_links order as links %}` in a mail."""

from __future__ import annotations

from typing import Any

from django import template

from orders import downloads
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
