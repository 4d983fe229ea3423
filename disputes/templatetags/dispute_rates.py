"""How often a seller's sales are disputed: `{% load dispute_rates %}{% seller_rates seller as rates %}`."""

from typing import Any

from django import template

from accounts.models import Seller
from disputes import rates, words

register = template.Library()


@register.simple_tag
def seller_rates(seller: Seller) -> dict[str, Any]:
    """The last 30 and 90 days, and month by month, in words."""
    return words.rates(rates.of_seller(seller))
