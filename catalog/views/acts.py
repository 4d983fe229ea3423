"""What a seller does with listings besides writing them: publish later, count, duplicate, change several at once."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import SellerRequest, seller_required
from catalog import bulk, duplicating, scheduling, stock
from catalog.desk_forms import BulkForm, CountForm, ScheduleForm
from catalog.models import Listing, Variant
from catalog.publishing import CannotPublish
from catalog.stock import Goods
from catalog.stock_history import History
from catalog.variants import offered_of
from catalog.views.desk import page_of_listings

PAGE = 50


@require_POST
@seller_required
def listing_schedule(request: SellerRequest, pk: int) -> HttpResponse:
    """Publish it later, or not at that moment after all."""
    listing = _own(request, pk)
    if request.POST.get("act") == "forget":
        if scheduling.forget(listing):
            messages.success(request, _("It stays out of the shop until you publish it."))
        return redirect("catalog:listing_edit", pk)
    form = ScheduleForm(request.POST, listing=listing)
    if form.is_valid():
        try:
            scheduling.schedule(listing, form.moment())
        except scheduling.CannotSchedule as refusal:
            form.add_error("publish_at", str(refusal))
        except CannotPublish as refusal:
            form.add_error("publish_at", " ".join(refusal.reasons))
        else:
            at = date_format(localtime(form.moment()), "DATETIME_FORMAT")
            messages.success(request, _("It will be published on %(at)s.") % {"at": at})
            return redirect("catalog:listing_edit", pk)
    return render(request, "catalog/desk/schedule.html", {"listing": listing, "form": form}, status=422)


@require_POST
@seller_required
def listing_duplicate(request: SellerRequest, pk: int) -> HttpResponse:
    """Begin another listing with this one's words, variants and photos."""
    copy = duplicating.duplicate(_own(request, pk))
    messages.success(request, _("This is the copy, a draft with nothing in stock. Change what is different."))
    return redirect("catalog:listing_edit", copy.pk)


@require_http_methods(["GET", "POST"])
@seller_required
def listing_stock(request: SellerRequest, pk: int) -> HttpResponse:
    """What is in stock, why it changed, and a form to count it by hand."""
    listing = _own(request, pk)
    form = CountForm(request.POST or None, listing=listing)
    if request.method == "POST" and form.is_valid() and _count(request, listing, form):
        return redirect("catalog:listing_stock", pk)
    variant = _asked_for(request, listing)
    pages: Paginator[Any] = Paginator(History(listing, variant), PAGE)  # type: ignore[arg-type]
    context = {
        "listing": listing,
        "form": form,
        "variant": variant,
        "variants": list(offered_of(listing)) if listing.options else [],
        "page": pages.get_page(request.GET.get("page")),
    }
    return render(request, "catalog/desk/stock.html", context, status=422 if form.errors else 200)


@require_POST
@seller_required
def listings_bulk(request: SellerRequest) -> HttpResponse:
    """Change several listings: first what would change, then, confirmed, exactly that."""
    form = BulkForm(request.POST)
    if not form.is_valid():
        chosen = form.cleaned_data.get("chosen", [])
        if not chosen:
            # There is nothing to go on with but the list they stand in, with all that was typed below it.
            again = BulkForm(request.POST, form_id="bulk")
            return page_of_listings(request, again)
        rows = Listing.objects.filter(seller=request.seller, pk__in=chosen).order_by("pk")
        return render(request, "catalog/desk/bulk.html", {"form": form, "rows": rows}, status=422)
    wish, chosen = form.cleaned_data["wish"], form.cleaned_data["chosen"]
    seen = request.POST.get("seen", "")
    if seen:
        try:
            done = bulk.carry_out(request.seller, chosen, wish, seen=seen, actor=request.user.email)
        except bulk.Moved:
            messages.warning(request, _("Something changed since you looked, so nothing was done. Look again."))
        else:
            sentence = ngettext("%(n)d listing is changed.", "%(n)d listings are changed.", done)
            messages.success(request, sentence % {"n": done})
            return redirect("catalog:seller_listings")
    steps = bulk.plan(request.seller, chosen, wish)
    context = {
        "form": form,
        "steps": [step for step in steps if step.changes],
        "left_out": [step for step in steps if not step.changes],
        "act": bulk.Act(wish.act).label,
        "seen": bulk.seal(steps),
    }
    return render(request, "catalog/desk/bulk.html", context)


def _count(request: SellerRequest, listing: Listing, form: CountForm) -> bool:
    """Whether it was counted; if not, the form says why."""
    variant = form.counted()
    goods = Goods(listing.pk, variant.pk if variant else None)
    by, note = form.cleaned_data["by"], form.cleaned_data["note"]
    try:
        left = stock.adjust(goods, by, actor=request.user.email, note=note)
    except stock.OutOfStock as error:
        form.add_error("by", str(error))
        return False
    messages.success(request, ngettext("%(n)d is in stock now.", "%(n)d are in stock now.", left) % {"n": left})
    return True


def _asked_for(request: SellerRequest, listing: Listing) -> Variant | None:
    asked = request.GET.get("variant", "")
    is_number = asked.isascii() and asked.isdigit() and len(asked) < 19
    return listing.variants.filter(pk=int(asked)).first() if is_number else None


def _own(request: SellerRequest, pk: int) -> Listing:
    return get_object_or_404(Listing.objects.select_related("seller", "category"), pk=pk, seller=request.seller)
