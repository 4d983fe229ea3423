"""The decision page: ask, show the consequence card, carry out exactly that. Works without JavaScript."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gateway.errors import StripeRefused, StripeUnavailable
from payments import decisions, refunds, shares, words
from payments.consequences import ENDED_BY_STAFF, Plan, Refused
from payments.decisions import Decider, PlanChanged
from payments.desk_forms import FORMS, DecisionForm
from payments.models import MoneyAction, Share

if TYPE_CHECKING:
    from payments.admin.share import ShareAdmin

Kind = MoneyAction.Kind

TITLES = {
    Kind.REFUND: gettext_lazy("Refund the buyer"),
    Kind.RELEASE: gettext_lazy("Release to the seller"),
    Kind.REVERSE: gettext_lazy("Fetch back from the seller"),
    Kind.HOLD: gettext_lazy("Hold back"),
    Kind.END_HOLD: gettext_lazy("End a hold"),
    Kind.CANCEL: gettext_lazy("Cancel the order"),
    Kind.DECIDE: gettext_lazy("Decide about an outside refund"),
    Kind.RETRY: gettext_lazy("Pay a refund again"),
}


ABOUT = {
    Kind.REFUND: gettext_lazy("All of it, an amount, or amounts by line."),
    Kind.RELEASE: gettext_lazy("Now, without waiting for its date."),
    Kind.REVERSE: gettext_lazy("What they got goes back into hold."),
    Kind.HOLD: gettext_lazy("It is not released until somebody ends the hold, or on a day you name."),
    Kind.END_HOLD: gettext_lazy("It goes on to its release date."),
    Kind.CANCEL: gettext_lazy("It is not sent yet: the buyer gets everything back, the stock too."),
    Kind.DECIDE: gettext_lazy("The buyer has the money; say whose it was."),
    Kind.RETRY: gettext_lazy("Their bank sent it back; we owe it to them."),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A decision that is possible now, with the page where it is made."""

    title: Any
    url: str
    about: Any = ""


def possible(share: Share) -> list[Choice]:
    """The decisions that make sense for a share as it stands, the most pressing first."""
    held = share.status == Share.Status.HELD
    open_holds = share.holds.filter(ended_at=None, kind__in=ENDED_BY_STAFF)
    tests = [
        (Kind.DECIDE, share.refunds.filter(undecided=True).exists()),
        (Kind.RETRY, refunds.unpaid(share).exists()),
        (Kind.REFUND, share.refundable > 0),
        (Kind.RELEASE, held and share.left > 0),
        (Kind.HOLD, held and share.left > 0),
        (Kind.END_HOLD, open_holds.exists()),
        (Kind.CANCEL, share.order.status == "paid" and share.refundable > 0),
        (Kind.REVERSE, share.released > 0 and bool(shares.sent(share))),
    ]
    return [
        Choice(TITLES[kind], reverse("admin:payments_share_decide", args=[share.pk, kind]), ABOUT[kind])
        for kind, makes_sense in tests
        if makes_sense
    ]


class Desk:
    """One request to a decision page."""

    def __init__(self, model_admin: ShareAdmin, request: HttpRequest, share_id: int, kind: str) -> None:
        if not model_admin.has_decide_permission(request):
            raise PermissionDenied
        if kind not in FORMS:
            raise Http404
        self.admin, self.http, self.kind = model_admin, request, kind
        self.share = get_object_or_404(Share.objects.select_related("order__seller", "payment", "account"), pk=share_id)

    def answer(self) -> HttpResponse:
        """The empty form, the form with its consequence, or the page of the order once it is done."""
        if self.http.method != "POST":
            return self._page(FORMS[self.kind](share=self.share))
        form = FORMS[self.kind](self.http.POST, share=self.share)
        shown = self.http.POST.get("plan", "") if "confirm" in self.http.POST else ""
        if not form.is_valid():
            return self._done_already() if self._is_done(shown) else self._page(form, status=422)
        try:
            if shown:
                return self._confirm(form, shown)
            return self._page(form, decisions.preview(self.share, self.kind, form.request()))
        except Refused as refused:
            if self._is_done(shown):
                return self._done_already()
            self._refuse(form, refused)
            return self._page(form, status=422)

    def _confirm(self, form: DecisionForm, shown: str) -> HttpResponse:
        try:
            action = decisions.confirm(
                self.share,
                self.kind,
                form.request(),
                plan_hash=shown,
                by=self._decider(),
                reason=form.cleaned_data["reason"],
            )
        except PlanChanged as changed:
            if self._is_done(shown):
                return self._done_already()
            return self._page(form, changed.plan, changed=str(changed), status=409)
        except StripeRefused as refusal:
            messages.error(self.http, _("Stripe refused it: %(why)s Nothing was moved.") % {"why": refusal.message})
        except StripeUnavailable:
            messages.warning(
                self.http, _("Stripe does not answer. It is written down, and will be finished by itself.")
            )
        else:
            waits = action.status == MoneyAction.Status.WAITING
            done = _("It waits for a second person to approve it.") if waits else _("Done.")
            messages.success(self.http, done)
        return redirect("admin:payments_share_change", self.share.pk)

    def _is_done(self, shown: str) -> bool:
        """Whether this person pressed the button twice: what they saw has been carried out meanwhile (fault F34)."""
        return bool(shown) and self.share.actions.filter(plan_hash=shown, user=self.http.user.pk).exists()

    def _done_already(self) -> HttpResponse:
        messages.success(self.http, _("That is done already."))
        return redirect("admin:payments_share_change", self.share.pk)

    def _decider(self) -> Decider:
        user: Any = self.http.user
        return Decider(user.email, user, getattr(self.http, "request_id", ""))

    def _refuse(self, form: DecisionForm, refused: Refused) -> None:
        field = refused.field if refused.field in form.fields else None
        form.add_error(field, words.refusal(refused, self.share.currency))

    def _page(
        self, form: DecisionForm, plan: Plan | None = None, *, changed: str = "", status: int = 200
    ) -> HttpResponse:
        page = {
            **self.admin.admin_site.each_context(self.http),
            "title": TITLES[Kind(self.kind)],
            "opts": self.admin.model._meta,
            "share": self.share,
            "original": self.share,
            "form": form,
            "changed": changed,
            "plan": plan,
            "card": words.card(plan, self.share.order.seller.name) if plan else None,
            "needs_second": plan is not None and decisions.needs_second_person(plan),
        }
        return TemplateResponse(self.http, "admin/payments/share/decide.html", page, status=status)
