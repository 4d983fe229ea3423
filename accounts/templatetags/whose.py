"""Whose form it is: `{% load whose %}{% typed_by %}` in forms that are kept when a session ends."""

from django import template
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.typed import BY, mark_of, words_kept

register = template.Library()


@register.simple_tag(takes_context=True)
def typed_by(context: Context) -> SafeString:
    """A hidden field that names who is signed in, for `accounts.typed`; empty for a visitor."""
    return format_html('<input type="hidden" name="{}" value="{}">', BY, mark_of(context["request"]))


@register.inclusion_tag("components/typed_words.html", takes_context=True)
def typed_words(context: Context) -> dict[str, list[str]]:
    """What was written on this page when the session ended, where its form did not take it back; nothing else."""
    request = context.get("request")
    return {"words": words_kept(request) if request is not None and hasattr(request, "session") else []}
