"""The guest's way back to an order: the link from the mail, and how to be sent a new one."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.forms import NOT_AN_EMAIL
from kit.limits import may
from orders import guests, visitors
from orders.models import Purchase

# Tries of one visitor: many more than anybody's own links, far too few to guess.
OPENS, LETTERS, WITHIN = 60, 10, 3600


class FindForm(forms.Form):
    """The two things a guest knows of an order."""

    email = forms.EmailField(
        label=_("E-mail address"),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={"required": _("Enter your e-mail address."), "invalid": NOT_AN_EMAIL},
    )
    number = forms.CharField(
        label=_("Order number"),
        max_length=12,
        help_text=_("It is in the subject of our first mail about it."),
        error_messages={"required": _("Enter the order’s number.")},
    )

    def clean_number(self) -> str:
        """As it is written, however it was typed."""
        return "".join(self.cleaned_data["number"].split()).upper()


@require_safe
@never_cache
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """Open an order by the link from the mail. The address bar then shows the order, not the link."""
    if not may("guest-open", _visitor(request), most=OPENS, seconds=WITHIN):
        return render(request, "429.html", status=429)
    found = guests.read(token, request.GET.get("to", ""))
    if found is None:
        return render(request, "orders/guest_link.html", {"state": "unknown"}, status=404)
    if not found.purchase.customer.user.is_guest:
        # Its buyer has an account now: that page asks for it.
        return redirect("orders:purchase", found.purchase.number)
    if found.expired:
        return render(request, "orders/guest_link.html", {"state": "expired", "token": token}, status=410)
    guests.open_order(request, found.purchase)
    return redirect(found.path)


@require_POST
@never_cache
def renew(request: HttpRequest, token: str) -> HttpResponse:
    """Have a new link sent to the address the order was placed with."""
    if not may("guest-letter", _visitor(request), most=LETTERS, seconds=WITHIN):
        return render(request, "429.html", status=429)
    found = guests.read(token)
    if found is not None:
        guests.send_link(found.purchase)
    return render(request, "orders/guest_link.html", {"state": "sent"})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def find(request: HttpRequest) -> HttpResponse:
    """For who has lost the mail: says the same whether there is such an order or not."""
    form = FindForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        if not may("guest-letter", _visitor(request), most=LETTERS, seconds=WITHIN):
            return render(request, "429.html", status=429)
        email, number = form.cleaned_data["email"].lower(), form.cleaned_data["number"]
        rows = Purchase.objects.select_related("customer__user")
        found = rows.filter(number=number, customer__user__email=email, customer__user__is_guest=True).first()
        if found is not None:
            guests.send_link(found)
        return render(request, "orders/guest_link.html", {"state": "sent"})
    context = {"state": "find", "form": form}
    return render(request, "orders/guest_link.html", context, status=422 if form.errors else 200)


def _visitor(request: HttpRequest) -> str:
    return visitors.address_of(request) or "unknown"
