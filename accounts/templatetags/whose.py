"""Whose form it is: `{% load whose %}{% typed_by %}` in forms that are kept when a session ends."""

from django import template
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.typed import BY, mark_of

register = template.Library()


@register.simple_tag(takes_context=True)
def typed_by(context: Context) -> SafeString:
    """A hidden field that names who is signed in, for `accounts.typed`; empty for a visitor."""
    return format_html('<input type="hidden" name="{}" value="{}">', BY, mark_of(context["request"]))
