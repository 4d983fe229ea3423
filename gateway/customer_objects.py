"""Our small frozen picture of a buyer at Stripe: the Customer, and how they pay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StripeCustomer:
    """A Customer as Stripe has it now. Of one that was deleted only the id is known."""

    id: str
    deleted: bool
    email: str
    name: str
    phone: str
    default_method: str

    @classmethod
    def read(cls, body: Body) -> StripeCustomer:
        """From Stripe's Customer, or what is left of it."""
        return cls(
            id=body["id"],
            deleted=bool(body.get("deleted")),
            email=body.get("email") or "",
            name=body.get("name") or "",
            phone=body.get("phone") or "",
            default_method=(body.get("invoice_settings") or {}).get("default_payment_method") or "",
        )


@dataclass(frozen=True, slots=True)
class StripePaymentMethod:
    """A way to pay that is kept at Stripe. Without a customer it cannot be used again."""

    id: str
    customer: str
    kind: str
    brand: str
    last4: str
    exp_month: int | None
    exp_year: int | None
    wallet: str
    created_at: datetime

    @classmethod
    def read(cls, body: Body) -> StripePaymentMethod:
        """From Stripe's PaymentMethod. Everything but cards has its end under the name of its kind, if it has one."""
        detail = body.get(body["type"]) or {}
        return cls(
            id=body["id"],
            customer=body.get("customer") or "",
            kind=body["type"],
            brand=detail.get("display_brand") or detail.get("brand") or "",
            last4=detail.get("last4") or "",
            exp_month=detail.get("exp_month"),
            exp_year=detail.get("exp_year"),
            wallet=(detail.get("wallet") or {}).get("type") or "",
            created_at=datetime.fromtimestamp(body["created"], UTC),
        )
