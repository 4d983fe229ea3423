"""The page where staff decide a case: ask, show the consequence card, carry out exactly that. Without JavaScript."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from cases import ending, words
from cases.errors import CaseError
from cases.forms import DecideForm
from cases.models import Case, Party
from cases.queries import still_asked
from gateway.errors import StripeRefused, StripeUnavailable
from kit.money import to_decimal
from payments import decisions
from payments import words as money_words
from payments.consequences import Plan, Refused
from payments.decisions import Decider, PlanChanged
from payments.models import MoneyAction

# Stands for the plan when no money moves.
NOTHING = "nothing"


class Desk:
    """One request to the page."""

    def __init__(self, request: HttpRequest, case: Case, context: dict[str, Any]) -> None:
        self.http, self.case, self.context = request, case, context

    def answer(self) -> HttpResponse:
        """The empty form, the form with its consequence, or the case once it is decided."""
        try:
            ending.need_decidable(self.case)
            if self.http.method != "POST":
                return self._page(self._empty())
            return self._posted()
        except CaseError as error:
            messages.info(self.http, str(error))
            return self._back()

    def _posted(self) -> HttpResponse:
        form = DecideForm(self.http.POST, share=self.case.share)
        if not form.is_valid():
            return self._page(form, status=422)
        shown = self.http.POST.get("plan", "") if "confirm" in self.http.POST else ""
        amount, policy = form.cleaned_data["wanted"], form.cleaned_data["policy"]
        try:
            if shown and bool(amount) != (shown == NOTHING):
                return self._confirm(form, amount, policy, shown)
            return self._page(form, ending.preview(self.case, amount, policy=policy), shows=True)
        except Refused as refused:
            field = refused.field if refused.field in form.fields else None
            form.add_error(field, money_words.refusal(refused, self.case.share.currency))
            return self._page(form, status=422)

    def _confirm(self, form: DecideForm, amount: int, policy: str, shown: str) -> HttpResponse:
        reason = form.cleaned_data["reason"]
        try:
            action = ending.decide(self.case, amount, policy=policy, by=self._decider(), reason=reason, plan_hash=shown)
        except PlanChanged as changed:
            told = words.changes(self.http.POST.get("seen", ""), changed.plan)
            return self._page(form, changed.plan, shows=True, changed=told, status=409)
        except StripeRefused as refusal:
            messages.error(self.http, _("Stripe refused it: %(why)s Nothing was moved.") % {"why": refusal.message})
        except StripeUnavailable:
            messages.warning(
                self.http, _("Stripe does not answer. It is written down, and will be finished by itself.")
            )
        else:
            waits = action is not None and action.status == MoneyAction.Status.WAITING
            done = _("It waits for a second person to approve it.") if waits else _("Decided. Both sides were told.")
            messages.success(self.http, done)
        return self._back()

    def _page(
        self,
        form: DecideForm,
        plan: Plan | None = None,
        *,
        shows: bool = False,
        changed: list[str] | None = None,
        status: int = 200,
    ) -> HttpResponse:
        share = self.case.share
        kept = share.money(share.gross - share.refunded - share.disputed)
        page = {
            **self.context,
            "title": _("Decide case %(number)s") % {"number": self.case.number},
            "opts": Case._meta,
            "case": self.case,
            "share": share,
            "form": form,
            "plan": plan,
            "seen": words.seen(plan) if plan else "",
            "shown": (plan.hash if plan else NOTHING) if shows else "",
            "card": words.card(plan, self.case, Party.STAFF) if plan else None,
            "kept": kept,
            "changed": changed or [],
            "needs_second": plan is not None and decisions.needs_second_person(plan),
        }
        return TemplateResponse(self.http, "admin/cases/case/decide.html", page, status=status)

    def _empty(self) -> DecideForm:
        share = self.case.share
        asked = to_decimal(still_asked(self.case), share.currency)
        return DecideForm(share=share, initial={"amount": str(asked)})

    def _decider(self) -> Decider:
        user: Any = self.http.user
        return Decider(user.email, user, getattr(self.http, "request_id", ""))

    def _back(self) -> HttpResponse:
        return redirect("admin:cases_case_change", self.case.pk)
