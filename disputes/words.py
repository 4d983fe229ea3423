"""The words for what is reckoned and decided in codes: sentences for staff, with amounts in their currency."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.conf import settings
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from disputes import judging
from disputes.economics import SURE
from disputes.economics import Line as Reckoned
from disputes.models import Advice, FraudWarning
from disputes.rates import Rate, Rates
from kit.money import Money
from payments.models import Dispute

Text = str | Promise

# What a warning becomes when this was decided about it.
BECOMES = {
    judging.REFUND: FraudWarning.Status.REFUNDED,
    judging.HOLD: FraudWarning.Status.HOLDING,
    judging.LET_GO: FraudWarning.Status.LET_GO,
}

# Which way of the arithmetic an answer to the bank is.
WAYS = {judging.SEND: Advice.Way.FIGHT.value, judging.CONCEDE: Advice.Way.ACCEPT.value}

LINES: dict[str, Text] = {
    "dispute_fee": gettext_lazy("Stripe’s fee for a dispute"),
    "counter_fee": gettext_lazy("Stripe’s fee for answering, which comes back on a win if the settings say so"),
    "handling": gettext_lazy("the time it takes to answer"),
    "lost_if_answered": gettext_lazy("the bank decides for the buyer all the same"),
    "given_up": gettext_lazy("the buyer keeps it"),
    "refunded": gettext_lazy("goes back to the buyer"),
    "lost_after_inquiry": gettext_lazy("it becomes a dispute after our answer, and is lost"),
    "lost_in_silence": gettext_lazy("it becomes a dispute, and nobody answers"),
    "goods_kept": gettext_lazy("what was not sent stays with the seller"),
    "lost_to_dispute": gettext_lazy("it becomes a dispute, and is lost"),
    "not_paid_back": gettext_lazy("the seller has it, owes it, and never pays it back"),
    "waiting": gettext_lazy("an honest buyer and seller waited for nothing"),
}

BECAUSE: dict[str, Text] = {
    "moved_on": gettext_lazy("It does not wait for an answer of ours any more."),
    "too_late": gettext_lazy("The bank takes no answer any more."),
    "nobody_wins": gettext_lazy("The buyer’s bank decides this kind by itself, and reads no evidence."),
    "objected": gettext_lazy("Somebody objected."),
    "incomplete": gettext_lazy("Something the bank wants to see is missing."),
    "complete": gettext_lazy("Everything the bank wants to see is there."),
    "above_limit": gettext_lazy("It is above the rule’s limit for its currency: people decide."),
    "seller_gave": gettext_lazy("The seller sent evidence: people weigh it."),
    "no_time_for_notice": gettext_lazy("The bank’s date comes before the time of notice is over."),
    "small": gettext_lazy("It is below the limit under which an answer is not worth it."),
    "costs_least": gettext_lazy("It is expected to cost least."),
    "held_long_enough": gettext_lazy("No dispute came in the time it was held for."),
    "nothing_kept": gettext_lazy("Nothing was kept of what it would have been decided on."),
    "decided": gettext_lazy("That is what was decided already."),
}

FRAUD_TYPES: dict[str, Text] = {
    "card_never_received": gettext_lazy("the card never reached its owner"),
    "fraudulent_card_application": gettext_lazy("the card was applied for by somebody else"),
    "made_with_counterfeit_card": gettext_lazy("made with a counterfeit card"),
    "made_with_lost_card": gettext_lazy("made with a lost card"),
    "made_with_stolen_card": gettext_lazy("made with a stolen card"),
    "misc": gettext_lazy("fraud of another kind"),
    "unauthorized_use_of_card": gettext_lazy("made without the owner’s consent"),
}

DONE: dict[str, Text] = {
    judging.SEND: gettext_lazy("The evidence was sent to the bank."),
    judging.CONCEDE: gettext_lazy("The loss was accepted."),
    judging.REFUND: gettext_lazy("All that was left went back to the buyer."),
    judging.HOLD: gettext_lazy("It stays held until it is clear."),
    judging.LET_GO: gettext_lazy("The hold was ended."),
}

WILL: dict[str, Text] = {
    judging.SEND: gettext_lazy("The evidence is sent to the bank by itself"),
    judging.CONCEDE: gettext_lazy("The loss is accepted by itself"),
    judging.REFUND: gettext_lazy("All that is left goes back to the buyer by itself"),
    judging.HOLD: gettext_lazy("It stays held until it is clear"),
    judging.LET_GO: gettext_lazy("The hold is ended by itself"),
}

SOURCES: dict[str, Text] = {
    "won": gettext_lazy("A dispute of this kind, with this much evidence, is won"),
    "silent": gettext_lazy("An inquiry without an answer becomes a dispute"),
    "answered": gettext_lazy("An inquiry that is answered becomes a dispute"),
    "disputed": gettext_lazy("A warned payment that is not refunded is disputed"),
}


def because(code: str) -> str:
    """Why, or why not."""
    return str(BECAUSE[code])


def done(what: str) -> str:
    """What was done."""
    return str(DONE[what])


def fraud_type(found: str) -> str:
    """What the issuer believes; Stripe's own word for it if nobody here knows it."""
    return str(FRAUD_TYPES.get(found, found.replace("_", " ")))


def percent(millionths: int) -> str:
    """A chance as people write it: 12.5 %."""
    return _("%(number)s %%") % {"number": _number(Decimal(millionths) / 10_000, 1)}


def line(found: Mapping[str, Any], currency: str) -> str:
    """One line of a way in words: what happens, with which chance, and what that comes to."""
    reckoned = Reckoned(**found)
    value = Money(reckoned.value, currency)
    what = {"what": LINES[reckoned.code], "amount": Money(reckoned.amount, currency), "value": value}
    if reckoned.chance == SURE:
        return _("%(value)s: %(what)s") % what
    return _("%(value)s: %(amount)s with a chance of %(chance)s, %(what)s") % {
        **what,
        "chance": percent(reckoned.chance),
    }


def source(name: str, found: Mapping[str, int]) -> str:
    """Where a chance comes from: what is assumed, and what was seen here."""
    return _(
        "%(what)s with a chance of %(chance)s: assumed %(prior)s (counted as %(weight)d cases), seen here "
        "%(happened)d of %(of)d times."
    ) % {
        "what": SOURCES[name],
        "chance": percent(found["chance"]),
        "prior": percent(found["prior"]),
        "weight": found["weight"],
        "happened": found["happened"],
        "of": found["of"],
    }


def arithmetic(advice: Advice) -> list[dict[str, Any]]:
    """Each way with its value and its lines in words, the advised one first."""
    return ways(advice.ways, advice.currency, advice.best)


def ways(found: Iterable[Mapping[str, Any]], currency: str, best: str) -> list[dict[str, Any]]:
    """The same for what is kept elsewhere."""
    ordered = sorted(found, key=lambda way: (way["way"] != best, -way["value"]))
    return [
        {
            "way": way["way"],
            "label": str(Advice.Way(way["way"]).label),
            "is_best": way["way"] == best,
            "value": Money(way["value"], currency),
            "lines": [line(one, currency) for one in way["lines"]],
        }
        for way in ordered
    ]


def sources(advice: Advice) -> list[str]:
    """Where each chance comes from."""
    return [source(name, found) for name, found in advice.facts["believed"].items()]


def score(millionths: int) -> str:
    """A Brier score as statisticians write it: 0.123."""
    return _number(Decimal(millionths) / SURE, 3)


def came_to(advice: Advice) -> str:
    """The outcome, and what it came to; a dash while nobody knows."""
    if not advice.outcome:
        return "–"
    labels = {**dict(Dispute.Status.choices), **dict(FraudWarning.Status.choices), "escalated": _("became a dispute")}
    if advice.real_value is None:
        return str(labels[advice.outcome])
    return f"{labels[advice.outcome]}: {Money(advice.real_value, advice.currency)}"


LEVELS: dict[str, tuple[str, Text]] = {
    "": ("done", gettext_lazy("low")),
    "watch": ("needs-you", gettext_lazy("watch it")),
    "act": ("problem", gettext_lazy("act now")),
    "network": ("problem", gettext_lazy("above the networks’ level")),
}

WHAT_MOVES_IT: tuple[Text, ...] = (
    gettext_lazy("Every dispute, in the month the bank asked for the money. It counts whoever wins it later."),
    gettext_lazy("A dispute that was accepted counts like one that was fought."),
    gettext_lazy("An inquiry that becomes a dispute counts in the month it did."),
    gettext_lazy("More sales make the same disputes a smaller part."),
    gettext_lazy("Fraud warnings count with the networks’ fraud programmes, refunded or not: they stand beside."),
)
WHAT_DOES_NOT: tuple[Text, ...] = (
    gettext_lazy("Winning a dispute brings its money back, and not its count."),
    gettext_lazy("Inquiries that were answered or refunded in time do not count."),
    gettext_lazy("Disputes that were prevented do not count."),
    gettext_lazy(
        "A refund before the bank asks takes a dispute away that would have counted; one after it changes nothing."
    ),
)


def levels() -> list[tuple[str, str]]:
    """The levels with their limits."""
    points: dict[str, int] = settings.DISPUTE_RATE_LEVELS
    return [(str(LEVELS[name][1]), fine_percent(points[name] * 100)) for name in ("watch", "act", "network")]


def fine_percent(millionths: int | None) -> str:
    """A rate as people write it: 0.75 %; a dash without sales."""
    if millionths is None:
        return "–"
    return _("%(number)s %%") % {"number": _number(Decimal(millionths) / 10_000, 2)}


def level(found: Rate) -> tuple[str, Text]:
    """The pill of a rate: its level, or that so few disputes say nothing."""
    points: dict[str, int] = settings.DISPUTE_RATE_LEVELS
    if not found.level and found.rate is not None and found.rate >= points["watch"] * 100:
        return "waiting", gettext_lazy("too few to tell")
    return LEVELS[found.level]


def rate(found: Rate) -> dict[str, Any]:
    """One window's rate for a table."""
    return {
        "label": found.window.label,
        "sales": found.sales,
        "disputes": found.disputes,
        "inquiries": found.inquiries,
        "warnings": found.warnings,
        "rate": fine_percent(found.rate),
        "over_before": fine_percent(found.rate_over_month_before),
        "with_warnings": fine_percent(found.rate_with_warnings),
        "level": level(found),
        "volumes": [
            {"sold": one.sold, "disputed": one.disputed, "rate": fine_percent(one.rate)} for one in found.volumes
        ],
    }


def rates(found: Rates) -> dict[str, Any]:
    """Somebody's rates for a page."""
    return {
        "level": LEVELS[found.level] if found.level else level(found.rolling[-1]),
        "rolling": [rate(one) for one in found.rolling],
        "months": [rate(one) for one in found.months],
    }


def _number(value: Decimal, decimals: int) -> str:
    """Rounded half up, in the reader's way of writing. Django's own formatting would cut off."""
    rounded = value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return str(number_format(rounded, decimal_pos=decimals))


def given(facts: Mapping[str, Any]) -> SafeString:
    """Facts as they are stored, one a line."""
    lines = sorted((name, str(value)) for name, value in facts.items())
    return format_html_join("", "{}: {}<br>", lines)
