"""The buyer's own pages: profile and address book."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import SignedInRequest
from customers import profiles
from customers.forms import AddressForm, ProfileForm
from customers.models import Address


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def profile(request: SignedInRequest) -> HttpResponse:
    """Name and phone, and the way to everything else about oneself."""
    customer = profiles.customer_for(request.user)
    form = ProfileForm(request.POST or None, initial={"full_name": request.user.full_name, "phone": customer.phone})
    if request.method == "POST" and form.is_valid():
        profiles.save_profile(customer, **form.cleaned_data)
        messages.success(request, _("Your profile is saved."))
        return redirect("customers:profile")
    context = {"form": form, "customer": customer}
    return render(request, "customers/profile.html", context, status=422 if form.errors else 200)


@require_safe
@login_required
def addresses(request: SignedInRequest) -> HttpResponse:
    """The address book."""
    customer = profiles.customer_for(request.user)
    return render(request, "customers/addresses.html", {"addresses": customer.addresses.all()})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def address_add(request: SignedInRequest) -> HttpResponse:
    """A new address; `next` leads back to where it was needed."""
    customer = profiles.customer_for(request.user)
    form = AddressForm(request.POST or None, initial={"name": request.user.full_name, "phone": customer.phone})
    return _address_page(request, form, _("The address is saved."))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def address_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    """Change an address. Orders already placed keep the address they were placed with."""
    form = AddressForm(request.POST or None, instance=_own_address(request, pk))
    return _address_page(request, form, _("The address is changed."))


@require_POST
@login_required
def address_delete(request: SignedInRequest, pk: int) -> HttpResponse:
    """Remove an address from the book."""
    profiles.delete_address(profiles.customer_for(request.user), _own_address(request, pk))
    messages.success(request, _("The address is deleted."))
    return redirect("customers:addresses")


@require_POST
@login_required
def address_default(request: SignedInRequest, pk: int) -> HttpResponse:
    """Use this address unless the buyer says otherwise."""
    profiles.make_default(profiles.customer_for(request.user), _own_address(request, pk))
    messages.success(request, _("This is your default address now."))
    return redirect("customers:addresses")


def _own_address(request: SignedInRequest, pk: int) -> Address:
    return get_object_or_404(Address, pk=pk, customer__user=request.user)


def _address_page(request: SignedInRequest, form: AddressForm, saved: str) -> HttpResponse:
    back = _way_back(request)
    if request.method == "POST" and form.is_valid():
        profiles.save_address(profiles.customer_for(request.user), form.save(commit=False))
        messages.success(request, saved)
        return redirect(back)
    context = {"form": form, "address": form.instance if form.instance.pk else None, "back": back}
    return render(request, "customers/address.html", context, status=422 if form.errors else 200)


def _way_back(request: HttpRequest) -> str:
    """`next`, if it is a page of ours; else the address book."""
    asked = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(asked, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return asked
    return reverse("customers:addresses")
