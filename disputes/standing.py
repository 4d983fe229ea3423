"""How a dispute stands, in words for staff: whose turn it is, until when, and what is next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from evidence.models import Pack
from kit.clock import now
from kit.templatetags.ui import time_in_words
from payments.models import Dispute

Status = Dispute.Status

# An answer that is due this soon needs a person today.
SOON = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Turn:
    """Whose turn it is. Without a `url` staff have nothing to do."""

    sentence: str
    url: str = ""
    action: str = ""


def pack_of(dispute: Dispute) -> Pack | None:
    """The dispute's pack, if one was begun."""
    found: Pack | None = getattr(dispute, "pack", None)
    return found


def is_ours(dispute: Dispute) -> bool:
    """Whether the bank waits for an answer of ours, and still takes one. Appeals are answered at Stripe alone."""
    asked = dispute.status in Dispute.NEEDS_ANSWER - Dispute.APPEALS
    if dispute.payment_id is None or dispute.settled_at is not None or not asked:
        return False
    pack = pack_of(dispute)
    return not is_late(dispute) and (pack is None or pack.status in Pack.OPEN)


def is_late(dispute: Dispute) -> bool:
    """Whether the bank's date has passed without its decision."""
    return dispute.due_by is not None and dispute.due_by < now() and dispute.status in Dispute.NEEDS_ANSWER


def pill(dispute: Dispute) -> tuple[str, str]:
    """Kind and word of the pill."""
    label = str(dispute.get_status_display())
    if dispute.status == Status.LOST:
        return "problem", label
    if dispute.status in Dispute.ENDED_WELL:
        return "done", label
    if dispute.status == Status.UNKNOWN or dispute.payment_id is None:
        return "problem", label
    return ("needs-you", label) if is_ours(dispute) else ("waiting", label)


def deadline(moment: datetime) -> str:
    """The bank's date in full, with its time zone and how far away it is."""
    exact = date_format(localtime(moment), pgettext("a deadline", "l, j F Y, H:i T"))
    return _("%(exact)s, %(left)s") % {"exact": exact, "left": left(moment)}


def left(moment: datetime) -> str:
    """How much time is left: days, and hours once it is less than two of them."""
    hours = int((moment - now()).total_seconds() // 3600)
    if hours < 1:
        return time_in_words(moment)
    if hours < 48:
        return ngettext("in %(n)d hour", "in %(n)d hours", hours) % {"n": hours}
    return ngettext("in %(n)d day", "in %(n)d days", hours // 24) % {"n": hours // 24}


def short_deadline(dispute: Dispute) -> str:
    """For the list: the day and hour, while there is one to keep."""
    if dispute.settled_at is not None or dispute.status not in Dispute.NEEDS_ANSWER or dispute.due_by is None:
        return "–"
    return date_format(localtime(dispute.due_by), pgettext("a short deadline", "j M, H:i"))


def next_step(dispute: Dispute, missing: int = 0) -> str:
    """What there is to do, in a few words; `missing` pieces of what the bank wants to see are not there."""
    if dispute.payment_id is None:
        return _("Find out at Stripe what this charge is")
    if dispute.settled_at is not None:
        return _("Look at it: the bank took more than the orders carry") if dispute.beyond else _("Nothing: it is over")
    pack = pack_of(dispute)
    if pack is not None and pack.status in Pack.UNDER_WAY:
        return _("Wait: it is on its way to Stripe")
    if dispute.status == Status.APPEAL_NEEDS_RESPONSE and not is_late(dispute):
        return _("Answer the appeal in Stripe’s Dashboard")
    if dispute.status not in Dispute.NEEDS_ANSWER or (pack is not None and pack.status == Pack.Status.SUBMITTED):
        return _("Wait for the bank")
    if is_late(dispute):
        return _("Nothing: the bank’s date has passed")
    if pack is not None and pack.status == Pack.Status.CONCEDED:
        return _("Wait: the loss was accepted")
    if dispute.status == Status.WARNING_NEEDS_RESPONSE:
        return _("Answer, or refund the buyer")
    if missing:
        return _("Complete the evidence")
    return _("Send the evidence, or accept the loss")


def turn(dispute: Dispute, *, missing: int = 0, may_answer: bool = True) -> Turn:
    """Whose turn it is and until when, in one sentence, with the one thing to do next."""
    if is_ours(dispute):
        return _our_turn(dispute, missing, may_answer=may_answer)
    return Turn(_others_turn(dispute))


def _our_turn(dispute: Dispute, missing: int, *, may_answer: bool) -> Turn:
    until = left(dispute.due_by) if dispute.due_by else _("soon")
    facts = {"money": dispute.money, "until": until}
    if dispute.status == Status.WARNING_NEEDS_RESPONSE:
        sentence = _("The bank asks about %(money)s. Answer it, or refund the buyer; the time ends %(until)s.") % facts
    elif missing:
        sentence = _("The bank wants %(money)s back. Complete the evidence; the time ends %(until)s.") % facts
    else:
        sentence = _("The bank wants %(money)s back. The evidence can be sent; the time ends %(until)s.") % facts
    if not may_answer:
        return Turn(sentence)
    page = "admin:disputes_answer" if missing else "admin:disputes_preview"
    action = _("Complete the evidence") if missing else _("See what the bank will read")
    return Turn(sentence, reverse(page, args=[dispute.pk]), action)


def _others_turn(dispute: Dispute) -> str:
    if dispute.payment_id is None:
        return _("Nobody here knows this charge. Find out at Stripe what it is; until then it stands in suspense.")
    if dispute.settled_at is not None:
        return _ended(dispute)
    pack = pack_of(dispute)
    if pack is not None and pack.status in Pack.UNDER_WAY:
        return _("It is on its way to Stripe. Nobody has to do anything.")
    if dispute.status == Status.APPEAL_NEEDS_RESPONSE and not is_late(dispute):
        return _(
            "The bank’s decision was appealed. That can only be answered in Stripe’s Dashboard, by the date above."
        )
    if is_late(dispute) and (pack is None or pack.status != Pack.Status.SUBMITTED):
        return _("The bank’s date has passed without an answer. It decides now, most likely for the buyer.")
    if dispute.status in Dispute.ENDED:
        return _("The bank has decided; the money that goes with it is on its way.")
    if dispute.status == Status.UNKNOWN:
        return _(
            "Stripe calls it “%(word)s”, a word not known here. Its orders are held until somebody has looked."
        ) % {"word": dispute.stripe_status}
    if pack is not None and pack.status == Pack.Status.CONCEDED:
        return _("The loss was accepted. The bank’s word for it is on its way.")
    return _("The bank has our answer and decides. That can take two months; nobody has to do anything.")


def _ended(dispute: Dispute) -> str:
    if dispute.beyond:
        return _("It is over, but the bank took more than the orders carry. Look at what the buyer had back already.")
    words = {
        Status.WON: _("It is won: the money came back and goes to whom it belongs."),
        Status.LOST: _("It is lost: the buyer has the money."),
        Status.WARNING_CLOSED: _("The inquiry is closed. No money was taken."),
        Status.PREVENTED: _("The dispute was prevented. No money was taken."),
    }
    return words.get(Status(dispute.status), _("It is over."))
