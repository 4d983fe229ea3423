"""How a case ends: agreed, decided, withdrawn, left unanswered, or overtaken. Its hold ends in the same transaction.

What money moves is always a plan of payments.decisions; nothing here touches an amount.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.models import User
from cases import letters, talking, turns
from cases.errors import CaseError
from cases.models import Case, Offer, Party
from kit.clock import now
from kit.faults import faultpoint
from kit.transitions import move
from orders import progress
from orders.models import Status as OrderStatus
from payments import decisions, holds, schedule
from payments.consequences import Plan
from payments.decisions import Decider, Row
from payments.models import Hold, MoneyAction, Refund, Share
from payments.policies import BY_REASON, POLICIES, SHARED, Policy

Outcome = Case.Outcome
Reason = Case.Reason

# What a case was about, as refunds call it; who bears it follows from that (payments.policies).
REFUND_REASONS: dict[str, Refund.Reason] = {
    Reason.CANCEL: Refund.Reason.CHANGED_MIND,
    Reason.NOT_RECEIVED: Refund.Reason.NOT_RECEIVED,
    Reason.NOT_AS_DESCRIBED: Refund.Reason.NOT_AS_DESCRIBED,
    Reason.DAMAGED: Refund.Reason.NOT_AS_DESCRIBED,
    Reason.INCOMPLETE: Refund.Reason.NOT_AS_DESCRIBED,
    Reason.CHANGED_MIND: Refund.Reason.CHANGED_MIND,
    Reason.OTHER: Refund.Reason.NOT_AS_DESCRIBED,
}


def policy_of(case: Case) -> Policy:
    """Who bears what goes back, unless staff decide otherwise. Of something else nobody knows whose fault it is."""
    return SHARED if case.reason == Reason.OTHER else BY_REASON[REFUND_REASONS[case.reason]]


def kind_for(case: Case, amount: int) -> str:
    """All of what was not sent yet: the order is called off, and its things go back to stock."""
    share = case.share
    is_all = amount == share.refundable and share.order.status == OrderStatus.PAID
    return MoneyAction.Kind.CANCEL if is_all else MoneyAction.Kind.REFUND


def request_for(case: Case, amount: int, *, policy: str = "") -> dict[str, Any]:
    """The refund of `amount` minor units that ends this case, as payments.decisions wants it."""
    return {
        "case": case.number,
        "amount": amount,
        "reason": REFUND_REASONS[case.reason],
        "policy": POLICIES[policy].name if policy else policy_of(case).name,
        "note": _("Case %(number)s") % {"number": case.number},
    }


def paid_back(
    case: Case, outcome: Outcome, amount: int, action: MoneyAction, rows: list[Row], *, actor: str, words: str = ""
) -> None:
    """Close a case by the refund that was just decided. In the decision's transaction, under the share's lock."""
    refund = next((row for row in rows if isinstance(row, Refund)), None)
    close(case, outcome, actor=actor, returned=amount, action=action, refund=refund, words=words)
    faultpoint("case.closing")


def close(
    case: Case,
    outcome: Outcome,
    *,
    actor: str,
    returned: int = 0,
    action: MoneyAction | None = None,
    refund: Refund | None = None,
    words: str = "",
) -> None:
    """The case is over: its offer lapses, its hold ends, both sides read how and why. Under the share's lock."""
    for offer in case.offers.filter(status=Offer.Status.STANDS):
        move(offer, Offer.Status.LAPSED, actor=actor, reason=_("The case was closed."), ended_at=now())
    move(
        case,
        Case.Status.CLOSED,
        actor=actor,
        reason=words or str(outcome.label),
        closed_at=now(),
        outcome=outcome,
        returned=returned,
        action=action,
        refund=refund,
        answer_by=None,
        joined_at=None,
        rested_from="",
    )
    reason = _("Case %(number)s is closed: %(how)s.") % {"number": case.number, "how": outcome.label}
    holds.end(case.share, kind=Hold.Kind.CASE, ref=case.hold_ref, actor=actor, reason=reason)
    _set_free(case, outcome)
    if words:
        turns.write(case, words, party=Party.STAFF)
    turns.write(case, story(case))
    letters.closed(case, story, words)


def withdraw(case: Case, *, by: User) -> None:
    """The buyer says that it is settled, or was a mistake. Nothing happens when it is closed. Raises CaseError."""
    with turns.locked(case):
        if case.status == Case.Status.CLOSED:
            return
        turns.need_live(case)
        close(case, Outcome.WITHDRAWN, actor=by.actor)


def preview(case: Case, amount: int, *, policy: str) -> Plan | None:
    """What staff's decision would do; None when nothing goes back. Raises payments.consequences.Refused."""
    if not amount:
        return None
    return decisions.preview(case.share, kind_for(case, amount), request_for(case, amount, policy=policy))


def decide(case: Case, amount: int, *, policy: str, by: Decider, reason: str, plan_hash: str) -> MoneyAction | None:
    """Staff decide that `amount` minor units go back to the buyer, or nothing; both sides read why.

    Above the limit it waits for a second person, and the case with it. None when no money moves. Raises CaseError, and
    like payments.decisions.confirm.
    """
    if not amount:
        with turns.locked(case):
            turns.need_live(case)
            close(case, Outcome.DECIDED, actor=by.actor, words=reason)
        return None

    def end(share: Share, action: MoneyAction, rows: list[Row]) -> None:
        found = turns.fresh(case.pk, share)
        turns.need_live(found)
        if action.status == MoneyAction.Status.DONE:
            paid_back(found, Outcome.DECIDED, amount, action, rows, actor=by.actor, words=reason)
        else:
            # A second person is asked first; the sweep ends the case once they said yes.
            found.action = action
            found.save(update_fields=["action"])
            if found.turn != Party.STAFF:
                # Until then nobody's silence decides it.
                talking.join(found, actor=by.actor, reason=_("A decision waits for a second person."))

    request = request_for(case, amount, policy=policy)
    return decisions.confirm(
        case.share, kind_for(case, amount), request, plan_hash=plan_hash, by=by, reason=reason, also=end
    )


def need_decidable(case: Case) -> None:
    """Raises CaseError when staff cannot decide it now."""
    turns.need_live(case)
    if turns.waits_for_second_person(case):
        raise CaseError(_("A decision waits for a second person already. Approve or decline that first."))


def story(case: Case) -> str:
    """How a closed case ended and what became of the money, for both sides and without anybody's fees."""
    shop = case.share.order.seller.name
    how = {
        Outcome.AGREED: _("Both sides agreed."),
        Outcome.DECIDED: _("The marketplace has decided."),
        Outcome.WITHDRAWN: _("The buyer closed the case."),
        Outcome.SELLER_SILENT: _("%(shop)s did not answer in time, so the buyer gets what they asked for."),
        Outcome.BUYER_SILENT: _("The buyer did not answer in time, so the case is closed."),
        Outcome.BANK: _("The buyer’s bank decided about this payment, so the case is closed."),
        Outcome.REFUNDED: _("Everything went back to the buyer, so the case is closed."),
    }
    words = [how[Outcome(case.outcome)] % {"shop": shop}]
    kept = case.share.gross - case.share.refunded - case.share.disputed
    values = {"back": case.returned_money, "kept": case.share.money(kept), "shop": shop}
    if case.returned and kept:
        words.append(_("%(back)s goes back to the buyer; %(kept)s of what was paid stays with %(shop)s.") % values)
    elif case.returned:
        words.append(_("%(back)s goes back to the buyer.") % values)
    elif case.outcome == Outcome.SELLER_SILENT:
        words.append(_("That went back to them already, so nothing more does."))
    elif case.outcome == Outcome.DECIDED:
        words.append(_("Nothing goes back: %(kept)s stays with %(shop)s.") % values)
    elif case.outcome in (Outcome.WITHDRAWN, Outcome.BUYER_SILENT):
        words.append(_("Nothing goes back by it, and the order’s money goes its usual way."))
    return " ".join(words)


def _set_free(case: Case, outcome: Outcome) -> None:
    """What the case kept from happening goes on: who has agreed waits for no date, and a seller who could not send it
    meanwhile has their time again.
    """
    if outcome in (Outcome.AGREED, Outcome.DECIDED, Outcome.SELLER_SILENT):
        schedule.set_due(case.share)
    if case.share.order.status == OrderStatus.PAID:
        until = now() + timedelta(days=settings.SHIP_WITHIN_DAYS)
        if progress.give_time(case.share.order, until=until):
            case.share.ship_warned_at = None
            case.share.save(update_fields=["ship_warned_at"])
