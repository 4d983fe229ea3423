"""A listing's photos: add, describe, order, remove."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.access import SellerRequest, seller_required
from catalog import photos
from catalog.forms import ListingForm, PhotoForm, PhotosForm
from catalog.models import Listing, Photo
from catalog.views.desk import add_photos, edit_page


@require_POST
@seller_required
def photos_add(request: SellerRequest, pk: int) -> HttpResponse:
    """Add photos to a listing; the ones that cannot be read are named with the reason, the others are kept."""
    listing = get_object_or_404(Listing.objects.select_related("seller"), pk=pk, seller=request.seller)
    form = PhotosForm(request.POST, request.FILES)
    if form.is_valid():
        refused = add_photos(listing, form.cleaned_data["photos"])
        added = len(form.cleaned_data["photos"]) - len(refused)
        if added:
            messages.success(request, ngettext("%(n)d photo added.", "%(n)d photos added.", added) % {"n": added})
        if not refused:
            return _back(listing.pk)
        for sentence in refused:
            form.add_error("photos", sentence)
    return edit_page(request, listing, ListingForm(instance=listing, seller=request.seller), form)


@require_POST
@seller_required
def photo_describe(request: SellerRequest, pk: int) -> HttpResponse:
    """Say what a photo shows, for people who cannot see it."""
    photo = _own(request, pk)
    form = PhotoForm(request.POST, instance=photo)
    if form.is_valid():
        Photo.objects.filter(pk=pk).update(alt=form.cleaned_data["alt"])
        messages.success(request, _("The description is saved."))
    else:
        messages.error(request, " ".join(str(error) for error in form.errors["alt"]))
    return _back(photo.listing_id)


@require_POST
@seller_required
def photo_earlier(request: SellerRequest, pk: int) -> HttpResponse:
    """Move a photo one place towards the front; the first one is the cover."""
    photo = _own(request, pk)
    photos.move_earlier(photo)
    return _back(photo.listing_id)


@require_POST
@seller_required
def photo_remove(request: SellerRequest, pk: int) -> HttpResponse:
    """Remove a photo."""
    photo = _own(request, pk)
    listing = photo.listing_id
    photos.remove(photo)
    messages.success(request, _("The photo is removed."))
    return _back(listing)


def _own(request: SellerRequest, pk: int) -> Photo:
    return get_object_or_404(Photo, pk=pk, listing__seller=request.seller)


def _back(listing: int) -> HttpResponse:
    return redirect(reverse("catalog:listing_edit", args=[listing]) + "#photos")
