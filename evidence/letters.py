"""Mails to sellers about disputes: what was taken, what to do until when, and how it ended. Buyers hear from their
bank.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Membership
from evidence import asking, standing
from evidence.models import SellerLetter
from evidence.seller_part import Disputed, deadline
from kit import mail
from payments.models import Dispute, Share

Kind = SellerLetter.Kind
Letter = tuple[str, list[str]]


@mail.letter
def write(found: Disputed, letter: SellerLetter) -> None:
    """To the seller's owners; in the transaction that says that it was written."""
    subject, lines = _LETTERS[Kind(letter.kind)](found)
    owners = Membership.objects.filter(
        seller=found.share.order.seller, role=Membership.Role.OWNER, user__is_active=True
    ).select_related("user")
    why = _("You get this mail because you sell at %(site)s.") % {"site": settings.MARKETPLACE_NAME}
    link = settings.SITE_URL + reverse("evidence:desk_dispute", args=[found.dispute.pk])
    for owner in owners:
        mail.write(
            key=f"dispute-{letter.kind}:{letter.dispute_id}:{letter.share_id}:{letter.round}:{owner.user_id}",
            to=owner.user.email,
            language=owner.user.language,
            template="dispute_letter",
            context={"person": owner.user, "subject": subject, "lines": lines, "link": link, "why": why},
        )


def _inquiry(found: Disputed) -> Letter:
    values = {"number": found.share.order.number}
    lines = [
        asking.what_the_bank_says(found.dispute),
        _("So far the bank only asks, and takes nothing.") + " " + standing.taken_line(found),
        *_to_do(found),
    ]
    return _("A buyer’s bank asks about order %(number)s") % values, lines


def _opened(found: Disputed) -> Letter:
    values = {"number": found.share.order.number, "amount": found.part.money if found.part else found.dispute.money}
    lines = [
        asking.what_the_bank_says(found.dispute),
        _("The bank takes %(amount)s of order %(number)s back until it has decided.") % values,
        f"{standing.taken_line(found)} {_at_stake(found)}",
        *_to_do(found),
    ]
    return _("A buyer’s bank takes back the payment for order %(number)s") % values, lines


def _appealed(found: Disputed) -> Letter:
    values = {"number": found.share.order.number}
    lines = [_("The bank looks at it once more. %(taken)s") % {"taken": standing.taken_line(found)}, *_to_do(found)]
    return _("The buyer’s bank asks again about order %(number)s") % values, lines


def _reminded(found: Disputed) -> Letter:
    values = {"number": found.share.order.number, "until": standing.exact(deadline(found.dispute))}
    lines = [
        asking.what_the_bank_says(found.dispute),
        _("We have nothing from you yet. Send us your side by %(until)s; a few words and a photo help.") % values,
        _at_stake(found),
    ]
    return _("Order %(number)s: send us your side by %(until)s") % values, [line for line in lines if line]


def _answered(found: Disputed) -> Letter:
    values = {"number": found.share.order.number}
    lines = [
        _("We sent the bank what speaks for you. Banks take up to three months to decide."),
        _("Until then nothing changes and nothing is to be done. We write when it has decided."),
    ]
    return _("We answered the bank about order %(number)s") % values, lines


def _won(found: Disputed) -> Letter:
    values = {"number": found.share.order.number}
    lines = [_("The bank decided for you, and gave the money back."), _comes_again(found)]
    return _("Won: the money of order %(number)s is yours") % values, lines


def _lost(found: Disputed) -> Letter:
    share, cost = found.share, standing.would_cost(found)
    values = {"number": share.order.number, "total": share.money(cost.total)}
    lines = [_("The bank decided for the buyer, who keeps the money.")]
    if not cost.total:
        lines.append(_("It costs you nothing: the marketplace bears it."))
    else:
        lines.append(_("It costs you %(total)s.") % values)
    if cost.held:
        lines.append(_("%(held)s of it was held for you and is taken for it.") % {"held": share.money(cost.held)})
    if cost.owed:
        owed = {"owed": share.money(cost.owed)}
        lines.append(_("%(owed)s of it you owe us: it is kept back from what is released to you next.") % owed)
    if cost.fee:
        lines.append(_("Our fee on it, %(fee)s, we gave up.") % {"fee": share.money(cost.fee)})
    return _("Lost: the buyer keeps the money of order %(number)s") % values, lines


def _closed(found: Disputed) -> Letter:
    values = {"number": found.share.order.number}
    lines = [_("The bank took nothing. The money of this order goes on as before.")]
    return _("The bank closed its question about order %(number)s") % values, lines


def _to_do(found: Disputed) -> Sequence[str]:
    """What to do by when; or that there is nothing."""
    until = deadline(found.dispute)
    if not asking.questions(found.dispute, found.share):
        return [_("This bank reads no evidence, so nothing is asked of you.")]
    if until is None:
        return [_("The bank takes no answer to it, so nothing is asked of you.")]
    return [
        _("Send us what proves your side by %(until)s: words, a photo, a receipt of the carrier.")
        % {"until": standing.exact(until)},
        _("It goes to us. We answer the bank, with what we know of the order."),
    ]


def _at_stake(found: Disputed) -> str:
    cost = standing.would_cost(found).total
    if found.dispute.status in Dispute.INQUIRIES:
        return ""
    if not cost:
        return _("If it is lost, the marketplace bears it.")
    return _("If it is lost, it costs you %(amount)s.") % {"amount": found.share.money(cost)}


def _comes_again(found: Disputed) -> str:
    share = found.share
    fetched = standing.fetched_back(found)[0]
    if not fetched and share.left > 0:
        return _("Your share is released as it would have been.")
    if not fetched:
        return _("Your share of it stays yours.")
    if share.status == Share.Status.RELEASED:
        return _("%(amount)s is in your Stripe balance again.") % {"amount": share.money(fetched)}
    return _("%(amount)s, which we had fetched back, is sent to you again.") % {"amount": share.money(fetched)}


_LETTERS: dict[Kind, Callable[[Disputed], Letter]] = {
    Kind.INQUIRY: _inquiry,
    Kind.OPENED: _opened,
    Kind.APPEALED: _appealed,
    Kind.REMINDED: _reminded,
    Kind.ANSWERED: _answered,
    Kind.WON: _won,
    Kind.LOST: _lost,
    Kind.CLOSED: _closed,
}
