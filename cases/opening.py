"""Opening a case, and opening a closed one again: the release stops at once, in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accounts.models import User
from cases import bank, letters, offers, pictures, talking, turns
from cases.errors import CaseError, OpenAlready
from cases.models import Case, Party
from catalog.photos import Encoded
from kit.clock import now
from kit.faults import faultpoint
from kit.transitions import move
from orders.models import Status as OrderStatus
from payments import holds, releases, shares
from payments.models import Hold, Share

Status = Case.Status
PAID_STATES = (OrderStatus.PAID, OrderStatus.FULFILLED, OrderStatus.DELIVERED)


def open_case(
    share: Share, *, by: User, reason: str, text: str, asked: int, files: Sequence[UploadedFile[bytes]] = ()
) -> Case:
    """The buyer says what is wrong and what they want back: `asked` minor units of the share's currency.

    Raises OpenAlready, and CaseError saying why it cannot be opened or which field is wrong.
    """
    talking.need_words(text)
    drawn = pictures.draw(files)
    with transaction.atomic():
        # Locked: a release that is decided on at this moment is over, or waits and then sees the hold (fault F37); of
        # two clicks the second finds the case (fault F34).
        share = shares.locked(share.pk)
        need_openable(share)
        _need_possible(share, asked)
        case = Case(
            share=share, opened_by=by, reason=Case.Reason(reason), asked=asked, opened_at=now(),
            answer_by=turns.answer_until(Party.SELLER),
        )  # fmt: skip
        case.save()
        _begin(case, by, text, drawn)
        faultpoint("case.opened")
        letters.opened(case)
    return case


def reopen(case: Case, party: Party, *, by: User, text: str, files: Sequence[UploadedFile[bytes]] = ()) -> Case:
    """The facts changed: a closed case goes on, and holds the money again.

    The other side has the turn, or the marketplace if staff open it. Raises CaseError.
    """
    talking.need_words(text)
    drawn = pictures.draw(files)
    with turns.locked(case):
        if refusal := why_not_reopen(case, party):
            raise CaseError(refusal)
        turn = party if party == Party.STAFF else party.other
        again(case, turn, actor=by.actor, reason=_("The facts changed."), event=_reopened(party))
        case.reopened_by_buyer |= party == Party.BUYER
        case.reopened_by_seller |= party == Party.SELLER
        case.save(update_fields=["reopened_by_buyer", "reopened_by_seller"])
        message = turns.write(case, text, party=party, author=by)
        pictures.keep(message, drawn)
        letters.reopened(case, party, text)
    return case


def again(case: Case, turn: Party, *, actor: str, reason: str, event: str) -> None:
    """A closed case goes on because what ended it did not come about. Under the share's lock."""
    _go_on(case, turn, actor=actor, reason=reason)
    turns.write(case, event)


def need_openable(share: Share) -> None:
    """Raises OpenAlready or CaseError when no case can be opened about this order now."""
    current = share.cases.exclude(status=Status.CLOSED).first()
    if current is not None:
        raise OpenAlready(current, _("There is an open case about this order already."))
    if refusal := why_not(share):
        raise CaseError(refusal)


def why_not(share: Share) -> str:
    """Why no new case can be opened about an order without an open one; nothing when one can."""
    if share.order.status == OrderStatus.CANCELLED:
        return _("This order was cancelled: what you paid goes back to you.")
    if share.order.status not in PAID_STATES or share.order.paid_at is None:
        return _("This order is not paid yet.")
    if refusal := _bank_or_nothing(share):
        return refusal
    if now() > open_until(share):
        return _("A case can be opened for %(days)d days after the payment. That time is over.") % {
            "days": settings.CASE_DAYS
        }
    last = share.cases.order_by("pk").last()
    if last is not None and now() <= _reopen_until(last):
        sentence = _(
            "Your case %(number)s about this order was closed on %(day)s. If something has changed, go on there."
        )
        return sentence % {"number": last.number, "day": _day(last.closed_at or now())}
    return ""


def open_until(share: Share) -> datetime:
    """Until when a case about it can be opened."""
    days: int = settings.CASE_DAYS
    return (share.order.paid_at or share.opened_at) + timedelta(days=days)


def why_not_reopen(case: Case, party: Party) -> str:
    """Why this side cannot open it again; nothing when it can."""
    if case.is_open:
        return _("This case is open.")
    current = case.share.cases.exclude(status=Status.CLOSED).first()
    if current is not None:
        return _("Case %(number)s about this order is open: go on there.") % {"number": current.number}
    if refusal := _bank_or_nothing(case.share):
        return refusal
    if case.share.order.status == OrderStatus.CANCELLED:
        return _("The order was cancelled, and what was paid goes back.")
    if party == Party.STAFF:
        return ""
    if now() > _reopen_until(case):
        sentence = _("A case can be opened again for %(days)d days after its end. That time is over.")
        return sentence % {"days": settings.CASE_REOPEN_DAYS}
    if case.reopened_by_buyer if party == Party.BUYER else case.reopened_by_seller:
        return _("You have opened this case again once. Write to us if something has changed once more.")
    return ""


def _bank_or_nothing(share: Share) -> str:
    found = bank.verdict(share.payment)
    if found == bank.Verdict.OPEN:
        return _("The bank is asked to get this payment back. As long as it decides, no case can be opened here.")
    if found == bank.Verdict.LOST:
        return _("The bank gave this payment back, and it allows no other way any more.")
    if share.refundable <= 0:
        return _("Everything that was paid for this order went back already.")
    return ""


def _need_possible(share: Share, asked: int) -> None:
    if asked <= 0:
        raise CaseError(_("Enter an amount above zero."), field="amount")
    if asked > share.refundable:
        sentence = _("At most %(amount)s can come back. Enter that or less.")
        raise CaseError(sentence % {"amount": share.money(share.refundable)}, field="amount")


def _begin(case: Case, by: User, text: str, drawn: Sequence[Encoded]) -> None:
    _hold(case, actor=by.actor)
    Case.HISTORY.objects.create(
        subject=case, from_status="", to_status=case.status, at=case.opened_at, actor=by.actor,
        reason=str(case.get_reason_display()),
    )  # fmt: skip
    # What they want is their first offer: the seller can accept it as it stands.
    offer = offers.put(case, Party.BUYER, case.asked, author=by, text=text.strip())
    pictures.keep(offer.message, drawn)


def _go_on(case: Case, turn: Party, *, actor: str, reason: str) -> None:
    move(
        case,
        turns.TURNS[turn],
        actor=actor,
        reason=reason,
        closed_at=None,
        outcome="",
        returned=0,
        action=None,
        refund=None,
        reminded_at=None,
        answer_by=turns.answer_until(turn),
        joined_at=now() if turn == Party.STAFF else None,
    )
    _hold(case, actor=actor)


def _hold(case: Case, *, actor: str) -> None:
    """Stop the release: what was not sent yet is called off, and nothing is released while the case is open (I06)."""
    reason = _("The buyer says that something is wrong with the order.")
    releases.call_off(case.share, actor=actor, reason=reason)
    holds.write(
        case.share,
        kind=Hold.Kind.CASE,
        ref=case.hold_ref,
        reason=reason,
        ends_when=_("Both sides agree, or case %(number)s is decided.") % {"number": case.number},
        actor=actor,
    )


def _reopen_until(case: Case) -> datetime:
    return (case.closed_at or now()) + timedelta(days=settings.CASE_REOPEN_DAYS)


def _reopened(party: Party) -> str:
    words = {
        Party.BUYER: _("The buyer opened the case again."),
        Party.SELLER: _("The seller opened the case again."),
        Party.STAFF: _("The marketplace opened the case again."),
    }
    return words[party]


def _day(moment: datetime) -> str:
    return date_format(localtime(moment), "j F")
