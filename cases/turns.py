"""Whose turn it is in a case, until when, and what is written into its thread. All of it under the share's lock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from cases.errors import CaseError
from cases.models import Case, CaseMessage, Offer, Party
from kit.clock import now
from kit.transitions import move
from payments import shares
from payments.models import MoneyAction, Share

Status = Case.Status
Kind = CaseMessage.Kind

TURNS = {Party.SELLER: Status.WAITS_FOR_SELLER, Party.BUYER: Status.WAITS_FOR_BUYER, Party.STAFF: Status.WITH_STAFF}


@contextmanager
def locked(case: Case) -> Iterator[None]:
    """In a transaction, and under the lock of the share, read `case` again: what is said, offered, accepted and decided
    in one case, and every release or refund of its order, wait for each other here.
    """
    with transaction.atomic():
        share = shares.locked(case.share_id)
        case.refresh_from_db()
        case.share = share
        yield


def fresh(case_id: int, share: Share) -> Case:
    """The case read again, with the share that is locked already."""
    found: Case = Case.objects.get(pk=case_id)
    found.share = share
    return found


def need_live(case: Case) -> None:
    """Raises CaseError when nobody can write or offer any more."""
    if case.status == Status.RESTING:
        raise CaseError(_("The buyer’s bank is looking at this payment now, so the case rests until it has decided."))
    if not case.is_live:
        raise CaseError(_("This case is closed."))
    if case.action is not None and case.action.status == MoneyAction.Status.DONE:
        # A second person approved it; the sweep is about to close the case.
        raise CaseError(_("The marketplace has just decided this case."))


def waits_for_second_person(case: Case) -> bool:
    """Whether staff have decided, above the limit, and nobody else has agreed or declined yet."""
    return case.action is not None and case.action.status == MoneyAction.Status.WAITING


def answer_until(turn: Party) -> datetime:
    """When whoever gets the turn now has to have answered."""
    days = settings.CASE_DECIDE_DAYS if turn == Party.STAFF else settings.CASE_ANSWER_DAYS
    return now() + timedelta(days=days)


def pass_to(case: Case, turn: Party, *, actor: str, reason: str) -> None:
    """It is `turn`'s now to answer, with all the time there is for it."""
    until = answer_until(turn)
    if case.turn == turn:
        case.answer_by, case.reminded_at = until, None
        case.save(update_fields=["answer_by", "reminded_at"])
        return
    move(case, TURNS[turn], actor=actor, reason=reason, answer_by=until, reminded_at=None)


def after(case: Case, party: Party, *, asks: bool, actor: str, reason: str) -> None:
    """`party` has spoken: the turn passes on if it was theirs. With `asks` (an offer) the other side has all its time
    again to answer; mere words give nobody a longer or shorter time.
    """
    if case.turn == Party.STAFF:
        return
    other = Party.STAFF if case.joined_at is not None else party.other
    if case.turn == party:
        pass_to(case, other, actor=actor, reason=reason)
    elif asks:
        pass_to(case, party.other, actor=actor, reason=reason)


def write(
    case: Case,
    text: str,
    *,
    party: Party | None = None,
    author: User | None = None,
    offer: Offer | None = None,
    is_private: bool = False,
) -> CaseMessage:
    """Add to the thread: somebody's words, an offer, or (of no party) what happened."""
    kind = Kind.OFFER if offer is not None else Kind.WORDS if party is not None else Kind.EVENT
    return CaseMessage.objects.create(
        case=case,
        kind=kind,
        party=party or "",
        author=author,
        text=text,
        offer=offer,
        is_private=is_private,
        written_at=now(),
    )
