"""What a watch is: a question about what is wrong now, and the words, the place and the remedy for what it finds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Model, QuerySet
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timezone import localtime

from accounts.models import User
from monitoring.models import Alert, Kind

# On a very bad day a watch looks at so many rows, the oldest first, and again at those it told of before.
MOST = 500

Find = Callable[[Collection[str] | None], "list[Problem]"]
# One sentence about an alert for whoever reads it: the one it waits for, say, or nobody in particular.
Say = Callable[[Alert, User | None], str]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong now. `amount` is what is at stake, in minor units of `currency`."""

    subject: str
    since: datetime
    facts: dict[str, Any] = field(default_factory=dict)
    currency: str = ""
    amount: int | None = None
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Watch:
    """How one kind of problem is found, and what is said about it.

    `find` answers with everything that is wrong, MOST at most, or with what of the named subjects still is. It only
    reads. `link` is the place to act: nobody is told of a problem without one. `urgent` ones are mailed at once, and
    cannot be closed by hand while they last. `seldom` ones read much and are looked for a few times an hour.
    """

    kind: Kind
    permission: str
    find: Find
    what: Say
    about: Callable[[Alert], str]
    link: Callable[[Alert], str]
    remedy: str | Promise
    urgent: bool = False
    seldom: bool = False


def rows[Row: Model](asked: Callable[[], QuerySet[Row]], describe: Callable[[Row], Problem]) -> Find:
    """A `find` over rows whose keys are the subjects."""

    def find(only: Collection[str] | None) -> list[Problem]:
        found = asked().order_by("pk")
        chosen = found[:MOST] if only is None else found.filter(pk__in=list(only))
        return [describe(row) for row in chosen]

    return find


def computed(everything: Callable[[], Iterable[Problem]]) -> Find:
    """A `find` over what is worked out as a whole."""

    def find(only: Collection[str] | None) -> list[Problem]:
        return [problem for problem in everything() if only is None or problem.subject in only]

    return find


def day(moment: datetime | str | None) -> str:
    """A date in a sentence: 14 June."""
    if moment is None:
        return ""
    value = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return date_format(localtime(value), "j F")
