"""Visa's Compelling Evidence 3.0: two earlier payments with the same card, never questioned, answer a claim of fraud.

Stripe's rules (docs.stripe.com/disputes/api/visa-ce3): a Visa dispute with code 10.4; exactly two earlier payments with
the same card, paid, never disputed, 120 to 365 days before the disputed one; a description of all three; and what is
known of the buyer is the same in all three: the IP address or the device, and one thing more.

`judge` decides by facts alone; `for_dispute` reads them. Each rule comes with a sentence that says why it is met or
not met.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import combinations
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.utils.translation import pgettext_lazy as words_for

from catalog.models import Listing
from orders.models import Purchase, PurchaseFacts
from payments.models import Dispute, Hold, Payment, Refund

TYPE = "visa_compelling_evidence_3"
CODE = "10.4"
YOUNGEST, OLDEST = timedelta(days=120), timedelta(days=365)
# Main evidence: one of these has to be the same. The device's number counts from 15 characters.
MAIN = ("customer_purchase_ip", "customer_device_id")
SECONDARY = ("customer_account_id", "customer_email_address", "shipping_address")
SHORTEST_DEVICE = 15
LABELS = {
    "customer_purchase_ip": words_for("the same in all three", "the IP address"),
    "customer_device_id": words_for("the same in all three", "the device"),
    "customer_account_id": words_for("the same in all three", "the account"),
    "customer_email_address": words_for("the same in all three", "the e-mail address"),
    "shipping_address": words_for("the same in all three", "the delivery address"),
}
# Stripe's name for each part of an address, and ours. An address counts only with all but the second line: Stripe asks
# for every part of it, and most addresses have no second line.
_ADDRESS = {
    "line1": "line1", "line2": "line2", "city": "city", "postal_code": "postal_code", "state": "region",
    "country": "country",
}  # fmt: skip
_MUST = frozenset(_ADDRESS) - {"line2"}
# So many earlier payments are looked at, the newest first.
MOST = 40
LONGEST_DESCRIPTION = 1000


@dataclass(frozen=True, slots=True)
class Sale:
    """One payment as Visa looks at it. `known` holds what is known of the buyer, by Stripe's names, without empty
    ones; `flaw` says why nothing can be built on it, if so.
    """

    charge: str
    number: str
    paid_at: datetime
    known: Mapping[str, Any] = field(default_factory=dict)
    description: str = ""
    is_service: bool = False
    flaw: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One condition, whether it is met, and why."""

    key: str
    met: bool
    words: str


@dataclass(frozen=True, slots=True)
class Compelling:
    """Whether a dispute can be answered like this, every rule, and then what Stripe is sent: the value of
    `evidence[enhanced_evidence][visa_compelling_evidence_3]`, empty unless it qualifies.
    """

    qualifies: bool
    rules: tuple[Rule, ...]
    parameters: dict[str, Any] = field(default_factory=dict)
    earlier: tuple[Sale, ...] = ()

    @property
    def why(self) -> str:
        """What stands against it, or what speaks for it, in a sentence or two."""
        return " ".join(rule.words for rule in self.rules if rule.met == self.qualifies)


def for_dispute(dispute: Dispute) -> Compelling:
    """Judge a dispute by our own rows of this moment."""
    payment = dispute.payment
    if payment is None:
        words = _("The payment is not known here, so nothing is known of its buyer.")
        return Compelling(qualifies=False, rules=(Rule("payment", met=False, words=words),))
    before = _before(payment)
    same_card = before.count() if payment.card_fingerprint else None
    return judge(_asked(dispute), _sale(payment), _in_time(payment, before), same_card=same_card)


def judge(asked: Sequence[Rule], disputed: Sale, earlier: Iterable[Sale], *, same_card: int | None) -> Compelling:
    """`asked` are the rules about the dispute itself; `earlier` are payments made before with the same card, and
    `same_card` says how many there are at all: None if the card is not known.
    """
    in_time = [one for one in earlier if YOUNGEST <= disputed.paid_at - one.paid_at <= OLDEST]
    sound = [one for one in in_time if not one.flaw]
    pair, same = _best(disputed, sound)
    rules = (
        *asked,
        _enough_payments(same_card),
        _enough_in_time(in_time),
        _enough_sound(in_time, sound),
        _described(disputed, pair or sound[:2]),
        _matching(disputed, sound, same),
    )
    if not all(rule.met for rule in rules):
        return Compelling(qualifies=False, rules=rules)
    return Compelling(qualifies=True, rules=rules, parameters=_parameters(disputed, pair, same), earlier=pair)


# --- the rules ---


def _asked(dispute: Dispute) -> list[Rule]:
    """What the bank asks has to be of the kind this answers."""
    is_fitting = dispute.card_brand == "visa" and dispute.network_reason_code == CODE
    found = {"brand": dispute.card_brand or _("unknown"), "code": dispute.network_reason_code or _("unknown")}
    fits = _("It is a Visa dispute with code 10.4, fraud without the card present.")
    fits_not = _("Only Visa disputes with code 10.4 are answered like this; this one is %(brand)s, code %(code)s.")
    is_chargeback = dispute.status not in Dispute.INQUIRIES
    is_invited = TYPE in dispute.enhanced
    return [
        Rule("network", is_fitting, fits if is_fitting else fits_not % found),
        Rule(
            "chargeback",
            is_chargeback,
            _("The bank has asked for the money, not only inquired.")
            if is_chargeback
            else _("So far the bank only inquires; this is sent once it asks for the money."),
        ),
        Rule(
            "invited",
            is_invited,
            _("Stripe takes this kind of evidence for the dispute.")
            if is_invited
            else _("Stripe has not said that it takes this kind of evidence for the dispute; it may still do so."),
        ),
    ]


def _enough_payments(count: int | None) -> Rule:
    if count is None:
        return Rule("same_card", met=False, words=_("The card of this payment was not written down."))
    words = ngettext(
        "%(count)d earlier payment was made with the same card; two are needed.",
        "%(count)d earlier payments were made with the same card; two are needed.",
        count,
    )
    return Rule("same_card", met=count >= 2, words=words % {"count": count})


def _enough_in_time(in_time: Sequence[Sale]) -> Rule:
    words = ngettext(
        "%(count)d of them was made 120 to 365 days before the disputed one.",
        "%(count)d of them were made 120 to 365 days before the disputed one.",
        len(in_time),
    )
    return Rule("in_time", met=len(in_time) >= 2, words=words % {"count": len(in_time)})


def _enough_sound(in_time: Sequence[Sale], sound: Sequence[Sale]) -> Rule:
    flaws = [f"{one.number}: {one.flaw}" for one in in_time if one.flaw]
    words = ngettext(
        "%(count)d of those can be built on: never disputed, no sign of fraud, and it is known how it was ordered.",
        "%(count)d of those can be built on: never disputed, no sign of fraud, and it is known how they were ordered.",
        len(sound),
    )
    return Rule("undisputed", met=len(sound) >= 2, words=" ".join([words % {"count": len(sound)}, *flaws]))


def _described(disputed: Sale, pair: Sequence[Sale]) -> Rule:
    lacks = [one.number for one in (disputed, *pair) if not one.description]
    if lacks:
        words = _("It is not known what was sold in %(numbers)s.") % {"numbers": ", ".join(lacks)}
        return Rule("described", met=False, words=words)
    return Rule("described", met=True, words=_("It is known what was sold each time."))


def _matching(disputed: Sale, sound: Sequence[Sale], same: Sequence[str]) -> Rule:
    names = ", ".join(str(LABELS[name]) for name in same)
    if _is_enough(same):
        return Rule("matching", met=True, words=_("The same in all three: %(names)s.") % {"names": names})
    if disputed.flaw:
        return Rule("matching", met=False, words=disputed.flaw)
    if len(sound) < 2:
        return Rule("matching", met=False, words=_("There are no two payments to compare it with."))
    needed = _("It takes the IP address or the device, and one thing more.")
    found = (
        _("In no two of them more is the same than %(names)s.") % {"names": names}
        if names
        else _("Nothing known of the buyer is the same in any two of them.")
    )
    return Rule("matching", met=False, words=f"{found} {needed}")


def _best(disputed: Sale, sound: Sequence[Sale]) -> tuple[tuple[Sale, ...], tuple[str, ...]]:
    """The two payments that have most in common with the disputed one, the newest first, and what that is."""
    best: tuple[tuple[Sale, ...], tuple[str, ...]] = (), ()
    newest_first = sorted(sound, key=lambda one: one.paid_at, reverse=True)
    for pair in combinations(newest_first, 2):
        same = tuple(
            name
            for name in (*MAIN, *SECONDARY)
            if name in disputed.known and all(one.known.get(name) == disputed.known[name] for one in pair)
        )
        if not best[0] or (_is_enough(same), len(same)) > (_is_enough(best[1]), len(best[1])):
            best = pair, same
    return best


def _is_enough(same: Sequence[str]) -> bool:
    return len(same) >= 2 and any(name in MAIN for name in same)


# --- what Stripe is sent ---


def _parameters(disputed: Sale, pair: Sequence[Sale], same: Sequence[str]) -> dict[str, Any]:
    """Of each payment what is the same in all, and what was sold."""
    kind = "services" if disputed.is_service else "merchandise"
    return {
        "disputed_transaction": {**_facts(disputed, same), "merchandise_or_services": kind},
        "prior_undisputed_transactions": [{"charge": one.charge, **_facts(one, same)} for one in pair],
    }


def _facts(sale: Sale, same: Sequence[str]) -> dict[str, Any]:
    return {**{name: sale.known[name] for name in same}, "product_description": sale.description}


# --- from our rows ---


def _before(payment: Payment) -> QuerySet[Payment]:
    """Payments made before with the same card, if it is known."""
    paid = Payment.objects.filter(status=Payment.Status.PAID, charge_id__isnull=False, paid_at__lt=payment.paid_at)
    return paid.filter(card_fingerprint=payment.card_fingerprint) if payment.card_fingerprint else paid.none()


def _in_time(payment: Payment, before: QuerySet[Payment]) -> list[Sale]:
    """Those of the right age, the newest first."""
    at = payment.paid_at or payment.created_at
    shares = {"share__payment": OuterRef("pk")}
    found = (
        before.filter(paid_at__range=(at - OLDEST, at - YOUNGEST))
        .annotate(
            disputed=Exists(Dispute.objects.filter(payment=OuterRef("pk"))),
            warned=Exists(Hold.objects.filter(kind=Hold.Kind.WARNING, **shares)),
            stolen=Exists(Refund.objects.filter(reason=Refund.Reason.FRAUD, **shares)),
        )
        .select_related("purchase__facts")
        .order_by("-paid_at")
    )
    return [_sale(one, flaw=_flaw(one)) for one in found[:MOST]]


def _flaw(payment: Any) -> str:
    """Why nothing can be built on an annotated payment, if so."""
    if payment.disputed:
        return _("Its bank asked about it too.")
    if payment.warned or payment.stolen:
        return _("There were signs of fraud.")
    return ""


def _sale(payment: Payment, *, flaw: str = "") -> Sale:
    facts = getattr(payment.purchase, "facts", None)
    if facts is None or facts.forgotten_at is not None:
        flaw = flaw or _("How it was ordered is not known any more.")
    deliveries = {one["delivery"] for one in facts.bought} if facts else set()
    return Sale(
        charge=str(payment.charge_id or ""),
        number=payment.purchase.number,
        paid_at=payment.paid_at or payment.created_at,
        known=_known(payment.purchase, facts) if facts and facts.forgotten_at is None else {},
        description=_description(facts) if facts else "",
        is_service=deliveries == {Listing.Delivery.DIGITAL},
        flaw=flaw,
    )


def _known(purchase: Purchase, facts: PurchaseFacts) -> dict[str, Any]:
    found: dict[str, Any] = {
        "customer_purchase_ip": facts.ip,
        "customer_device_id": facts.device_id if len(facts.device_id) >= SHORTEST_DEVICE else "",
        "customer_account_id": facts.account_id,
        "customer_email_address": facts.email,
        "shipping_address": _whole_address(purchase.address or {}),
    }
    return {name: value for name, value in found.items() if value}


def _whole_address(address: Mapping[str, str]) -> dict[str, str]:
    filled = {name: str(address.get(ours) or "").strip() for name, ours in _ADDRESS.items()}
    has_all = all(filled[name] for name in _MUST)
    return {name: value for name, value in filled.items() if value} if has_all else {}


def _description(facts: PurchaseFacts) -> str:
    titles = ", ".join(f"{one['quantity']} × {one['title']} ({one['seller']})" for one in facts.bought)
    return titles[:LONGEST_DESCRIPTION]
