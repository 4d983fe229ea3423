"""Holds: reasons why a share is not released, opened and ended under the share's lock."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from kit.clock import now
from kit.recorded import for_the_record
from payments.models import Hold, Share

REQUEST = "action:"


def of_request(action_id: int) -> str:
    """What the hold is called that lasts as long as a decision waits for a second person."""
    return f"{REQUEST}{action_id}"


def is_request(hold: Hold) -> bool:
    """Whether a hold only waits for a second person's yes or no; it ends with that and with nothing else."""
    return hold.kind == Hold.Kind.STAFF and hold.ref.startswith(REQUEST)


def write(
    share: Share,
    *,
    kind: Hold.Kind,
    ref: str,
    reason: str,
    ends_when: str,
    actor: str,
    until: datetime | None = None,
) -> Hold:
    """Hold a share for this reason, or find that it is held for it already. Under the share's lock."""
    hold, _created = Hold.objects.get_or_create(
        share=share,
        kind=kind,
        ref=ref,
        ended_at=None,
        defaults={
            "reason": for_the_record(reason),
            "ends_when": for_the_record(ends_when),
            "until": until,
            "actor": actor,
            "opened_at": now(),
        },
    )
    return hold


def end(share: Share, *, kind: Hold.Kind, ref: str, actor: str, reason: str) -> bool:
    """The reason is gone. False if it was gone already. Under the share's lock."""
    open_holds = Hold.objects.filter(share=share, kind=kind, ref=ref, ended_at=None)
    return bool(open_holds.update(ended_at=now(), ended_by=actor, end_reason=for_the_record(reason)))


def end_expired(moment: datetime, *, actor: str) -> int:
    """End the holds whose time is over; how many."""
    over: QuerySet[Hold] = Hold.objects.filter(ended_at=None, until__lte=moment)
    ended = 0
    for hold in over.select_related("share"):
        with transaction.atomic():
            # Locked, so that a release under way sees the hold or its end, never half of it.
            Share.objects.select_for_update().get(pk=hold.share_id)
            ended += end(hold.share, kind=Hold.Kind(hold.kind), ref=hold.ref, actor=actor, reason="Its time is over.")
    return ended
