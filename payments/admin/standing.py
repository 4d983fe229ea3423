"""How a share stands, in one sentence for staff, with the one thing to do next; and where its money is."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from payments import refunds
from payments.models import Hold, MoneyAction, Share

Kind = MoneyAction.Kind
Status = Share.Status


@dataclass(frozen=True, slots=True)
class Now:
    """Whose turn it is. Without a `url` staff have nothing to do."""

    sentence: str
    url: str = ""
    action: str = ""


def turns(share: Share) -> list[Now]:
    """What waits for staff, the most pressing first; or one sentence that nothing does."""
    found = [_waiting(action) for action in share.actions.filter(status=MoneyAction.Status.WAITING)]
    found += [
        Now(
            _("%(amount)s was refunded in Stripe’s Dashboard. Decide who bears it.") % {"amount": refund.money},
            _page(share, Kind.DECIDE),
            _("Decide who bears it"),
        )
        for refund in share.refunds.filter(undecided=True)
    ]
    found += [
        Now(
            _("A refund of %(amount)s came back from the buyer’s bank. It is owed to them again.")
            % {"amount": refund.money},
            _page(share, Kind.RETRY),
            _("Pay it again"),
        )
        for refund in refunds.unpaid(share)
    ]
    return found or [Now(_calm(share))]


def pill(share: Share) -> tuple[str, str]:
    """Kind and word of the pill."""
    if share.status == Status.HELD and _holds(share):
        return "needs-you", _("held back")
    kinds = {Status.HELD: "waiting", Status.RELEASED: "done", Status.RETURNED: "done"}
    return kinds[Status(share.status)], str(share.get_status_display())


def next_thing(share: Share) -> str:
    """In a few words for the list: when it is released, or what it waits for; nothing when nothing is held."""
    if share.status != Status.HELD:
        return ""
    holds = _holds(share)
    if holds:
        return _("held back: %(why)s") % {"why": ", ".join(str(hold.get_kind_display()) for hold in holds)}
    if share.release_at is None:
        return _("after delivery")
    return _("released on %(day)s") % {"day": date_format(localtime(share.release_at), "j F")}


def _waiting(action: MoneyAction) -> Now:
    return Now(
        _("%(who)s asked for this, and it waits for a second person: %(what)s.")
        % {"who": action.actor, "what": str(action.get_kind_display()).lower() + _amount(action)},
        reverse("admin:payments_moneyaction_approve", args=[action.pk]),
        _("Look at it and decide"),
    )


def _amount(action: MoneyAction) -> str:
    return f" {action.share.money(action.amount)}" if action.amount else ""


def _calm(share: Share) -> str:
    if share.status == Status.RETURNED:
        return _("Everything went back to the buyer. Nothing is held.")
    if share.status == Status.RELEASED:
        return _("The seller has their share. Nothing is held.")
    holds = _holds(share)
    if holds:
        return _("Held back: %(why)s. %(end)s") % {"why": holds[0].get_kind_display(), "end": holds[0].ends_when}
    if share.release_at is None:
        return _("Held until it is sent and delivered. Nobody has to do anything.")
    day = date_format(localtime(share.release_at), "j F")
    return _("It goes to the seller on %(day)s, unless somebody stops it.") % {"day": day}


def _holds(share: Share) -> list[Hold]:
    return [hold for hold in share.holds.all() if hold.ended_at is None]


def _page(share: Share, kind: str) -> str:
    return reverse("admin:payments_share_decide", args=[share.pk, kind])
