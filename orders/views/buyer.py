"""The buyer's pages: what they bought and where it stands."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import SignedInRequest
from kit.clock import now
from kit.csp import handoff_to_stripe
from kit.transitions import IllegalMove
from orders import guests, progress
from orders.access import BuyerRequest, buyer_required
from orders.finding import Wanted, states, years
from orders.models import DeliveredBy, Order, OrderLine, Purchase, Status
from orders.queries import order_for_buyer, purchase_of, purchases_of
from orders.stories import buyer_pill, buyer_steps, order_pill, turns

# How often the page asks whether the payment arrived: quickly at first, then patiently, then only when asked to.
QUICK_POLLS, ALL_POLLS = 45, 75
# How many things the list names of each order.
NAMED = 2


@require_safe
@login_required
@never_cache
def purchases(request: SignedInRequest) -> HttpResponse:
    """Everything the buyer bought, newest first; what they bought as a guest under an address of theirs, too."""
    if found := guests.claim(request.user):
        messages.success(
            request,
            ngettext(
                "An order you placed without an account is here now.",
                "%(count)d orders you placed without an account are here now.",
                found,
            )
            % {"count": found},
        )
    wanted = Wanted.read(request.GET)
    page, more = purchases_of(request.user, request.GET.get("after", ""), wanted)
    rows = [
        {
            "purchase": bought,
            "pill": buyer_pill(bought),
            "lines": _lines(bought)[:NAMED],
            "others": len(_lines(bought)) - NAMED,
        }
        for bought in page
    ]
    context = {
        "rows": rows,
        "more": more,
        "first": "after" not in request.GET,
        "wanted": wanted,
        "states": states(),
        "years": years(request.user) if rows or wanted else [],
    }
    return render(request, "orders/buyer_orders.html", context)


# Its form leads to Stripe's page when the payment is still to be made.
@handoff_to_stripe
@require_safe
@buyer_required
@never_cache
def purchase(request: BuyerRequest, number: str) -> HttpResponse:
    """One purchase: whose turn it is, what was bought, what happened."""
    found = _own(request, number)
    context = {
        "purchase": found,
        "pill": buyer_pill(found),
        "orders": [{"order": order, "pill": order_pill(order)} for order in found.orders.all()],
        "turns": turns(found),
        "steps": buyer_steps(found),
        **_polling(found, polls=0),
    }
    return render(request, "orders/purchase.html", context)


@require_safe
@buyer_required
@never_cache
def purchase_status(request: BuyerRequest, number: str) -> HttpResponse:
    """What the page asks for while the payment is awaited: wait on, or (once that is final) show the page anew."""
    # Asked every two seconds: the row alone, without its orders and lines.
    found = get_object_or_404(Purchase, customer__user=request.buyer, number=number)
    if found.status != Status.AWAITING_PAYMENT:
        return HttpResponse(headers={"HX-Refresh": "true"})
    polls = _number(request.GET.get("polls", ""))
    return render(request, "orders/_waiting.html", {"purchase": found, **_polling(found, polls=polls)})


@require_http_methods(["GET", "HEAD", "POST"])
@buyer_required
@never_cache
def received(request: BuyerRequest, number: str, order: str) -> HttpResponse:
    """The buyer says that one shop's things have reached them: first what that means for the money, then the button."""
    found = order_for_buyer(request.buyer, number, order)
    if found is None:
        raise Http404
    if found.status != Status.FULFILLED:
        messages.info(request, _why_not_received(found))
        return redirect("orders:purchase", number)
    if request.method != "POST":
        return render(request, "orders/received.html", {"order": found, "purchase": found.purchase})
    try:
        progress.deliver(
            found,
            at=now(),
            actor=request.buyer.actor,
            reason=_("The buyer says it was received."),
            said_by=DeliveredBy.BUYER,
        )
    except IllegalMove:
        # Somebody else moved it since it was read above.
        messages.info(request, _("This order has changed meanwhile. Here is how it stands."))
    else:
        messages.success(request, _("Thank you. We have told %(shop)s.") % {"shop": found.seller.name})
    return redirect("orders:purchase", number)


def _why_not_received(order: Order) -> str:
    if order.status == Status.DELIVERED:
        return _("It is noted already that you have this.")
    return _("%(shop)s has not sent this yet.") % {"shop": order.seller.name}


def _own(request: BuyerRequest, number: str) -> Purchase:
    found = purchase_of(request.buyer, number)
    if found is None:
        raise Http404
    return found


def _polling(purchase: Purchase, *, polls: int) -> dict[str, object]:
    awaited = purchase.status == Status.AWAITING_PAYMENT
    return {
        "next_poll": polls + 1 if awaited and polls < ALL_POLLS else None,
        "poll_seconds": 2 if polls < QUICK_POLLS else 10,
    }


def _lines(purchase: Purchase) -> list[OrderLine]:
    return [line for order in purchase.orders.all() for line in order.lines.all()]


def _number(text: str) -> int:
    """What a query string says; nonsense ends the polling rather than the page."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else ALL_POLLS
