"""The buyer's pages: what they bought and where it stands."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.access import SignedInRequest
from kit.csp import handoff_to_stripe
from orders.models import OrderLine, Purchase, Status
from orders.queries import purchase_of, purchases_of
from orders.stories import buyer_pill, buyer_steps, is_shipped, sent_word, status_of

# How often the page asks whether the payment arrived: quickly at first, then patiently, then only when asked to.
QUICK_POLLS, ALL_POLLS = 45, 75
# How many things the list names of each order.
NAMED = 2


@require_safe
@login_required
@never_cache
def purchases(request: SignedInRequest) -> HttpResponse:
    """Everything the buyer bought, newest first."""
    page, more = purchases_of(request.user, request.GET.get("after", ""))
    rows = [
        {
            "purchase": bought,
            "pill": buyer_pill(bought),
            "lines": _lines(bought)[:NAMED],
            "others": len(_lines(bought)) - NAMED,
        }
        for bought in page
    ]
    context = {"rows": rows, "more": more, "first": "after" not in request.GET}
    return render(request, "orders/buyer_orders.html", context)


# Its form leads to Stripe's page when the payment is still to be made.
@handoff_to_stripe
@require_safe
@login_required
@never_cache
def purchase(request: SignedInRequest, number: str) -> HttpResponse:
    """One purchase: whose turn it is, what was bought, what happened."""
    found = _own(request, number)
    context = {
        "purchase": found,
        "status": status_of(found),
        "pill": buyer_pill(found),
        "orders": [
            {"order": order, "sent_word": sent_word(order), "is_shipped": is_shipped(order)}
            for order in found.orders.all()
        ],
        "steps": buyer_steps(found),
        **_polling(found, polls=0),
    }
    return render(request, "orders/purchase.html", context)


@require_safe
@login_required
@never_cache
def purchase_status(request: SignedInRequest, number: str) -> HttpResponse:
    """What the page asks for while the payment is awaited: wait on, or (once that is final) show the page anew."""
    # Asked every two seconds: the row alone, without its orders and lines.
    found = get_object_or_404(Purchase, customer__user=request.user, number=number)
    if found.status != Status.AWAITING_PAYMENT:
        return HttpResponse(headers={"HX-Refresh": "true"})
    polls = _number(request.GET.get("polls", ""))
    return render(request, "orders/_waiting.html", {"purchase": found, **_polling(found, polls=polls)})


def _own(request: SignedInRequest, number: str) -> Purchase:
    found = purchase_of(request.user, number)
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
