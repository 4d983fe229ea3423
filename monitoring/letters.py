"""Mail to owners: one digest for what is new, at once when something is urgent, else once an hour; and what stays open
for long goes to the fallback as well. Nothing is told of what was put off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from kit import mail
from kit.clock import now
from monitoring import duties
from monitoring.models import Alert
from monitoring.queries import Line, in_words
from monitoring.watches import URGENT

# The digest names so many of each kind; the page names all.
LONGEST = 5
PAUSE = timedelta(hours=1)
# What is urgent goes at once; on a very bad day not with each minute's finds.
URGENT_PAUSE = timedelta(minutes=5)
# Only a number; ledger/sealing.py has another.
LOCK = 6_071_922


@dataclass(frozen=True, slots=True)
class Group:
    """The lines of one kind in a mail, and how many more there are."""

    kind: str
    lines: list[Line]
    more: int


def tell() -> int:
    """Write each owner what is new to them; how many were told. Several callers at once tell it once."""
    with transaction.atomic():
        if not _alone():
            return 0
        moment = now()
        new = Alert.objects.filter(status=Alert.Status.OPEN, told_at=None).select_related("owner")
        told = 0
        for _owner, group in groupby(new.order_by("owner_id", "since", "pk"), key=lambda alert: alert.owner_id):
            told += _tell(list(group), moment)
        return told


def escalate() -> int:
    """Write the fallback what has been open for long; each alert once. How many."""
    with transaction.atomic():
        if not _alone():
            return 0
        moment = now()
        found = list(_old(moment).select_related("owner").order_by("since", "pk"))
        people = list(duties.fallback()) if found else []
        if not people:
            return 0
        count = len(found)
        _write(people, found, lambda: _still_open(count), f"problems-old:{moment.isoformat()}")
        Alert.objects.filter(pk__in=[alert.pk for alert in found]).update(escalated_at=moment)
        return count


def _alone() -> bool:
    """A lock nobody waits for: who finds another worker at it has nothing to tell (invariant I15)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


def _tell(alerts: Sequence[Alert], moment: datetime) -> int:
    """One owner's. Nobody named: all superusers get the same."""
    owner = alerts[0].owner
    people = [owner] if owner is not None else list(duties.fallback())
    if not people or not _is_time(owner, alerts, moment):
        return 0
    count = len(alerts)
    _write(people, alerts, lambda: _need_you(count), f"problems:{moment.isoformat()}")
    Alert.objects.filter(pk__in=[alert.pk for alert in alerts]).update(told_at=moment)
    return count


def _is_time(owner: User | None, alerts: Iterable[Alert], moment: datetime) -> bool:
    """Whether the last mail is long enough ago. What is urgent waits for the last urgent one only."""
    told, pause = Alert.objects.filter(owner=owner), PAUSE
    if any(alert.kind in URGENT for alert in alerts):
        told, pause = told.filter(kind__in=URGENT), URGENT_PAUSE
    last: datetime | None = told.aggregate(last=Max("told_at"))["last"]
    return last is None or moment - last >= pause


def _old(moment: datetime) -> QuerySet[Alert]:
    urgent = moment - timedelta(hours=settings.ALERTS["escalate_urgent_hours"])
    other = moment - timedelta(hours=settings.ALERTS["escalate_hours"])
    late = Q(kind__in=URGENT, active_since__lte=urgent) | Q(active_since__lte=other)
    return Alert.objects.filter(late, status=Alert.Status.OPEN, escalated_at=None)


def _need_you(count: int) -> str:
    return ngettext("%(count)d problem needs you", "%(count)d problems need you", count) % {"count": count}


def _still_open(count: int) -> str:
    return ngettext("%(count)d problem is still open", "%(count)d problems are still open", count) % {"count": count}


@mail.letter
def _write(people: Iterable[User], alerts: Sequence[Alert], say_heading: Callable[[], str], key: str) -> None:
    heading = say_heading()
    for person in people:
        lines = [in_words(alert, person) for alert in alerts]
        lines.sort(key=lambda line: (not line.urgent, line.since))
        mail.write(
            key=f"{key}:{person.pk}",
            to=person.email,
            language=person.language,
            template="open_problems",
            context={
                "person": person,
                "heading": heading,
                "subject": _subject(heading, lines),
                "groups": _by_kind(lines),
                "link": settings.SITE_URL + reverse("admin:monitoring_alert_changelist"),
            },
        )


def _by_kind(lines: Sequence[Line]) -> list[Group]:
    """Together what is of one kind; the kinds in the order of their first line."""
    found: dict[str, list[Line]] = {}
    for line in lines:
        found.setdefault(line.kind, []).append(line)
    return [Group(kind, of_it[:LONGEST], max(0, len(of_it) - LONGEST)) for kind, of_it in found.items()]


def _subject(heading: str, lines: Sequence[Line]) -> str:
    first = lines[0].what[:150]
    if len(lines) == 1:
        return first
    return _("%(heading)s: %(first)s and more") % {"heading": heading, "first": first}
