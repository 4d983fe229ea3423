"""The panel's objects: found by kind or by id, with their ledger rows, their events, and what can be done to them."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from emulator import panel as store
from emulator.actions import ACTIONS, Action
from emulator.errors import HostedError
from emulator.types import Json
from emulator.web.access import operator_page
from emulator.web.runtime import current
from emulator.web.views.panel import PAGE, older_than, show


@operator_page
def objects(request: HttpRequest, kind: str = "") -> HttpResponse:
    """All kinds, one kind page by page, or what ?id= finds; the only one found is opened."""
    emulator = current().emulator
    wanted = request.GET.get("id", "").strip()
    if wanted:
        rows = store.search(emulator, wanted, limit=PAGE)
        if len(rows) == 1:
            return redirect(address(rows[0]))
    else:
        rows = store.objects(emulator, kind, limit=PAGE + 1, before=older_than(request)) if kind else []
    context = {
        "kinds": store.kinds(emulator),
        "kind": kind,
        "wanted": wanted,
        "rows": rows[:PAGE],
        "more": rows[PAGE - 1]["seq"] if len(rows) > PAGE else None,
    }
    return show(request, "objects", "panel-objects", context)


def address(row: Json) -> str:
    return reverse("panel-event" if row["kind"] == "event" else "panel-object", args=[row["id"]])


@operator_page
@require_http_methods(["GET", "HEAD", "POST"])
def one_object(request: HttpRequest, id: str) -> HttpResponse:
    """POST do=<things/verb> with the action's fields; afterwards the page says that it was done."""
    found = store.one_object(current().emulator, id)
    if found is None:
        raise Http404(id)
    if found["kind"] == "event":
        return redirect("panel-event", id)
    if request.method != "POST":
        return page(request, id, found)
    action = next((one for one in found["actions"] if one.path == request.POST.get("do")), None)
    if action is None:
        return page(request, id, found, trouble=known_label(request.POST.get("do", "")))
    try:
        action.do(current().emulator, id, {**request.POST.dict()})
    except (ValueError, HostedError) as problem:
        trouble = problem.message if isinstance(problem, HostedError) else str(problem)
        return page(request, id, found, failed=action, trouble=trouble)
    current().ring()
    return redirect(f"{reverse('panel-object', args=[id])}?done={action.path}")


def page(
    request: HttpRequest, id: str, found: Json, *, failed: Action | None = None, trouble: str = ""
) -> HttpResponse:
    done = next((one for one in ACTIONS if one.path == request.GET.get("done")), None)
    forms: list[Json] = []
    for action in found["actions"]:
        values = request.POST if action is failed else {}
        forms.append(
            {"action": action, "open": action is failed, "fields": shown_fields(action, found["json"], values)}
        )
    context: dict[str, Any] = {"object": found, "id": id, "forms": forms, "trouble": trouble, "done": done}
    return show(request, "object", "panel-objects", context)


def shown_fields(action: Action, body: Json, values: Any) -> list[Json]:
    return [
        {
            "name": one.name,
            "label": one.label,
            "kind": one.kind,
            "hint": one.hint,
            "choices": one.choices(body) if one.choices else (),
            "value": values.get(one.name, one.default),
        }
        for one in action.fields
    ]


def known_label(path: str) -> str:
    """Somebody pressed a button of a page that was true a moment ago."""
    action = next((one for one in ACTIONS if one.path == path), None)
    name = action.label if action else path
    return f"{name}: not possible any more. The page now shows the object as it is."
