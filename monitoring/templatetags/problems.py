"""The admin's start page: `{% load problems %}{% open_problems as board %}`."""

from datetime import datetime
from typing import Any

from django import template

from kit.templatetags.ui import time_in_words
from monitoring import queries, sweeping
from monitoring.queries import Board
from monitoring.watches import permitted

register = template.Library()


@register.simple_tag(takes_context=True)
def open_problems(context: dict[str, Any]) -> Board:
    """What waits for the member of staff who looks, the oldest first, and nothing they have just dealt with."""
    user = context["user"]
    sweeping.recheck(permitted(user))
    return queries.board(user)


@register.filter
def in_words(moment: datetime) -> str:
    """A moment as people say it, where there is no page to show the exact one on."""
    return time_in_words(moment)
