"""The hosted payment page: card form, decline in place, 3-D Secure step, and the way back to the shop."""

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from emulator.errors import HostedError
from emulator.hosted import (
    checkout_authenticate,
    checkout_order,
    checkout_pay,
    checkout_pay_debit,
    checkout_pay_saved,
    checkout_remove_card,
    checkout_view,
)
from emulator.types import Json, Outcome
from emulator.web.returns import allow_returns, send_to
from emulator.web.runtime import current
from emulator.web.views import problems

ASKED = ("ship_name", "ship_line1", "ship_city", "ship_postal_code", "ship_country", "ship_rate", "phone", "terms")
FIELDS = (*ASKED, "method", "email", "number", "exp", "cvc", "iban", "name", "save")
EXAMPLE = {"email": "buyer@example.com", "cvc": "123", "name": "Kim Buyer"}


@require_http_methods(["GET", "HEAD", "POST"])
def pay(request: HttpRequest, session_id: str) -> HttpResponse:
    emulator = current().emulator
    try:
        view = checkout_view(emulator, session_id)
    except HostedError as error:
        return no_session(request, error)
    if view["status"] != "open":
        return closed(request, view)
    if request.method != "POST":
        if view["next_action"]:
            return redirect("authenticate", session_id)
        return card_form(request, view, {"email": view["customer_email"] or ""})
    values = {name: request.POST.get(name, "").strip() for name in FIELDS}
    values["exp"] = values["exp"] or joined_expiry(request)
    if number := request.POST.get("fill"):
        return card_form(request, view, filled(values, number))
    try:
        if card := request.POST.get("remove"):
            checkout_remove_card(emulator, session_id, card=card)
            return redirect("checkout", session_id)
        outcome = tried(request, session_id, view, values)
    except HostedError as error:
        return card_form(request, view, values, Outcome("declined", error.message))
    return after(request, session_id, view, values, outcome)


def tried(request: HttpRequest, session_id: str, view: Json, values: dict[str, str]) -> Outcome:
    """What the person chose: a free order, a saved card, a debit or a card."""
    emulator, asked = current().emulator, {name: values[name] for name in ASKED if values[name]}
    if view["free"]:
        return checkout_order(emulator, session_id, email=values["email"], asked=asked)
    if saved := request.POST.get("saved"):
        return checkout_pay_saved(emulator, session_id, card=saved, asked=asked)
    if values["method"] == "sepa_debit":
        given = {name: values[name] for name in ("iban", "email", "name")}
        return checkout_pay_debit(emulator, session_id, **given, asked=asked)
    return checkout_pay(emulator, session_id, **card_arguments(values), save=bool(values["save"]), asked=asked)


@require_http_methods(["GET", "HEAD", "POST"])
def authenticate(request: HttpRequest, session_id: str) -> HttpResponse:
    """The step a bank would show. POST answer=complete or answer=fail."""
    emulator = current().emulator
    try:
        view = checkout_view(emulator, session_id)
        if view["status"] != "open":
            return closed(request, view)
        if not view["next_action"]:
            return redirect("checkout", session_id)
        if request.method != "POST":
            return allow_returns(render(request, "hosted/authenticate.html", {"view": view}), [view.get("success_url")])
        succeed = request.POST.get("answer") == "complete"
        outcome = checkout_authenticate(emulator, session_id, succeed=succeed)
    except HostedError as error:
        return no_session(request, error)
    return after(request, session_id, view, {"email": view["customer_email"] or ""}, outcome)


def after(request: HttpRequest, session_id: str, view: Json, values: dict[str, str], outcome: Outcome) -> HttpResponse:
    if outcome.kind in ("paid", "processing", "complete") and outcome.redirect_url:
        return send_to(outcome.redirect_url)
    if outcome.kind == "requires_action":
        return redirect("authenticate", session_id)
    if outcome.kind in ("paid", "processing", "complete", "expired"):
        return redirect("checkout", session_id)
    return card_form(request, view, values, outcome)


def card_form(request: HttpRequest, view: Json, values: dict[str, str], outcome: Outcome | None = None) -> HttpResponse:
    wrong, message = "", ""
    if outcome and outcome.kind == "invalid":
        wrong = "exp" if (outcome.field or "").startswith("exp") else (outcome.field or "number")
        message = outcome.message
    context: dict[str, Any] = {
        "view": view,
        "values": values,
        "declined": outcome.message if outcome and outcome.kind == "declined" else "",
        "errors": {wrong: message} if wrong else {},
        "by_debit": values.get("method") == "sepa_debit" or view["methods"] == ["sepa_debit"],
    }
    response = render(request, "hosted/checkout.html", context)
    return allow_returns(response, [view.get("success_url"), view.get("cancel_url")])


def filled(values: dict[str, str], number: str) -> dict[str, str]:
    """The form with a test card or IBAN in it; what the person typed for e-mail and name, and ticked, stays."""
    kept = {name: values[name] for name in ("email", "name", "save", *ASKED) if values[name]}
    if number[:2].isalpha():
        return {"email": EXAMPLE["email"], "name": EXAMPLE["name"], "iban": number, "method": "sepa_debit"} | kept
    year = dt.datetime.fromtimestamp(current().emulator.now(), dt.UTC).year + 3
    example = EXAMPLE | {"number": number, "exp": f"12 / {year % 100:02d}", "method": "card"}
    return example | kept


def joined_expiry(request: HttpRequest) -> str:
    month, year = request.POST.get("exp_month", "").strip(), request.POST.get("exp_year", "").strip()
    return f"{month} / {year}" if month or year else ""


def card_arguments(values: dict[str, str]) -> dict[str, str]:
    """The form's fields as checkout_pay() takes them: "12 / 29", "12/2029" and "1229" are all December 2029."""
    month, slash, year = values["exp"].partition("/")
    if not slash:
        month, year = values["exp"][:2], values["exp"][2:]
    month, year = month.strip(), year.strip()
    if len(year) == 2 and year.isdigit():
        year = f"20{year}"
    return {
        "number": values["number"],
        "exp_month": month,
        "exp_year": year,
        "cvc": values["cvc"],
        "email": values["email"],
        "name": values["name"],
    }


def no_session(request: HttpRequest, error: HostedError) -> HttpResponse:
    return problems.page(request, error.status, _("There is no such payment"), error.message)


def closed(request: HttpRequest, view: Json) -> HttpResponse:
    return render(request, "hosted/closed.html", {"view": view})
