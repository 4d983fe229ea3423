"""The words for plans and refusals: what `consequences` says in codes, for people. Amounts are Money."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from kit.money import Money, format_money
from payments.consequences import Note, Plan, Refused
from payments.models import Hold

Text = str | Promise

REFUSALS: dict[str, Text] = {
    "release_on_its_way": gettext_lazy("A release is on its way to Stripe. Look again in a minute."),
    "decide_first": gettext_lazy("A refund was made in Stripe’s Dashboard. Decide who bears it first."),
    "nothing_to_refund": gettext_lazy(
        "Nothing is left to give back. Enter an amount above zero, or look at the refunds."
    ),
    "nothing_to_release": gettext_lazy("Enter an amount above zero."),
    "nothing_held": gettext_lazy("Nothing is held any more."),
    "order_cancelled": gettext_lazy("The order is cancelled: its money goes to the buyer."),
    "waits_for_approval": gettext_lazy(
        "Something else waits for a second person’s yes. Approve or decline that first."
    ),
    "not_as_agreed": gettext_lazy("The payment is not what was agreed: refund it to the buyer."),
    "seller_cannot_receive": gettext_lazy(
        "Stripe does not let the seller be paid at the moment. It is released when the seller has sorted that out."
    ),
    "sent_already": gettext_lazy("Only orders that were paid and not sent can be cancelled. Refund it instead."),
    "hold_is_over": gettext_lazy("That hold is over already."),
    "decided_already": gettext_lazy("Somebody has decided that already."),
    "disputed": gettext_lazy(
        "The buyer’s bank disputes the payment, and Stripe refuses refunds of it: the buyer would be paid twice. "
        "Wait for the bank’s decision."
    ),
    "not_failed": gettext_lazy("That refund does not wait to be paid again."),
    "by_milestones": gettext_lazy("Seller and buyer agreed on milestones: it is released by those."),
    "milestone_over": gettext_lazy("These milestones are not agreed, or over."),
    "milestone_released": gettext_lazy("The money of this milestone is on its way already."),
    "no_reason": gettext_lazy("Write down why. It stays with the order."),
}
REFUSALS_WITH_AMOUNT: dict[str, Text] = {
    "more_than_left": gettext_lazy("At most %(amount)s is left. Enter that or less."),
    "more_than_sent": gettext_lazy("At most %(amount)s was released and not fetched back. Enter that or less."),
    "seller_balance_short": gettext_lazy("The seller has %(amount)s at Stripe. Enter that or less."),
}


def refusal(error: Refused, currency: str) -> str:
    """Why it cannot be done, and what can."""
    if error.code == "seller_balance_short" and not error.amount:
        return _("The seller has nothing at Stripe that could be fetched back.")
    if error.code in REFUSALS_WITH_AMOUNT:
        return str(REFUSALS_WITH_AMOUNT[error.code]) % {"amount": format_money(error.amount, currency)}
    if error.code == "held_back":
        why = Hold.Kind(error.detail.partition(":")[0]).label
        return _("It is held back: %(why)s. It can be released when that is over.") % {"why": why}
    return str(REFUSALS[error.code])


EFFECTS: dict[tuple[str, str], Text] = {
    ("buyer", "refund"): gettext_lazy("gets back"),
    ("seller", "their_part"): gettext_lazy("returns their part"),
    ("seller", "processing"): gettext_lazy("bears Stripe’s processing fee"),
    ("seller", "release"): gettext_lazy("gets what was held for them"),
    ("seller", "debt"): gettext_lazy("pays off what they owe"),
    ("seller", "reversal"): gettext_lazy("gives back what was released"),
    ("held", "reversal"): gettext_lazy("is held again"),
    ("platform", "fee_returned"): gettext_lazy("gives up its fee on it"),
    ("platform", "borne"): gettext_lazy("bears the rest"),
    ("platform", "processing"): gettext_lazy("gets the processing fee back from the seller"),
    ("platform", "debt"): gettext_lazy("gets back what the seller owes"),
    ("platform", "fee"): gettext_lazy("earns its fee"),
    ("buyer", "dispute"): gettext_lazy("got it back from their bank"),
    ("seller", "dispute_fee"): gettext_lazy("bears the fee of the dispute"),
    ("seller", "given_back"): gettext_lazy("has back what they bore"),
    ("platform", "given_back"): gettext_lazy("has back what it bore"),
    ("platform", "owed_to_buyer"): gettext_lazy("pays what it owes the buyer"),
}

NOTES: dict[str, Callable[[Money, int], str]] = {
    "processing_not_returned": lambda money, _n: (
        _("Stripe keeps its processing fee of %(amount)s. It cannot be recovered.") % {"amount": money}
    ),
    "becomes_debt": lambda money, _n: (
        _(
            "%(amount)s of the seller’s part is not in their Stripe balance. It becomes their debt, and is kept back "
            "from later releases."
        )
        % {"amount": money}
    ),
    "platform_below_zero": lambda money, _n: (
        _(
            "The marketplace’s balance at Stripe goes down to %(amount)s. The refund waits until it is covered: "
            "top it up."
        )
        % {"amount": money}
    ),
    "is_held_back": lambda _money, n: (
        ngettext(
            "The order is held back for %(n)d reason. A refund is possible all the same.",
            "The order is held back for %(n)d reasons. A refund is possible all the same.",
            n,
        )
        % {"n": n}
    ),
    "release_is_hard_to_undo": lambda money, _n: (
        _("%(amount)s leaves for the seller. It can be fetched back only as long as it is in their Stripe balance.")
        % {"amount": money}
    ),
    "reversal_needs_new_transfer": lambda money, _n: (
        _("A reversal cannot be undone. To pay the seller %(amount)s after all takes a new release.")
        % {"amount": money}
    ),
    "waits": lambda money, _n: (
        _("%(amount)s stays held until this hold is ended. The release date does not count.") % {"amount": money}
    ),
    "other_holds_stay": lambda _money, n: ngettext("%(n)d other hold stays.", "%(n)d other holds stay.", n) % {"n": n},
    "can_be_released": lambda money, _n: (
        _("%(amount)s is released on its date, or now if that is over.") % {"amount": money}
    ),
    "short_of_disputed": lambda money, _n: (
        _("%(amount)s of the seller’s part is not in their Stripe balance. If the dispute is lost they owe it.")
        % {"amount": money}
    ),
    "disputed_debt": lambda money, _n: _("%(amount)s is the seller’s debt now.") % {"amount": money},
    "units_go_back": lambda _money, _n: _("The things go back into the seller’s stock."),
}


# What a seller reads about themselves.
EFFECTS_FOR_SELLER: dict[str, Text] = {
    "their_part": gettext_lazy("goes back to the buyer"),
    "processing": gettext_lazy("Stripe’s processing fee, which you bear"),
}
NOTES_FOR_SELLER: dict[str, Callable[[Money, int], str]] = {
    "becomes_debt": lambda money, _n: (
        _("%(amount)s of it is not in your Stripe balance. You owe it to us, and it is kept back from later releases.")
        % {"amount": money}
    ),
    "units_go_back": lambda _money, _n: _("The things go back into your stock."),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a column: who gains (+) or loses (-) how much by what."""

    label: str
    money: Money


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands before and after."""

    label: str
    before: Money
    after: Money


@dataclass(frozen=True, slots=True)
class Column:
    """What it means for one party."""

    title: str
    rows: list[Row]
    standings: list[Standing]


@dataclass(frozen=True, slots=True)
class Card:
    """The consequence card: what to know first, four columns, and the button in words."""

    warnings: list[str]
    columns: list[Column]
    button: str


def card(plan: Plan, seller: str) -> Card:
    """The card for a plan about an order of `seller`."""
    return Card([_note(note, plan) for note in plan.notes], _columns(plan, seller), button(plan))


def card_for_seller(plan: Plan) -> Card:
    """The card in a seller's words. What the marketplace and Stripe make of it is not their business."""
    buyer, seller = _columns(plan, _("You"))[:2]
    labels = [_("held for you"), _("you owe us")]
    theirs = [effect for effect in plan.effects if effect.who == "seller"]
    rows = [
        Row(str(EFFECTS_FOR_SELLER.get(effect.by, row.label)), row.money)
        for effect, row in zip(theirs, seller.rows, strict=True)
    ]
    standings = [Standing(label, one.before, one.after) for label, one in zip(labels, seller.standings, strict=False)]
    notes = [note for note in plan.notes if note.code in NOTES_FOR_SELLER]
    warnings = [NOTES_FOR_SELLER[note.code](Money(note.amount, plan.currency), note.amount) for note in notes]
    return Card(warnings, [buyer, Column(seller.title, rows, standings)], button(plan))


def button(plan: Plan) -> str:
    """The confirming button: a verb with its object."""
    amount = format_money(plan.amount, plan.currency)
    words = {
        "refund": _("Refund %(amount)s to the buyer"),
        "retry": _("Refund %(amount)s to the buyer again"),
        "release": _("Release %(amount)s to the seller"),
        "reverse": _("Fetch %(amount)s back from the seller"),
        "cancel": _("Cancel the order and refund %(amount)s"),
        "hold": _("Hold the order back"),
        "end_hold": _("End the hold"),
        "dispute": _("Dispute about %(amount)s"),
        "decide": _("Decide who bears %(amount)s"),
    }
    return words[plan.kind] % {"amount": amount}


def _columns(plan: Plan, seller: str) -> list[Column]:
    facts = plan.facts
    left = facts["gross"] - facts["fee"] - facts["taken"] - facts["released"] + facts.get("restored", 0)
    given_up = int(plan.steps.get("from_fee", 0))
    kept = facts["fee"] - facts["fee_returned"]
    owes = (_("owes the marketplace"), facts["debt"], _debt_after(plan))
    sellers = [(_("held for them"), left, left - _taken_from_held(plan)), owes]
    columns = [
        ("buyer", _("The buyer"), [(_("came back so far"), facts["refunded"], _refunded_after(plan))]),
        ("seller", seller, sellers if any(owes[1:]) else sellers[:1]),
        ("platform", _("The marketplace"), [(_("its fee on the order"), kept, kept - given_up)]),
        ("stripe", "Stripe", [(_("its processing fee"), facts["processing"], facts["processing"])]),
    ]
    return [
        Column(
            title,
            [
                Row(str(EFFECTS[effect.who, effect.by]), Money(effect.amount, plan.currency))
                for effect in plan.effects
                if effect.who == who
            ],
            [
                Standing(label, Money(before, plan.currency), Money(after, plan.currency))
                for label, before, after in standings
            ],
        )
        for who, title, standings in columns
    ]


def _debt_after(plan: Plan) -> int:
    """What the seller owes afterwards: less what a release sets off, more what cannot be fetched back."""
    steps = plan.steps
    short = int(steps.get("owed", 0)) - int(steps.get("reverse", 0))
    return int(plan.facts["debt"]) + short - int(steps.get("netted", 0))


def _refunded_after(plan: Plan) -> int:
    counted = plan.kind in ("refund", "cancel")
    return int(plan.facts["refunded"]) + (plan.amount if counted else 0)


def _taken_from_held(plan: Plan) -> int:
    match plan.kind:
        case "release":
            return plan.amount
        case "reverse":
            return -plan.amount
        case _:
            return int(plan.steps.get("absorbed", 0))


def _note(note: Note, plan: Plan) -> str:
    money = Money(note.amount, plan.currency)
    until = plan.request.get("until") if note.code == "waits" else None
    if until:
        day = date_format(localtime(datetime.fromisoformat(until)), pgettext("full date", "j F Y"))
        return _("%(amount)s stays held to the end of %(day)s, or until somebody ends this hold before.") % {
            "amount": money,
            "day": day,
        }
    return NOTES[note.code](money, note.amount)
