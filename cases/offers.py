"""Offers to divide what was paid: made, countered, withdrawn, and accepted exactly as the one who accepts saw it (B6).

plan = offers.preview(offer)                      # shown, its hash goes into the form
offers.accept(offer, party, by=user, plan_hash=...)  # the money's decision and the end of the case, together
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from cases import ending, letters, talking, turns
from cases.errors import CaseError, OfferGone
from cases.models import Case, Offer, Party
from kit.clock import now
from kit.money import Money
from kit.transitions import move
from payments import decisions
from payments.consequences import Plan
from payments.decisions import Row
from payments.models import MoneyAction, Share

Status = Offer.Status
PERCENT = 100


def make(
    case: Case, party: Party, *, by: User, amount: int | None = None, percent: int | None = None, text: str = ""
) -> Offer:
    """Offer that `amount` minor units, or `percent` of what was paid, go back to the buyer.

    It takes the place of the offer that stands, and the other side has all its time to answer. Raises CaseError.
    """
    if text.strip():
        talking.need_words(text)
    with turns.locked(case):
        turns.need_live(case)
        talking.need_patience(case, party)
        wanted = amount_of(case.share, amount=amount, percent=percent)
        standing = case.offers.filter(status=Status.STANDS).first()
        if standing is not None and (standing.party, standing.amount) == (party, wanted):
            # The button was pressed twice (fault F34).
            return standing
        if standing is not None:
            move(standing, Status.COUNTERED, actor=by.actor, reason=_("Another offer was made."), ended_at=now())
        offer = put(case, party, wanted, author=by, percent=percent, text=text.strip())
        if party == Party.BUYER:
            case.asked = wanted
            case.save(update_fields=["asked"])
        talking.note_answer(case, party)
        turns.after(case, party, asks=True, actor=by.actor, reason=_("Made an offer."))
        letters.offered(case, offer)
    return offer


def put(case: Case, party: Party, amount: int, *, author: User, percent: int | None = None, text: str = "") -> Offer:
    """The offer, and its place in the thread. Under the share's lock."""
    offer = Offer.objects.create(case=case, party=party, amount=amount, percent=percent, made_at=now())
    turns.write(case, text, party=party, author=author, offer=offer)
    return offer


def withdraw(offer: Offer, party: Party, *, by: User) -> None:
    """Take an offer back that was not accepted. Nothing happens when that was done already. Raises OfferGone."""
    case = offer.case
    with turns.locked(case):
        found = case.offers.get(pk=offer.pk)
        if found.status == Status.WITHDRAWN:
            return
        if found.party != party or found.status != Status.STANDS:
            raise OfferGone(_gone(found))
        move(found, Status.WITHDRAWN, actor=by.actor, reason=_("Withdrawn."), ended_at=now())
        turns.write(case, _("The offer of %(amount)s was withdrawn.") % {"amount": case.share.money(found.amount)})
        letters.withdrawn(case, found)


def preview(offer: Offer) -> Plan:
    """What accepting it would do now. Writes nothing. Raises CaseError, and payments.consequences.Refused."""
    case = offer.case
    turns.need_live(case)
    return decisions.preview(case.share, ending.kind_for(case, offer.amount), ending.request_for(case, offer.amount))


def accept(offer: Offer, party: Party, *, by: User, plan_hash: str) -> Case:
    """Carry out exactly the plan that was shown, and close the case, in one transaction; Stripe is asked afterwards.

    Raises OfferGone, CaseError; PlanChanged and Refused as payments.decisions does; StripeRefused, StripeUnavailable
    when the money is not on its way yet (both are followed by the sweeps).
    """
    case = offer.case
    _need_acceptable(offer, party)

    def close(share: Share, action: MoneyAction, rows: list[Row]) -> None:
        found = turns.fresh(case.pk, share)
        turns.need_live(found)
        # Again, under the lock: of two who accept, the second finds it accepted.
        standing = _need_acceptable(offer, party)
        move(standing, Status.ACCEPTED, actor=by.actor, reason=_("Accepted."), ended_at=now())
        ending.paid_back(found, Case.Outcome.AGREED, offer.amount, action, rows, actor=by.actor)

    reason = _("Both sides agreed in case %(number)s.") % {"number": case.number}
    decisions.by_itself(
        case.share,
        ending.kind_for(case, offer.amount),
        ending.request_for(case, offer.amount),
        actor=by.actor,
        reason=reason,
        plan_hash=plan_hash,
        also=close,
    )
    case.refresh_from_db()
    return case


def standing(case: Case) -> Offer | None:
    """The offer that can be accepted or withdrawn now."""
    found: Offer | None = case.offers.filter(status=Status.STANDS).first() if case.is_live else None
    return found


def amount_of(share: Share, *, amount: int | None, percent: int | None) -> int:
    """What goes back, in minor units: given, or `percent` of what was paid, rounded half up. Raises CaseError."""
    field = "percent" if amount is None else "amount"
    wanted = amount if amount is not None else share_of(share, percent or 0)
    if wanted <= 0:
        raise CaseError(_("Enter more than nothing: an amount, or a part in percent."), field=field)
    if wanted > share.refundable:
        most: dict[str, Any] = {"amount": share.money(share.refundable), "wanted": share.money(wanted)}
        sentence = _("%(wanted)s is more than can still go back: at most %(amount)s.")
        raise CaseError(sentence % most, field=field)
    return wanted


def share_of(share: Share, percent: int) -> int:
    """So many percent of what was paid, in minor units."""
    return Money(share.gross, share.currency).basis_points(percent * PERCENT).amount


def _need_acceptable(offer: Offer, party: Party) -> Offer:
    """The offer as it is now. Raises OfferGone unless it stands and is the other side's."""
    found: Offer = Offer.objects.get(pk=offer.pk)
    if found.status != Status.STANDS or found.party != party.other:
        raise OfferGone(_gone(found))
    return found


def _gone(offer: Offer) -> str:
    words = {
        Status.STANDS: _("This offer is your own: the other side can accept it."),
        Status.ACCEPTED: _("This offer is accepted already."),
        Status.WITHDRAWN: _("This offer was withdrawn meanwhile."),
        Status.COUNTERED: _("There is another offer now. Look at that one."),
        Status.LAPSED: _("The case was closed meanwhile."),
    }
    return words[Status(offer.status)]
