"""The seller's money: where it is, and what each figure is made of."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.access import SellerRequest, seller_required
from accounts.models import ConnectedAccount, Seller
from catalog import keyset
from kit.money import Money
from ledger.journal import balance
from ledger.models import Account
from payments import statements
from payments.models import Payout
from payments.queries import (
    MOVING,
    SellerMoney,
    arriving_releases,
    held_shares,
    payout_to_mend,
    seller_money,
    seller_payouts,
)
from payments.views.payouts import is_owner, with_pills

PAGE = 50
NEWEST = keyset.Order(("pk",), descending=True)
NEWEST_PAYOUT = keyset.Order(("created_at", "pk"), descending=True)


@require_safe
@seller_required
@never_cache
def money(request: SellerRequest) -> HttpResponse:
    """Every place the seller's money can be in, by currency; each figure opens what it is made of."""
    seller = request.seller
    page = {
        "seller": seller,
        "is_owner": is_owner(request),
        "money": standings(seller),
        "to_mend": payout_to_mend(seller),
        "payouts": with_pills(list(seller_payouts(seller)[:5])),
    }
    return render(request, "payments/money.html", page)


@require_safe
@seller_required
@never_cache
def place(request: SellerRequest, currency: str, place: str) -> HttpResponse:
    """What one of the figures is made of, line by line."""
    found = next((one for one in seller_money(request.seller) if one.currency == currency), None)
    if found is None or place not in PLACES:
        raise Http404
    word, said = words()[place]
    shown = {
        "seller": request.seller,
        "is_owner": is_owner(request),
        "place": place,
        "word": word,
        "said": said,
        "currency": currency,
        "total": _total(found, place),
        "first": not request.GET.get("after"),
        **PLACES[place](request, currency, request.GET.get("after", "")),
    }
    return render(request, "payments/money_place.html", shown)


def words() -> dict[str, tuple[str, str]]:
    """What each place is called, and a sentence about it."""
    return {
        "held": (
            _("Held until delivery"),
            _("What buyers paid, less our fee. Each becomes yours on its release date after delivery."),
        ),
        "arriving": (
            _("Becoming available"),
            _("Yours, in your Stripe balance. Stripe makes it available a few days after the buyer paid."),
        ),
        "available": (
            _("Available for the next payout"),
            _("Your Stripe balance with what is becoming available: all that came and went, newest first."),
        ),
        "on-its-way": (_("On its way to your bank"), _("Payouts that have left Stripe and have not arrived.")),
        "paid": (_("Paid out"), _("Payouts your bank has.")),
        "debt": (
            _("You owe the marketplace"),
            _("Your part of refunds and disputes that your balance did not cover. We keep it back from what is next."),
        ),
    }


def standings(seller: Seller) -> list[dict[str, Any]]:
    """For each currency the money bar, whose words open what they are made of, and what is less than nothing."""
    return [
        {"place": one, "bar": _bar(one), "debt_url": _address(one.currency, "debt"), "below_zero": _below_zero(one)}
        for one in seller_money(seller)
    ]


def _bar(place: SellerMoney) -> list[tuple[str, str, Money]]:
    named = words()
    return [
        (kind, format_html('<a href="{}">{}</a>', _address(place.currency, kind), named[kind][0]), amount)
        for kind, amount in place.parts
        if amount.amount > 0
    ]


def _below_zero(place: SellerMoney) -> dict[str, Any] | None:
    """What refunds and disputes made negative: no bar can show it, whatever else is becoming available."""
    if place.available.amount >= 0:
        return None
    return {"money": place.available, "url": _address(place.currency, "available")}


def _address(currency: str, kind: str) -> str:
    return reverse("payments:money_place", args=[currency, kind])


def _total(found: SellerMoney, place: str) -> Money:
    if place == "debt":
        return found.debt
    # A statement runs to what stands there: all that is at Stripe.
    return found.at_stripe if place == "available" else dict(found.parts)[place]


def _held(request: SellerRequest, currency: str, after: str) -> dict[str, Any]:
    rows = held_shares(request.seller, currency).select_related("order").prefetch_related("order__lines")
    page = list(NEWEST.after(after, rows)[: PAGE + 1])
    more = NEWEST.cursor(page[PAGE - 1]) if len(page) > PAGE else ""
    return {"shares": [{"order": share.order, "share": share, **_parts(share)} for share in page[:PAGE]], "more": more}


def _parts(share: Any) -> dict[str, Money]:
    """How a share comes to what is held of it: paid - fee - taken - sent = left."""
    return {
        "paid": share.money(share.gross),
        "fee": share.money(-share.fee),
        "less": share.money(share.left - share.gross + share.fee),
        "left": share.money(share.left),
    }


def _arriving(request: SellerRequest, currency: str, after: str) -> dict[str, Any]:
    rows = arriving_releases(request.seller).filter(share__currency=currency).select_related("share__order")
    page = list(NEWEST.after(after, rows)[: PAGE + 1])
    releases = [{"release": one, "money": Money(one.on_the_way, currency)} for one in page[:PAGE]]
    return {"releases": releases, "more": NEWEST.cursor(page[PAGE - 1]) if len(page) > PAGE else ""}


def _balance(request: SellerRequest, currency: str, after: str) -> dict[str, Any]:
    accounts = statements.accounts_of(request.seller)
    chosen = _chosen(accounts, request.GET.get("account", ""))
    if chosen is None:
        return {"entries": [], "more": "", "accounts": []}
    page = statements.of_balance(chosen, currency, after)
    # Of this account: with a former one, all that is at Stripe is more than this statement runs to.
    total = Money(balance(Account.SELLER_CASH, str(chosen.stripe_id), currency), currency)
    return {"entries": page.entries, "more": page.more, "accounts": accounts, "account": chosen, "total": total}


def _chosen(accounts: list[ConnectedAccount], asked: str) -> ConnectedAccount | None:
    named = next((account for account in accounts if str(account.version) == asked), None)
    return named or next(iter(accounts), None)


def _debt(request: SellerRequest, currency: str, after: str) -> dict[str, Any]:
    page = statements.of_debt(request.seller, currency, after)
    return {"entries": page.entries, "more": page.more}


def _moving(request: SellerRequest, currency: str, after: str) -> dict[str, Any]:
    return _payouts(request.seller, currency, after, list(MOVING))


def _paid(request: SellerRequest, currency: str, after: str) -> dict[str, Any]:
    return _payouts(request.seller, currency, after, [Payout.Status.PAID])


def _payouts(seller: Seller, currency: str, after: str, statuses: list[Payout.Status]) -> dict[str, Any]:
    rows = seller_payouts(seller).filter(currency=currency, status__in=statuses)
    page = list(NEWEST_PAYOUT.after(after, rows)[: PAGE + 1])
    more = NEWEST_PAYOUT.cursor(page[PAGE - 1]) if len(page) > PAGE else ""
    return {"payouts": with_pills(page[:PAGE]), "more": more}


PLACES = {
    "held": _held,
    "arriving": _arriving,
    "available": _balance,
    "on-its-way": _moving,
    "paid": _paid,
    "debt": _debt,
}
