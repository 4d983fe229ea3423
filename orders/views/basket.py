"""The basket's pages."""

from __future__ import annotations

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from orders import baskets
from orders.forms import AddToBasketForm, QuantityForm
from orders.queries import basket_page


@require_safe
@never_cache
def show(request: HttpRequest) -> HttpResponse:
    """What is in the basket, what it costs now, and what keeps it from being checked out."""
    page = basket_page(baskets.basket_for(request))
    context = {"basket": page, "basket_count": page.units, "largest_quantity": baskets.LARGEST_QUANTITY}
    return render(request, "orders/basket.html", context)


@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """Put a listing into the basket; visitors have one too."""
    form = AddToBasketForm(request.POST)
    if not form.is_valid():
        _say_errors(request, form)
        listing = form.cleaned_data.get("listing")
        return redirect(listing) if listing is not None and listing.options else redirect("orders:basket")
    listing, variant = form.cleaned_data["listing"], form.cleaned_data["variant"]
    try:
        change = baskets.add(baskets.ensure_basket(request), listing, form.cleaned_data["quantity"], variant)
    except baskets.ChooseVariant as error:
        messages.error(request, str(error))
        return redirect(listing)
    name = f"{listing.title} ({variant.name})" if variant else listing.title
    if change.was_cut:
        messages.warning(request, _cut(name, change))
    else:
        messages.success(request, _("“%(title)s” is in your basket.") % {"title": name})
    return redirect("orders:basket")


@require_POST
def update(request: HttpRequest, pk: int) -> HttpResponse:
    """Change how many of a line there are; 0 removes it."""
    basket = baskets.basket_for(request)
    line = basket.lines.select_related("listing", "variant").filter(pk=pk).first() if basket else None
    if basket is None or line is None:
        raise Http404
    form = QuantityForm(request.POST)
    if not form.is_valid():
        _say_errors(request, form)
        return redirect("orders:basket")
    change = baskets.change(basket, line, form.cleaned_data["quantity"])
    if change.was_cut:
        messages.warning(request, _cut(line.name, change))
    elif change.quantity == 0:
        messages.success(request, _("“%(title)s” is no longer in your basket.") % {"title": line.name})
    return redirect("orders:basket")


def _cut(title: str, change: baskets.Change) -> str:
    """Why the basket holds fewer than were asked for."""
    if change.quantity == 0:
        return _("“%(title)s” is sold out, so it is not in your basket.") % {"title": title}
    if change.quantity == baskets.LARGEST_QUANTITY:
        message = _("One basket holds at most %(count)d of a thing, so yours now has %(count)d of “%(title)s”.")
    else:
        message = ngettext(
            "Only %(count)d of “%(title)s” is left, and it is in your basket.",
            "Only %(count)d of “%(title)s” are left, and they are in your basket.",
            change.quantity,
        )
    return message % {"count": change.quantity, "title": title}


def _say_errors(request: HttpRequest, form: Form) -> None:
    for errors in form.errors.values():
        for error in errors:
            messages.error(request, str(error))
