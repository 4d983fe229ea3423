"""Money sellers were sent already, fetched back for disputes: a sweep, once for each reason.

Not the event itself does it, so that it reckons with everything that was told of at the same time, and finds a release
that was under way when the dispute opened (fault F37). What comes back is held until the bank decides.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import F, OuterRef, Q, Subquery, Sum
from django.utils.translation import gettext as _

from gateway.errors import GatewayError
from kit.clock import now
from payments import dispute_parts, dispute_plans, reversals, shares
from payments.consequences import Plan
from payments.errors import PaymentError
from payments.models import Dispute, DisputeShare, Hold, Payment, Release, Reversal, Share

log = structlog.get_logger(__name__)

ACTOR = "dispute sweep"
BATCH = 20
Outcome = DisputeShare.Outcome


def fetch_back() -> int:
    """Fetch back what sellers were sent of money a bank has; of how many orders."""
    bank_has_it = Q(dispute__withdrawn__gt=F("dispute__reinstated"), dispute__payment__isnull=False)
    taken = Q(outcome=Outcome.OPEN) & (Q(withdrawn_at=None) | Q(share__released__gt=0))
    # Lost before we heard of it: nobody asked the seller yet.
    lost = Q(outcome=Outcome.LOST, withdrawn_at=None, owed__gt=0)
    waiting = DisputeShare.objects.filter(bank_has_it & (taken | lost))
    return sum(1 for part in waiting.order_by("?")[:BATCH] if _try(part.dispute_id, part.share_id, _taken))


def fetch_overtaken() -> int:
    """Fetch back what Stripe sent to a seller although the bank had begun to ask for it, also if it only inquires: we
    learned of it while the transfer was under way (fault F37, invariant I06). Of how many orders.
    """
    asked = Hold.objects.filter(
        share=OuterRef("share"),
        kind=Hold.Kind.DISPUTE,
        ended_at=None,
        opened_at__gte=OuterRef("planned_at"),
        opened_at__lte=OuterRef("sent_at"),
    )
    sent = Release.objects.filter(status=Release.Status.SENT, amount__gt=0, reversals=None)
    overtaken = sent.annotate(dispute=Subquery(asked.values("ref")[:1])).exclude(dispute=None)
    found = dict(overtaken.values_list("share", "dispute"))
    ids = dict(Dispute.objects.filter(stripe_id__in=found.values()).values_list("stripe_id", "pk"))
    known = [(ids[stripe_id], share) for share, stripe_id in found.items() if stripe_id in ids]
    return sum(1 for dispute, share in known if _try(dispute, share, _overtaken))


def _try(dispute: int, share: int, plan: "Planner") -> bool:
    """Whether anything new was asked back. One that cannot be helped does not hold up the others (fault F06)."""
    try:
        with transaction.atomic():
            made = _locked(dispute, share, plan, at=now())
        for reversal in made or ():
            reversals.send(reversal, actor=ACTOR)
    except (GatewayError, PaymentError) as error:
        log.warning("dispute_not_followed", dispute=dispute, error=str(error))
        return True
    except Exception:
        log.exception("dispute_needs_a_person", dispute=dispute)
        return False
    return made is not None


def _locked(dispute_id: int, share_id: int, plan: "Planner", *, at: datetime) -> list[Reversal] | None:
    # Locked as by payments.disputes: it may end at this moment, and another worker may be here too.
    payment = Payment.objects.select_for_update(of=("self",), no_key=True).get(disputes=dispute_id)
    dispute = Dispute.objects.select_for_update(of=("self",)).get(pk=dispute_id)
    by_id = {share.pk: share for share in dispute_parts.locked(payment)}
    return plan(dispute, by_id[share_id], at)


def _taken(dispute: Dispute, share: Share, at: datetime) -> list[Reversal] | None:
    """The bank has the money: the seller's part of it comes back, as far as they have it; what was asked back, or None
    if nothing was new. What Stripe refuses to fetch back is not asked for again.
    """
    part = dispute.shares.get(share=share)
    if part.outcome == Outcome.LOST:
        return _lost(part, dispute, share, at)
    if part.outcome != Outcome.OPEN or dispute.outstanding <= 0:
        return None
    mine = Reversal.objects.filter(release__share=share, dispute__isnull=False)
    coming = mine.filter(status=Reversal.Status.PLANNED).aggregate(total=Sum("amount"))["total"] or 0
    facts = shares.facts(share)
    if mine.filter(status=Reversal.Status.REFUSED, dispute=dispute).exists():
        facts = replace(facts, seller_cash=0)
    open_parts = share.disputes.filter(outcome=Outcome.OPEN, dispute__withdrawn__gt=F("dispute__reinstated"))
    disputed = open_parts.aggregate(total=Sum("amount"))["total"] or 0
    plan = dispute_plans.withdrawn(facts, dispute.stripe_id, disputed, coming=coming)
    part.short = plan.steps["short"]
    is_first = part.withdrawn_at is None
    part.withdrawn_at = part.withdrawn_at or at
    part.save(update_fields=["short", "withdrawn_at"])
    if not is_first and not plan.steps["reversals"]:
        return None
    return _write(plan, dispute, share, reason=_("The buyer's bank took the money."), at=at)


def _lost(part: DisputeShare, dispute: Dispute, share: Share, at: datetime) -> list[Reversal] | None:
    if part.withdrawn_at is not None:
        return None
    plan = dispute_plans.owed(shares.facts(share), dispute.stripe_id, part.owed)
    part.withdrawn_at = at
    part.save(update_fields=["withdrawn_at"])
    if not plan.steps["reversals"]:
        return None
    if share.release_at is None or share.release_at <= at:
        # Nothing holds it when it is back: the next release sets it off against the debt.
        share.release_at, share.release_basis = at, Share.Basis.STAFF
        share.save(update_fields=["release_at", "release_basis"])
    return _write(plan, dispute, share, reason=_("The bank decided for the buyer."), at=at)


def _overtaken(dispute: Dispute, share: Share, at: datetime) -> list[Reversal] | None:
    is_held = share.holds.filter(kind=Hold.Kind.DISPUTE, ref=dispute.stripe_id, ended_at=None).exists()
    last = share.releases.filter(status=Release.Status.SENT, amount__gt=0, reversals=None).last()
    if last is None or not is_held:
        return None
    plan = dispute_plans.overtaken(shares.facts(share), dispute.stripe_id, last.amount)
    if not plan.steps["reversals"]:
        return None
    return _write(
        plan, dispute, share, reason=_("The bank asked for the money while it was sent to the seller."), at=at
    )


def _write(plan: Plan, dispute: Dispute, share: Share, *, reason: str, at: datetime) -> list[Reversal]:
    dispute_parts.record(share, plan, actor=ACTOR, reason=reason, at=at)
    why = _("The buyer's bank disputes the payment.")
    return [
        reversals.write(one["release"], one["amount"], actor=ACTOR, reason=why, at=at, dispute=dispute)
        for one in plan.steps["reversals"]
    ]


Planner = Callable[[Dispute, Share, datetime], list[Reversal] | None]
