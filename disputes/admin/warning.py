"""Fraud warnings in the admin: what each is about, what pays with the arithmetic, and one click to the decision."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from disputes import advice, rules, warnings, words
from disputes.models import Act, Advice, FraudWarning, FraudWarningMove
from kit.admin import ReadOnlyAdmin, ReadOnlyInline
from kit.money import to_decimal
from kit.templatetags.ui import pill
from payments.models import Hold, MoneyAction, Share

PILLS = {
    FraudWarning.Status.OPEN: "needs-you",
    FraudWarning.Status.HOLDING: "moving",
    FraudWarning.Status.LET_GO: "waiting",
    FraudWarning.Status.REFUNDED: "done",
    FraudWarning.Status.DISPUTED: "problem",
    FraudWarning.Status.OVER: "done",
}
Way = Advice.Way


class WarningMoveInline(ReadOnlyInline):
    """What happened to it."""

    model = FraudWarningMove


@admin.register(FraudWarning)
class FraudWarningAdmin(ReadOnlyAdmin):
    """What cards' issuers warn of."""

    list_display = ("warned_at", "state", "amount", "advised", "announced", "sellers", "believed")
    list_filter = ("status", "actionable", "fraud_type")
    search_fields = (
        "stripe_id", "payment__charge_id", "payment__purchase__number", "payment__shares__order__number",
        "payment__shares__order__seller__name",
    )  # fmt: skip
    list_select_related = ("payment",)
    date_hierarchy = "warned_at"
    inlines = (WarningMoveInline,)
    fields = ("stripe_id", "payment", "status", "fraud_type", "actionable", "warned_at", "heard_at", "decided_at")
    change_form_template = "admin/disputes/fraudwarning/change_form.html"
    change_list_template = "admin/disputes/fraudwarning/change_list.html"

    def get_queryset(self, request: HttpRequest) -> Any:
        """With what the list shows of each."""
        found = super().get_queryset(request)
        return found.prefetch_related("payment__shares__order__seller", "advice", "acts")

    def get_urls(self) -> list[URLPattern]:
        """Deciding to go on holding, which moves nothing."""
        view = self.admin_site.admin_view(self.hold_view)
        return [path("<int:warning_id>/hold/", view, name="disputes_fraudwarning_hold"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """With a title that says what is there."""
        title = _("Payments whose cards’ issuers believe in fraud")
        return super().changelist_view(request, {**(extra_context or {}), "title": title})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What pays, and the decisions that are possible."""
        found = FraudWarning.objects.select_related("payment").filter(pk=object_id).first()
        more = {} if found is None else self._shown(request, found)
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **more})

    def hold_view(self, request: HttpRequest, warning_id: int) -> HttpResponse:
        """It stays held until it is clear: decided by a person."""
        warning = get_object_or_404(FraudWarning, pk=warning_id)
        if not may_decide(request):
            raise PermissionDenied
        if request.method == "POST":
            user: Any = request.user
            warnings.decided(warning, FraudWarning.Status.HOLDING, actor=user.email, reason=_("Decided by staff."))
            messages.success(request, _("It stays held until it is clear."))
        return redirect("admin:disputes_fraudwarning_change", warning.pk)

    def _shown(self, request: HttpRequest, warning: FraudWarning) -> dict[str, Any]:
        found = advice.for_warning(warning)
        is_live = warning.status in FraudWarning.LIVE
        orders = list(warning.payment.shares.select_related("order__seller").order_by("pk"))
        return {
            "title": _("Fraud warning about %(amount)s") % {"amount": warning.payment.money},
            "subtitle": None,
            "warning": warning,
            "pill": (PILLS[FraudWarning.Status(warning.status)], warning.get_status_display()),
            "believed": words.fraud_type(warning.fraud_type),
            "sentence": sentence(warning, found),
            "advice": {"ways": words.arithmetic(found), "sources": words.sources(found)},
            "orders": [_order(warning, share, may=is_live and may_decide(request)) for share in orders],
            "can_hold": warning.status in (FraudWarning.Status.OPEN, FraudWarning.Status.LET_GO)
            and is_held(warning)
            and may_decide(request),
            "notice": rules.notice(warning),
        }

    @admin.display(description=gettext_lazy("State"), ordering="status")
    def state(self, warning: FraudWarning) -> SafeString:
        """With its colour."""
        return pill(PILLS[FraudWarning.Status(warning.status)], warning.get_status_display())

    @admin.display(description=gettext_lazy("Paid"), ordering="payment__amount")
    def amount(self, warning: FraudWarning) -> str:
        """What the payment was."""
        return str(warning.payment.money)

    @admin.display(description=gettext_lazy("Believed"), ordering="fraud_type")
    def believed(self, warning: FraudWarning) -> str:
        """What the issuer believes."""
        return words.fraud_type(warning.fraud_type)

    @admin.display(description=gettext_lazy("Sellers"))
    def sellers(self, warning: FraudWarning) -> str:
        """Whose orders it paid."""
        return ", ".join(sorted({share.order.seller.name for share in warning.payment.shares.all()}))

    @admin.display(description=gettext_lazy("Advised"))
    def advised(self, warning: FraudWarning) -> str:
        """As it was written down last."""
        current = [one for one in warning.advice.all() if one.superseded_at is None]
        return f"{current[0].get_best_display()} ({current[0].best_value})" if current else _("in a minute")

    @admin.display(description=gettext_lazy("By itself"))
    def announced(self, warning: FraudWarning) -> str:
        """What a rule will do."""
        live = [act for act in warning.acts.all() if act.status in Act.LIVE]
        return str(words.WILL[live[0].what]) if live else "–"


def may_decide(request: HttpRequest) -> bool:
    """Deciding about money is a permission of its own."""
    return bool(request.user.has_perm("payments.add_moneyaction"))


def is_held(warning: FraudWarning) -> bool:
    """Whether one of its holds is open."""
    return bool(holds(warning).exists())


def holds(warning: FraudWarning) -> Any:
    """The open holds of its orders for it."""
    return Hold.objects.filter(
        share__payment=warning.payment, kind=Hold.Kind.WARNING, ref=warning.stripe_id, ended_at=None
    )


def sentence(warning: FraudWarning, found: Advice) -> str:
    """Whose turn it is, in one sentence."""
    if warning.status not in FraudWarning.LIVE:
        return _("Nothing to do: %(what)s.") % {"what": warning.get_status_display()}
    act = rules.notice(warning)
    if act is not None:
        return _("%(what)s, unless somebody stops it.") % {"what": words.WILL[act.what]}
    advised = {
        Way.REFUND: _("Refund it: that is expected to cost least."),
        Way.HOLD: _("Hold it until it is clear: that is expected to cost least."),
        Way.LET_GO: _("Let it go on: that is expected to cost least."),
    }
    return advised[Way(found.best)]


def _order(warning: FraudWarning, share: Share, *, may: bool) -> dict[str, Any]:
    """One order, and forms that lead to its decisions, filled in: the page there shows the consequence first."""
    forms = []
    if may and share.refundable and warning.actionable:
        kind, request = warnings.refund_request(share)
        values = {
            "why": request["reason"],
            "policy": request["policy"],
            "reason": _("The card’s issuer warns of fraud (%(id)s).") % {"id": warning.stripe_id},
        }
        if kind == MoneyAction.Kind.REFUND:
            values["amount"] = str(to_decimal(share.refundable, share.currency))
        amount = share.money(share.refundable)
        label = _("Refund %(amount)s") % {"amount": amount}
        if kind == MoneyAction.Kind.CANCEL:
            label = _("Cancel the order and refund %(amount)s") % {"amount": amount}
        forms.append(_form(share, kind, values, label))
    hold = holds(warning).filter(share=share).first() if may else None
    if hold is not None:
        reason = _("It is expected to cost least to let it go on.")
        forms.append(
            _form(share, MoneyAction.Kind.END_HOLD, {"hold": str(hold.pk), "reason": reason}, _("End the hold"))
        )
    return {
        "share": share,
        "url": reverse("admin:payments_share_change", args=[share.pk]),
        "refundable": share.money(share.refundable),
        "held": share.money(share.left),
        "forms": forms,
    }


def _form(share: Share, kind: str, values: dict[str, str], label: str) -> dict[str, Any]:
    return {"action": reverse("admin:payments_share_decide", args=[share.pk, kind]), "values": values, "label": label}
