"""What somebody is to be reminded of about a dispute, and the notes staff leave each other."""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet
from django.utils.timezone import localtime

from accounts.models import User
from disputes.models import Reminder, StaffNote
from kit.clock import now
from payments.models import Dispute


def today() -> date:
    """The day it is where the marketplace is."""
    return localtime(now()).date()


def due(on: date | None = None) -> QuerySet[Reminder]:
    """What is to be looked at again by `on`, today unless it is said, and nobody has done: the oldest first."""
    waiting = Reminder.objects.filter(done_at=None, due_on__lte=on or today())
    return waiting.select_related("dispute", "for_whom").order_by("due_on", "pk")


def add(dispute: Dispute, *, for_whom: User, by: User, text: str, due_on: date) -> Reminder:
    """Remind `for_whom` on that day. The same asked twice is one reminder."""
    made, _is_new = Reminder.objects.get_or_create(
        dispute=dispute,
        for_whom=for_whom,
        due_on=due_on,
        text=text,
        done_at=None,
        defaults={"asked_by": by, "made_at": now()},
    )
    return made


def finish(reminder: Reminder, *, by: User) -> bool:
    """It is done; whether this person was the first to say so."""
    return bool(Reminder.objects.filter(pk=reminder.pk, done_at=None).update(done_at=now(), done_by=by))


def note(dispute: Dispute, *, by: User, text: str) -> StaffNote:
    """Write something down for the other staff. The same words of one person, twice in a row, are one note."""
    last = dispute.notes.order_by("-pk").first()
    if last is not None and (last.author_id, last.text) == (by.pk, text):
        return last
    return StaffNote.objects.create(dispute=dispute, author=by, text=text, written_at=now())
