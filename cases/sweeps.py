"""Periodic jobs about cases. Each selects what is due, claims one case by its share's lock, and acts.

All can be called directly, twice, or at once by several workers: what another one did is found done. One case that
cannot be helped does not hold up the others (fault F06).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import structlog
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from cases import bank, ending, letters, opening, turns
from cases.bank import Verdict
from cases.errors import CaseError, NotDue
from cases.models import Case, Party
from cases.queries import still_asked
from gateway.errors import GatewayError
from kit.clock import now
from kit.faults import faultpoint
from kit.transitions import move
from payments import decisions
from payments.consequences import Refused
from payments.decisions import Row
from payments.errors import PaymentError
from payments.models import Dispute, MoneyAction, Refund, Share

log = structlog.get_logger(__name__)

ACTOR = "case sweep"
BATCH = 200
# Whoever has the turn is reminded when so much time is left.
REMIND_BEFORE = timedelta(days=1)
# The longest a refund may be on its way to Stripe before we look no more whether it was refused.
STRIPE_ANSWERS = timedelta(days=30)

Status = Case.Status
Outcome = Case.Outcome


def follow_bank() -> int:
    """Put cases to rest whose payment a bank is asked about, wake those it let go, and close those it decided."""
    # A dispute that ended well before the case was opened says nothing about it.
    telling = Dispute.objects.filter(payment=OuterRef("share__payment")).exclude(status__in=Dispute.ENDED_WELL)
    found = Case.objects.filter(Q(status=Status.RESTING) | Q(status__in=Case.LIVE) & Exists(telling))
    return sum(1 for case in _each(found) if _try(_follow_bank, case))


def follow_decisions() -> int:
    """Close cases whose decision a second person approved; put those back whose was declined."""
    found = Case.objects.filter(status__in=Case.OPEN, action__isnull=False)
    found = found.exclude(action__status=MoneyAction.Status.WAITING)
    return sum(1 for case in _each(found) if _try(_follow_decision, case))


def close_overtaken() -> int:
    """Close cases about orders of which everything went back by another way."""
    found = Case.objects.filter(status__in=Case.LIVE, share__refunded__gte=F("share__gross") - F("share__disputed"))
    return sum(1 for case in _each(found) if _try(_close_overtaken, case))


def grant_unanswered() -> int:
    """The seller did not answer in time: the buyer gets what they asked for, as far as it is left and they do not have
    it already.
    """
    found = Case.objects.filter(status=Status.WAITS_FOR_SELLER, answer_by__lte=now())
    return sum(1 for case in _each(found) if _try(_grant, case))


def close_unanswered() -> int:
    """The buyer did not answer in time: the case is closed, and its hold ends."""
    found = Case.objects.filter(status=Status.WAITS_FOR_BUYER, answer_by__lte=now())
    return sum(1 for case in _each(found) if _try(_close_unanswered, case))


def remind() -> int:
    """Write to whoever has the turn, once, a day before their time is over."""
    soon = now() + REMIND_BEFORE
    found = Case.objects.filter(status__in=Case.LIVE, answer_by__lte=soon, answer_by__gt=now(), reminded_at=None)
    return sum(1 for case in _each(found) if _try(_remind, case))


def reopen_refused() -> int:
    """Open cases again whose refund Stripe refused: what was agreed did not come about."""
    # Stripe answers within minutes; what closed long ago is not looked through every minute.
    found = Case.objects.filter(
        status=Status.CLOSED, closed_at__gte=now() - STRIPE_ANSWERS, refund__status=Refund.Status.REFUSED
    )
    return sum(1 for case in _each(found) if _try(_reopen_refused, case))


SWEEPS: tuple[Callable[[], int], ...] = (
    # First what others decided, then what time decides.
    follow_bank,
    follow_decisions,
    close_overtaken,
    reopen_refused,
    remind,
    grant_unanswered,
    close_unanswered,
)


def _each(rows: QuerySet[Case]) -> Iterator[Case]:
    """Every row, some at a time, so that memory stays flat however many are due; each is seen once."""
    last = 0
    needed = ("share__order__seller", "share__payment", "share__account", "action", "refund")
    while batch := list(rows.filter(pk__gt=last).order_by("pk").select_related(*needed)[:BATCH]):
        yield from batch
        last = batch[-1].pk


def _try(act: Callable[[Case], bool], case: Case) -> bool:
    """Whether something was done about a case."""
    try:
        faultpoint("sweep.case")
        return act(case)
    except (CaseError, Refused) as refusal:
        log.info("case_not_acted_on", case=case.number, why=str(refusal))
    except (GatewayError, PaymentError) as error:
        log.warning("case_not_finished", case=case.number, error=str(error))
    except Exception:
        log.exception("case_needs_a_person", case=case.number)
    return False


def _follow_bank(case: Case) -> bool:
    with turns.locked(case):
        verdict = bank.verdict(case.share.payment)
        if not case.is_open:
            return False
        if verdict == Verdict.LOST or (verdict == Verdict.WON and case.status == Status.RESTING):
            ending.close(case, Outcome.BANK, actor=ACTOR)
            return True
        if verdict == Verdict.OPEN and case.is_live:
            _rest(case)
            return True
        if case.status == Status.RESTING and verdict in (Verdict.LET_GO, Verdict.NONE):
            _wake(case)
            return True
    return False


def _rest(case: Case) -> None:
    reason = _("The buyer’s bank is looking at the payment. Its decision counts, so the case rests until then.")
    move(case, Status.RESTING, actor=ACTOR, reason=reason, answer_by=None, rested_from=case.status)
    turns.write(case, reason)
    letters.rests(case)


def _wake(case: Case) -> None:
    turn = next(party for party, status in turns.TURNS.items() if status == (case.rested_from or Status.WITH_STAFF))
    reason = _("The bank does not look at the payment any more, without having decided anything. The case goes on.")
    move(
        case, turns.TURNS[turn], actor=ACTOR, reason=reason, answer_by=turns.answer_until(turn), reminded_at=None,
        rested_from="",
    )  # fmt: skip
    turns.write(case, reason)
    letters.goes_on(case)


def _follow_decision(case: Case) -> bool:
    with turns.locked(case):
        action = case.action
        if not case.is_open or action is None or action.status == MoneyAction.Status.WAITING:
            return False
        if action.status == MoneyAction.Status.DONE:
            made = case.share.refunds.filter(planned_at__gte=action.created_at, amount=action.amount)
            rows: list[Row] = list(made.order_by("-pk")[:1])
            ending.paid_back(
                case, Outcome.DECIDED, action.amount, action, rows, actor=action.actor, words=action.reason
            )
            return True
        case.action = None
        case.save(update_fields=["action"])
        turns.write(
            case,
            _("The decision was not carried out: %(how)s.") % {"how": action.get_status_display()},
            party=Party.STAFF,
            is_private=True,
        )
    return True


def _close_overtaken(case: Case) -> bool:
    with turns.locked(case):
        # What a bank asks for counts as disputed: that is its to decide, not the end of the case.
        if not case.is_live or case.share.refundable > 0 or bank.verdict(case.share.payment) in bank.BANKS_TO_SAY:
            return False
        ending.close(case, Outcome.REFUNDED, actor=ACTOR)
    return True


def _grant(case: Case) -> bool:
    amount = still_asked(case)
    if not amount and case.share.refundable:
        return _nothing_to_grant(case)
    kind, request = ending.kind_for(case, amount), ending.request_for(case, amount)
    plan = decisions.preview(case.share, kind, request)

    def close(share: Share, action: MoneyAction, rows: list[Row]) -> None:
        found = turns.fresh(case.pk, share)
        if not _is_overdue(found, Status.WAITS_FOR_SELLER):
            raise NotDue(_("Somebody answered meanwhile."))
        if bank.verdict(share.payment) in bank.BANKS_TO_SAY:
            raise NotDue(_("The bank decides."))
        ending.paid_back(found, Outcome.SELLER_SILENT, amount, action, rows, actor=ACTOR)

    reason = _("The seller did not answer case %(number)s in time.") % {"number": case.number}
    decisions.by_itself(case.share, kind, request, actor=ACTOR, reason=reason, plan_hash=plan.hash, also=close)
    return True


def _nothing_to_grant(case: Case) -> bool:
    """What the buyer asked for came back by another way: silence gives it no second time."""
    with turns.locked(case):
        is_due = _is_overdue(case, Status.WAITS_FOR_SELLER) and not still_asked(case)
        if not is_due or bank.verdict(case.share.payment) in bank.BANKS_TO_SAY:
            return False
        ending.close(case, Outcome.SELLER_SILENT, actor=ACTOR)
    return True


def _is_overdue(case: Case, status: str) -> bool:
    """Whether the time of who has to answer is over. Under the share's lock. Raises CaseError when staff have decided
    already and a second person is asked, or has just agreed.
    """
    ending.need_decidable(case)
    return case.status == status and case.answer_by is not None and case.answer_by <= now()


def _close_unanswered(case: Case) -> bool:
    with turns.locked(case):
        if not _is_overdue(case, Status.WAITS_FOR_BUYER):
            return False
        ending.close(case, Outcome.BUYER_SILENT, actor=ACTOR)
    return True


def _remind(case: Case) -> bool:
    with turns.locked(case):
        soon = now() + REMIND_BEFORE
        if case.reminded_at is not None or case.answer_by is None or not now() < case.answer_by <= soon:
            return False
        case.reminded_at = now()
        case.save(update_fields=["reminded_at"])
        letters.remind(case)
    return True


def _reopen_refused(case: Case) -> bool:
    with turns.locked(case):
        refund = case.refund
        if case.is_open or refund is None or refund.status != Refund.Status.REFUSED:
            return False
        event = _("The refund could not be made, so the case is open again. The marketplace looks into it.")
        opening.again(case, Party.STAFF, actor=ACTOR, reason=refund.failure or str(refund), event=event)
        letters.refused(case, refund.failure)
    return True
