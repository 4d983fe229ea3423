"""What staff do about disputes, one at a time or several at once; each refusal is a sentence for whoever asked."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accounts.models import User
from disputes import rules, standing, words
from disputes.models import Act
from evidence import editing, packs, seller_part, telling
from evidence.assembling import note
from evidence.errors import EvidenceError
from evidence.models import Pack
from payments.models import Dispute


class NotPossible(Exception):
    """It cannot be done with this dispute; the message says why."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What a rule is about to do by itself."""

    sentence: str
    about: str


def pack_for(dispute: Dispute) -> Pack:
    """The pack, begun if nobody did so far. Raises NotPossible for a charge nobody knows."""
    if dispute.payment_id is None:
        raise NotPossible(_("Nobody here knows its charge."))
    return standing.pack_of(dispute) or packs.for_dispute(dispute)


def assign(dispute: Dispute, to: User | None, *, by: User) -> None:
    """Say who sees to it, or nobody. Raises NotPossible for what is over."""
    if dispute.settled_at is not None:
        raise NotPossible(_("It is over."))
    editing.assign(pack_for(dispute), to, user=by)


def look_over(dispute: Dispute, *, by: User) -> None:
    """This person looked over the evidence as it is now. Raises NotPossible with what is in the way."""
    if not standing.is_ours(dispute):
        raise NotPossible(_("The bank waits for no answer."))
    pack = pack_for(dispute)
    if pack.status != Pack.Status.READY:
        raise NotPossible(_("Its evidence is still being gathered."))
    try:
        editing.look_over(pack, user=by, expects=packs.preview(pack).hash)
    except EvidenceError as error:
        raise NotPossible(str(error)) from error


def can_concede(dispute: Dispute) -> bool:
    """Whether the loss can be accepted now: an inquiry is refunded instead."""
    asked = dispute.status in Dispute.NEEDS_ANSWER and dispute.status not in Dispute.INQUIRIES
    return asked and standing.is_ours(dispute)


def notice(dispute: Dispute) -> Notice | None:
    """What will be done about it by itself, unless somebody stops it."""
    act = rules.notice(dispute)
    if act is None or act.status != Act.Status.NOTICED:
        return None
    day = date_format(localtime(act.due_at), "j F, H:i T")
    return Notice(
        _("%(what)s on %(day)s.") % {"what": words.WILL[act.what], "day": day},
        _("By the rule “%(rule)s”: %(because)s") % {"rule": act.rule, "because": words.because(act.because)},
    )


def stop_notice(dispute: Dispute, *, by: User) -> None:
    """Leave it to people. Raises NotPossible when it is too late."""
    act = rules.notice(dispute)
    if act is None:
        raise NotPossible(_("Nothing is about to happen by itself."))
    try:
        rules.stop(act, by=by, why=_("Stopped on the dispute’s page."))
    except rules.TooLate as error:
        raise NotPossible(str(error)) from error


def remind_sellers(dispute: Dispute, *, by: User) -> int:
    """Write to the sellers who have not sent anything yet; how many. Each is reminded once for each time the bank asks.
    Raises NotPossible when there is nobody to remind.
    """
    waiting = [
        found
        for found in seller_part.of_dispute(dispute)
        if seller_part.can_give(found) and not seller_part.given(dispute, found.share)
    ]
    if not waiting:
        raise NotPossible(_("No seller can add anything, or all of them have."))
    told = [found.share.order.seller.name for found in waiting if telling.remind(found)]
    if not told:
        raise NotPossible(_("Its sellers were reminded already."))
    note(pack_for(dispute), _("Reminded %(who)s.") % {"who": ", ".join(told)}, actor=by.email)
    return len(told)
