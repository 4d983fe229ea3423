"""Receipts: what a buyer paid to whom, and what came back, as a page and as a PDF."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import typst
from django.conf import settings
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.countries import country_name
from customers.card_words import card_name
from kit.money import Money
from orders.models import Order, Purchase
from payments.models import Payment, Refund

LAYOUT = Path(__file__).with_name("receipt.typ")


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was bought, in words: the amounts are written out."""

    title: str
    quantity: int
    each: str
    amount: str


@dataclass(frozen=True, slots=True)
class Part:
    """What was bought of one seller."""

    seller: str
    country: str
    order: str
    lines: list[Line]
    total: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """Everything a receipt says, in the reader's language; the page and the PDF say the same."""

    title: str
    marketplace: str
    number: str
    paid_on: str
    paid_with: str
    buyer: list[str]
    parts: list[Part]
    total: str
    refunds: list[tuple[str, str, str]]
    kept: str
    words: dict[str, str]
    language: str


def receipt(purchase: Purchase) -> Receipt | None:
    """The receipt of a purchase; None before it is paid."""
    payment = purchase.payments.filter(status=Payment.Status.PAID).first()
    if payment is None or payment.paid_at is None:
        return None
    orders = purchase.orders.select_related("seller").prefetch_related("lines").order_by("pk")
    refunds = Refund.objects.filter(
        share__payment=payment, status__in=[Refund.Status.PENDING, Refund.Status.SUCCEEDED]
    ).select_related("share")
    back = Money(sum(refund.amount for refund in refunds), purchase.currency)
    user = purchase.customer.user
    return Receipt(
        title=_("Receipt %(number)s") % {"number": purchase.number},
        marketplace=settings.MARKETPLACE_NAME,
        number=purchase.number,
        paid_on=_day(payment.paid_at),
        paid_with=card_name(payment.card_brand, payment.card_last4) if payment.card_brand else "",
        buyer=purchase.address_lines or [line for line in (user.full_name, user.email) if line],
        parts=[_part(order) for order in orders],
        total=str(purchase.money),
        refunds=[(_day(one.planned_at), one.get_reason_display(), str(-one.money)) for one in refunds],
        kept=str(purchase.money - back) if back else "",
        words=_words(),
        language=(get_language() or "en").partition("-")[0],
    )


def pdf(found: Receipt) -> bytes:
    """The receipt as a PDF. What people typed is handed over as data, and is never read as markup."""
    made: bytes = typst.compile(LAYOUT.read_bytes(), sys_inputs={"data": json.dumps(asdict(found))})
    return made


def _part(order: Order) -> Part:
    return Part(
        seller=order.seller.name,
        country=country_name(order.seller.country),
        order=order.number,
        lines=[Line(line.name, line.quantity, str(line.unit_money), str(line.money)) for line in order.lines.all()],
        total=str(order.money),
    )


def _day(moment: datetime) -> str:
    return date_format(localtime(moment), "j F Y")


def _words() -> dict[str, str]:
    return {
        "paid_on": _("Paid on"),
        "paid_with": _("Paid with"),
        "order": _("Order"),
        "buyer": _("For"),
        "what": _("What"),
        "each": _("Each"),
        "amount": _("Amount"),
        "total": _("Total paid"),
        "sold_by": _("Sold by"),
        "refunded": _("Refunded on"),
        "kept": _("Paid in the end"),
        "note": _(
            "This is a receipt, not an invoice, and shows no VAT: whoever sold it to you knows whether there is any "
            "in the price. Ask the seller for an invoice if you need one."
        ),
    }
