"""What a seller is asked about a disputed order, in plain words: those items of the bank's checklist that they may have
and our own records do not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrOrPromise

from evidence import checklists
from evidence.models import EvidenceFile
from orders.models import Order
from orders.stories import is_shipped
from payments.models import Dispute, Share

Shows = EvidenceFile.Shows


@dataclass(frozen=True, slots=True)
class Question:
    """One thing a seller is asked for: words, or a file that `shows` it."""

    key: str
    label: StrOrPromise
    help: StrOrPromise
    shows: str = ""
    required: bool = False


STORY = Question(
    "story",
    gettext_lazy("What happened, in your own words?"),
    gettext_lazy(
        "What was agreed, what you did and when, and what the buyer said. Write as to somebody who knows nothing."
    ),
    required=True,
)
_QUESTIONS = {
    one.key: one
    for one in (
        Question(
            "carrier",
            gettext_lazy("Who carried the parcel?"),
            gettext_lazy("The carrier’s name. Banks look parcels up there."),
        ),
        Question(
            "tracking",
            gettext_lazy("What is the tracking number?"),
            gettext_lazy("Without it a bank takes a parcel for not sent."),
        ),
        Question(
            "shipped_on",
            gettext_lazy("On which day did you send it?"),
            gettext_lazy("As on the carrier’s receipt."),
        ),
        Question(
            "service_date",
            gettext_lazy("When did the buyer get it?"),
            gettext_lazy("The day, and the time if you know it."),
        ),
        Question(
            "no_refund",
            gettext_lazy("Why should the buyer not get the money back?"),
            gettext_lazy("If they never sent it back, or asked too late, say so with dates."),
        ),
        Question(
            "not_cancelled",
            gettext_lazy("Did the buyer cancel?"),
            gettext_lazy("If they did, say when and how you answered."),
        ),
        Question(
            "two_orders",
            gettext_lazy("Why are there two payments?"),
            gettext_lazy("Say what each of them was for, and that both were sent."),
        ),
        Question(
            "delivery",
            gettext_lazy("Something that shows that it arrived"),
            gettext_lazy("The carrier’s confirmation with the address and the day, a signature, a photo at the door."),
            Shows.DELIVERY,
        ),
        Question(
            "service",
            gettext_lazy("Something that shows that it was handed over"),
            gettext_lazy("A signed slip, a photo, or the buyer’s own words."),
            Shows.SERVICE,
        ),
        Question(
            "use",
            gettext_lazy("Something that shows that it was downloaded or used"),
            gettext_lazy("A log with days and times, or messages in which the buyer speaks of using it."),
            Shows.SERVICE,
        ),
        Question(
            "messages",
            gettext_lazy("What you and the buyer wrote to each other"),
            gettext_lazy("Mails or messages outside of this site; we have those written here."),
            Shows.MESSAGES,
        ),
        Question(
            "two_receipts",
            gettext_lazy("The receipt of the other order"),
            gettext_lazy("So that the bank sees both side by side."),
            Shows.OTHER_PAYMENT,
        ),
        Question(
            "genuine",
            gettext_lazy("Something that shows that it is genuine"),
            gettext_lazy("An invoice of the maker, or a certificate."),
            Shows.OTHER,
        ),
    )
}  # fmt: skip


def questions(dispute: Dispute, share: Share) -> list[Question]:
    """What this seller is asked, what is needed first. Nothing where no evidence will win."""
    order = share.order
    ways = {line.delivery for line in order.lines.all()}
    wanted = checklists.wanted(dispute.reason, dispute.network_reason_code, deliveries=ways)
    known = _known(order)
    found = [
        replace(_QUESTIONS[item.key], required=item.required)
        for item in wanted
        if item.key in _QUESTIONS and item.key not in known
    ]
    return [STORY, *found] if wanted else []


def already(order: Order) -> list[str]:
    """What our own records tell the bank about an order, so that nobody need look for it."""
    found = [
        _("the order, with its price and description as the buyer saw them"),
        _("the receipt, and that the buyer accepted the refund policy"),
        _("who ordered, and from where"),
    ]
    if is_shipped(order):
        found.append(_("the delivery address"))
    if order.tracking_number:
        words = _("the parcel: %(carrier)s, %(number)s")
        found.append(words % {"carrier": order.carrier or _("carrier unknown"), "number": order.tracking_number})
    if order.delivered_at:
        found.append(_("who said that it arrived, and when"))
    found.append(_("everything you and the buyer wrote in cases here"))
    return found


def what_the_bank_says(dispute: Dispute) -> str:
    """The reason, as one would tell it to a friend."""
    words = {
        "fraudulent": _("The cardholder says that they did not order this."),
        "unrecognized": _("The cardholder does not recognise the payment."),
        "product_not_received": _("The buyer says that it never arrived."),
        "product_unacceptable": _("The buyer says that it is not as described, or broken."),
        "credit_not_processed": _("The buyer says that they were promised a refund and did not get it."),
        "duplicate": _("The buyer says that they were charged twice."),
        "subscription_canceled": _("The buyer says that they had cancelled."),
        "noncompliant": _("The bank says that a rule of the card network was not kept."),
    }
    return words.get(dispute.reason, _("The buyer’s bank gives no closer reason."))


def _known(order: Order) -> set[str]:
    """Items our own rows answer for this order."""
    rows = {"carrier": order.carrier, "tracking": order.tracking_number}
    if is_shipped(order):
        rows["shipped_on"] = str(order.fulfilled_at or "")
    else:
        rows["service_date"] = str(order.fulfilled_at or "")
    return {key for key, value in rows.items() if value}
