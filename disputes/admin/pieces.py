"""What the case page is put together from: rows of other rooms as the page shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from cases import queries
from disputes import advice as reckoning
from disputes import reasons, words
from evidence import asking, checklists, conceding
from evidence import compelling as judged
from evidence.models import SellerWords
from evidence.packs import Completeness
from kit.money import Money
from payments.models import Dispute, DisputeShare, MoneyAction, Reversal, Share

Outcome = DisputeShare.Outcome


@dataclass(frozen=True, slots=True)
class OrderLink:
    """One order of the payment, and where its money is decided about."""

    number: str
    seller: str
    url: str


@dataclass(frozen=True, slots=True)
class Part:
    """One order's part of the dispute: what is asked, what came back, and who bears a loss."""

    number: str
    seller: str
    url: str
    disputed: Money
    outcome: str
    fetched: Money | None
    short: Money | None
    bears: list[tuple[str, Money]]
    is_supposed: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """One item of the bank's checklist."""

    label: str
    why: str
    is_there: bool
    is_needed: bool
    where: str


@dataclass(frozen=True, slots=True)
class Talk:
    """What was said about one order."""

    number: str
    lines: list[queries.Said]


def orders(dispute: Dispute) -> list[OrderLink]:
    """The orders of the payment."""
    return [OrderLink(share.order.number, share.order.seller.name, _share_url(share)) for share in _shares(dispute)]


def refundable(dispute: Dispute) -> list[tuple[Share, str]]:
    """Orders that can still be refunded, with the page where that is decided: of an inquiry."""
    kind = MoneyAction.Kind.REFUND
    return [
        (share, reverse("admin:payments_share_decide", args=[share.pk, kind]))
        for share in _shares(dispute)
        if share.refundable > 0
    ]


def money(dispute: Dispute) -> dict[str, Any]:
    """What was taken, what it cost, and each order's part with who bears a loss: as it is booked, or as it would be."""
    line = dispute.line_currency
    parts = list(dispute.shares.select_related("share__order__seller"))
    is_open = all(part.outcome == Outcome.OPEN for part in parts)
    supposed = {plan.order: plan.steps for plan in conceding.consequences(dispute).plans} if is_open else {}
    fetched: dict[int, int] = {}
    for back in Reversal.objects.filter(dispute=dispute, status=Reversal.Status.DONE).select_related("release"):
        fetched[back.release.share_id] = fetched.get(back.release.share_id, 0) + back.amount
    return {
        "taken": Money(dispute.outstanding, line) if line else None,
        "fee": Money(dispute.fee, line) if line and dispute.fee else None,
        "beyond": Money(dispute.beyond, line) if line and dispute.beyond else None,
        "parts": [_part(part, supposed.get(part.share.order.number), fetched.get(part.share_id, 0)) for part in parts],
    }


def _part(part: DisputeShare, steps: Any, fetched: int) -> Part:
    of = part.share.money
    found = (
        steps
        if steps and part.outcome == Outcome.OPEN
        else {name: getattr(part, name) for name in ("from_seller", "from_fee", "from_platform", "processing", "owed")}
    )
    bears = [
        (part.share.order.seller.name, of(found["from_seller"] + found["processing"])),
        (_("of that, their debt"), of(found["owed"])),
        (_("our fee, given up"), of(found["from_fee"])),
        (_("the marketplace"), of(found["from_platform"])),
    ]
    if part.outcome == Outcome.RETURNED:
        bears = []
    return Part(
        number=part.share.order.number,
        seller=part.share.order.seller.name,
        url=_share_url(part.share),
        disputed=part.money,
        outcome=str(part.get_outcome_display()),
        fetched=of(fetched) if fetched else None,
        short=of(part.short) if part.short and part.outcome == Outcome.OPEN else None,
        bears=[(who, amount) for who, amount in bears if amount.amount],
        is_supposed=part.outcome == Outcome.OPEN,
    )


def checklist(done: Completeness | None) -> list[Wanted]:
    """What the bank wants to see: what is needed and missing first."""
    if done is None:
        return []
    found = [
        Wanted(str(one.label), str(one.why), False, one.required, reasons.where_from(one.source))
        for one in done.missing
    ]
    found += [Wanted(str(one.label), str(one.why), True, one.required, "") for one in done.present]
    return sorted(found, key=lambda one: (one.is_there, not one.is_needed))


def hopeless(dispute: Dispute) -> str:
    """Why no evidence helps; empty where it may."""
    return str(checklists.hopeless(dispute.reason))


def advice(dispute: Dispute) -> dict[str, Any] | None:
    """What each way is expected to come to, the advised one first; None for a charge nobody knows."""
    if dispute.payment_id is None:
        return None
    found = reckoning.for_dispute(dispute)
    return {"ways": words.arithmetic(found), "sources": words.sources(found)}


def said(dispute: Dispute) -> list[Talk]:
    """What buyer, seller and marketplace said about each order, in their cases."""
    talks = [Talk(share.order.number, queries.thread_for_bank(share)) for share in _shares(dispute)]
    return [talk for talk in talks if talk.lines]


def _shares(dispute: Dispute) -> list[Share]:
    return list(dispute.payment.shares.all()) if dispute.payment else []


def _share_url(share: Share) -> str:
    return reverse("admin:payments_share_change", args=[share.pk])


@dataclass(frozen=True, slots=True)
class Statement:
    """A seller's own words about it."""

    who: str
    question: str
    at: datetime
    text: str


def statements(dispute: Dispute) -> list[Statement]:
    """What sellers wrote to us about it, each in answer to a question."""
    found = SellerWords.objects.filter(dispute=dispute).select_related("share__order__seller").order_by("pk")
    labels = {one.key: str(one.label) for share in _shares(dispute) for one in asking.questions(dispute, share)}
    return [Statement(one.share.order.seller.name, labels.get(one.item, ""), one.written_at, one.text) for one in found]


def compelling(dispute: Dispute) -> Any:
    """Whether earlier payments answer a claim of fraud, rule by rule; only where the buyer claims fraud."""
    if dispute.payment_id is None or dispute.reason != "fraudulent":
        return None
    return judged.for_dispute(dispute)
