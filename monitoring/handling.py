"""What people do with a problem: take it over, give it to somebody, put it off, write on it, close it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from kit.clock import now
from kit.transitions import LostRace, can_move, move
from monitoring import duties
from monitoring.models import Alert, Remark
from monitoring.sweeping import DISMISSED_FOR
from monitoring.watches import BY_KIND

Status = Alert.Status
LONGEST_SNOOZE = timedelta(days=30)


class NotPossible(ValueError):
    """It cannot be done, and the sentence says why; `field` is what of the request is to be changed, if anything."""

    def __init__(self, sentence: str, field: str | None = None) -> None:
        super().__init__(sentence)
        self.field = field


def assign(alert: Alert, owner: User, *, by: User, reason: str) -> None:
    """Make somebody the owner; they are told unless they took it themselves. Raises NotPossible."""
    _asked_why(reason)
    if not duties.may_own(owner, [alert.kind]):
        raise NotPossible(_("%(who)s cannot open the place where it is done.") % {"who": owner}, "owner")
    told_at = now() if owner == by else None
    with transaction.atomic():
        live = Alert.objects.filter(pk=alert.pk, status__in=Alert.LIVE)
        if not live.update(owner=owner, told_at=told_at, seen_at=told_at, escalated_at=None):
            raise NotPossible(_("It is over already."))
        who = _("Taken over.") if owner == by else _("Given to %(who)s.") % {"who": owner}
        _remark(alert, by, f"{who} {reason}")


def snooze(alert: Alert, until: datetime, *, by: User, reason: str) -> None:
    """Put it off: nobody is reminded of it until then. Raises NotPossible."""
    _asked_why(reason)
    moment = now()
    if not moment < until <= moment + LONGEST_SNOOZE:
        raise NotPossible(_("Choose a day within the next %(days)d days.") % {"days": LONGEST_SNOOZE.days}, "until")
    if alert.due is not None and until >= alert.due:
        raise NotPossible(_("Until then it is too late. Choose an earlier day."), "until")
    _move(alert, Status.SNOOZED, by, reason, quiet_until=until)


def wake(alert: Alert, *, by: User, reason: str) -> None:
    """Open again what was put off or closed by hand. Raises NotPossible."""
    _asked_why(reason)
    _move(
        alert, Status.OPEN, by, reason, quiet_until=None, closed_at=None, closed_how="", active_since=now(),
    )  # fmt: skip


def close(alert: Alert, *, by: User, reason: str) -> None:
    """Close it although it may still be there. It then keeps quiet for DISMISSED_FOR, or until its cause is gone and
    comes back. Raises NotPossible for urgent kinds, which end by being dealt with.
    """
    _asked_why(reason)
    if BY_KIND[alert.kind].urgent:
        raise NotPossible(_("It closes by itself once it is dealt with. Until then you can put it off."))
    moment = now()
    _move(
        alert, Status.DISMISSED, by, reason, quiet_until=moment + DISMISSED_FOR, closed_at=moment,
        closed_how=Alert.Closed.BY_HAND,
    )  # fmt: skip


def note(alert: Alert, *, by: User, text: str) -> None:
    """Write something on it for whoever looks next. Raises NotPossible for nothing at all."""
    if not text.strip():
        raise NotPossible(_("Write something first."), "reason")
    _remark(alert, by, text)


def seen(alert: Alert, by: User) -> None:
    """Its owner looked at it, or, where nobody is named, anybody."""
    if alert.seen_at is None and alert.owner_id in (None, by.pk):
        Alert.objects.filter(pk=alert.pk, seen_at=None).update(seen_at=now())


def _move(alert: Alert, to: str, by: User, reason: str, **also: Any) -> None:
    if not can_move(alert, to):
        raise NotPossible(_("It is “%(status)s” now.") % {"status": alert.get_status_display()})
    try:
        move(alert, to, actor=by.email, reason=reason.strip(), **also)
    except LostRace:
        raise NotPossible(_("Somebody was faster. Look at it again.")) from None


def _asked_why(reason: str) -> None:
    if not reason.strip():
        raise NotPossible(_("Please say why."), "reason")


def _remark(alert: Alert, by: User, text: str) -> None:
    Remark.objects.create(alert=alert, at=now(), actor=by.email, text=text.strip())
