"""The seller's pages: what was sold and what is to be sent."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.access import SellerRequest, seller_required
from catalog.models import Listing
from kit.clock import now
from kit.lists import Asked, DeskList, Empty, Tab
from kit.transitions import IllegalMove
from orders import digital_files, downloads, progress
from orders.forms import ShippingForm
from orders.given_back import is_given_back
from orders.models import DeliveredBy, Order, Status
from orders.queries import order_of
from orders.sold import Show, Wanted, orders_of
from orders.stories import Pill, is_shipped, seller_pill, seller_steps


@require_safe
@seller_required
@never_cache
def orders(request: SellerRequest) -> HttpResponse:
    """The shop's orders: those to be sent, the oldest first, or what the seller looks for, the newest first."""
    given = request.GET
    wanted = Wanted.read(given.get("show", ""), given.get("q", ""), given.get("delivery", ""))
    page, more = orders_of(request.seller, wanted, given.get("after", ""))
    context = {
        "rows": [{"order": sold, "pill": seller_pill(sold)} for sold in page],
        "list": _list(request, wanted, more),
        "wanted": wanted,
        "deliveries": Listing.Delivery.choices,
        "seller": request.seller,
    }
    return render(request, "orders/seller_orders.html", context)


@require_safe
@seller_required
@never_cache
def order(request: SellerRequest, number: str) -> HttpResponse:
    """One order: what to send to whom, and what the shop gets for it."""
    return _page(request, _own(request, number), ShippingForm())


@require_safe
@seller_required
@never_cache
def slip(request: SellerRequest, number: str) -> HttpResponse:
    """What goes into the parcel: a page to print, without prices."""
    found = _own(request, number)
    if found.paid_at is None or found.status == Status.CANCELLED:
        raise Http404
    context = {"order": found, "seller": request.seller, "is_shipped": is_shipped(found)}
    return render(request, "orders/slip.html", context)


@require_POST
@seller_required
def fulfil(request: SellerRequest, number: str) -> HttpResponse:
    """The seller says that everything in the order was sent, and how to follow it if they like, or handed over."""
    found = _own(request, number)
    shipped = is_shipped(found)
    form = ShippingForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form, status=422)
    parcel = form.cleaned_data if shipped else {}
    try:
        done = progress.fulfil(found, at=now(), actor=request.user.email, reason=_said(shipped), **parcel)
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


def _page(request: SellerRequest, found: Order, shipping: ShippingForm, *, status: int = 200) -> HttpResponse:
    digital = [line for line in found.lines.all() if line.delivery == Listing.Delivery.DIGITAL]
    without = [line for line in digital if not digital_files.has_file(line)]
    gone = found.status == Status.PAID and is_given_back(found)
    context = {
        "order": found,
        "pill": Pill("waiting", _("Back to the buyer")) if gone else seller_pill(found),
        "is_shipped": is_shipped(found),
        "minus_fee": -found.fee_money,
        # Who buys is the seller's business once it is paid, not before.
        "may_see_buyer": found.status in (Status.PAID, Status.FULFILLED, Status.DELIVERED),
        "shipping": shipping,
        "form": shipping,
        "steps": seller_steps(found),
        "downloads": downloads.offered(found),
        "is_given_back": gone,
        "without_file": without if found.status == Status.PAID else [],
        "seller": request.seller,
    }
    return render(request, "orders/seller_order.html", context, status=status)


def _list(request: SellerRequest, wanted: Wanted, more: str) -> DeskList:
    kept = {"q": wanted.words, "delivery": wanted.delivery}
    asked = Asked(request.path, request.GET.get("after", ""), {"show": _named(wanted.show), **kept})
    return DeskList(
        name=_("Orders"),
        tabs_label=_("Which orders"),
        tabs=[
            Tab(str(show.label), Asked(request.path, "", {"show": _named(show), **kept}).first, show == wanted.show)
            for show in Show
        ],
        table="orders/_sold_table.html",
        older=_("Show more orders"),
        empty=_nothing(request.path, wanted),
        more_url=asked.page(more),
        first_url=asked.first,
        is_first=not asked.after,
        filters="orders/_sold_filters.html",
    )


def _named(show: Show) -> str:
    return "" if show == Show.TO_DO else show.value


def _nothing(path: str, wanted: Wanted) -> Empty:
    if wanted.words or wanted.delivery:
        everything = f"{path}?{urlencode({'show': Show.ALL.value})}"
        text = _("Look for the number of an order or a parcel, for a title, or for a buyer’s name.")
        return Empty(_("Nothing found"), text, everything, _("See all orders"))
    if wanted.show == Show.TO_DO:
        text = _("Paid orders wait here until you have sent them or handed them over.")
        return Empty(_("Nothing to do"), text, f"{path}?show=all", _("See all orders"))
    if wanted.show == Show.ALL:
        return Empty(
            _("No orders yet"),
            _("When somebody buys from you, the order is here, with what to send, where to, and your share."),
        )
    return Empty(_("No orders here"), _("Orders come here as they go on."), f"{path}?show=all", _("See all orders"))


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
