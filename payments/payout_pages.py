"""What a seller reads about one payout: what it is made of, the sums, and whose turn it is. Nothing here writes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, QuerySet, Sum
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from catalog import keyset
from kit.clock import now
from kit.money import Money
from kit.templatetags.ui import day_in_words
from orders.models import FundsFlow
from payments.models import Payout, PayoutLine, Refund, Release
from payments.payout_failures import Owner, failure

Kind, Status = PayoutLine.Kind, Payout.Status
LINES = 100
OLDEST_FIRST = keyset.Order(("pk",), descending=False)

PILLS = {
    Status.PENDING: "waiting",
    Status.IN_TRANSIT: "moving",
    Status.PAID: "done",
    Status.FAILED: "problem",
    Status.CANCELED: "waiting",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a payout with the order it is about, and what is worth knowing about it."""

    line: PayoutLine
    order: str
    note: str
    amount: Money
    fee: Money
    net: Money


@dataclass(frozen=True, slots=True)
class Total:
    """All lines of one kind."""

    word: str
    count: int
    amount: Money
    fee: Money
    net: Money


@dataclass(frozen=True, slots=True)
class Now:
    """Whose turn it is. `changes_bank`: the button leads to the bank account at Stripe."""

    sentence: str
    needs_you: bool = False
    changes_bank: bool = False


@dataclass(frozen=True, slots=True)
class Refunded:
    """What went back to a buyer while the money was held, in the sale's currency: all, of it the fee, and what the
    seller bore of the processing fee on top.
    """

    amount: int
    fee: int
    borne: int


def lines_of(payout: Payout) -> QuerySet[PayoutLine]:
    """Its lines with all that `rows` needs."""
    lines = PayoutLine.objects.filter(payout=payout).order_by("pk")
    lines = lines.select_related("release__share__order", "reversal__release__share__order")
    return lines.prefetch_related("release__share__refunds")


def page(payout: Payout, after: str) -> tuple[list[Row], str]:
    """Some of its lines, the oldest first, and the cursor of the next page ("" on the last)."""
    found = list(OLDEST_FIRST.after(after, lines_of(payout))[: LINES + 1])
    return rows(payout, found[:LINES]), OLDEST_FIRST.cursor(found[LINES - 1]) if len(found) > LINES else ""


def rows(payout: Payout, lines: Iterable[PayoutLine]) -> list[Row]:
    """Lines of this payout, in words."""
    return [
        Row(
            line=line,
            order=_order(line),
            note=_note(line),
            amount=Money(line.amount, payout.currency),
            fee=Money(-line.fee, payout.currency),
            net=Money(line.net, payout.currency),
        )
        for line in lines
    ]


def totals(payout: Payout) -> list[Total]:
    """The sums of its lines by kind; their `net` sums to the payout when Stripe has said everything."""
    sums = PayoutLine.objects.filter(payout=payout).order_by().values("kind")
    found = sums.annotate(n=Count("pk"), amounts=Sum("amount"), fees=Sum("fee"), nets=Sum("net")).order_by("-nets")
    return [
        Total(
            word=PayoutLine(kind=row["kind"]).word,
            count=row["n"],
            amount=Money(row["amounts"], payout.currency),
            fee=Money(-row["fees"], payout.currency),
            net=Money(row["nets"], payout.currency),
        )
        for row in found
    ]


def unexplained(payout: Payout, sums: Iterable[Total]) -> Money:
    """What of the payout its lines do not say; all of it while Stripe has said nothing."""
    return Money(payout.amount - sum(one.net.amount for one in sums), payout.currency)


def bar(payout: Payout, sums: Iterable[Total]) -> list[tuple[str, str, Money]]:
    """For the money bar: what came in for this payout, and where it is. Minor units of the payout's currency.

    The parts add up to all that came in: the payout itself, our fee on it, and what went back for refunds and disputes.
    """
    kind, word = {
        Status.PAID: ("paid", _("At your bank")),
        Status.FAILED: ("available", _("Back in your Stripe balance")),
        Status.CANCELED: ("available", _("Back in your Stripe balance")),
    }.get(Status(payout.status), ("on-its-way", _("On its way to your bank")))
    found = list(sums)
    fees = -sum(one.fee.amount for one in found)
    back = -sum(one.amount.amount for one in found if one.amount.amount < 0)
    parts = [(kind, word, payout.money), ("fees", _("Our fee"), Money(fees, payout.currency))]
    parts.append(("refunded", _("Fetched back or kept"), Money(back, payout.currency)))
    # A bar shows no less than nothing: a payout that Stripe took back, or a fee given back, is in the table below.
    return [part for part in parts if part[2].amount > 0]


def turn(payout: Payout) -> Now:
    """One sentence: where it is, what that means for the money, and what to do."""
    day = day_in_words(payout.arrives_on)
    if payout.status == Status.PENDING:
        return Now(_("Stripe is preparing this payout. You need to do nothing."))
    if payout.status == Status.IN_TRANSIT and payout.arrives_on >= localtime(now()).date():
        return Now(_("It is on its way. Your bank should have it: %(day)s.") % {"day": day})
    if payout.status == Status.IN_TRANSIT:
        words = _("Your bank should have had it: %(day)s. Banks may take three days more, and we keep asking Stripe.")
        return Now(words % {"day": day})
    if payout.status == Status.PAID:
        words = _("Your bank has it: %(day)s. If you do not see it, ask your bank, and give them the number below.")
        return Now(words % {"day": day})
    if payout.status == Status.CANCELED:
        return Now(_("This payout was called off. Its money is in your Stripe balance, and leaves with the next one."))
    return _came_back(payout)


def _came_back(payout: Payout) -> Now:
    again = _left_again(payout)
    if again is not None:
        words = _("Your bank sent this payout back. Its money left again with the payout of %(day)s.")
        return Now(words % {"day": day_in_words(localtime(again.created_at).date())})
    why = failure(payout)
    words = _("Your bank sent this payout back. The money is not lost: it is in your Stripe balance. %(remedy)s")
    return Now(words % {"remedy": why.remedy}, needs_you=why.owner == "seller", changes_bank=why.changes_bank)


def for_staff(payout: Payout) -> str:
    """The same in a sentence for the marketplace's own people."""
    day = day_in_words(payout.arrives_on)
    if payout.status == Status.FAILED:
        again = _left_again(payout)
        if again is not None:
            words = _("The bank sent it back. Its money left again with the payout of %(day)s. Nothing is left to do.")
            return words % {"day": day_in_words(localtime(again.created_at).date())}
        return {
            Owner.SELLER: _("The bank sent it back; the money is in the seller’s Stripe balance. They can mend it."),
            Owner.PLATFORM: _("The bank sent it back; the money is in the seller’s Stripe balance. We ask Stripe."),
            Owner.STRIPE: _("The bank sent it back; the money is in the seller’s Stripe balance. Stripe mends it."),
        }[failure(payout).owner]
    words = {
        Status.PENDING: _("Stripe is preparing it. Nothing is to be done."),
        Status.IN_TRANSIT: _("It is on its way; due at the bank: %(day)s. Nothing is to be done."),
        Status.PAID: _("The bank has it: %(day)s. Nothing is to be done."),
        Status.CANCELED: _("It was called off, and its money leaves with the next one. Nothing is to be done."),
    }[Status(payout.status)]
    return words % {"day": day}


def _left_again(payout: Payout) -> Payout | None:
    """The payout with which the money of this one, sent back by a bank, went out again."""
    lines = PayoutLine.objects.filter(kind=Kind.CAME_BACK, source=payout.stripe_id).select_related("payout")
    found = lines.first()
    return found.payout if found is not None else None


def _order(line: PayoutLine) -> str:
    if line.release is not None:
        return line.release.share.order.number
    if line.reversal is not None:
        return line.reversal.release.share.order.number
    return ""


def _note(line: PayoutLine) -> str:
    if line.release is not None:
        return _of_sale(line)
    if line.reversal is not None:
        return line.reversal.reason
    if line.kind in (Kind.CAME_BACK, Kind.CALLED_OFF):
        return _("The money of an earlier payout, which did not arrive.")
    return ""


def _of_sale(line: PayoutLine) -> str:
    """What was kept back before the money came: of a sale that was held, Stripe's line does not show it.

    In the currency of the sale, which may not be the payout's. Refunds since are lines of their own, and not told here.
    """
    release = line.release
    if release is None or release.share.funds_flow != FundsFlow.HELD:
        return ""
    share, before = release.share, _refunded_before(release)
    words = _("The buyer paid %(paid)s; our fee of %(fee)s was kept back before.")
    kept = share.fee - (before.fee if before else 0)
    said = [words % {"paid": share.money(share.gross), "fee": share.money(kept)}]
    if before:
        said.append(_("%(amount)s went back to the buyer.") % {"amount": share.money(before.amount)})
    if before and before.borne:
        said.append(_("You bore %(amount)s of Stripe’s processing fee.") % {"amount": share.money(before.borne)})
    if release.netted:
        said.append(_("%(amount)s was set off against what you owed.") % {"amount": share.money(release.netted)})
    return " ".join(said)


def _refunded_before(release: Release) -> Refunded | None:
    """What was refunded before the release; None where nothing was, or where it does not explain the amount."""
    share, came = release.share, release.amount + release.netted
    if not share.refunded:
        return None
    if came == share.gross - share.fee - share.taken:
        whole = Refunded(share.refunded, share.fee_returned, share.taken - share.refunded + share.fee_returned)
        return whole if whole.borne >= 0 else None
    # More was refunded since: of all refunds only those that came out of what was held made the release smaller.
    held = [
        refund
        for refund in share.refunds.all()
        if refund.absorbed and not refund.owed and refund.replaces_id is None and refund.status != Refund.Status.REFUSED
    ]
    amount, fee = sum(refund.amount for refund in held), sum(refund.from_fee for refund in held)
    borne = share.gross - amount - (share.fee - fee) - came
    return Refunded(amount, fee, borne) if held and borne == sum(refund.processing for refund in held) else None
