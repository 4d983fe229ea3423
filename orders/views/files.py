"""The files of a listing that is sold as a download: for its seller."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import SellerRequest, seller_required
from catalog.models import Listing
from orders import digital_files
from orders.forms import DigitalFileForm
from orders.models import DigitalFile


@require_http_methods(["GET", "HEAD", "POST"])
@seller_required
@never_cache
def files(request: SellerRequest, pk: int) -> HttpResponse:
    """What buyers of this listing download; a POST adds a file."""
    listing = _own(request, pk)
    form = DigitalFileForm(request.POST or None, request.FILES or None, listing=listing)
    if request.method == "POST" and form.is_valid():
        try:
            given = form.cleaned_data
            file = digital_files.keep(listing, given["file"], user=request.user, variant=given.get("variant"))
        except digital_files.FileRefused as refusal:
            form.add_error("file", str(refusal))
        else:
            messages.success(request, _("Buyers can download %(name)s now.") % {"name": file.name})
            return redirect("orders:listing_files", listing.pk)
    page = {
        "seller": request.seller,
        "listing": listing,
        "files": digital_files.current(listing).annotate(taken=Count("downloads")),
        "without_file": digital_files.variants_without(listing),
        "form": form,
    }
    return render(request, "orders/listing_files.html", page, status=422 if form.errors else 200)


@require_POST
@seller_required
def remove(request: SellerRequest, pk: int, file: int) -> HttpResponse:
    """Sell a file no more."""
    listing = _own(request, pk)
    found = get_object_or_404(DigitalFile, pk=file, listing=listing)
    if digital_files.remove(found):
        sentence = _("%(name)s is not sold any more. Who bought it before can still download it.")
        messages.success(request, sentence % {"name": found.name})
    return redirect("orders:listing_files", listing.pk)


def _own(request: SellerRequest, pk: int) -> Listing:
    return get_object_or_404(Listing, pk=pk, seller=request.seller, delivery=Listing.Delivery.DIGITAL)
