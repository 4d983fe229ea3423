"""The buyer's pages of what they saved for later, and buying again."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.access import SignedInRequest
from accounts.typed import to_sign_in, typed
from catalog.models import Listing, Variant
from customers.profiles import customer_for
from orders import baskets, saving
from orders.access import BuyerRequest, buyer_required
from orders.models import SavedListing
from orders.queries import purchase_of


@require_safe
@login_required
@never_cache
def saved(request: SignedInRequest) -> HttpResponse:
    """Everything the buyer saved, newest first, with what of it can still be bought."""
    customer = customer_for(request.user)
    asked = typed(request)
    if asked is not None:
        # They pressed the button before they signed in.
        _save(request, asked.get("listing", ""), asked.get("variant", ""))
    page, more = saving.saved_of(customer, request.GET.get("after", ""))
    context = {"rows": page, "more": more, "first": "after" not in request.GET}
    return render(request, "orders/saved.html", context)


@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Save a listing for later; visitors sign in first, and it is saved then."""
    if not request.user.is_authenticated:
        return to_sign_in(request, back=reverse("orders:saved"))
    listing = _save(request, request.POST.get("listing", ""), request.POST.get("variant", ""))
    return redirect(listing) if listing is not None else redirect("orders:saved")


@require_POST
@login_required
def save_line(request: SignedInRequest, pk: int) -> HttpResponse:
    """Move a line of the basket to what is saved for later."""
    basket = baskets.basket_for(request)
    line = basket.lines.select_related("listing", "variant").filter(pk=pk).first() if basket else None
    if basket is None or line is None:
        raise Http404
    saving.save_line(customer_for(request.user), basket, line)
    messages.success(request, _("“%(title)s” is saved for later.") % {"title": line.name})
    return redirect("orders:basket")


@require_POST
@login_required
def unsave(request: SignedInRequest, pk: int) -> HttpResponse:
    """Forget something saved."""
    found = _own(request, pk)
    found.delete()
    messages.success(request, _("“%(title)s” is no longer saved.") % {"title": found})
    return redirect("orders:saved")


@require_POST
@login_required
def to_basket(request: SignedInRequest, pk: int) -> HttpResponse:
    """Put something saved into the basket."""
    found = _own(request, pk)
    if found.listing.status != Listing.Status.PUBLISHED:
        messages.warning(request, _("“%(title)s” is no longer for sale.") % {"title": found})
        return redirect("orders:saved")
    try:
        change = saving.move_to_basket(baskets.ensure_basket(request), found)
    except baskets.ChooseVariant as error:
        messages.info(request, str(error))
        return redirect(found.listing)
    if not change.quantity:
        messages.warning(request, _("“%(title)s” is sold out. It stays saved.") % {"title": found})
        return redirect("orders:saved")
    messages.success(request, _("“%(title)s” is in your basket.") % {"title": found})
    return redirect("orders:basket")


@buyer_required
@require_POST
def buy_again(request: BuyerRequest, number: str) -> HttpResponse:
    """Everything of a purchase that is still for sale into the basket; what is not is named."""
    purchase = purchase_of(request.buyer, number)
    if purchase is None:
        raise Http404
    done = saving.buy_again(baskets.ensure_basket(request), purchase)
    if done.added:
        messages.success(request, _("In your basket, at today’s prices: %(things)s.") % {"things": _list(done.added)})
    if done.fewer:
        messages.warning(request, _("Fewer are left than you bought then: %(things)s.") % {"things": _list(done.fewer)})
    if done.gone:
        messages.warning(request, _("Not for sale at the moment: %(things)s.") % {"things": _list(done.gone)})
    return redirect("orders:basket") if done.added else redirect("orders:purchase", number)


def _list(names: list[str]) -> str:
    return get_text_list(names, _("and"))


def _own(request: SignedInRequest, pk: int) -> SavedListing:
    rows = SavedListing.objects.select_related("listing__seller", "variant__listing")
    return get_object_or_404(rows, pk=pk, customer__user=request.user)


def _save(request: HttpRequest, listing_pk: str, variant_pk: str) -> Listing | None:
    """Save what was asked for, if it is for sale, and say so."""
    rows = Listing.objects.filter(status=Listing.Status.PUBLISHED)
    listing = rows.filter(pk=listing_pk).first() if _is_number(listing_pk) else None
    if listing is None or not request.user.is_authenticated:
        messages.warning(request, _("This is no longer for sale, so it was not saved."))
        return None
    variant = Variant.objects.filter(pk=variant_pk, listing=listing).first() if _is_number(variant_pk) else None
    saving.save(customer_for(request.user), listing, variant)
    name = f"{listing.title} ({variant.name})" if variant else listing.title
    messages.success(request, _("“%(title)s” is saved for later.") % {"title": name})
    return listing


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19
