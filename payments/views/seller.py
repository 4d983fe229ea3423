"""The seller's desk: what to do first, then the money."""

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from accounts.access import SellerRequest, seller_required
from accounts.models import Seller
from accounts.rules import why_cannot_sell
from kit.money import Money
from orders.models import Status
from orders.stories import seller_pill
from payments.models import Payout
from payments.queries import SellerMoney, orders_to_fulfil, seller_money, seller_payouts

PILLS = {
    Payout.Status.PENDING: "waiting",
    Payout.Status.IN_TRANSIT: "moving",
    Payout.Status.PAID: "done",
    Payout.Status.FAILED: "problem",
    Payout.Status.CANCELED: "waiting",
}


@dataclass(frozen=True, slots=True)
class ToDo:
    """One thing that waits for the seller, with the way to do it."""

    sentence: str
    url: str
    action: str


@seller_required
@require_GET
def desk(request: SellerRequest) -> HttpResponse:
    """To do first, money second, the latest orders third."""
    seller = request.seller
    latest = seller.orders.exclude(status=Status.CANCELLED).order_by("-pk").prefetch_related("lines")[:5]
    page = {
        "seller": seller,
        "to_do": to_do(seller),
        "money": [(place, _bar(place)) for place in seller_money(seller)],
        "orders": [(order, seller_pill(order)) for order in latest],
        "payouts": _with_pills(seller_payouts(seller)[:3]),
    }
    return render(request, "payments/desk.html", page)


@seller_required
@require_GET
def payouts(request: SellerRequest) -> HttpResponse:
    """Every payout to the seller's bank."""
    page = Paginator(seller_payouts(request.seller), 25).get_page(request.GET.get("page"))
    shown: dict[str, Any] = {"seller": request.seller, "page": page, "payouts": _with_pills(page.object_list)}
    return render(request, "payments/payouts.html", shown)


def to_do(seller: Seller) -> list[ToDo]:
    """What waits for this seller, the most pressing first."""
    found = []
    if reason := why_cannot_sell(seller):
        found.append(ToDo(reason, reverse("accounts:sell"), _("See what is needed")))
    waiting = orders_to_fulfil(seller).count()
    if waiting:
        sentence = ngettext(
            "%(n)d paid order waits to be sent or handed over.",
            "%(n)d paid orders wait to be sent or handed over.",
            waiting,
        ) % {"n": waiting}
        found.append(ToDo(sentence, reverse("orders:seller_orders"), _("See orders")))
    if not seller.listings.exists():
        found.append(ToDo(_("Your shop is empty."), reverse("catalog:listing_new"), _("Create your first listing")))
    elif not seller.listings.filter(status="published").exists():
        found.append(ToDo(_("Nothing is published yet."), reverse("catalog:seller_listings"), _("Publish a listing")))
    return found


def _bar(place: SellerMoney) -> list[tuple[str, str, Money]]:
    """The parts of the money bar, with their words."""
    words = {
        "held": _("Held until delivery"),
        "available": _("In your Stripe balance"),
        "on-its-way": _("On its way to your bank"),
        "paid": _("Paid out"),
    }
    return [(kind, words[kind], amount) for kind, amount in place.parts if amount.amount > 0]


def _with_pills(payouts: Any) -> list[tuple[Payout, str]]:
    return [(payout, PILLS[Payout.Status(payout.status)]) for payout in payouts]
