"""Parcels on pages and in mails: `{% load parcels %}{% tracking_address order as address %}`."""

from __future__ import annotations

from django import template

from orders import parcels
from orders.models import Order

register = template.Library()


@register.simple_tag
def tracking_address(order: Order) -> str:
    """Where this order's parcel is followed; empty when nobody here knows."""
    return parcels.tracking_address(order.carrier, order.tracking_number)


@register.simple_tag
def carrier_names() -> list[str]:
    """The carriers we know a page of."""
    return [carrier.name for carrier in parcels.CARRIERS]
