"""Links in mails to buyers: `{% load guest_links %}{% buyer_page purchase %}`."""

from django import template

from orders import guests
from orders.models import Purchase

register = template.Library()


@register.simple_tag
def buyer_page(purchase: Purchase) -> str:
    """The whole address of the order's page; a guest's opens it without signing in."""
    return guests.link(purchase)
