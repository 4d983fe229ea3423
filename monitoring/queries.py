"""What pages, mails and the command show of open problems. Nothing here writes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from kit.clock import machine_now
from kit.money import Money
from monitoring import heartbeats
from monitoring.models import Alert
from monitoring.watches import BY_KIND, permitted

# A start page is for beginning; the list is for the rest.
LONGEST = 20


@dataclass(frozen=True, slots=True)
class Line:
    """One open problem in words: since when, what to do, where, for how much, and whose it is."""

    pk: int
    kind: str
    since: datetime
    due: datetime | None
    what: str
    about: str
    url: str
    page: str
    money: Money | None
    owner: str
    mine: bool
    urgent: bool
    quiet_until: datetime | None


@dataclass(frozen=True, slots=True)
class Board:
    """What the admin begins with. `quiet` is what was put off; `silent_since` says that nobody looks any more."""

    lines: list[Line]
    more: int
    quiet: list[Line]
    silent_since: datetime | None


def in_words(alert: Alert, reader: User | None = None) -> Line:
    """An alert as `reader` reads it. Reads nothing: everything is in its facts."""
    watch = BY_KIND[alert.kind]
    return Line(
        pk=alert.pk,
        kind=str(alert.get_kind_display()),
        since=alert.since,
        due=alert.due,
        what=watch.what(alert, reader),
        about=watch.about(alert),
        url=watch.link(alert),
        page=reverse("admin:monitoring_alert_change", args=[alert.pk]),
        money=alert.money,
        owner=owner_in_words(alert.owner, reader),
        mine=reader is not None and alert.owner_id == reader.pk,
        urgent=watch.urgent,
        quiet_until=alert.quiet_until,
    )


def owner_in_words(owner: User | None, reader: User | None = None) -> str:
    """Whose it is, as people say it."""
    if owner is None:
        return _("all superusers")
    return _("you") if owner == reader else owner.full_name or owner.email


def visible_to(user: User | AbstractBaseUser | AnonymousUser) -> QuerySet[Alert]:
    """The alerts somebody may see: of kinds whose place to act is open to them, the oldest problem first."""
    if not isinstance(user, User):
        return Alert.objects.none()
    found = Alert.objects.filter(kind__in=permitted(user)).select_related("owner")
    return found.order_by("since", "pk")


def open_problems(user: User | AbstractBaseUser | AnonymousUser) -> list[Line]:
    """Everything open that this member of staff may see, the oldest first, LONGEST at most."""
    return _in_words(visible_to(user).filter(status=Alert.Status.OPEN)[:LONGEST], user)


def board(user: User | AbstractBaseUser | AnonymousUser) -> Board:
    """The start page of the admin, in a handful of queries."""
    visible = visible_to(user)
    lines = open_problems(user)
    more = 0
    if len(lines) == LONGEST:
        more = visible.filter(status=Alert.Status.OPEN).count() - LONGEST
    quiet = visible.filter(status=Alert.Status.SNOOZED).order_by("quiet_until", "pk")[:LONGEST]
    return Board(lines, more, _in_words(quiet, user), silent_since())


def silent_since() -> datetime | None:
    """Since when nobody has looked for problems; nothing while the watch runs. It cannot tell this by itself."""
    row = heartbeats.watched()
    if row is None or not heartbeats.is_late(row, machine_now()):
        return None
    return row.last_run_at or row.expected_since


def _in_words(alerts: Iterable[Alert], user: object) -> list[Line]:
    reader = user if isinstance(user, User) else None
    return [in_words(alert, reader) for alert in alerts]
