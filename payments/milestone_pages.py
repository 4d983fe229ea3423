"""What pages show of an order's milestones: each side in its own money, and whose turn it is."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from kit.money import Money, allocate
from orders.models import Order
from payments import milestone_parts, milestones
from payments.models import Milestone, MilestoneAgreement, Release, Share

Status = Milestone.Status
Agreement = MilestoneAgreement


@dataclass(frozen=True, slots=True)
class Row:
    """One milestone as one side sees it."""

    milestone: Milestone
    money: Money
    kind: str
    label: str
    note: str
    can_say_done: bool
    can_confirm: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """An agreement for one side; `money` is all of it."""

    agreement: Agreement
    rows: list[Row]
    money: Money

    @property
    def is_proposed(self) -> bool:
        """Whether the buyer has to answer."""
        return self.agreement.status == Agreement.Status.PROPOSED

    @property
    def is_agreed(self) -> bool:
        """Whether money goes by it."""
        return self.agreement.status == Agreement.Status.AGREED


def share_of(order: Order) -> Share | None:
    """The order's money, with what the pages need of it."""
    return (
        Share.objects.select_related("order__seller", "order__purchase", "payment", "account")
        .filter(order=order)
        .first()
    )


def latest(share: Share) -> Agreement | None:
    """The agreement there is, or the last one there was."""
    return share.agreements.order_by("pk").last()


def for_seller(agreement: Agreement) -> Shown:
    """In the seller's money: what each milestone brings them."""
    share, rows = agreement.share, list(agreement.milestones.select_related("release"))
    now_left = milestone_parts.parts(agreement, share.left) if agreement.status == Agreement.Status.AGREED else {}
    amounts = [now_left.get(one.pk, _sent(one)) for one in rows]
    return _shown(agreement, rows, amounts)


def for_buyer(agreement: Agreement) -> Shown:
    """In the buyer's money: the part of what they paid that each milestone stands for, exactly all of it together."""
    rows = list(agreement.milestones.select_related("release"))
    return _shown(agreement, rows, allocate(agreement.share.gross, [one.amount for one in rows]))


def can_propose(share: Share) -> bool:
    """Whether the seller is offered it."""
    return not milestones.why_not(share)


def _sent(milestone: Milestone) -> int:
    release = milestone.release
    return milestone.amount if release is None else release.amount + release.netted


def _shown(agreement: Agreement, rows: list[Milestone], amounts: list[int]) -> Shown:
    share, is_agreed = agreement.share, agreement.status == Agreement.Status.AGREED
    found = []
    for milestone, amount in zip(rows, amounts, strict=True):
        kind, label = _pill(milestone, is_agreed=is_agreed)
        found.append(
            Row(
                milestone,
                share.money(amount),
                kind,
                label,
                _note(milestone),
                can_say_done=is_agreed and milestone.status == Status.OPEN,
                can_confirm=is_agreed and milestone.status == Status.DONE,
            )
        )
    return Shown(agreement, found, share.money(sum(amounts)))


def _note(milestone: Milestone) -> str:
    """What else there is to know about it now."""
    if milestone.status == Status.DONE and milestone.due_at is not None:
        day = date_format(localtime(milestone.due_at), "j F")
        return _("Done, says the seller. On %(day)s it counts as confirmed.") % {"day": day}
    if milestone.status == Status.OPEN and milestone.objection:
        return _("Not done yet, says the buyer: %(why)s") % {"why": milestone.objection}
    return ""


def _pill(milestone: Milestone, *, is_agreed: bool) -> tuple[str, str]:
    if milestone.release is not None and milestone.release.status == Release.Status.SENT:
        return "done", _("sent to the seller")
    if milestone.is_released:
        return "moving", _("being sent to the seller")
    if milestone.status == Status.CONFIRMED:
        return "moving", _("confirmed")
    if milestone.status == Status.DONE:
        return "needs-you", _("done?")
    return "waiting", _("to be done") if is_agreed else _("proposed")
