"""Our picture of what a payout is made of, and of when an account is paid out. Amounts are minor units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PayoutLine:
    """One line of a seller's balance that a payout took along: `amount` - `fee` = `net`, minor units.

    `kind` is Stripe's type ("payment", "payment_refund", "payout_failure", ...), `source` the id of what made it, and
    `reversal` that of the transfer reversal behind a payment_refund.
    """

    id: str
    kind: str
    amount: int
    fee: int
    net: int
    currency: str
    at: datetime
    source: str
    reversal: str = ""

    @classmethod
    def read(cls, body: Body) -> PayoutLine:
        """From Stripe's balance transaction with `source` expanded, or not."""
        source = body.get("source")
        made_by = source if isinstance(source, Mapping) else {}
        return cls(
            id=body["id"],
            kind=body["type"],
            amount=body["amount"],
            fee=body["fee"],
            net=body["net"],
            currency=body["currency"],
            at=datetime.fromtimestamp(body["created"], UTC),
            source=str(made_by["id"]) if made_by else str(source or ""),
            reversal=_reference(made_by.get("source_transfer_reversal")),
        )


@dataclass(frozen=True, slots=True)
class PayoutSchedule:
    """When Stripe pays a balance out by itself: `interval` is daily, weekly, monthly or manual."""

    interval: str
    weekdays: tuple[str, ...] = ()
    days: tuple[int, ...] = ()
    is_enabled: bool = True

    @classmethod
    def read(cls, body: Body) -> PayoutSchedule:
        """From Stripe's balance settings (docs.stripe.com/api/balance-settings)."""
        payouts = (body.get("payments") or {}).get("payouts") or {}
        given = payouts.get("schedule") or {}
        return cls(
            interval=str(given.get("interval") or "manual"),
            weekdays=tuple(given.get("weekly_payout_days") or ()),
            days=tuple(given.get("monthly_payout_days") or ()),
            is_enabled=payouts.get("status") != "disabled",
        )


def _reference(value: Any) -> str:
    if isinstance(value, Mapping):
        return str(value["id"])
    return str(value or "")
