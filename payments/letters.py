"""The mails about money on its way, written in the transaction of the fact they tell. One design for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.conf import settings
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accounts.models import Membership, Seller, User
from kit import mail
from kit.clock import now
from orders import guests
from payments.models import Refund, Release, Share


@mail.letter
def release_soon(share: Share) -> None:
    """To the buyer: nobody said that it arrived, and the money goes to the seller soon."""
    day = date_format(localtime(share.release_at or now()), "j F Y")
    shop = share.order.seller.name
    to_buyer(
        share,
        key=f"release-soon:{share.pk}",
        subject=_("Did your order %(number)s arrive?") % {"number": share.order.purchase.number},
        lines=[
            _("%(shop)s sent your order. On %(day)s the money goes to them.") % {"shop": shop, "day": day},
            _("If it has not arrived, or is not what you ordered, tell us before that day."),
        ],
    )


@mail.letter
def ship_soon(share: Share) -> None:
    """To the seller's owners: what is not sent by its day is cancelled, and the buyer gets everything back."""
    day = date_format(localtime(share.order.ship_by or now()), "j F Y")
    values = {"number": share.order.number, "day": day, "amount": share.money(share.left)}
    to_owners(
        share,
        key=f"ship-soon:{share.pk}",
        subject=_("Send order %(number)s by %(day)s") % values,
        lines=[
            _("Order %(number)s is paid and was not sent yet. Your share is %(amount)s.") % values,
            _("If you have not marked it as sent by %(day)s, it is cancelled and the buyer gets everything back.")
            % values,
        ],
    )


@mail.letter
def refunded(refund: Refund) -> None:
    """To the buyer and the seller's owners: Stripe took the refund on."""
    share, number = refund.share, refund.share.order.purchase.number
    to_buyer(
        share,
        key=f"refunded-buyer:{refund.pk}",
        subject=_("%(amount)s of your order %(number)s comes back to you") % {"amount": refund.money, "number": number},
        lines=[
            _("%(amount)s is on its way to the card you paid with. Banks take 5 to 10 days to show it.")
            % {"amount": refund.money},
            _("Why: %(reason)s.") % {"reason": refund.get_reason_display()},
        ],
    )
    borne = share.money(refund.from_seller + refund.processing)
    lines = [
        _("The buyer of order %(number)s got %(amount)s back.")
        % {"number": share.order.number, "amount": refund.money},
        _("Why: %(reason)s.") % {"reason": refund.get_reason_display()},
    ]
    if refund.outside:
        lines.append(_("Your part of it is being decided."))
    elif borne.amount:
        lines.append(_("Your part of it is %(amount)s.") % {"amount": borne})
        if refund.owed > refund.to_reverse:
            short = share.money(refund.owed - refund.to_reverse)
            lines.append(
                _("%(amount)s of it you owe us: it is kept back from what is released to you next.") % {"amount": short}
            )
    else:
        lines.append(_("It costs you nothing: the marketplace bears it."))
    subject = _("Order %(number)s: %(amount)s went back to the buyer")
    values = {"number": share.order.number, "amount": refund.money}
    to_owners(share, key=f"refunded-seller:{refund.pk}", subject=subject % values, lines=lines)


@mail.letter
def refund_failed(refund: Refund) -> None:
    """To staff: the buyer's bank sent a refund back, and it is owed again (fault F43)."""
    _to_staff(
        refund.share,
        key=f"refund-failed:{refund.pk}",
        subject=_("A refund came back: order %(number)s") % {"number": refund.share.order.number},
        lines=[
            _("%(amount)s could not be paid to the buyer (%(why)s). We owe it to them.")
            % {"amount": refund.money, "why": refund.failure.replace("_", " ") or _("no reason given")},
            _("Pay it again, or another way."),
        ],
    )


@mail.letter
def released(release: Release) -> None:
    """To the seller's owners: the money of an order is theirs now."""
    share = release.share
    values = {"number": share.order.number, "amount": release.money, "kept": share.money(release.netted)}
    lines = [_("%(amount)s for order %(number)s is in your Stripe balance. The next payout takes it along.") % values]
    if release.netted:
        lines.append(_("%(kept)s was set off against what you owed the marketplace.") % values)
    subject = _("Order %(number)s: %(amount)s is yours") % values
    to_owners(share, key=f"released:{release.pk}", subject=subject, lines=lines)


@mail.letter
def deadline_near(share: Share) -> None:
    """To staff: three quarters of the time this money may be held are over (fault F53)."""
    day = date_format(localtime(share.hold_deadline), "j F Y")
    values = {"number": share.order.number, "amount": share.money(share.left), "day": day}
    _to_staff(
        share,
        key=f"deadline-near:{share.pk}",
        subject=_("Order %(number)s may be held until %(day)s only") % values,
        lines=[
            _("%(amount)s is still held. A day before the end it goes to the seller or back to the buyer.") % values
        ],
    )


@mail.letter
def deadline_blocked(share: Share) -> None:
    """To staff, once a day: money that may not be held much longer waits for the bank, or for them."""
    day = date_format(localtime(share.hold_deadline), "j F Y")
    values = {"number": share.order.number, "amount": share.money(share.left), "day": day}
    _to_staff(
        share,
        key=f"deadline-blocked:{share.pk}:{now().date().isoformat()}",
        subject=_("Order %(number)s: decide before %(day)s") % values,
        lines=[_("%(amount)s is held and may not be held any longer, but a dispute or a decision is open.") % values],
    )


def to_buyer(share: Share, *, key: str, subject: str, lines: Sequence[str]) -> None:
    """Write to who bought it, once for each `key`."""
    purchase = share.order.purchase
    link = guests.link(purchase)
    why = _("You get this mail because you bought something at %(site)s.") % {"site": settings.MARKETPLACE_NAME}
    _write([purchase.customer.user], key=key, subject=subject, lines=lines, link=link, why=why)


def to_owners(share: Share, *, key: str, subject: str, lines: Sequence[str]) -> None:
    """Write to everybody who owns the shop an order is from, once each for each `key`."""
    link = settings.SITE_URL + reverse("orders:seller_order", args=[share.order.number])
    to_shop(share.order.seller, key=key, subject=subject, lines=lines, link=link)


def to_shop(seller: Seller, *, key: str, subject: str, lines: Sequence[str], link: str) -> None:
    """Write to everybody who owns the shop, once each for each `key`, with the page the mail is about."""
    owners = Membership.objects.filter(seller=seller, role=Membership.Role.OWNER, user__is_active=True)
    why = _("You get this mail because you sell at %(site)s.") % {"site": settings.MARKETPLACE_NAME}
    people = [owner.user for owner in owners.select_related("user")]
    _write(people, key=key, subject=subject, lines=lines, link=link, why=why)


def _to_staff(share: Share, *, key: str, subject: str, lines: Sequence[str]) -> None:
    staff = User.objects.filter(is_staff=True, is_active=True)
    link = settings.SITE_URL + reverse("admin:payments_share_change", args=[share.pk])
    why = _("You get this mail because you look after %(site)s.") % {"site": settings.MARKETPLACE_NAME}
    _write(staff, key=key, subject=subject, lines=lines, link=link, why=why)


def _write(people: Iterable[User], *, key: str, subject: str, lines: Sequence[str], link: str, why: str) -> None:
    for person in people:
        mail.write(
            key=f"{key}:{person.pk}",
            to=person.email,
            language=person.language,
            template="money_letter",
            context={"person": person, "subject": subject, "lines": lines, "link": link, "why": why},
        )
