"""What a test card brings after its payment, and what the operator can bring upon any charge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.registry import assumed
from emulator.resources import disputing, fraud_warnings
from emulator.resources.refund_outcomes import fail_pending
from emulator.store import Row

if TYPE_CHECKING:
    from emulator.context import Ctx

# effect of a card -> (reason, is it an inquiry)
DISPUTES = {
    "dispute_fraudulent": ("fraudulent", False),
    "dispute_not_received": ("product_not_received", False),
    "inquiry": ("general", True),
}
assumed(
    "disputes",
    "The disputes and warnings of test cards come a second after the payment (with the clock, when it is frozen).",
)


def dispute(ctx: Ctx, charge: Row, reason: str, *, inquiry: bool = False, amount: int | None = None) -> Row | None:
    """Open a dispute of a paid charge, or an inquiry; None when there is nothing (more) to dispute.

    `amount` is in minor units of the charge's currency; everything that is left when it is None.
    """
    body = charge.body
    if not (body["paid"] and body["captured"]):
        return None
    if any(row.body["status"] in disputing.OPEN for row in disputing.of_charge(ctx, charge)):
        return None
    if not inquiry:
        fail_pending(ctx, charge)
    left = disputing.disputable(ctx, charge)
    if left < 1 or (amount is not None and not 1 <= amount <= left):
        return None
    row = disputing.begin(ctx, charge, reason, inquiry=inquiry, amount=amount)
    fraud_warnings.settle(ctx, charge)
    return row


def come(ctx: Ctx, id: str) -> Row | None:
    """The card's effect on its charge."""
    charge = ctx.must(id)
    effect = charge.private.get("effect")
    if effect == "fraud_warning":
        return fraud_warnings.warn(ctx, charge) if charge.body["captured"] else None
    reason, inquiry = DISPUTES[str(effect)]
    return dispute(ctx, charge, reason, inquiry=inquiry)
