"""A seller's own listings: write, price, publish, hide."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import SellerRequest, seller_required
from accounts.rules import why_cannot_sell
from accounts.typed import typed
from catalog import browsing, photos, publishing
from catalog.desk_forms import BulkForm, ScheduleForm
from catalog.forms import ListingForm, PhotosForm
from catalog.keyset import Order
from catalog.models import Listing
from catalog.variants import offered_of
from kit.transitions import LostRace

PAGE = 50
LATEST = Order(("pk",), descending=True)


@dataclass(frozen=True, slots=True)
class Tab:
    """A way to look at one's listings."""

    status: str
    label: str
    is_current: bool


@require_GET
@seller_required
def seller_listings(request: SellerRequest) -> HttpResponse:
    """All listings of the shop, the latest first, or those in one state."""
    return page_of_listings(request, BulkForm(form_id="bulk"))


def page_of_listings(request: SellerRequest, bulk_form: BulkForm) -> HttpResponse:
    """The page of listings the address asks for, with what was typed below it and, with status 422, what was wrong."""
    status = request.GET.get("status", "")
    rows = _own(request).select_related("category").annotate(cover=browsing.cover_of())
    if status in Listing.Status.values:
        rows = rows.filter(status=status)
    found = list(LATEST.after(request.GET.get("after", ""), rows.defer("description"))[: PAGE + 1])
    more = LATEST.cursor(found[PAGE - 1]) if len(found) > PAGE else ""
    context = {
        "seller": request.seller,
        "listings": found[:PAGE],
        "more": more,
        "status": status,
        "tabs": _tabs(status),
        "bulk_form": bulk_form,
        "here": request.GET.urlencode(),
    }
    return render(request, "catalog/desk/listings.html", context, status=422 if bulk_form.errors else 200)


@require_http_methods(["GET", "POST"])
@seller_required
def listing_new(request: SellerRequest) -> HttpResponse:
    """Write a listing. It is a draft until it is published."""
    # What was sent when the session had ended comes back as it was typed, and nothing is saved by looking.
    given = request.POST if request.method == "POST" else typed(request)
    form = ListingForm(given or None, seller=request.seller, actor=request.user.email)
    if request.method == "POST" and form.is_valid():
        listing = form.store()
        if listing is not None:
            refused = add_photos(listing, request.FILES.getlist("photos"))
            for sentence in refused:
                messages.error(request, sentence)
            messages.success(request, _("Saved as a draft. Only you can see it until you publish it."))
            return redirect("catalog:listing_edit", listing.pk)
    context = {"form": form, "photos_form": PhotosForm()}
    return render(request, "catalog/desk/new.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@seller_required
def listing_edit(request: SellerRequest, pk: int) -> HttpResponse:
    """Change a listing, its photos and its state."""
    listing = get_object_or_404(_own(request), pk=pk)
    given = request.POST if request.method == "POST" else typed(request)
    form = ListingForm(given or None, instance=listing, seller=request.seller, actor=request.user.email)
    if request.method == "POST" and form.is_valid() and form.store() is not None:
        messages.success(request, _("Your changes are saved."))
        if form.stock_note:
            messages.warning(request, form.stock_note)
        return redirect("catalog:listing_edit", pk)
    # A form that was filled in has written its values onto its listing already; the page around shows what is stored.
    shown = get_object_or_404(_own(request), pk=pk) if form.is_bound else listing
    return edit_page(request, shown, form, PhotosForm())


def edit_page(request: SellerRequest, listing: Listing, form: ListingForm, photos_form: PhotosForm) -> HttpResponse:
    """The page a listing is edited on, with whatever was refused on it."""
    context = {
        "listing": listing,
        "form": form,
        "photos_form": photos_form,
        "schedule_form": ScheduleForm(listing=listing),
        "variants": list(offered_of(listing)) if listing.options else [],
        "photos": list(listing.photos.all()),
        "most_photos": photos.MAX_PHOTOS,
        "missing": publishing.missing(listing),
        "refusal": why_cannot_sell(listing.seller),
    }
    refused = form.errors or photos_form.errors
    return render(request, "catalog/desk/edit.html", context, status=422 if refused else 200)


@require_POST
@seller_required
def listing_publish(request: SellerRequest, pk: int) -> HttpResponse:
    """Show it in the shop."""
    listing = get_object_or_404(_own(request), pk=pk)
    try:
        publishing.publish(listing, request.user.email)
    except publishing.CannotPublish as refusal:
        for reason in refusal.reasons:
            messages.error(request, reason)
    except LostRace:
        messages.info(request, _("Somebody in your team changed this listing at the same moment. Look again."))
    else:
        messages.success(request, _("“%(title)s” is in the shop now.") % {"title": listing.title})
    return redirect("catalog:listing_edit", pk)


@require_POST
@seller_required
def listing_hide(request: SellerRequest, pk: int) -> HttpResponse:
    """Take it out of the shop."""
    listing = get_object_or_404(_own(request), pk=pk)
    try:
        hidden = publishing.hide(listing, request.user.email)
    except LostRace:
        messages.info(request, _("Somebody in your team changed this listing at the same moment. Look again."))
    else:
        if hidden:
            messages.success(request, _("“%(title)s” is hidden. Nobody new can buy it.") % {"title": listing.title})
    return redirect("catalog:listing_edit", pk)


def add_photos(listing: Listing, files: list[UploadedFile]) -> list[str]:
    """Store what can be stored; a sentence for each file that cannot."""
    refused = []
    for file in files:
        try:
            photos.store(listing, file)
        except photos.PhotoRefused as refusal:
            refused.append(
                pgettext("file name: what is wrong with it", "%(file)s: %(sentence)s")
                % {"file": file.name, "sentence": refusal}
            )
    return refused


def _own(request: SellerRequest) -> QuerySet[Listing]:
    """The listings of the seller this person works for; another's are not found."""
    return Listing.objects.filter(seller=request.seller).select_related("seller")


def _tabs(current: str) -> list[Tab]:
    labels = {
        "": _("All"),
        Listing.Status.PUBLISHED: _("Published"),
        Listing.Status.DRAFT: _("Drafts"),
        Listing.Status.HIDDEN: _("Hidden"),
    }
    return [Tab(str(status), label, str(status) == current) for status, label in labels.items()]
