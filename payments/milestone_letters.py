"""The mails about milestones, in the design of all letters about money."""

from __future__ import annotations

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kit import mail
from kit.clock import now
from payments import letters
from payments.models import Milestone, MilestoneAgreement


@mail.letter
def proposed(agreement: MilestoneAgreement) -> None:
    """To the buyer: the seller wants to be paid in parts."""
    share, many = agreement.share, agreement.milestones.count()
    shop = share.order.seller.name
    letters.to_buyer(
        share,
        key=f"milestones-proposed:{agreement.pk}",
        subject=_("%(shop)s proposes milestones for your order %(number)s")
        % {"shop": shop, "number": share.order.purchase.number},
        lines=[
            ngettext(
                "%(shop)s would like to get the money for your order when %(n)d step is done.",
                "%(shop)s would like to get the money for your order in %(n)d steps, each when it is done.",
                many,
            )
            % {"shop": shop, "n": many},
            _("You confirm each step before its money goes. Agree, or say why not: nothing changes until you do."),
        ],
    )


@mail.letter
def answered(agreement: MilestoneAgreement) -> None:
    """To the seller's owners: what the buyer said."""
    share = agreement.share
    number = share.order.number
    is_agreed = agreement.status == MilestoneAgreement.Status.AGREED
    subject = (
        _("The milestones of order %(number)s are agreed")
        if is_agreed
        else _("The buyer declined your milestones for order %(number)s")
    )
    lines = (
        [_("Tell us when the first one is done. The buyer confirms it, and its money is yours.")]
        if is_agreed
        else [_("Why: %(reason)s") % {"reason": agreement.answer}, _("The order goes on as before.")]
    )
    key = f"milestones-answered:{agreement.pk}"
    letters.to_owners(share, key=key, subject=subject % {"number": number}, lines=lines)


@mail.letter
def done(milestone: Milestone) -> None:
    """To the buyer: look at it, and confirm it."""
    share = milestone.agreement.share
    letters.to_buyer(
        share,
        key=f"milestone-done:{milestone.pk}:{milestone.moves.count()}",
        subject=_("“%(name)s” is done, says %(shop)s") % {"name": milestone.name, "shop": share.order.seller.name},
        lines=[
            _("Look at it and confirm it, or say what is missing."),
            _("If you say nothing, we remind you, and some days later it counts as confirmed."),
        ],
    )


@mail.letter
def not_done(milestone: Milestone) -> None:
    """To the seller's owners: the buyer sees it otherwise."""
    share = milestone.agreement.share
    letters.to_owners(
        share,
        key=f"milestone-not-done:{milestone.pk}:{milestone.moves.count()}",
        subject=_("“%(name)s” is not done yet, says the buyer") % {"name": milestone.name},
        lines=[
            _("Why: %(reason)s") % {"reason": milestone.objection},
            _("Put it right and tell us again that it is done."),
        ],
    )


@mail.letter
def counts_soon(milestone: Milestone) -> None:
    """To the buyer: silence counts as a yes soon."""
    share = milestone.agreement.share
    day = date_format(localtime(milestone.due_at or now()), "j F Y")
    values = {"name": milestone.name, "day": day, "shop": share.order.seller.name}
    letters.to_buyer(
        share,
        key=f"milestone-soon:{milestone.pk}:{milestone.moves.count()}",
        subject=_("Is “%(name)s” done?") % values,
        lines=[
            _("%(shop)s says so. On %(day)s it counts as confirmed, and its money goes to them.") % values,
            _("If something is missing, say so before that day."),
        ],
    )
