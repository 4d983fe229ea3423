"""The seller's desk: what to do first, then the money."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.access import SellerRequest, seller_required
from accounts.models import Seller
from accounts.requirements import waiting_for_seller
from accounts.rules import open_account_of, why_cannot_sell
from accounts.standing import standing
from catalog.models import Listing
from kit.clock import now
from kit.templatetags.ui import time_in_words
from orders import digital_files
from orders.models import Status
from orders.stories import seller_pill
from payments.payout_failures import failure
from payments.queries import orders_to_fulfil, payout_to_mend, seller_payouts
from payments.views.money import standings
from payments.views.payouts import is_owner, with_pills


@dataclass(frozen=True, slots=True)
class ToDo:
    """One thing that waits for the seller, with the way to do it."""

    sentence: str
    url: str
    action: str


@require_safe
@seller_required
@never_cache
def desk(request: SellerRequest) -> HttpResponse:
    """To do first, money second, the latest orders third."""
    seller = request.seller
    latest = seller.orders.exclude(status=Status.CANCELLED).order_by("-pk").prefetch_related("lines")[:5]
    page = {
        "seller": seller,
        "is_owner": is_owner(request),
        "to_do": to_do(seller),
        "money": standings(seller),
        "rows": [{"order": order, "pill": seller_pill(order)} for order in latest],
        "payouts": with_pills(list(seller_payouts(seller)[:3])),
    }
    return render(request, "payments/desk.html", page)


def to_do(seller: Seller) -> list[ToDo]:
    """What waits for this seller, the most pressing first."""
    return [*_orders(seller), *_getting_paid(seller), *_payouts(seller), *_listings(seller)]


def _orders(seller: Seller) -> list[ToDo]:
    waiting = orders_to_fulfil(seller)
    count = waiting.count()
    if not count:
        return []
    sentence = ngettext(
        "%(n)d paid order waits to be sent or handed over.",
        "%(n)d paid orders wait to be sent or handed over.",
        count,
    ) % {"n": count}
    first = waiting.exclude(ship_by=None).order_by("ship_by").values_list("ship_by", flat=True).first()
    if first is not None and first < now():
        sentence += " " + _("The first was due %(when)s.") % {"when": time_in_words(first)}
    elif first is not None:
        sentence += " " + _("The first is due %(when)s.") % {"when": time_in_words(first)}
    return [ToDo(sentence, reverse("orders:seller_orders"), _("See orders"))]


def _getting_paid(seller: Seller) -> list[ToDo]:
    if reason := why_cannot_sell(seller):
        return [ToDo(reason, reverse("accounts:sell"), _("See what is needed"))]
    account = open_account_of(seller)
    found = standing(account)
    if account is not None and (found.warning or waiting_for_seller(account.requirements)):
        return [ToDo(found.warning or found.sentence, reverse("accounts:onboarding"), _("See what is needed"))]
    return []


def _payouts(seller: Seller) -> list[ToDo]:
    returned = payout_to_mend(seller)
    if returned is None:
        return []
    words = _("Your bank sent a payout of %(amount)s back. %(reason)s")
    sentence = words % {"amount": returned.money, "reason": failure(returned).reason}
    return [ToDo(sentence, reverse("payments:payout", args=[returned.stripe_id]), _("See what to do"))]


def _listings(seller: Seller) -> list[ToDo]:
    if not seller.listings.exists():
        return [ToDo(_("Your shop is empty."), reverse("catalog:listing_new"), _("Create your first listing"))]
    published = seller.listings.filter(status="published")
    if not published.exists():
        return [ToDo(_("Nothing is published yet."), reverse("catalog:seller_listings"), _("Publish a listing"))]
    found = []
    if empty := digital_files.without_file(published.filter(delivery=Listing.Delivery.DIGITAL)).first():
        words = _("%(title)s is sold as a download and has no file yet: you would hand each order over yourself.")
        url = reverse("orders:listing_files", args=[empty.pk])
        found.append(ToDo(words % {"title": empty.title}, url, _("Add the file")))
    if gone := published.filter(available=0).count():
        sentence = ngettext("%(n)d listing is sold out.", "%(n)d listings are sold out.", gone) % {"n": gone}
        found.append(ToDo(sentence, f"{reverse('catalog:seller_listings')}?status=published", _("See listings")))
    return found
