"""Who waits for a call to Stripe. Lower numbers go first; higher ones may use only a part of what Stripe allows."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class Priority(models.IntegerChoices):
    """Who waits for an answer."""

    PERSON = 0, _("a person waits")
    MONEY = 1, _("money moves by itself")
    BACKGROUND = 2, _("can wait")


_of_process = Priority.PERSON
_of_block: ContextVar[Priority | None] = ContextVar("priority", default=None)


def current() -> Priority:
    """For whom this code is working."""
    chosen = _of_block.get()
    return _of_process if chosen is None else chosen


def of_this_process(priority: Priority) -> None:
    """What a process does unless it says otherwise: a web process works for people, a worker for money."""
    global _of_process
    _of_process = priority


@contextmanager
def working_as(priority: Priority) -> Iterator[None]:
    """Ask Stripe with this priority inside the block: BACKGROUND for a backfill, say."""
    token = _of_block.set(priority)
    try:
        yield
    finally:
        _of_block.reset(token)
