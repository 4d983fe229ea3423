"""How a dispute stands for a seller: whose turn it is, and what became of the money of their order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Sum
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from evidence.models import Pack, Submission
from evidence.seller_part import Disputed, can_give, deadline
from kit.clock import now
from kit.money import Money, allocate
from payments import dispute_plans, shares
from payments.models import Dispute, DisputeShare, Reversal, Share

Outcome = DisputeShare.Outcome
APPEAL = Dispute.Status.APPEAL_NEEDS_RESPONSE


@dataclass(frozen=True, slots=True)
class Line:
    """One amount, what it is, and why. `strong` is what it comes to."""

    label: str
    money: Money | None
    why: str = ""
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Cost:
    """What losing costs the seller, or cost them: minor units. `total` = `held` + `owed`; `fee` is ours, given up."""

    total: int
    held: int
    owed: int
    fee: int
    platform: int


def pill(found: Disputed, *, has_sent: bool) -> tuple[str, str]:
    """The status as a kind of pill and its word."""
    status, pack = found.dispute.status, found.pack
    if status == Dispute.Status.LOST:
        return "problem", _("Lost")
    if status == Dispute.Status.WON:
        return "done", _("Won")
    if status in Dispute.ENDED:
        return "done", _("Closed, nothing taken")
    if pack is not None and pack.status == Pack.Status.CONCEDED:
        return "problem", _("Accepted")
    if can_give(found):
        return ("waiting", _("We have your answer")) if has_sent else ("needs-you", _("Your answer is needed"))
    return "moving", _("With the bank")


def now_line(found: Disputed, *, has_sent: bool) -> str:
    """Whose turn it is and until when, in a sentence or two."""
    dispute = found.dispute
    if dispute.status in Dispute.ENDED:
        return _ended(found)
    if can_give(found):
        return _asked(found, has_sent=has_sent)
    if found.pack is not None and found.pack.status in (Pack.Status.CONCEDED, Pack.Status.CONCEDING):
        return _("We accepted this dispute: the buyer keeps the money. What it costs you is below.")
    if found.pack is not None and found.pack.status == Pack.Status.MISSED:
        return _("The bank’s date passed without an answer. It decides by what it has.")
    sent = _answered_at(found)
    words = _("We answered the bank on %(day)s.") % {"day": _day(sent)} if sent else _("The bank is looking at it.")
    return words + " " + _("Banks take up to three months to decide. Nothing is to be done until then.")


def money_lines(found: Disputed) -> list[Line]:
    """What is asked, what was taken already, and what it would cost or has cost."""
    share, part = found.share, found.part
    if part is None:
        return _untouched(found)
    lines = [Line(_("The bank asks for, of this order"), part.money)]
    if part.outcome == Outcome.LOST:
        return [*lines, *_lost_lines(share, _cost(part))]
    fetched, coming = fetched_back(found)
    if part.outcome == Outcome.RETURNED:
        return [*lines, *_returned_lines(found, fetched)]
    cost = would_cost(found)
    if fetched:
        words = _("Held until the bank decides. If we win it is sent to you again.")
        lines.append(Line(_("Fetched back from your Stripe balance"), share.money(fetched), words))
    if coming:
        words = _("Stripe is doing it at this moment.")
        lines.append(Line(_("Being fetched back from your Stripe balance"), share.money(coming), words))
    own = min(cost.total, max(0, share.left - fetched))
    if own:
        words = _("It was not released yet, and waits with us until the bank decides.")
        lines.append(Line(_("Held back from your share"), share.money(own), words))
    short = max(0, cost.total - own - fetched - coming)
    if short and found.dispute.outstanding:
        words = _("Your Stripe balance did not cover it. You will owe it only if the dispute is lost.")
        lines.append(Line(_("Not fetched back"), share.money(short), words))
    words = _("Our fee on it, %(fee)s, we give up.") % {"fee": share.money(cost.fee)} if cost.fee else ""
    if not cost.total:
        words = _("The marketplace bears disputes of this kind.")
    return [*lines, Line(_("If it is lost, it costs you"), share.money(cost.total), words, strong=True)]


def would_cost(found: Disputed) -> Cost:
    """What the seller would bear if the bank decided for the buyer now; nothing while nobody asks for money."""
    dispute, share, part = found.dispute, found.share, found.part
    if part is None:
        return Cost(0, 0, 0, 0, 0)
    if part.outcome == Outcome.LOST:
        return _cost(part)
    policy = dispute_plans.policy_for(dispute.reason)
    plan = dispute_plans.lost(shares.facts(share), str(dispute), part.amount, policy, fee=_fee(dispute, part))
    steps = plan.steps
    total = steps["from_seller"] + steps["processing"]
    return Cost(total, steps["absorbed"], steps["owed"], steps["from_fee"], steps["from_platform"])


def taken_line(found: Disputed) -> str:
    """What happened to the seller's money already, in one sentence."""
    share, part = found.share, found.part
    if part is None or not found.dispute.outstanding:
        held = share.money(share.left)
        return _("Nothing was taken from you.") + (
            " " + _("Your share of %(amount)s is not released until it is over.") % {"amount": held}
            if share.left > 0
            else ""
        )
    fetched, coming = fetched_back(found)
    own = min(would_cost(found).total, max(0, share.left - fetched))
    sentences = [
        (_("%(amount)s of your share is held back."), own),
        (_("%(amount)s was fetched back from your Stripe balance and is held."), fetched),
        (_("%(amount)s is being fetched back from your Stripe balance."), coming),
        (_("%(amount)s was not there any more: you will owe it if the dispute is lost."), part.short),
    ]
    words = [sentence % {"amount": share.money(amount)} for sentence, amount in sentences if amount]
    return " ".join(words) or _("Nothing was taken from you.")


# --- words ---


def _asked(found: Disputed, *, has_sent: bool) -> str:
    until = deadline(found.dispute)
    values = {"until": exact(until), "bank": exact(found.dispute.due_by)}
    if has_sent:
        if until and until > now():
            return _(
                "We have what you sent, and read it before we answer the bank. You can add to it until %(until)s."
            ) % (values)
        return _("We have what you sent, and answer the bank by %(bank)s.") % values
    if until is None or until <= now():
        return (
            _("We asked you to answer by %(until)s. Until we have answered the bank, you still can: be quick.") % values
        )
    if found.dispute.status in Dispute.INQUIRIES:
        return (
            _("The buyer’s bank asks about this payment; so far it takes nothing. Tell us your side by %(until)s.")
            % values
        )
    if found.dispute.status == APPEAL:
        return _("The buyer’s bank asks once more. Send us anything new by %(until)s.") % values
    return (
        _("The buyer’s bank takes this payment back. Send us what proves your side by %(until)s; we answer the bank.")
        % values
    )


def _ended(found: Disputed) -> str:
    status = found.dispute.status
    if status == Dispute.Status.WON:
        return _("The bank decided for you. The money of this order is yours as before.")
    if status == Dispute.Status.LOST:
        return _("The bank decided for the buyer, who keeps the money. Nothing more can be done here.")
    return _("The bank closed its inquiry. Nothing was taken from you.")


def exact(moment: datetime | None) -> str:
    """Day, time and zone, for a deadline."""
    return date_format(localtime(moment), pgettext("deadline", "j F Y, H:i T")) if moment else _("its date")


def _day(moment: datetime) -> str:
    return date_format(localtime(moment), pgettext("day", "j F Y"))


# --- amounts ---


def _untouched(found: Disputed) -> list[Line]:
    share = found.share
    lines = [Line(_("The bank asks about, in all"), found.dispute.money)]
    if share.left > 0 and found.dispute.status not in Dispute.ENDED:
        words = _("It is not released until the bank has closed its inquiry.")
        lines.append(Line(_("Held back from your share"), share.money(share.left), words))
    return [*lines, Line(_("Taken from you"), share.money(0), strong=True)]


def _lost_lines(share: Share, cost: Cost) -> list[Line]:
    lines = []
    if cost.held:
        lines.append(Line(_("Taken from what was held for you"), share.money(cost.held)))
    if cost.owed:
        words = _("It is kept back from what is released to you next.")
        lines.append(Line(_("You owe the marketplace"), share.money(cost.owed), words))
    if cost.fee:
        lines.append(Line(_("Our fee, which we gave up"), share.money(cost.fee)))
    if cost.platform:
        lines.append(Line(_("The marketplace bears"), share.money(cost.platform)))
    return [*lines, Line(_("It cost you"), share.money(cost.total), strong=True)]


def _returned_lines(found: Disputed, fetched: int) -> list[Line]:
    share = found.share
    lines = []
    if fetched:
        is_back = share.status == Share.Status.RELEASED
        words = (
            _("It is in your Stripe balance again.")
            if is_back
            else _("It is released to you again, by a new transfer.")
        )
        lines.append(Line(_("Fetched back before"), share.money(fetched), words))
    return [*lines, Line(_("It cost you"), share.money(0), strong=True)]


def _cost(part: DisputeShare) -> Cost:
    return Cost(part.from_seller + part.processing, part.absorbed, part.owed, part.from_fee, part.from_platform)


def _fee(dispute: Dispute, part: DisputeShare) -> int:
    """The part of the dispute's fee that this order's seller would bear, as payments.disputes divides it."""
    if part.share.currency != dispute.line_currency:
        return 0
    fee = dispute_plans.fee_for_seller(dispute_plans.policy_for(dispute.reason), max(0, dispute.fee))
    parts = list(dispute.shares.exclude(outcome=Outcome.RETURNED).order_by("share_id"))
    divided = allocate(fee, [one.amount for one in parts]) if parts else []
    return next((mine for one, mine in zip(parts, divided, strict=True) if one.pk == part.pk), 0)


def fetched_back(found: Disputed) -> tuple[int, int]:
    """Minor units: what came back from the seller's balance for this dispute, and what is coming."""
    mine = Reversal.objects.filter(release__share=found.share, dispute=found.dispute)
    sums = {row["status"]: row["total"] for row in mine.values("status").annotate(total=Sum("amount")).order_by()}
    return sums.get(Reversal.Status.DONE, 0), sums.get(Reversal.Status.PLANNED, 0)


def _answered_at(found: Disputed) -> datetime | None:
    if found.pack is None:
        return None
    sent = found.pack.submissions.filter(kind=Submission.Kind.EVIDENCE, status=Submission.Status.SENT)
    return sent.values_list("done_at", flat=True).first()
