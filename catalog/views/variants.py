"""A listing's variants: say what they differ in, then price and count each combination."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.access import SellerRequest, seller_required
from accounts.typed import typed
from catalog import editing, stock, variants
from catalog.models import Listing, Variant
from catalog.variant_forms import Grid, OptionsForm


@require_http_methods(["GET", "POST"])
@seller_required
def listing_variants(request: SellerRequest, pk: int) -> HttpResponse:
    """Two steps on one page: the options make a grid, and the grid is saved."""
    listing = get_object_or_404(Listing.objects.select_related("seller"), pk=pk, seller=request.seller)
    # What was sent when the session had ended comes back as it was typed, and nothing is saved by looking.
    data = (request.POST if request.method == "POST" else typed(request)) or None
    saves = request.method == "POST" and request.POST.get("act") == "save"
    form = OptionsForm(data, listing=listing)
    if data is None:
        stored = [tuple(variant.values) for variant in variants.offered_of(listing)] if listing.options else []
        return _page(request, listing, form, Grid(listing, stored, None))
    if not form.is_valid():
        return _page(request, listing, form, Grid.as_typed(listing, data))
    grid = Grid(listing, form.combinations(), data)
    if saves and grid.is_valid() and _store(request, listing, form, grid):
        offered = len(grid.offers())
        messages.success(request, _saved(offered))
        return redirect("catalog:listing_edit", pk)
    if saves and not grid.is_complete:
        messages.info(request, _("The variants are listed below now. Enter their prices and stock, and save again."))
    return _page(request, listing, form, grid)


def _store(request: SellerRequest, listing: Listing, form: OptionsForm, grid: Grid) -> bool:
    """Whether it is stored; if not, the forms say why."""
    if form.options() and not grid.offers():
        form.add_error(None, _("Offer at least one of them, or empty the options to sell it without variants."))
        return False
    version = form.cleaned_data["version"]
    try:
        variants.store(listing, form.options(), grid.offers(), version=version, actor=request.user.email)
    except stock.OutOfStock as error:
        if error.goods is not None and error.goods.variant is not None:
            grid.refuse_stock(Variant.objects.get(pk=error.goods.variant), error.available)
        return False
    except editing.Overtaken as error:
        sentence = _(
            "%(who)s changed this listing while you were editing. What you typed is below, and nothing is saved yet: "
            "look it over and save again to replace theirs."
        )
        form.add_error(None, sentence % {"who": editing.who(error.edits)})
        current = Listing.objects.values_list("version", flat=True).get(pk=listing.pk)
        form.data = {**dict(form.data.items()), "version": str(current)}
        return False
    return True


def _saved(offered: int) -> str:
    if not offered:
        return _("It is sold without variants now.")
    return ngettext("%(n)d variant is saved.", "%(n)d variants are saved.", offered) % {"n": offered}


def _page(request: SellerRequest, listing: Listing, form: OptionsForm, grid: Grid) -> HttpResponse:
    context = {"listing": listing, "form": form, "grid": grid, "most": variants.MOST_VARIANTS}
    wrong = form.errors or grid.wrong
    return render(request, "catalog/desk/variants.html", context, status=422 if wrong else 200)
