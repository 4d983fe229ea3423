"""The buyer's profile in sections, each saved on its own, and what was changed at Stripe."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import SignedInRequest
from accounts.typed import login_keeping, typed
from customers import heard, profiles
from customers.forms import LanguageForm, NameForm, PhoneForm, TimeZoneForm
from customers.models import Customer
from gateway.models import Operation

SECTIONS: dict[str, type[forms.Form]] = {
    "name": NameForm,
    "phone": PhoneForm,
    "language": LanguageForm,
    "timezone": TimeZoneForm,
}


@require_http_methods(["GET", "HEAD", "POST"])
@login_keeping
def profile(request: SignedInRequest) -> HttpResponse:
    """Everything about oneself, a section at a time; one is saved, the others stay as they are."""
    customer = profiles.customer_for(request.user)
    given = request.POST if request.method == "POST" else typed(request)
    section = given.get("section", "") if given is not None else ""
    if request.method == "POST" and section not in SECTIONS:
        raise Http404
    sections = {name: _form(name, customer, given if name == section else None) for name in SECTIONS}
    if request.method == "POST" and sections[section].is_valid():
        return _save(request, customer, section, sections[section].cleaned_data[section])
    profiles.tell_stripe_what_is_left(customer, actor=request.user.email)
    context = {"sections": sections, "customer": customer, "differences": heard.differences(customer)}
    failed = request.method == "POST" and bool(section)
    return render(request, "customers/profile.html", context, status=422 if failed else 200)


@require_POST
@login_required
def choose(request: SignedInRequest) -> HttpResponse:
    """The buyer says which of two spellings counts: theirs here, or the one at Stripe."""
    customer = profiles.customer_for(request.user)
    found = {one.field: one for one in heard.differences(customer)}.get(request.POST.get("field", ""))
    if found is None or found.theirs != request.POST.get("theirs", ""):
        messages.info(request, _("This has changed meanwhile. Here is how it stands."))
    elif request.POST.get("keep") == "ours":
        _said(request, profiles.keep_ours(customer, found.field, actor=request.user.email))
    elif heard.fits(found.field, found.theirs):
        _said(request, profiles.take_theirs(customer, found, actor=request.user.email))
    else:
        messages.error(request, _("That cannot be used here. Keep yours, or change it at its section."))
    return redirect("customers:profile")


def _form(name: str, customer: Customer, given: Any) -> forms.Form:
    user = customer.user
    now = {"name": user.full_name, "phone": customer.phone, "language": user.language, "timezone": user.timezone}
    return SECTIONS[name](given, initial={name: now[name]}, prefix=None)


def _save(request: SignedInRequest, customer: Customer, section: str, value: str) -> HttpResponse:
    _said(request, profiles.save_section(customer, section, value, actor=request.user.email), section, value)
    answer = redirect("customers:profile")
    if section == "language" and value:
        # Pages follow the browser's cookie; mails follow the person.
        answer.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            value,
            max_age=settings.LANGUAGE_COOKIE_AGE,
            path=settings.LANGUAGE_COOKIE_PATH,
            secure=settings.LANGUAGE_COOKIE_SECURE,
            httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
            samesite="Lax",
        )
    elif section == "language":
        answer.delete_cookie(settings.LANGUAGE_COOKIE_NAME)
    return answer


def _said(request: SignedInRequest, told: Operation | None, section: str = "", value: str = "") -> None:
    """It is saved here in any case; what Stripe said to it is told when that is a no."""
    sentences = {
        "name": _("Your name is saved."),
        "phone": _("Your phone number is saved."),
        "timezone": _("Dates are shown in this time zone now."),
    }
    with override(value if section == "language" and value else None):
        sentences["language"] = _("Your language is saved.")
        messages.success(request, sentences.get(section) or _("It is settled."))
    if told is not None and told.status == Operation.Status.FAILED:
        messages.warning(
            request, _("Stripe did not take the change: %(reason)s It is saved here.") % {"reason": told.error_message}
        )
