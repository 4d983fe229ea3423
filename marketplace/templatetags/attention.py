"""The admin's start page: `{% load attention %}{% needs_a_person as tasks %}`."""

from typing import Any

from django import template

from marketplace import attention
from marketplace.attention import Task

register = template.Library()


@register.simple_tag(takes_context=True)
def needs_a_person(context: dict[str, Any]) -> list[Task]:
    """What waits for the member of staff who looks, the oldest first."""
    return attention.needs_a_person(context["user"])
