"""Disputes from Stripe: the row brought to where the bank is, and the money to where the row is. Forward only.

`apply` takes the dispute as Stripe has it now, whichever event, look or sweep asked, and may be called in any order and
any number of times: the same facts end in the same rows and books (faults F01, F02, invariant I11). Everything it
decides happens in one transaction; its end is payments.dispute_ends. What sellers have already is fetched back by a
sweep, payments.fetching_back.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import structlog
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext as _

from gateway import objects, reads
from gateway.errors import GatewayError
from kit.clock import now
from kit.transitions import can_move, move
from ledger import journal
from payments import dispute_books, dispute_ends, dispute_parts, disputing, refunds
from payments.errors import NotYet, PaymentError
from payments.models import Dispute, Payment, Share

log = structlog.get_logger(__name__)

ACTOR = "dispute sweep"
Status = Dispute.Status

# So long a dispute of an unknown charge waits for its payment to be written down here (fault F47).
WAIT_FOR_PAYMENT = timedelta(hours=1)
# An open dispute is looked at again this often, should no event tell, and so many at a time.
LOOK_AGAIN = timedelta(hours=6)
BATCH = 20
# A loss can be appealed: it is looked at now and then for so long.
APPEALED_WITHIN = timedelta(days=180)
LOOK_FOR_APPEALS = timedelta(days=3)
# Stripe says that it is lost, and has taken nothing for so long: then it will not.
TAKES_WITHIN = timedelta(days=7)


def apply(found: objects.Dispute, *, actor: str) -> Dispute:
    """Bring the dispute, its orders and the books to where it is at Stripe. Raises NotYet for a charge that may still
    become a payment of ours.
    """
    at = now()
    with transaction.atomic():
        payment = _payment(found, at)
        dispute = _row(found, payment, at)
        _explain(dispute, payment, at)
        _forward(dispute, found, actor=actor, at=at)
        new = journal.post([dispute_books.moved(dispute, line, at=at) for line in found.lines])
        if payment is None:
            _without_payment(dispute, is_news=bool(new), at=at)
        elif dispute.status in Dispute.ENDED and not _waits_for_money(dispute, at):
            dispute_ends.settle(dispute, payment, actor=actor, at=at)
        else:
            _keep_open(dispute, payment, actor=actor)
    return dispute


def follow() -> int:
    """Look again at disputes that are not at their end, and at losses that may be appealed, should no event have told;
    how many were looked at.
    """
    moment = now()
    open_ones = Q(settled_at=None, looked_at__lte=moment - LOOK_AGAIN)
    losses = Q(status=Status.LOST, closed_at__gte=moment - APPEALED_WITHIN, looked_at__lte=moment - LOOK_FOR_APPEALS)
    waiting = Dispute.objects.filter(open_ones | losses)
    # In any order: were it by age, some that cannot be helped would hold up all that are younger.
    return sum(1 for dispute in waiting.order_by("?")[:BATCH] if _look(dispute.stripe_id))


def find_missed() -> int:
    """Take in disputes of which no event told (fault F08): the newest at Stripe that are not as they are here; how
    many.

    One page at most, so that a day of many disputes does not use up what we may ask of Stripe.
    """
    listed = reads.newest_disputes()
    known = {row.stripe_id: row for row in Dispute.objects.filter(stripe_id__in=[one.id for one in listed])}
    missed = [one for one in listed if (row := known.get(one.id)) is None or _is_behind(row, one)]
    return sum(1 for one in missed if _look(one.id))


def _is_behind(row: Dispute, found: objects.Dispute) -> bool:
    return row.stripe_status != found.status or any(line.id not in row.lines for line in found.lines)


def set_right() -> int:
    """Book the end of lost disputes again, of which more was booked as beyond their orders than is: a refund that was
    on its way then never arrived, or was refused, and the buyer has it only once. How many.
    """
    shares_of = Share.objects.filter(payment=OuterRef("payment"))
    room = shares_of.filter(gross__gt=F("refunded") + F("disputed"))
    owed = shares_of.filter(pk__in=refunds.owed_again().values("share"))
    wrong = Dispute.objects.filter(Exists(room) | Exists(owed), beyond__gt=0, settled_at__isnull=False)
    return sum(1 for pk in list(wrong.values_list("pk", flat=True)[:BATCH]) if _try(str(pk), partial(_redo, pk)))


def _redo(pk: int) -> None:
    with transaction.atomic():
        # Locked as by `apply`: an event may come at this moment.
        payment = Payment.objects.select_for_update(of=("self",), no_key=True).get(disputes=pk)
        dispute = Dispute.objects.select_for_update(of=("self",)).get(pk=pk)
        dispute.settled_at = None
        dispute_ends.settle(dispute, payment, actor=ACTOR, at=now())


def _look(stripe_id: str) -> bool:
    Dispute.objects.filter(stripe_id=stripe_id).update(looked_at=now())
    return _try(stripe_id, lambda: apply(reads.dispute(stripe_id), actor=ACTOR))


def _try(name: str, act: Callable[[], object]) -> bool:
    try:
        act()
    except (GatewayError, PaymentError) as error:
        log.warning("dispute_not_followed", dispute=name, error=str(error))
        return False
    except Exception:
        # It needs a person; the others do not wait for that (fault F06).
        log.exception("dispute_needs_a_person", dispute=name)
        return False
    return True


# --- the row ---


def _payment(found: objects.Dispute, at: datetime) -> Payment | None:
    # Locked: two disputes of one charge, or two events of one, each see what the other counted.
    payment = Payment.objects.select_for_update(no_key=True).filter(charge_id=found.charge).first()
    if payment is None and at - found.created < WAIT_FOR_PAYMENT:
        raise NotYet(f"No payment here has the charge {found.charge}.")
    return payment


def _row(found: objects.Dispute, payment: Payment | None, at: datetime) -> Dispute:
    """The row, locked: several events of one dispute may be handled at once."""
    Dispute.objects.get_or_create(
        stripe_id=found.id,
        defaults={
            "charge_id": found.charge,
            "payment": payment,
            "stripe_status": found.status,
            "reason": found.reason,
            "amount": found.amount,
            "currency": found.currency,
            "opened_at": found.created,
            "looked_at": at,
        },
    )
    row: Dispute = Dispute.objects.select_for_update(of=("self",)).get(stripe_id=found.id)
    return row


def _explain(dispute: Dispute, payment: Payment | None, at: datetime) -> None:
    """Its charge became known after it had been put into suspense (fault F47)."""
    if payment is None or dispute.payment_id is not None:
        return
    dispute.payment = payment
    dispute.save(update_fields=["payment"])
    if dispute.outstanding:
        journal.post([dispute_books.explained(dispute, at=at)])


def _forward(dispute: Dispute, found: objects.Dispute, *, actor: str, at: datetime) -> None:
    """What Stripe says of it, unless we know of something later already (fault F02)."""
    lines = {line.id: [line.amount, line.fee] for line in found.lines}
    is_newer, is_older = bool(lines.keys() - dispute.lines.keys()), bool(dispute.lines.keys() - lines.keys())
    if is_newer:
        _count(dispute, {**dispute.lines, **lines}, found.lines[0].currency)
    if is_older:
        # Before money was moved that we know of: nothing else of it is news.
        dispute.save()
        return
    # Appealed, or an old look at an appeal that is over: nothing in it says which, so the next sweep looks again.
    is_in_doubt = dispute.status in Dispute.APPEALS and dispute.looked_at <= at - LOOK_AGAIN
    if found.status not in Dispute.RANKS:
        # Held like any open one until somebody here knows the word.
        dispute.stripe_status = found.status
        log.error("dispute_needs_a_person", dispute=found.id, why="unknown status", status=found.status)
    elif can_move(dispute, found.status) and (is_newer or dispute.is_ahead(found.status)):
        is_in_doubt = dispute.status in Dispute.ENDED and found.status in Dispute.APPEALS and not is_newer
        closed_at = at if found.status in Dispute.ENDED else None
        move(dispute, found.status, actor=actor, reason=_("Stripe said so."), at=at, closed_at=closed_at)
    if found.status == dispute.status:
        dispute.stripe_status = found.status
        dispute.amount, dispute.currency, dispute.reason = found.amount, found.currency, found.reason
        dispute.due_by = found.due_by
        dispute.card_brand, dispute.network_reason_code = found.card_brand, found.network_reason_code
        dispute.case_type, dispute.enhanced = found.case_type, dict(found.enhanced)
        dispute.has_evidence = dispute.has_evidence or found.has_evidence
        dispute.submission_count = max(dispute.submission_count, found.submission_count)
    dispute.looked_at = at - LOOK_AGAIN if is_in_doubt else at
    dispute.save()


def _count(dispute: Dispute, lines: dict[str, list[int]], currency: str) -> None:
    """What the lines known so far come to; what was booked as its end is booked again."""
    amounts = [amount for amount, _fee in lines.values()]
    dispute.lines, dispute.line_currency = lines, currency
    dispute.withdrawn = -sum(one for one in amounts if one < 0)
    dispute.reinstated = sum(one for one in amounts if one > 0)
    dispute.fee = sum(fee for _amount, fee in lines.values())
    dispute.settled_at = None


def _waits_for_money(dispute: Dispute, at: datetime) -> bool:
    """Whether it ended and Stripe has not moved the money that goes with it yet."""
    amounts = [amount for amount, _fee in dispute.lines.values()]
    taken, returned = sum(1 for one in amounts if one < 0), sum(1 for one in amounts if one > 0)
    is_late = dispute.closed_at is not None and dispute.closed_at + TAKES_WITHIN <= at
    if dispute.status == Status.WON:
        if returned < taken and is_late:
            log.error("dispute_needs_a_person", dispute=str(dispute), why="won, and not given back")
        return returned < taken
    return dispute.status == Status.LOST and not taken and not is_late


def _without_payment(dispute: Dispute, *, is_news: bool, at: datetime) -> None:
    """Nobody here knows its charge: what it cost stands in suspense until somebody does (fault F47)."""
    if is_news:
        log.error("dispute_needs_a_person", dispute=str(dispute), why="unknown charge", charge=dispute.charge_id)
    if dispute.status in Dispute.ENDED and not dispute.outstanding and dispute.settled_at is None:
        dispute.settled_at = at
        dispute.save(update_fields=["settled_at"])


# --- while it is open ---


def _keep_open(dispute: Dispute, payment: Payment, *, actor: str) -> None:
    """Every order of the payment is held; once the bank asks for money, or has it, the orders carry their parts."""
    disputing.hold_all(payment, ref=dispute.stripe_id, actor=actor)
    if dispute.settled_at is not None:
        dispute.settled_at = None
        dispute.save(update_fields=["settled_at"])
    if dispute.status in Dispute.INQUIRIES or (dispute.status == Status.UNKNOWN and not dispute.outstanding):
        return
    dispute_parts.divide(dispute, dispute_parts.locked(payment), payment)
