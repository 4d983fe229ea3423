"""Planning faults: first the kind, then what it takes. New kinds appear by themselves."""

import re
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from emulator.fault_kinds import CATALOGUE, Kind, Param
from emulator.types import Json
from emulator.web.access import operator_page
from emulator.web.runtime import current
from emulator.web.views.panel import show

EXAMPLES = {"call": "POST /v1/transfers", "event": "charge.refunded"}


@operator_page
@require_http_methods(["GET", "HEAD", "POST"])
def faults(request: HttpRequest) -> HttpResponse:
    planned = current().emulator.faults
    if request.method == "POST" and "clear" in request.POST:
        planned.clear()
        return redirect("panel-faults")
    form = request.POST if request.method == "POST" else request.GET
    name = form.get("kind", "") if form.get("kind", "") in CATALOGUE else next(iter(CATALOGUE))
    trouble = ""
    if request.method == "POST":
        try:
            planned.add(name, **given(request.POST, CATALOGUE[name]))
            return redirect("panel-faults")
        except (ValueError, re.error) as error:
            trouble = str(error)
    kind = CATALOGUE[name]
    context = {
        "kinds": [(one, about.about, about.target) for one, about in CATALOGUE.items()],
        "kind": name,
        "about": kind.about,
        "target": kind.target,
        "example": EXAMPLES[kind.target],
        "fields": [field(one, param, request.POST) for one, param in kind.params.items()],
        "planned": planned.list(),
        "trouble": trouble,
        "values": request.POST,
    }
    return show(request, "faults", "panel-faults", context)


def field(name: str, param: Param, values: Any) -> Json:
    choices = ("", "true", "false") if param.takes is bool else ("", *param.choices) if param.choices else ()
    return {
        "name": f"p-{name}",
        "label": name,
        "hint": param.about,
        "choices": choices,
        "value": values.get(f"p-{name}"),
    }


def given(form: Any, kind: Kind) -> dict[str, Any]:
    """What the form asks for. Raises ValueError when a number is not one."""
    asked: dict[str, Any] = {"match": form.get("match") or ".*", "account": form.get("account") or None}
    for name in ("nth", "times"):
        asked[name] = number(form.get(name) or "1", int)
    asked["probability"] = number(form.get("probability") or "1", float)
    for name, param in kind.params.items():
        text = form.get(f"p-{name}", "").strip()
        if text:
            asked[name] = text == "true" if param.takes is bool else number(text, param.takes)
    return asked


def number(text: str, takes: type) -> Any:
    if takes is str:
        return text
    try:
        return takes(text)
    except ValueError as problem:
        raise ValueError(_("%(text)s is not a number.") % {"text": text}) from problem
