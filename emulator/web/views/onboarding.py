"""The hosted onboarding: business, person, bank, review - one plain form a step, left and resumed at will."""

from typing import Any

from babel import Locale
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from emulator.core import Emulator
from emulator.errors import HostedError, LinkDead
from emulator.hosted import (
    onboarding_finish,
    onboarding_leave,
    onboarding_open,
    onboarding_save,
    onboarding_view,
)
from emulator.types import Json
from emulator.web.returns import allow_returns, send_to
from emulator.web.runtime import current
from emulator.web.views import problems

# Born on 1902-01-01 is Stripe's documented test value for a person who is verified at once.
TEST_DATA = {
    "entity_type": "individual",
    "business_name": "Birch Pottery GmbH",
    "business_url": "https://birch-pottery.example.com",
    "product_description": "Hand-thrown bowls and cups",
    "given_name": "Anna",
    "surname": "Birch",
    "email": "anna@birch-pottery.example.com",
    "dob_day": "1",
    "dob_month": "1",
    "dob_year": "1902",
    "line1": "Lindenweg 4",
    "city": "Berlin",
    "postal_code": "10437",
    "country": "DE",
    "phone": "+49 30 1234567",
    "document": "readable",
    "iban": "DE89370400440532013000",
    "routing_number": "110000000",
    "account_number": "000123456789",
}
DATE_NAMES = {
    "dob_day": gettext_lazy("Day"),
    "dob_month": gettext_lazy("Month"),
    "dob_year": gettext_lazy("Year"),
}
TOGETHER = (
    ("given_name", "surname"),
    ("dob_day", "dob_month", "dob_year"),
    ("postal_code", "city"),
    ("city", "postal_code"),
)
TITLES = {
    "business": (gettext_lazy("About the business"), gettext_lazy("What is sold, and in whose name.")),
    "person": (gettext_lazy("About the person"), gettext_lazy("The law asks who receives the money.")),
    "document": (gettext_lazy("Identity document"), gettext_lazy("Something could not be confirmed without one.")),
    "bank": (gettext_lazy("Bank account"), gettext_lazy("Where payouts are sent.")),
    "review": (gettext_lazy("Check and finish"), gettext_lazy("Nothing is sent until you agree.")),
}


@require_http_methods(["GET"])  # a HEAD must not use the link up
def open_link(request: HttpRequest, account: str, token: str) -> HttpResponse:
    """Use the single-use link up; a used or expired one sends the person back to be given a new one."""
    try:
        flow = onboarding_open(current().emulator, token)
    except LinkDead as dead:
        return send_to(dead.refresh_url)
    except HostedError as error:
        return problems.page(request, error.status, _("This link does not open anything"), error.message)
    current().ring()
    return redirect("onboarding", flow)


@require_http_methods(["GET", "HEAD", "POST"])
def step(request: HttpRequest, flow: str) -> HttpResponse:
    emulator = current().emulator
    try:
        view = onboarding_view(emulator, flow)
        wanted = request.GET.get("step") or view["step"]
        name = wanted if wanted in dict(view["steps"]) else view["step"]
        if request.method != "POST":
            return form(request, flow, view, name, view["values"], {})
        given = {key: str(value).strip() for key, value in request.POST.items() if key != "csrfmiddlewaretoken"}
        if "fill" in given:
            return form(request, flow, view, name, filled(view, name, given), {})
        errors = onboarding_save(emulator, flow, name, given)
        if errors:
            return form(request, flow, view, name, view["values"] | given, errors)
        if name == "review":
            return send_to(onboarding_finish(emulator, flow))
        return redirect(next_page(emulator, flow))
    except HostedError as error:
        return gone(request, error)


def next_page(emulator: Emulator, flow: str) -> str:
    """The step after this one; the review at once when only a change was made."""
    address = reverse("onboarding", args=[flow])
    complete = all(done for name, done in onboarding_view(emulator, flow)["steps"] if name != "review")
    return f"{address}?step=review" if complete else address


@require_POST
def leave(request: HttpRequest, flow: str) -> HttpResponse:
    try:
        return send_to(onboarding_leave(current().emulator, flow))
    except HostedError as error:
        return gone(request, error)


def form(
    request: HttpRequest, flow: str, view: Json, name: str, values: dict[str, str], errors: dict[str, str]
) -> HttpResponse:
    title, lead = TITLES[name]
    context: dict[str, Any] = {
        "flow": flow,
        "view": view,
        "step": name,
        "title": title,
        "lead": lead,
        "rows": in_rows(asked(view, name)),
        "summary": summary(view) if name == "review" else [],
        "values": values,
        "errors": errors,
    }
    response = render(request, "hosted/onboarding.html", context)
    return allow_returns(response, [view["return_url"], view["refresh_url"]])


def filled(view: Json, name: str, given: dict[str, str]) -> dict[str, str]:
    """The step's form with examples in every field that was left empty, and choices that are on offer."""
    values = dict(view["values"])
    for field, *_rest in asked(view, name):
        values[field] = given.get(field) or values.get(field) or TEST_DATA.get(field, "")
    if values.get("entity_type") != "company":
        values["business_name"] = given.get("business_name", "")
    return values


def asked(view: Json, name: str) -> list[Any]:
    """The step's fields; of the bank's only those of the account's country."""
    fields = [named_countries(field) if field[0] == "country" else field for field in view["fields"].get(name, [])]
    left_out = ("iban",) if view["values"].get("country") == "US" else ("routing_number", "account_number")
    return [field for field in fields if name != "bank" or field[0] not in left_out]


def named_countries(field: Any) -> Any:
    """The country field with the countries' names in the reader's language, in its order."""
    name, label, kind, choices, hint = field
    territories = Locale.parse(get_language() or "en", sep="-").territories
    named = sorted(((code, territories.get(code, code)) for code, _text in choices), key=lambda choice: choice[1])
    return name, label, kind, tuple(named), hint


def summary(view: Json) -> list[Json]:
    """What was given, step by step, as it will be sent: (label, text) with choices by their names."""
    steps = []
    for name, done in view["steps"]:
        lines = []
        for row in in_rows(asked(view, name)):
            texts = [said(view["values"], field) for field in row["fields"]]
            together = [(row["legend"], " / ".join(filter(None, texts)))]
            lines += together if row["legend"] else [(f[1], t) for f, t in zip(row["fields"], texts, strict=True)]
        if name == "bank" and (last4 := view["values"].get("bank_last4")):
            lines = [(_("Account"), _("ending in %(last4)s") % {"last4": last4})]
        steps.append({"name": name, "done": done, "lines": [(label, text) for label, text in lines if text]})
    return [one for one in steps if one["name"] != "review"]


def said(values: dict[str, str], field: Any) -> str:
    name, _label, _kind, choices, _help = field
    value = values.get(name, "")
    return str(dict(choices).get(value, value)) if choices else value


def in_rows(fields: list[Any]) -> list[Json]:
    """Fields that belong together, side by side; a date's three under one legend with short names."""
    rows: list[Json] = []
    for name, label, kind, choices, hint in fields:
        company = next((group for group in TOGETHER if name in group), ())
        if not rows or rows[-1]["fields"][-1][0] not in company:
            rows.append({"fields": [], "legend": "", "hint": ""})
        row = rows[-1]
        if name in DATE_NAMES:
            row["legend"], row["hint"] = _("Date of birth"), row["hint"] or hint
            row["fields"].append((name, DATE_NAMES[name], "text", None, ""))
        else:
            row["fields"].append((name, label, kind, choices, hint))
    return rows


def gone(request: HttpRequest, error: HostedError) -> HttpResponse:
    if isinstance(error, LinkDead) and error.refresh_url:
        return send_to(error.refresh_url)
    return problems.page(request, error.status, _("This form is closed"), error.message)
