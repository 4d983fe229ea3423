"""Mail before a rule accepts a loss: staff can stop it, the seller by sending evidence. Written with the notice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.conf import settings
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accounts.models import Membership, User
from disputes import words
from disputes.models import Act
from kit import mail
from payments.models import Share


@mail.letter
def will_concede(act: Act) -> None:
    """To staff and to the owners of each shop with a part in it: what happens when, and how to stop it."""
    when = date_format(localtime(act.due_at), "j F Y, H:i T")
    values = {"amount": act.money, "when": when, "why": words.because(act.because)}
    _write(
        User.objects.filter(is_staff=True, is_active=True),
        key=f"will-concede:{act.pk}",
        subject=_("A dispute about %(amount)s is given up on %(when)s") % values,
        lines=[
            _("The rule for losses that are not worth an answer gives up a dispute about %(amount)s on %(when)s.")
            % values,
            str(values["why"]),
            _("Anybody of staff can stop it until then, on the page of the notice."),
        ],
        link=reverse("admin:disputes_act_change", args=[act.pk]),
        why=_("You get this mail because you look after %(site)s.") % {"site": settings.MARKETPLACE_NAME},
    )
    for share in _shares(act):
        _to_owners(act, share, when)


def _to_owners(act: Act, share: Share, when: str) -> None:
    owners = Membership.objects.filter(
        seller=share.order.seller, role=Membership.Role.OWNER, user__is_active=True
    ).select_related("user")
    values = {"number": share.order.number, "when": when, "amount": act.money}
    _write(
        [owner.user for owner in owners],
        key=f"will-concede-seller:{act.pk}:{share.pk}",
        subject=_("Order %(number)s: send what you have by %(when)s") % values,
        lines=[
            _(
                "The buyer’s bank asks for the money of order %(number)s back. Unless you send us evidence, we give "
                "it up on %(when)s."
            )
            % values,
            _("Whatever you send stops that: then we look at it before anything is decided."),
        ],
        link=reverse("evidence:desk_dispute", args=[act.dispute_id]),
        why=_("You get this mail because you sell at %(site)s.") % {"site": settings.MARKETPLACE_NAME},
    )


def _shares(act: Act) -> list[Share]:
    if act.dispute is None:
        return []
    rows = Share.objects.filter(disputes__dispute=act.dispute).select_related("order__seller")
    return list(rows.order_by("pk"))


def _write(people: Iterable[User], *, key: str, subject: str, lines: Sequence[str], link: str, why: str) -> None:
    for person in people:
        mail.write(
            key=f"{key}:{person.pk}",
            to=person.email,
            language=person.language,
            template="money_letter",
            context={
                "person": person,
                "subject": subject,
                "lines": lines,
                "link": settings.SITE_URL + link,
                "why": why,
            },
        )
