"""What lists of disputes show of each, read for all of them at once."""

from __future__ import annotations

from django.db.models import Case, DateTimeField, F, Prefetch, QuerySet, Value, When

from disputes.models import Advice
from disputes.standing import pack_of
from evidence import checklists, packs
from evidence.packs import Completeness
from payments.models import Dispute


def read_together(disputes: QuerySet[Dispute]) -> QuerySet[Dispute]:
    """With everything the rows below ask for, in a number of queries that does not depend on how many there are."""
    return disputes.select_related("payment__purchase__customer__user", "pack__assignee").prefetch_related(
        "payment__shares__order__seller",
        "payment__shares__order__lines",
        "pack__texts",
        "pack__chosen__file",
        Prefetch("advice", Advice.objects.filter(superseded_at=None), to_attr="standing_advice"),
    )


# The bank's date of what waits for our answer; nothing for the others.
_WAITS = When(settled_at=None, status__in=Dispute.NEEDS_ANSWER, then=F("due_by"))
DEADLINE = Case(_WAITS, default=Value(None), output_field=DateTimeField())


def orders(dispute: Dispute) -> list[str]:
    """The numbers of the payment's orders."""
    return [share.order.number for share in dispute.payment.shares.all()] if dispute.payment else []


def sellers(dispute: Dispute) -> list[str]:
    """Whose orders they are."""
    return sorted({share.order.seller.name for share in dispute.payment.shares.all()}) if dispute.payment else []


def completeness(dispute: Dispute) -> Completeness | None:
    """What of the bank's checklist is there, as evidence.packs counts it but from rows that were read together; None
    before anything was gathered.
    """
    pack = pack_of(dispute)
    if pack is None or dispute.payment is None:
        return None
    ways = {line.delivery for share in dispute.payment.shares.all() for line in share.order.lines.all()}
    wanted = checklists.wanted(dispute.reason, dispute.network_reason_code, deliveries=ways)
    filled = {row.field for row in pack.texts.all() if row.text.strip()}
    filled |= {row.field for row in pack.chosen.all() if not row.left_out_by and row.file.removed_at is None}
    return packs.compared(wanted, filled, hopeless=checklists.hopeless(dispute.reason))


def advice(dispute: Dispute) -> Advice | None:
    """The advice that stands, if one was given."""
    found: list[Advice] = getattr(dispute, "standing_advice", [])
    return found[0] if found else None
