"""What can be done with several disputes at once; each says what it did, and what it left out and why."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from disputes import work
from disputes.admin.forms import AssignForm
from disputes.work import NotPossible
from payments.models import Dispute

# So many are listed by name on the page that asks.
LISTED = 20


def report(request: HttpRequest, done: str, left_out: Iterable[tuple[Dispute, str]]) -> None:
    """Tell what was done, and of the others each reason once with the disputes it kept out."""
    if done:
        messages.success(request, done)
    reasons: dict[str, list[str]] = {}
    for dispute, why in left_out:
        reasons.setdefault(why, []).append(dispute.stripe_id)
    for why, which in reasons.items():
        sentence = ngettext("Left out: %(which)s. %(why)s", "%(n)d left out: %(which)s. %(why)s", len(which))
        shown = ", ".join(which[:5]) + (" …" if len(which) > 5 else "")
        messages.warning(request, sentence % {"n": len(which), "which": shown, "why": why})


def assign(request: HttpRequest, disputes: QuerySet[Dispute], page: dict[str, Any]) -> TemplateResponse | None:
    """Ask for whom, then write it down. Returns the page that asks, None once it is done."""
    form = AssignForm(request.POST if "confirm" in request.POST else None)
    if not (form.is_bound and form.is_valid()):
        found, is_all = list(disputes), request.POST.get("select_across") == "1"
        shown = {
            **page,
            "title": _("Assign disputes"),
            "disputes": found[:LISTED],
            "more": len(found) - LISTED,
            "count": len(found),
            # All of a filter are named by the filter, as a form cannot carry thousands; Django still wants to see one.
            "chosen": [dispute.pk for dispute in (found[:1] if is_all else found)],
            "is_all": is_all,
            "form": form,
        }
        return TemplateResponse(request, "admin/disputes/assign.html", shown)
    assignee: User | None = form.cleaned_data["assignee"]
    done, left_out = 0, []
    for dispute in disputes:
        try:
            work.assign(dispute, assignee, by=_person(request))
            done += 1
        except NotPossible as error:
            left_out.append((dispute, str(error)))
    whose = str(assignee) if assignee else _("nobody")
    sentence = ngettext("%(n)d dispute is assigned to %(who)s.", "%(n)d disputes are assigned to %(who)s.", done)
    report(request, sentence % {"n": done, "who": whose} if done else "", left_out)
    return None


def remind_sellers(request: HttpRequest, disputes: QuerySet[Dispute]) -> None:
    """A letter to the sellers of each that still waits for their part."""
    done, left_out = 0, []
    for dispute in disputes:
        try:
            done += work.remind_sellers(dispute, by=_person(request))
        except NotPossible as error:
            left_out.append((dispute, str(error)))
    sentence = ngettext("%(n)d seller is reminded.", "%(n)d sellers are reminded.", done)
    report(request, sentence % {"n": done} if done else "", left_out)


def look_over(request: HttpRequest, disputes: QuerySet[Dispute]) -> None:
    """Their evidence was looked over by a second person, exactly as it is now."""
    done, left_out = 0, []
    for dispute in disputes:
        try:
            work.look_over(dispute, by=_person(request))
            done += 1
        except NotPossible as error:
            left_out.append((dispute, str(error)))
    sentence = ngettext(
        "You have looked over the evidence of %(n)d dispute.",
        "You have looked over the evidence of %(n)d disputes.",
        done,
    )
    report(request, sentence % {"n": done} if done else "", left_out)


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 - the admin lets nobody else in
    return request.user
