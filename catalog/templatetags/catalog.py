"""Small helps for the shop's templates."""

from django import template
from django.core.files.storage import default_storage

from accounts.countries import country_name

register = template.Library()


@register.filter
def photo_url(name: str | None) -> str:
    """The address of a stored photo; nothing for a photo without this size."""
    return default_storage.url(name) if name else ""


@register.filter
def country(code: str) -> str:
    """A country by its name."""
    return country_name(code)
