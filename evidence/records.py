"""Documents for the bank, made from our own rows: receipt, delivery record, messages, refund policy."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import typst
from django.conf import settings
from django.utils.translation import gettext as _
from pypdf import PdfReader

from evidence.models import EvidenceFile, Field
from evidence.sources import Sources, day, marketplace, moment
from orders.models import Order
from payments import receipts
from payments.models import Payment

LAYOUT = Path(__file__).with_name("record.typ")
Shows = EvidenceFile.Shows
# A bank reads a few pages: so many messages of each order are told, fewer if they are long; the newest say most.
MOST_SAID = (400, 200, 100, 50, 20)
MOST_PAGES_SAID = 10


@dataclass(frozen=True, slots=True)
class Made:
    """One document. `source` says which record it was made from: made again it takes the place of the one before."""

    source: str
    shows: EvidenceFile.Shows
    field: str
    name: str
    note: str
    content: bytes

    @property
    def sha256(self) -> str:
        """What tells it from any other."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def pages(self) -> int:
        """How many."""
        return _pages(self.content)


def documents(found: Sources) -> list[Made]:
    """Everything our rows can prove on paper."""
    if found.purchase is None or found.payment is None:
        return []
    return [*_receipts(found), *_deliveries(found), *_messages(found), *_policies(found)]


def _receipts(found: Sources) -> Iterator[Made]:
    if (own := _receipt(found.payment)) is not None:
        yield Made("receipt", Shows.RECEIPT, Field.RECEIPT, "receipt.pdf", _("Receipt of the disputed payment"), own)
    if found.dispute.reason == "duplicate" and (other := _receipt(found.twin)) is not None:
        note = _("Receipt of the other payment")
        field = Field.DUPLICATE_CHARGE_DOCUMENTATION
        yield Made("other_receipt", Shows.OTHER_PAYMENT, field, "other-receipt.pdf", note, other)


def _receipt(payment: Payment | None) -> bytes | None:
    found = receipts.receipt(payment.purchase) if payment is not None else None
    return receipts.pdf(found) if found is not None else None


def _deliveries(found: Sources) -> Iterator[Made]:
    for source, shows, field, orders in (
        ("delivery", Shows.DELIVERY, Field.SHIPPING_DOCUMENTATION, found.sent),
        ("handover", Shows.SERVICE, Field.SERVICE_DOCUMENTATION, found.handed_over),
    ):
        if orders:
            title = _("Record of delivery")
            sections = [_delivery(found, order) for order in orders]
            yield Made(source, shows, field, f"{source}.pdf", title, _pdf(found, title, sections))


def _delivery(found: Sources, order: Order) -> dict[str, object]:
    rows = [
        (_("Sold by"), order.seller.name),
        (_("What"), ", ".join(str(line) for line in order.lines.all())),
        (_("To"), ", ".join(found.purchase.address_lines) if found.purchase else ""),
        (_("Carrier"), order.carrier),
        (_("Tracking number"), order.tracking_number),
        (_("Sent or handed over"), moment(order.fulfilled_at) if order.fulfilled_at else ""),
        (_("With the buyer"), moment(order.delivered_at) if order.delivered_at else _("not said yet")),
        (_("Who said so"), order.get_delivered_by_display() if order.delivered_at else ""),
    ]
    title = _("Order %(order)s") % {"order": order.number}
    return {"title": title, "rows": [[name, value] for name, value in rows if value], "words": []}


def _messages(found: Sources) -> Iterator[Made]:
    if not found.thread:
        return
    title = _("Messages between buyer and seller")
    content = b""
    for most in MOST_SAID:
        content = _pdf(found, title, list(_said(found, most)))
        if _pages(content) <= MOST_PAGES_SAID:
            break
    yield Made("messages", Shows.MESSAGES, Field.CUSTOMER_COMMUNICATION, "messages.pdf", title, content)


def _said(found: Sources, most: int) -> Iterator[dict[str, object]]:
    """The newest messages of each order, and how many older ones are left out: never silently."""
    for order in found.orders:
        said = [line for of, line in found.thread if of.pk == order.pk]
        if not said:
            continue
        words = [f"{moment(line.at)}  {line.who}: {line.text}" for line in said[-most:]]
        if len(said) > most:
            words.insert(0, _("[%(count)d older messages are left out.]") % {"count": len(said) - most})
        heading = _("Order %(order)s, sold by %(seller)s") % {"order": order.number, "seller": order.seller.name}
        yield {"title": heading, "rows": [], "words": words}


def _policies(found: Sources) -> Iterator[Made]:
    facts = found.facts
    if facts is None or facts.refund_policy is None or found.purchase is None:
        return
    policy = facts.refund_policy
    words = {"version": policy.version, "at": moment(found.purchase.placed_at), "digest": facts.refund_policy_digest}
    shown = _("Version %(version)s, as the buyer accepted it on %(at)s. SHA-256 of the words: %(digest)s") % words
    section: dict[str, object] = {"title": policy.title, "rows": [], "words": [shown, *policy.body.split("\n\n")]}
    title = _("Refund policy as shown to the buyer")
    content = _pdf(found, title, [section])
    yield Made("policy", Shows.POLICY, Field.REFUND_POLICY, "refund-policy.pdf", title, content)


def _pdf(found: Sources, title: str, sections: Sequence[Mapping[str, object]]) -> bytes:
    """What people typed is handed over as data, and is never read as markup. The same data gives the same bytes."""
    purchase, payment = found.purchase, found.payment
    about = _("Purchase %(number)s, paid on %(day)s, payment %(charge)s") % {
        "number": purchase.number if purchase else "",
        "day": day(payment.paid_at or payment.created_at) if payment else "",
        "charge": found.dispute.charge_id,
    }
    data = {
        "title": title,
        "marketplace": marketplace(),
        "about": about,
        "sections": sections,
        "language": settings.LANGUAGE_CODE.partition("-")[0],
        "note": _("Made by %(name)s from its own records, for the cardholder's bank.") % {"name": marketplace()},
    }
    made: bytes = typst.compile(LAYOUT.read_bytes(), sys_inputs={"data": json.dumps(data)})
    return made


def _pages(document: bytes) -> int:
    return PdfReader(BytesIO(document)).get_num_pages()
