"""Disputes from Stripe: the row brought to where the bank is, and the money to where the row is. Forward only.

`apply` takes the dispute as Stripe has it now, whichever event, look or sweep asked, and may be called in any order and
any number of times: the same facts end in the same rows and books (faults F01, F02, invariant I11). Everything it
decides happens in one transaction. What sellers have already is fetched back by a sweep, `fetch_back`.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F, Q, Sum
from django.utils.translation import gettext as _

from accounts.models import ConnectedAccount
from gateway import objects, reads
from gateway.errors import GatewayError
from kit.clock import now
from kit.money import allocate
from kit.transitions import can_move, move
from ledger import journal
from payments import dispute_books, dispute_plans, disputing, reversals, shares
from payments.consequences import Plan
from payments.errors import NotYet, PaymentError
from payments.models import Dispute, DisputeLine, DisputeShare, MoneyAction, Payment, Reversal, Share

log = structlog.get_logger(__name__)

ACTOR = "dispute sweep"
Status = Dispute.Status
Outcome = DisputeShare.Outcome

# So long a dispute of an unknown charge waits for its payment to be written down here (fault F47).
WAIT_FOR_PAYMENT = timedelta(hours=1)
# An open dispute is looked at again this often, should no event tell, and so many at a time.
LOOK_AGAIN = timedelta(hours=6)
BATCH = 20


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
            if new:
                log.error("dispute_needs_a_person", dispute=found.id, why="unknown charge", charge=found.charge)
        elif dispute.status in Dispute.ENDED and not _waits_for_money(dispute):
            _end(dispute, payment, actor=actor, at=at)
        else:
            _keep_open(dispute, payment, actor=actor)
    return dispute


def follow() -> int:
    """Look again at disputes that are not at their end, should no event have told; how many were looked at."""
    waiting = Dispute.objects.filter(settled_at=None, looked_at__lte=now() - LOOK_AGAIN)
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


def fetch_back() -> int:
    """Fetch back what sellers were sent of money a bank has taken, to be held until it decides; of how many orders.

    A sweep and not the event, so that it reckons with everything that was told of at the same time, and finds a release
    that was under way when the dispute opened (fault F37).
    """
    taken = Q(outcome=Outcome.OPEN, dispute__withdrawn__gt=F("dispute__reinstated"), dispute__payment__isnull=False)
    waiting = DisputeShare.objects.filter(taken).filter(Q(withdrawn_at=None) | Q(share__released__gt=0))
    return sum(1 for part in waiting.select_related("dispute__payment").order_by("?")[:BATCH] if _ask_back(part))


def _ask_back(part: DisputeShare) -> bool:
    try:
        with transaction.atomic():
            made = _fetch_back_locked(part, actor=ACTOR, at=now())
        for reversal in made or ():
            reversals.send(reversal, actor=ACTOR)
    except (GatewayError, PaymentError) as error:
        log.warning("dispute_not_followed", dispute=str(part.dispute), error=str(error))
    except Exception:
        # For the same reason as above.
        log.exception("dispute_needs_a_person", dispute=str(part.dispute))
        return False
    return made is not None


def _is_behind(row: Dispute, found: objects.Dispute) -> bool:
    taken, returned, _fee = _sums(found)
    return row.stripe_status != found.status or (row.withdrawn, row.reinstated) != (taken, returned)


def _look(stripe_id: str) -> bool:
    Dispute.objects.filter(stripe_id=stripe_id).update(looked_at=now())
    try:
        apply(reads.dispute(stripe_id), actor=ACTOR)
    except (GatewayError, PaymentError) as error:
        log.warning("dispute_not_followed", dispute=stripe_id, error=str(error))
        return False
    except Exception:
        # It needs a person; the others do not wait for that (fault F06).
        log.exception("dispute_needs_a_person", dispute=stripe_id)
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
    taken, returned, fee = _sums(found)
    dispute.withdrawn, dispute.reinstated = max(dispute.withdrawn, taken), max(dispute.reinstated, returned)
    if (taken, returned) == (dispute.withdrawn, dispute.reinstated):
        dispute.fee = fee
    if found.lines:
        dispute.line_currency = found.lines[0].currency
    if found.status not in Dispute.RANKS:
        # Held like any open one until somebody here knows the word.
        dispute.stripe_status = found.status
        log.error("dispute_needs_a_person", dispute=found.id, why="unknown status", status=found.status)
    elif can_move(dispute, found.status):
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
    dispute.looked_at = at
    dispute.save()


def _sums(found: objects.Dispute) -> tuple[int, int, int]:
    """Taken, given back and the fee, in minor units of the lines' currency."""
    amounts = [line.amount for line in found.lines]
    taken, returned = -sum(one for one in amounts if one < 0), sum(one for one in amounts if one > 0)
    return taken, returned, sum(line.fee for line in found.lines)


def _waits_for_money(dispute: Dispute) -> bool:
    """Whether it ended and Stripe has not moved the money that goes with it yet."""
    if dispute.status in Dispute.ENDED_WELL:
        return dispute.outstanding > 0
    return dispute.withdrawn == 0


# --- while it is open ---


def _keep_open(dispute: Dispute, payment: Payment, *, actor: str) -> None:
    """Every order of the payment is held; once the bank asks for money, or has it, the orders carry their parts."""
    disputing.hold_all(payment, ref=dispute.stripe_id, actor=actor)
    if dispute.settled_at is not None:
        dispute.settled_at = None
        dispute.save(update_fields=["settled_at"])
    if dispute.status in Dispute.INQUIRIES or (dispute.status == Status.UNKNOWN and not dispute.outstanding):
        return
    _divide(dispute, _locked(payment), payment)


def _locked(payment: Payment) -> list[Share]:
    """The shares of the payment, locked in the order of their ids, and then what their sellers owe."""
    found = [shares.locked(pk) for pk in payment.shares.order_by("pk").values_list("pk", flat=True)]
    accounts = {share.account_id for share in found}
    # Locked after all shares, in the order of their ids: a release of one of them wants them in the same order.
    list(ConnectedAccount.objects.select_for_update(no_key=True).filter(pk__in=accounts).order_by("pk"))
    return found


def _divide(dispute: Dispute, locked: list[Share], payment: Payment) -> list[DisputeShare]:
    """Which order carries how much of it: exact, and at most what can still be given back on each (fault F44).

    Divided again when a refund that was on its way has made room, or Stripe changed the amount.
    """
    known = {part.share_id: part for part in dispute.shares.all()}
    wanted = _asked(dispute, payment)
    free = {}
    for share in locked:
        part = known.get(share.pk)
        own = part.amount if part is not None and part.outcome != Outcome.RETURNED else 0
        free[share.pk] = share.gross, share.refundable + own
    is_decided = any(part.outcome == Outcome.LOST for part in known.values())
    has_all = sum(part.amount for part in known.values() if part.outcome == Outcome.OPEN) == min(
        wanted, sum(room for _paid, room in free.values())
    )
    if not is_decided and not (has_all and known):
        _write_parts(dispute, locked, dispute_plans.parts(wanted, free))
    by_id = {share.pk: share for share in locked}
    found = list(dispute.shares.exclude(outcome=Outcome.RETURNED).order_by("share_id"))
    for part in found:
        part.dispute, part.share = dispute, by_id[part.share_id]
    return found


def _write_parts(dispute: Dispute, locked: list[Share], amounts: dict[int, int]) -> None:
    known = {part.share_id: part for part in dispute.shares.all()}
    for share in locked:
        part, amount = known.get(share.pk), amounts.get(share.pk, 0)
        counted = part.amount if part is not None and part.outcome == Outcome.OPEN else 0
        share.disputed += amount - counted
        share.save(update_fields=["disputed"])
        if amount:
            values = {"amount": amount, "outcome": Outcome.OPEN, "ended_at": None}
            DisputeShare.objects.update_or_create(dispute=dispute, share=share, defaults=values)
        elif part is not None:
            DisputeShare.objects.filter(pk=part.pk).update(outcome=Outcome.RETURNED)


def _asked(dispute: Dispute, payment: Payment) -> int:
    """What is disputed of the payment, in minor units of its currency (fault F46)."""
    if dispute.currency == payment.currency:
        return dispute.amount
    return dispute.outstanding if dispute.line_currency == payment.currency else payment.amount


def _fetch_back_locked(part: DisputeShare, *, actor: str, at: datetime) -> list[Reversal] | None:
    """The same under the locks of `apply`: it may end at this moment, and another worker may be here too."""
    payment = Payment.objects.select_for_update(no_key=True).get(disputes=part.dispute_id)
    dispute = Dispute.objects.select_for_update(of=("self",)).get(pk=part.dispute_id)
    by_id = {share.pk: share for share in _locked(payment)}
    part.refresh_from_db()
    if part.outcome != Outcome.OPEN or dispute.outstanding <= 0:
        return None
    part.dispute, part.share = dispute, by_id[part.share_id]
    return _fetch_back(part, actor=actor, at=at)


def _fetch_back(part: DisputeShare, *, actor: str, at: datetime) -> list[Reversal] | None:
    """The bank has the money: the seller's part of it comes back into hold, as far as they have it; what was asked
    back, or None if nothing was new. What Stripe refuses to fetch back is not asked for again.
    """
    share = part.share
    mine = Reversal.objects.filter(release__share=share, dispute__isnull=False)
    coming = mine.filter(status=Reversal.Status.PLANNED).aggregate(total=Sum("amount"))["total"] or 0
    facts = shares.facts(share)
    if mine.filter(status=Reversal.Status.REFUSED, dispute=part.dispute).exists():
        facts = replace(facts, seller_cash=0)
    open_parts = share.disputes.filter(outcome=Outcome.OPEN, dispute__withdrawn__gt=F("dispute__reinstated"))
    disputed = open_parts.aggregate(total=Sum("amount"))["total"] or 0
    plan = dispute_plans.withdrawn(facts, part.dispute.stripe_id, disputed, coming=coming)
    part.short = plan.steps["short"]
    is_first = part.withdrawn_at is None
    part.withdrawn_at = part.withdrawn_at or at
    part.save(update_fields=["short", "withdrawn_at"])
    if not is_first and not plan.steps["reversals"]:
        return None
    _record(share, plan, actor=actor, reason=_("The buyer's bank took the money."), at=at)
    reason = _("The buyer's bank disputes the payment.")
    return [
        reversals.write(one["release"], one["amount"], actor=actor, reason=reason, at=at, dispute=part.dispute)
        for one in plan.steps["reversals"]
    ]


# --- at its end ---


def _end(dispute: Dispute, payment: Payment, *, actor: str, at: datetime) -> None:
    if dispute.settled_at is not None:
        if dispute.shares.filter(outcome=Outcome.LOST).exists() and dispute.status in Dispute.ENDED_WELL:
            _won_too_late(dispute)
        return
    if dispute.outstanding > 0:
        # Heard of only now: what was about to go to a seller is called off first.
        disputing.hold_all(payment, ref=dispute.stripe_id, actor=actor)
    locked = _locked(payment)
    if dispute.outstanding > 0:
        _lose(dispute, _divide(dispute, locked, payment), actor=actor, at=at)
        reason = _("The bank decided for the buyer. What is left is the seller's.")
    else:
        if dispute.withdrawn:
            # Heard of only at its end: the orders had their parts of it all the same.
            _divide(dispute, locked, payment)
        _return(dispute, locked, actor=actor, at=at)
        reason = _("The bank decided for the marketplace.")
    disputing.end_all(payment, ref=dispute.stripe_id, actor=actor, reason=reason)
    for share in locked:
        _let_go(share, dispute, at=at, actor=actor)
    dispute.settled_at = at
    dispute.save(update_fields=["settled_at", "beyond"])


def _return(dispute: Dispute, locked: list[Share], *, actor: str, at: datetime) -> None:
    """Won, or nothing was ever taken: what is held is the seller's as before."""
    by_id = {share.pk: share for share in locked}
    for part in dispute.shares.exclude(outcome=Outcome.RETURNED):
        if part.outcome == Outcome.LOST:
            _won_too_late(dispute)
            continue
        share = by_id[part.share_id]
        plan = dispute_plans.returned(shares.facts(share), dispute.stripe_id, part.amount)
        if dispute.withdrawn:
            _record(share, plan, actor=actor, reason=_("The bank gave the money back."), at=at)
        share.disputed -= part.amount
        share.save(update_fields=["disputed"])
        part.outcome, part.ended_at = Outcome.RETURNED, at
        part.save(update_fields=["outcome", "ended_at"])


def _lose(dispute: Dispute, parts: Iterable[DisputeShare], *, actor: str, at: datetime) -> None:
    """The buyer keeps the money: each order's part goes against whoever bears it, and what no order carries is ours."""
    parts = list(parts)
    policy = dispute_plans.policy_for(dispute.reason)
    same = all(part.share.currency == dispute.line_currency for part in parts)
    fee = dispute_plans.fee_for_seller(policy, max(0, dispute.fee)) if same else 0
    fees = allocate(fee, [part.amount for part in parts]) if parts else []
    for part, fee_part in zip(parts, fees, strict=True):
        if part.outcome == Outcome.OPEN:
            plan = dispute_plans.lost(shares.facts(part.share), str(dispute), part.amount, policy, fee=fee_part)
            _bear(part, plan, at=at)
            _record(part.share, plan, actor=actor, reason=_("The bank decided for the buyer."), at=at)
    carried = sum(part.amount for part in parts)
    dispute.beyond = dispute_books.beyond(dispute, carried)
    if dispute.beyond:
        log.error(
            "dispute_needs_a_person", dispute=str(dispute), why="more than its orders carry", amount=dispute.beyond
        )
    journal.post(dispute_books.rest(dispute, carried=carried, at=at))


def _bear(part: DisputeShare, plan: Plan, *, at: datetime) -> None:
    """The plan's parts, in the row, the share and the books; as a refund's would be."""
    steps, share = plan.steps, part.share
    for name in ("policy", "from_seller", "from_fee", "from_platform", "processing", "absorbed", "owed"):
        setattr(part, name, steps[name])
    part.outcome, part.ended_at = Outcome.LOST, at
    part.save()
    DisputeLine.objects.bulk_create(
        DisputeLine(part=part, line_id=one["line"], amount=one["amount"], from_fee=one["from_fee"])
        for one in steps["parts"]
    )
    journal.post([dispute_books.borne(part, at=at)])
    share.fee_returned += part.from_fee
    share.taken += part.absorbed
    share.save(update_fields=["fee_returned", "taken"])


def _record(share: Share, plan: Plan, *, actor: str, reason: str, at: datetime) -> None:
    """The audit row of what the bank decided: nobody here was asked (invariant I19)."""
    MoneyAction.objects.create(
        kind=MoneyAction.Kind.DISPUTE,
        share=share,
        status=MoneyAction.Status.DONE,
        request=dict(plan.request),
        plan=plan.as_json,
        plan_hash=plan.hash,
        currency=plan.currency,
        amount=plan.amount,
        actor=actor,
        reason=reason,
        created_at=at,
        done_at=at,
    )


def _let_go(share: Share, dispute: Dispute, *, at: datetime, actor: str) -> None:
    """What was fetched back for the dispute and is the seller's after all is released again at once."""
    fetched = Reversal.objects.filter(release__share=share, dispute=dispute).exclude(status=Reversal.Status.REFUSED)
    if fetched.exists() and (share.release_at is None or share.release_at <= at):
        share.release_at, share.release_basis = at, Share.Basis.STAFF
        share.save(update_fields=["release_at", "release_basis"])
    shares.close_if_done(share, at=at, actor=actor)


def _won_too_late(dispute: Dispute) -> None:
    """It was booked as lost, and the bank gave the money back on appeal: whose it is now a person has to say."""
    log.error("dispute_needs_a_person", dispute=str(dispute), why="won after it was lost")
