"""Invariants of a simulation beyond tests/invariants.py: keys (I09), numbers (I14) and coming to rest (I18)."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.db.models import Exists, OuterRef, Sum

from gateway.models import Operation
from inbox.models import StripeEvent
from kit.money import SMALLEST_CHARGE
from ledger.models import Entry
from orders.models import Order, Purchase
from payments.models import Hold, Payment, Refund, RefundLine, Release, Reversal, Share
from tests.unit.gateway.support import Requests

LIVE = ["planned", "submitting", "unknown", "stale"]
# Stripe forgets after 24 hours; what we stop at is 20, and a minute for clocks that are apart by seconds.
TOO_OLD = 20 * 3600 + 60
TURNED_AWAY = (401, 403)


def i09_a_key_has_one_body_and_is_never_sent_when_old(requests: Requests) -> None:
    """One key, one frozen request, at most 20 hours; one live generation of each operation."""
    first: dict[str, tuple[str, Any]] = {}
    began: dict[str, int] = {}
    for (path, key, body), (at, status) in zip(requests.seen, requests.answers, strict=True):
        assert first.setdefault(key, (path, body)) == (path, body), f"I09: {key} was sent with another request"
        # What was turned away at the door does not age a key: Stripe never saw it.
        if status not in TURNED_AWAY:
            began.setdefault(key, at)
        assert at - began.get(key, at) <= TOO_OLD, f"I09: {key} was sent after {at - began[key]} seconds"
    live = Counter(Operation.objects.filter(status__in=LIVE).values_list("business_key", flat=True))
    assert all(count == 1 for count in live.values()), f"I09: two live generations: {live}"


def i14_every_number_is_whole_and_sums(currencies: tuple[str, ...]) -> None:
    """Lines sum to totals, totals to charges, parts to refunds; a fee is within its line; a charge is large enough."""
    for order in Order.objects.prefetch_related("lines"):
        lines = list(order.lines.all())
        assert sum(line.amount for line in lines) == order.total >= 0, f"I14: lines of {order}"
        assert sum(line.fee for line in lines) == order.fee <= order.total, f"I14: fees of {order}"
        assert all(0 <= line.fee <= line.amount for line in lines), f"I14: a fee of {order}"
    for purchase in Purchase.objects.prefetch_related("orders"):
        assert sum(order.total for order in purchase.orders.all()) == purchase.total, f"I14: orders of {purchase}"
    for payment in Payment.objects.all():
        assert payment.amount >= SMALLEST_CHARGE.get(payment.currency, 1), f"I14: {payment} is too small"
        shares = list(payment.shares.all())
        if shares:
            assert sum(share.gross for share in shares) == payment.amount, f"I14: shares of {payment}"
            assert sum(share.fee for share in shares) == payment.fee, f"I14: fees of {payment}"
    _refunds_by_line()
    found = set(Entry.objects.values_list("currency", flat=True).distinct())
    assert found <= set(currencies), f"I14: booked in {found}"


def _refunds_by_line() -> None:
    for refund in Refund.objects.filter(undecided=False, replaces=None).annotate(
        by_line=Sum("lines__amount"), fees=Sum("lines__from_fee")
    ):
        assert (refund.by_line, refund.fees) == (refund.amount, refund.from_fee), f"I14: lines of the refund {refund}"
    taken = RefundLine.objects.exclude(refund__status=Refund.Status.REFUSED)
    for row in taken.values("line", "line__amount", "line__fee").annotate(sum=Sum("amount"), fees=Sum("from_fee")):
        assert row["sum"] <= row["line__amount"], f"I14: more than line {row['line']} was refunded"
        assert row["fees"] <= row["line__fee"], f"I14: more than the fee of line {row['line']} was given up"
        if row["sum"] == row["line__amount"]:
            assert row["fees"] == row["line__fee"], f"I14: all of line {row['line']} was refunded, not all of its fee"


def unfinished(now: Any) -> dict[str, list[str]]:
    """What is still on its way, by kind: empty at rest (I18)."""
    waiting = {
        "operations": Operation.objects.filter(status__in=LIVE).values_list("key", "status"),
        "payments": Payment.objects.filter(status=Payment.Status.CREATED).values_list("pk", "status"),
        "releases": Release.objects.filter(status=Release.Status.PLANNED).values_list("pk", "status"),
        "reversals": Reversal.objects.filter(status=Reversal.Status.PLANNED).values_list("pk", "status"),
        "refunds": Refund.objects.filter(status__in=["planned", "pending"]).values_list("pk", "status"),
        "events": StripeEvent.objects.filter(status__in=["received", "dead"]).values_list("type", "last_error"),
    }
    found = {kind: [str(row) for row in rows] for kind, rows in waiting.items() if rows.exists()}
    return found | ({"held for no reason": due} if (due := _held_for_no_reason(now)) else {})


def _held_for_no_reason(now: Any) -> list[str]:
    """What is past its date is held back by something that says so, or goes out with the next sweep (I18)."""
    open_holds = Hold.objects.filter(share=OuterRef("pk"), ended_at=None)
    late = Share.objects.filter(status=Share.Status.HELD, release_at__lt=now).exclude(Exists(open_holds))
    return [str(share) for share in late if _is_warned(share) and share.left > 0 and share.order.status != "cancelled"]


def _is_warned(share: Share) -> bool:
    return share.release_basis != Share.Basis.SHIPPED or share.release_warned_at is not None
