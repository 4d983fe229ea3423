"""What a shop says about itself: its name, its story and its face."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import SellerRequest, seller_required
from accounts.forms import ShopPageForm
from accounts.models import Seller
from catalog import photos, portraits


@require_http_methods(["GET", "POST"])
@seller_required
def own_shop(request: SellerRequest) -> HttpResponse:
    """Change what buyers see of the shop."""
    # The page around a refused form shows what is stored, not what was typed.
    own = Seller.objects.get(pk=request.seller.pk)
    form = ShopPageForm(request.POST or None, request.FILES or None, instance=own)
    if request.method == "POST" and form.is_valid() and _store(form):
        messages.success(request, _("Your shop page is saved."))
        return redirect("catalog:own_shop")
    context = {"seller": request.seller, "form": form}
    return render(request, "catalog/desk/shop.html", context, status=422 if form.errors else 200)


@require_POST
@seller_required
def portrait_remove(request: SellerRequest) -> HttpResponse:
    """Take the photo away."""
    portraits.remove(request.seller)
    messages.success(request, _("The photo is removed."))
    return redirect("catalog:own_shop")


def _store(form: ShopPageForm) -> bool:
    """Save, the photo first: a picture nobody can read leaves everything as it was."""
    if photo := form.cleaned_data["photo"]:
        try:
            portraits.keep(form.instance, photo)
        except photos.PhotoRefused as refusal:
            form.add_error("photo", str(refusal))
            return False
    form.store()
    return True
