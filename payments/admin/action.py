"""Decisions about money in the admin: the audit, and the second person's yes or no."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gateway.errors import StripeRefused, StripeUnavailable
from kit.admin import ReadOnlyAdmin, ReadOnlyInline
from payments import decisions, words
from payments.consequences import Effect, Note, Plan
from payments.decisions import NotApprovable
from payments.models import MoneyAction, MoneyActionMove


class MoveInline(ReadOnlyInline):
    """What happened to a decision."""

    model = MoneyActionMove


@admin.register(MoneyAction)
class MoneyActionAdmin(ReadOnlyAdmin):
    """Who decided what about whose money, and why."""

    list_display = ("created_at", "kind", "share", "shown_amount", "status", "who", "reason")
    list_filter = ("status", "kind", "needs_approval", "currency")
    search_fields = ("share__order__number", "actor", "reason", "request_id")
    list_select_related = ("share__order", "approver")
    date_hierarchy = "created_at"
    inlines = (MoveInline,)
    change_form_template = "admin/payments/moneyaction/change_form.html"

    @admin.display(description=gettext_lazy("Amount"), ordering="amount")
    def shown_amount(self, action: MoneyAction) -> str:
        """With its currency."""
        return str(action.share.money(action.amount)) if action.amount else ""

    @admin.display(description=gettext_lazy("Who"), ordering="actor")
    def who(self, action: MoneyAction) -> str:
        """Who asked, and who approved it."""
        if action.approver is None:
            return action.actor
        return _("%(who)s, approved by %(other)s") % {"who": action.actor, "other": action.approver}

    def get_urls(self) -> list[URLPattern]:
        """The page of the second person."""
        view = self.admin_site.admin_view(self.approve_view)
        return [path("<int:action_id>/approve/", view, name="payments_moneyaction_approve"), *super().get_urls()]

    def approve_view(self, request: HttpRequest, action_id: int) -> HttpResponse:
        """What was asked for and what it would do; yes or no."""
        if not request.user.has_perm("payments.add_moneyaction"):
            raise PermissionDenied
        action = get_object_or_404(MoneyAction.objects.select_related("share__order__seller"), pk=action_id)
        if request.method == "POST":
            return self._decided(request, action)
        plan = read_plan(action.plan)
        page = {
            **self.admin_site.each_context(request),
            "title": _("Approve a decision"),
            "opts": self.model._meta,
            "original": action,
            "action": action,
            "card": words.card(plan, action.share.order.seller.name),
            "is_own": request.user.pk == action.user_id,
        }
        return TemplateResponse(request, "admin/payments/moneyaction/approve.html", page)

    def _decided(self, request: HttpRequest, action: MoneyAction) -> HttpResponse:
        user: Any = request.user
        try:
            if "approve" in request.POST:
                decisions.approve(action, by=user)
                messages.success(request, _("Approved and carried out."))
            else:
                decisions.decline(action, by=user, reason=request.POST.get("reason", "").strip() or _("Declined."))
                messages.success(request, _("Declined. Nothing was moved."))
        except NotApprovable as error:
            messages.error(request, str(error))
        except StripeRefused as refusal:
            messages.error(request, _("Stripe refused it: %(why)s Nothing was moved.") % {"why": refusal.message})
        except StripeUnavailable:
            messages.warning(request, _("Stripe does not answer. It is written down, and will be finished by itself."))
        return redirect("admin:payments_moneyaction_change", action.pk)


def read_plan(kept: dict[str, Any]) -> Plan:
    """The plan as it was kept in the audit row."""
    effects = tuple(Effect(**effect) for effect in kept["effects"])
    notes = tuple(Note(**note) for note in kept["notes"])
    return Plan(**{**kept, "effects": effects, "notes": notes})
