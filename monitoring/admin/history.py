"""What was done about a problem, in the order it happened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.models import User
from monitoring.models import Alert
from monitoring.queries import owner_in_words


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened: when, who, what. Shown by components/money_timeline.html."""

    at: datetime
    actor: str
    label: str


def history(alert: Alert, reader: User) -> list[Entry]:
    """Found, told, written on, moved, closed: the oldest first."""
    found = [Entry(alert.opened_at, "", _("Found."))]
    if alert.told_at:
        owner = owner_in_words(alert.owner, reader)
        found.append(Entry(alert.told_at, "", _("Told: %(who)s.") % {"who": owner}))
    if alert.escalated_at:
        found.append(Entry(alert.escalated_at, "", _("Still open: all superusers were told.")))
    found += [Entry(remark.at, remark.actor, remark.text) for remark in alert.remarks.all()]
    words = dict(Alert.Status.choices)
    for move in alert.moves.all():
        what = f"{words[Alert.Status(move.to_status)]}: {move.reason}"
        found.append(Entry(move.at, move.actor, what[:1].upper() + what[1:]))
    return sorted(found, key=lambda entry: entry.at)
