"""The seller's pages: what was sold and what is to be sent."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.access import SellerRequest, seller_required
from kit.clock import now
from kit.transitions import IllegalMove
from orders import progress
from orders.forms import ShippingForm
from orders.models import DeliveredBy, Order, Status
from orders.queries import order_of, orders_of
from orders.stories import is_shipped, seller_pill, seller_steps


@require_safe
@seller_required
@never_cache
def orders(request: SellerRequest) -> HttpResponse:
    """The shop's orders, newest first: those to be sent, or all."""
    show_all = request.GET.get("show") == "all"
    page, more = orders_of(request.seller, to_send=not show_all, after=request.GET.get("after", ""))
    context = {
        "rows": [{"order": sold, "pill": seller_pill(sold)} for sold in page],
        "more": more,
        "show_all": show_all,
        "first": "after" not in request.GET,
        "seller": request.seller,
    }
    return render(request, "orders/seller_orders.html", context)


@require_safe
@seller_required
@never_cache
def order(request: SellerRequest, number: str) -> HttpResponse:
    """One order: what to send to whom, and what the shop gets for it."""
    found = _own(request, number)
    context = {
        "order": found,
        "pill": seller_pill(found),
        "is_shipped": is_shipped(found),
        "minus_fee": -found.fee_money,
        # Who buys is the seller's business once it is paid, not before.
        "may_see_buyer": found.status in (Status.PAID, Status.FULFILLED, Status.DELIVERED),
        "shipping": ShippingForm(),
        "steps": seller_steps(found),
        "seller": request.seller,
    }
    return render(request, "orders/seller_order.html", context)


@require_POST
@seller_required
def fulfil(request: SellerRequest, number: str) -> HttpResponse:
    """The seller says that everything in the order was sent, and how to follow it if they like, or handed over."""
    found = _own(request, number)
    shipped = is_shipped(found)
    form = ShippingForm(request.POST)
    if not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, " ".join(str(error) for error in errors))
        return redirect("orders:seller_order", number=found.number)
    try:
        done = progress.fulfil(found, at=now(), actor=request.user.email, reason=_said(shipped), **form.cleaned_data)
    except IllegalMove:
        messages.error(request, _nothing_to_send(found))
    else:
        if done:
            messages.success(
                request,
                _("Marked as shipped. The buyer gets a mail.")
                if shipped
                else _("Marked as handed over. The buyer gets a mail."),
            )
    return redirect("orders:seller_order", number=found.number)


@require_POST
@seller_required
def deliver(request: SellerRequest, number: str) -> HttpResponse:
    """The seller says that what they sent has arrived."""
    found = _own(request, number)
    reason = _("The seller says it was delivered.")
    try:
        done = progress.deliver(found, at=now(), actor=request.user.email, reason=reason, said_by=DeliveredBy.SELLER)
    except IllegalMove:
        messages.error(request, _("This order was not sent, so it cannot have arrived."))
    else:
        if done:
            messages.success(request, _("Marked as delivered. The buyer gets a mail."))
    return redirect("orders:seller_order", number=found.number)


def _nothing_to_send(order: Order) -> str:
    if order.status == Status.CANCELLED:
        return _("This order was cancelled, so there is nothing to send.")
    return _("This order is not paid, so there is nothing to send yet.")


def _own(request: SellerRequest, number: str) -> Order:
    found = order_of(request.seller, number)
    if found is None:
        raise Http404
    return found


def _said(shipped: bool) -> str:
    return _("The seller says it was shipped.") if shipped else _("The seller says it was handed over.")
