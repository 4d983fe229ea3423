"""The buyer's address book."""

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
from accounts.typed import login_keeping, typed
from customers import profiles
from customers.forms import AddressForm
from customers.models import Address


@require_safe
@login_required
def addresses(request: SignedInRequest) -> HttpResponse:
    """The address book."""
    customer = profiles.customer_for(request.user)
    return render(request, "customers/addresses.html", {"addresses": customer.addresses.all()})


@require_http_methods(["GET", "HEAD", "POST"])
@login_keeping
def address_add(request: SignedInRequest) -> HttpResponse:
    """A new address; `next` leads back to where it was needed."""
    customer = profiles.customer_for(request.user)
    initial = {"name": request.user.full_name, "phone": customer.phone, "country": _country_before(request)}
    return _address_page(request, AddressForm(_given(request), initial=initial), _("The address is saved."))


@require_http_methods(["GET", "HEAD", "POST"])
@login_keeping
def address_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    """Change an address. Orders already placed keep the address they were placed with."""
    form = AddressForm(_given(request), instance=_own_address(request, pk))
    return _address_page(request, form, _("The address is changed."))


@require_POST
@login_required
def address_delete(request: SignedInRequest, pk: int) -> HttpResponse:
    """Remove an address from the book."""
    customer = profiles.customer_for(request.user)
    profiles.delete_address(customer, _own_address(request, pk), actor=request.user.email)
    profiles.tell_stripe_what_is_left(customer, actor=request.user.email)
    messages.success(request, _("The address is deleted. Orders you placed with it keep it."))
    return redirect("customers:addresses")


@require_POST
@login_required
def address_default(request: SignedInRequest, pk: int) -> HttpResponse:
    """Use this address unless the buyer says otherwise: to send things to, or to bill."""
    billing = request.POST.get("for") == "billing"
    customer = profiles.customer_for(request.user)
    profiles.make_default(customer, _own_address(request, pk), billing=billing, actor=request.user.email)
    profiles.tell_stripe_what_is_left(customer, actor=request.user.email)
    said = _("Bills go to this address now.") if billing else _("This is your default address now.")
    messages.success(request, said)
    return redirect("customers:addresses")


def _given(request: HttpRequest) -> object:
    """What was sent, or what was typed before the session ended."""
    return request.POST if request.method == "POST" else typed(request)


def _own_address(request: SignedInRequest, pk: int) -> Address:
    return get_object_or_404(Address, pk=pk, customer__user=request.user)


def _country_before(request: SignedInRequest) -> str:
    """The country of the newest address: most people's next one is there too."""
    newest = Address.objects.filter(customer__user=request.user).order_by("-pk").first()
    return newest.country if newest else ""


def _address_page(request: SignedInRequest, form: AddressForm, saved: str) -> HttpResponse:
    back = _way_back(request)
    wants_labels = "country_only" in request.POST
    if request.method == "POST" and not wants_labels and form.is_valid():
        customer = profiles.customer_for(request.user)
        profiles.save_address(customer, form.save(commit=False), actor=request.user.email)
        profiles.tell_stripe_what_is_left(customer, actor=request.user.email)
        messages.success(request, saved)
        return redirect(back)
    if wants_labels:
        # The country was chosen: the same form in its words, with nothing said to be missing yet.
        form = form.in_words_of_country()
    context = {"form": form, "address": form.instance if form.instance.pk else None, "back": back}
    failed = request.method == "POST" and bool(form.errors)
    return render(request, "customers/address.html", context, status=422 if failed else 200)


def _way_back(request: HttpRequest) -> str:
    """`next`, if it is a page of ours; else the address book."""
    asked = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(asked, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return asked
    return reverse("customers:addresses")
