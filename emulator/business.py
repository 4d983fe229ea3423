"""What banks, buyers and Stripe do by themselves, on the operator's word. Each runs in one transaction.

Every function takes the Emulator first and raises HostedError with a sentence for people when it cannot be done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.errors import HostedError
from emulator.resources import aftermath, disputing, fraud_warnings, payouts, refund_outcomes

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.context import Ctx
    from emulator.core import Emulator
    from emulator.store import Row

FRAUD_TYPES = (
    "card_never_received",
    "fraudulent_card_application",
    "made_with_counterfeit_card",
    "made_with_lost_card",
    "made_with_stolen_card",
    "misc",
    "unauthorized_use_of_card",
)
REFUND_FAILURES = (
    "charge_for_pending_refund_disputed",
    "declined",
    "expired_or_canceled_card",
    "insufficient_funds",
    "lost_or_stolen_card",
    "merchant_request",
    "unknown",
)


def open_dispute(em: Emulator, charge: str, reason: str = "fraudulent", *, inquiry: bool = False) -> str:
    """Dispute a charge (or a payment intent's), or inquire about it; returns the dispute's id."""
    _one_of(reason, tuple(disputing.NETWORK_CODES), "reason")
    with em.visit() as ctx:
        made = aftermath.dispute(ctx, _charge(ctx, charge), reason, inquiry=inquiry)
        if made is None:
            raise HostedError(f"There is nothing to dispute: {charge} is unpaid, refunded or disputed.", status=409)
        return made.id


def warn_of_fraud(em: Emulator, charge: str, fraud_type: str = "made_with_stolen_card") -> str:
    """An early fraud warning about a charge (or a payment intent's); returns its id."""
    _one_of(fraud_type, FRAUD_TYPES, "fraud_type")
    with em.visit() as ctx:
        return fraud_warnings.warn(ctx, _charge(ctx, charge), fraud_type).id


def move_dispute(em: Emulator, dispute: str, to: str) -> str:
    """Take a dispute to its next status, as bank and buyer would; returns the status.

    warning_needs_response, warning_under_review -> needs_response (escalated) or warning_closed;
    needs_response -> lost; under_review -> won or lost.
    """
    with em.visit() as ctx:
        row = _found(ctx, "dispute", dispute)
        step = _STEPS.get((row.body["status"], to))
        if step is None:
            ways = [end for start, end in _STEPS if start == row.body["status"]]
            allowed = f"can become {' or '.join(ways)}" if ways else "is at its end"
            raise HostedError(f"A dispute that is {row.body['status']} {allowed}, not {to}.", status=409)
        step(ctx, row)
        return str(row.body["status"])


_STEPS: dict[tuple[str, str], Callable[[Ctx, Row], None]] = {
    ("warning_needs_response", "needs_response"): disputing.escalate,
    ("warning_needs_response", "warning_closed"): disputing.win,
    ("warning_under_review", "needs_response"): disputing.escalate,
    ("warning_under_review", "warning_closed"): disputing.win,
    ("needs_response", "lost"): disputing.lose,
    ("under_review", "won"): disputing.win,
    ("under_review", "lost"): disputing.lose,
}


def fail_payout(em: Emulator, payout: str, code: str = "could_not_process") -> str:
    """The bank sends a payout back, even one that was paid; returns the new status."""
    _one_of(code, tuple(payouts.MESSAGES), "code")
    with em.visit() as ctx:
        row = _found(ctx, "payout", payout)
        body = row.body
        if body["status"] not in ("pending", "in_transit", "paid") or body["amount"] < 0 or body["reversed_by"]:
            raise HostedError(f"Payout {payout} cannot fail: it is {body['status']}, or was reversed.", status=409)
        return str(payouts.fail(ctx, row, code).body["status"])


def fail_refund(em: Emulator, refund: str, reason: str = "expired_or_canceled_card") -> str:
    """A refund does not reach the buyer, even one that succeeded; returns the new status."""
    _one_of(reason, REFUND_FAILURES, "reason")
    with em.visit() as ctx:
        row = _found(ctx, "refund", refund)
        if row.account or row.body["status"] not in ("pending", "succeeded"):
            raise HostedError(f"Refund {refund} cannot fail: it is {row.body['status']}.", status=409)
        return str(refund_outcomes.fail(ctx, row, reason).body["status"])


def _charge(ctx: Ctx, id: str) -> Row:
    row = ctx.store.get(id)
    if row is not None and row.kind == "payment_intent" and row.body["latest_charge"]:
        row = ctx.store.get(row.body["latest_charge"])
    if row is None or row.kind != "charge" or row.account or not (row.body["paid"] and row.body["captured"]):
        raise HostedError(f"There is no paid charge {id}.", status=404)
    return row


def _found(ctx: Ctx, kind: str, id: str) -> Row:
    row = ctx.store.get(id)
    if row is None or row.kind != kind:
        raise HostedError(f"There is no {kind} {id}.", status=404)
    return row


def _one_of(given: str, known: tuple[str, ...], name: str) -> None:
    if given not in known:
        raise HostedError(f"{name} is one of {', '.join(known)}.")
