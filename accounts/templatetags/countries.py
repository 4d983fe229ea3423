"""Countries by name in templates: `{% load countries %}{{ address.country|country_name }}`."""

from django import template

from accounts import countries

register = template.Library()


@register.filter
def country_name(code: str) -> str:
    """The country's name in the reader's language."""
    return countries.country_name(code)
