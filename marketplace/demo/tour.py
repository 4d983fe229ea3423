"""What a newcomer may try next in the demo, for each kind of person; what was tried is ticked.

What the sample data did itself (actor "demo", the demo's own browser) does not count.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Q
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cases.models import Case
from catalog.models import Listing
from marketplace.demo.history import BROWSER
from orders.models import Order, Purchase
from payments.models import Dispute, MoneyAction

ACTOR = "demo"
BUYER, SELLER, ADMIN = "buyer@demo.example", "seller@demo.example", "second@demo.example"
UNFINISHED, FAILED_PAYOUT = "milo@demo.example", "nadia@demo.example"


@dataclass(frozen=True)
class Step:
    """One thing to try, as somebody, on a page."""

    title: str | Promise
    text: str | Promise
    who: str
    path: Callable[[], str]
    is_done: Callable[[], bool]


@dataclass(frozen=True)
class Part:
    """What one kind of person would try."""

    title: str | Promise
    steps: tuple[Step, ...]


def parts() -> tuple[Part, ...]:
    """Everything there is to try, in a good order."""
    return (
        Part(_("Buy something"), (_BUY, _RECEIVE, _COMPLAIN)),
        Part(_("Sell something"), (_SEND, _IMPORT, _FINISH, _PAYOUT)),
        Part(_("Run the marketplace"), (_APPROVE, _ANSWER, _OPEN_PROBLEMS)),
    )


def _bought_by_hand() -> bool:
    return Purchase.objects.filter(status="paid").exclude(facts__user_agent=BROWSER).exists()


_BUY = Step(
    _("Look for a “stonware mug” and buy it"),
    _("The search forgives the typing mistake. Pay with the card 4242 4242 4242 4242 and any later date."),
    BUYER,
    lambda: f"{reverse('catalog:browse')}?q=stonware+mug",
    _bought_by_hand,
)
_RECEIVE = Step(
    _("Say that an order has arrived"),
    _("The money was held until now. The order’s page tells when the seller is paid, and why then."),
    BUYER,
    lambda: reverse("orders:buyer_orders"),
    lambda: (
        Order.HISTORY.objects.filter(to_status="delivered", subject__delivered_by="buyer").exclude(actor=ACTOR).exists()
    ),
)
_COMPLAIN = Step(
    _("Open a case about an order"),
    _("The release stops at once. Offer to keep half of the money back, and accept as the seller."),
    BUYER,
    lambda: reverse("orders:buyer_orders"),
    Case.objects.exists,
)
_SEND = Step(
    _("Send an order"),
    _("With a carrier and a tracking number. Then move the clock and watch the money become yours."),
    SELLER,
    lambda: reverse("payments:desk"),
    lambda: Order.HISTORY.objects.filter(to_status="fulfilled").exclude(actor=ACTOR).exists(),
)
_IMPORT = Step(
    _("Bring a catalogue in"),
    _("Any product export in Shopify’s CSV format. You see what it becomes before anything is saved."),
    SELLER,
    lambda: reverse("catalog:imports"),
    lambda: Listing.objects.exclude(import_key=None).exists(),
)
_FINISH = Step(
    _("Finish setting up a shop with Stripe"),
    _("Milo’s things are drafts until Stripe knows who he is. The page of Stripe is played by this demo."),
    UNFINISHED,
    lambda: reverse("accounts:onboarding"),
    lambda: Listing.objects.filter(~Q(status="draft"), seller__memberships__user__email=UNFINISHED).exists(),
)
_PAYOUT = Step(
    _("See why a payout came back"),
    _("Nadia’s bank has closed her account. Her page says what happened, who acts, and what to do."),
    FAILED_PAYOUT,
    lambda: reverse("payments:payouts"),
    lambda: False,
)
_APPROVE = Step(
    _("Approve a large refund as the second person"),
    _("Ada asked for it. Whoever asked cannot approve; the page shows what everybody gains and loses."),
    ADMIN,
    lambda: reverse("admin:payments_moneyaction_changelist"),
    lambda: not MoneyAction.objects.filter(status="waiting").exists(),
)
_ANSWER = Step(
    _("Answer a bank that takes money back"),
    _("The evidence is gathered from our own rows. Look at exactly what the bank will read, and submit it once."),
    ADMIN,
    lambda: reverse("admin:payments_dispute_changelist"),
    lambda: not Dispute.objects.filter(status="needs_response").exists(),
)
_OPEN_PROBLEMS = Step(
    _("Go through the open problems"),
    _("The oldest first, each with a link to the place to act."),
    ADMIN,
    lambda: reverse("admin:monitoring_alert_changelist"),
    lambda: False,
)
