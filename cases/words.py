"""The words of cases: how one stands for each reader, what an acceptance would do, and what changed meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from cases import ending
from cases.models import Case, CaseMessage, CasePhoto, Offer, Party
from cases.queries import still_asked
from kit.money import Money
from orders.models import Status as OrderStatus
from payments import words as money_words
from payments.consequences import Plan
from payments.words import Card, Column, Row, Standing

Status = Case.Status


@dataclass(frozen=True, slots=True)
class Now:
    """Whose turn it is, until when, and what happens if nobody answers."""

    sentence: str
    until: datetime | None = None
    silence: str = ""
    is_yours: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """One picture of an entry, with its addresses for this reader."""

    photo: CasePhoto
    large: str
    small: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the thread as one reader sees it."""

    message: CaseMessage
    who: str
    is_yours: bool
    offered: str = ""
    ended: str = ""
    photos: Sequence[Shown] = ()


def now_line(case: Case, reader: Party) -> Now:
    """The top of a case's page, in one or two sentences."""
    shop = case.share.order.seller.name
    if case.status == Status.CLOSED:
        return Now(ending.story(case))
    if case.status == Status.RESTING:
        return Now(_("The buyer’s bank is looking at this payment. Its decision counts, so the case rests until then."))
    if case.status == Status.WITH_STAFF:
        return _with_staff(case, reader)
    if case.turn == Party.SELLER:
        silence = _silent_seller(case, reader)
        if reader == Party.SELLER:
            return Now(_("The buyer waits for your answer."), case.answer_by, silence, is_yours=True)
        return Now(_("%(shop)s has to answer.") % {"shop": shop}, case.answer_by, silence)
    if reader == Party.BUYER:
        silence = _("Without an answer the case is closed, and nothing comes back to you.")
        return Now(_("Your answer is needed."), case.answer_by, silence, is_yours=True)
    silence = _("Without an answer the case is closed, and nothing goes back to them.")
    return Now(_("The buyer has to answer."), case.answer_by, silence)


def _silent_seller(case: Case, reader: Party) -> str:
    """What the seller's silence gives."""
    asked = still_asked(case)
    if not asked and reader == Party.BUYER:
        return _("What you ask for came back to you already: without an answer the case is closed.")
    if not asked:
        return _("What the buyer asks for went back already: without an answer the case is closed.")
    you = _("Without an answer you get the %(asked)s you ask for.")
    they = _("Without an answer the buyer gets the %(asked)s they ask for.")
    return (you if reader == Party.BUYER else they) % {"asked": case.share.money(asked)}


def pill(case: Case, reader: Party) -> tuple[str, str]:
    """Kind and word of the pill."""
    if case.status == Status.CLOSED:
        return "done", _("Closed: %(how)s") % {"how": case.get_outcome_display()}
    if case.turn == reader:
        return "needs-you", _("Your turn")
    others = {
        Status.WAITS_FOR_SELLER: ("waiting", _("Waits for the seller")),
        Status.WAITS_FOR_BUYER: ("waiting", _("Waits for the buyer")),
        Status.WITH_STAFF: ("moving", _("With us")),
        Status.RESTING: ("waiting", _("Rests: the bank decides")),
    }
    return others[Status(case.status)]


def entry(message: CaseMessage, reader: Party, *, links: Sequence[Shown] = ()) -> Entry:
    """A line of the thread with who said it; "you" for the reader's own side."""
    order = message.case.share.order
    names = {Party.BUYER: _("The buyer"), Party.SELLER: order.seller.name, Party.STAFF: settings.MARKETPLACE_NAME}
    party = Party(message.party) if message.party else None
    is_yours = party == reader
    who = _("You") if is_yours and reader != Party.STAFF else names[party] if party else ""
    offered = ended = ""
    if message.offer is not None:
        offered = division(message.case, message.offer, reader)
        ended = "" if message.offer.status == Offer.Status.STANDS else str(message.offer.get_status_display())
    return Entry(message, who, is_yours, offered, ended, links)


def division(case: Case, offer: Offer, reader: Party) -> str:
    """An offer in one line."""
    money, paid = case.share.money, case.share.gross
    part = _("%(back)s of the %(paid)s")
    if offer.amount == paid:
        part = _("All of it, %(paid)s,")
    elif offer.percent:
        part = _("%(back)s (%(percent)d %%) of the %(paid)s")
    values = {"back": money(offer.amount), "paid": money(paid), "percent": offer.percent}
    whole = _("%(part)s comes back to you") if reader == Party.BUYER else _("%(part)s goes back to the buyer")
    return whole % {"part": part % values}


def card(plan: Plan, case: Case, reader: Party) -> Card:
    """What an acceptance does, in the reader's words. Neither side reads what the other one pays to whom."""
    if reader == Party.STAFF:
        # That it is held is no news here: the case does that.
        told = tuple(note for note in plan.notes if note.code != "is_held_back")
        return money_words.card(replace(plan, notes=told), case.share.order.seller.name)
    if reader == Party.SELLER:
        found = money_words.card_for_seller(plan)
        return Card([*found.warnings, *_afterwards(plan, case, reader)], found.columns, accepting(plan))
    share, shop = case.share, case.share.order.seller.name
    money = share.money
    before, after = int(plan.facts["refunded"]), int(plan.facts["refunded"]) + plan.amount
    taken = int(plan.facts["disputed"])
    you = Column(
        _("You"),
        [Row(_("get back, to the card you paid with"), money(plan.amount))],
        [Standing(_("came back so far"), money(before), money(after))],
    )
    sum_before = share.gross - before - taken
    kept = Standing(_("keeps of what you paid"), money(sum_before), money(sum_before - plan.amount))
    gives = Row(_("gives back of what you paid"), money(-plan.amount))
    return Card(_afterwards(plan, case, reader), [you, Column(shop, [gives], [kept])], accepting(plan))


def accepting(plan: Plan) -> str:
    """The button that accepts: a verb with its object."""
    return _("Accept: %(amount)s goes back to the buyer") % {"amount": Money(plan.amount, plan.currency)}


def _afterwards(plan: Plan, case: Case, reader: Party) -> list[str]:
    """What follows besides the refund: the end of the case, and when the rest goes to the seller."""
    facts = plan.facts
    rest = facts["gross"] - facts["fee"] - facts["taken"] - facts["released"] - int(plan.steps.get("absorbed", 0))
    found = [_("The case is closed by it.")]
    if plan.kind == "cancel":
        found.append(_("The order is cancelled: nothing is sent any more."))
    elif rest > 0 and facts["status"] == "held":
        sent = facts["order_status"] in (OrderStatus.FULFILLED, OrderStatus.DELIVERED)
        now_ = _("What is left for %(whom)s is released at once.")
        later = _("What is left for %(whom)s stays held until it is sent and delivered, as before.")
        whom = _("you") if reader == Party.SELLER else case.share.order.seller.name
        found.append((now_ if sent else later) % {"whom": whom})
    return found


# What a plan stands on, as far as people can be told how it changed.
TOLD = ("refunded", "released", "disputed", "order_status")


def seen(plan: Plan) -> str:
    """What the reader was shown, to tell them later what has changed. Nothing relies on it."""
    return ";".join(str(plan.facts[name]) for name in TOLD)


def changes(before: str, plan: Plan) -> list[str]:
    """What changed since `before` (of `seen`), in sentences."""
    old = dict(zip(TOLD, before.split(";"), strict=False))
    found = []
    for name in TOLD:
        new = str(plan.facts[name])
        if old.get(name) in (None, new):
            continue
        amount = Money(int(plan.facts[name]), plan.currency) if name != "order_status" else None
        words = {
            "refunded": _("Meanwhile %(amount)s in all went back to the buyer."),
            "released": _("Meanwhile %(amount)s in all was released to the seller."),
            "disputed": _("Meanwhile the bank asks for %(amount)s."),
            "order_status": _("Meanwhile the order is: %(status)s."),
        }
        status = OrderStatus(new).label if name == "order_status" else ""
        found.append(words[name] % {"amount": amount, "status": status})
    return found or [_("Meanwhile something about the order’s money changed.")]


def _with_staff(case: Case, reader: Party) -> Now:
    if reader == Party.STAFF:
        return Now(_("Decide this case, or ask one of the sides."), case.answer_by, is_yours=True)
    sentence = _("%(site)s reads the case and decides. Until then you can still agree with each other.")
    return Now(sentence % {"site": settings.MARKETPLACE_NAME}, case.answer_by)


def admin_link(case: Case) -> str:
    """Where staff work on it."""
    return reverse("admin:cases_case_change", args=[case.pk])
