"""The mail about a payout that came back, written in the transaction that books it."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from kit import mail
from payments import letters
from payments.models import Payout
from payments.payout_failures import failure


@mail.letter
def failed(payout: Payout) -> None:
    """To the shop's owners: the bank sent it back, why, and what to do."""
    why = failure(payout)
    letters.to_shop(
        payout.connected_account.seller,
        key=f"payout-failed:{payout.pk}",
        subject=_("Your bank sent %(amount)s back") % {"amount": payout.money},
        lines=[
            _("A payout of %(amount)s did not arrive. The money is not lost: it is in your Stripe balance again.")
            % {"amount": payout.money},
            str(why.reason),
            str(why.remedy),
        ],
        link=settings.SITE_URL + reverse("payments:payout", args=[payout.stripe_id]),
    )
