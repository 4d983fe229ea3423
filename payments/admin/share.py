"""Shares in the admin: where each order's money is, and every decision about it with its consequence first."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.timezone import get_default_timezone, localtime
from django.utils.translation import gettext_lazy as _

from kit.admin import ReadOnlyAdmin, ReadOnlyInline
from kit.clock import now
from payments import bars, platform_day, stories
from payments.admin import standing
from payments.admin.decide import Desk, possible
from payments.models import Hold, MilestoneAgreement, MoneyAction, Refund, Release, Share, ShareMove
from payments.queries import seller_debt

# Nothing was sold before, and databases know no day before the year 1.
FIRST_DAY = date(2000, 1, 2)


class StandsFilter(admin.SimpleListFilter):
    """Shares by what keeps them."""

    title = _("what keeps it")
    parameter_name = "kept"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The kinds of hold, and what is left without one."""
        return [("free", _("nothing")), ("undecided", _("a refund to decide on")), *Hold.Kind.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Share]) -> QuerySet[Share]:
        """Held shares with, or without, an open hold."""
        value = self.value()
        if value is None:
            return queryset
        if value == "undecided":
            return queryset.filter(refunds__undecided=True).distinct()
        open_holds = Hold.objects.filter(share=OuterRef("pk"), ended_at=None)
        if value == "free":
            return queryset.filter(~Exists(open_holds), status=Share.Status.HELD)
        return queryset.filter(Exists(open_holds.filter(kind=value)))


class HoldInline(ReadOnlyInline):
    """Why it is not released."""

    model = Hold
    fields = ("kind", "reason", "ends_when", "until", "actor", "opened_at", "ended_at", "ended_by", "end_reason")


class ReleaseInline(ReadOnlyInline):
    """What was sent to the seller."""

    model = Release
    fields = ("number", "status", "shown_amount", "set_off", "transfer_id", "payout", "sent_at", "actor", "refusal")
    readonly_fields = ("shown_amount", "set_off")

    @admin.display(description=_("Sent"))
    def shown_amount(self, release: Release) -> str:
        """With its currency."""
        return str(release.money)

    @admin.display(description=_("Set off"))
    def set_off(self, release: Release) -> str:
        """Kept back against what the seller owed."""
        return str(release.share.money(release.netted)) if release.netted else ""


class AgreementInline(ReadOnlyInline):
    """The parts its seller and buyer agreed on, or not."""

    model = MilestoneAgreement
    fields = ("status", "shown_parts", "proposed_by", "proposed_at", "answered_at", "answer")
    readonly_fields = ("shown_parts",)
    show_change_link = True

    @admin.display(description=_("Milestones"))
    def shown_parts(self, agreement: MilestoneAgreement) -> str:
        """Each with what was agreed for it and how it stands."""
        money = agreement.share.money
        return "; ".join(
            f"{one.name}: {money(one.amount)}, {one.get_status_display()}" for one in agreement.milestones.all()
        )


class RefundInline(ReadOnlyInline):
    """What went back to the buyer, and who bore it."""

    model = Refund
    fields = ("planned_at", "status", "shown_amount", "borne_by", "reason", "policy", "stripe_id", "failure", "actor")
    readonly_fields = ("shown_amount", "borne_by")

    @admin.display(description=_("Amount"))
    def shown_amount(self, refund: Refund) -> str:
        """With its currency."""
        return str(refund.money)

    @admin.display(description=_("Borne by"))
    def borne_by(self, refund: Refund) -> str:
        """Each one's part, in words."""
        return stories.borne_by(refund)


class ActionInline(ReadOnlyInline):
    """Who decided what, and why."""

    model = MoneyAction
    fields = ("created_at", "kind", "status", "shown_amount", "actor", "approver", "reason")
    readonly_fields = ("shown_amount",)

    @admin.display(description=_("Amount"))
    def shown_amount(self, action: MoneyAction) -> str:
        """With its currency."""
        return str(action.share.money(action.amount)) if action.amount else ""


class ShareMoveInline(ReadOnlyInline):
    """What happened to the share."""

    model = ShareMove


@admin.register(Share)
class ShareAdmin(ReadOnlyAdmin):
    """Each order's money: held, released or returned."""

    list_display = ("order", "seller", "status", "shown_gross", "shown_left", "next_thing", "shown_deadline")
    list_filter = ("status", StandsFilter, "release_basis", "funds_flow", "currency")
    search_fields = (
        "order__number", "order__purchase__number", "order__seller__name", "payment__charge_id",
        "releases__transfer_id", "refunds__stripe_id",
    )  # fmt: skip
    list_select_related = ("order__seller",)
    date_hierarchy = "opened_at"
    ordering = ("-pk",)
    inlines = (HoldInline, AgreementInline, ReleaseInline, RefundInline, ActionInline, ShareMoveInline)
    change_form_template = "admin/payments/share/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Share]:
        """With the open holds, which the list names."""
        return super().get_queryset(request).prefetch_related("holds")

    def get_urls(self) -> list[URLPattern]:
        """One page for each kind of decision."""
        view = self.admin_site.admin_view(self.decide_view)
        day = path("day/", self.admin_site.admin_view(self.day_view), name="payments_share_day")
        return [
            day,
            path("<int:share_id>/decide/<slug:kind>/", view, name="payments_share_decide"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Every order that was paid, and where its money is."""
        return super().changelist_view(request, {**(extra_context or {}), "title": _("The money of each order")})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The money story, and the decisions that are possible now, above the facts."""
        share = self.get_object(request, object_id)
        more = {} if share is None else _shown(share)
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **more})

    def day_view(self, request: HttpRequest) -> HttpResponse:
        """What buyers paid on one day, today without another wish, and where it is now."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        today = localtime(now()).date()
        try:
            day = max(FIRST_DAY, min(date.fromisoformat(request.GET.get("day", "")), today))
        except ValueError:
            day = today
        begins = datetime.combine(day, time.min, get_default_timezone())
        ends = datetime.combine(day + timedelta(days=1), time.min, get_default_timezone())
        orders = urlencode({"opened_at__gte": begins.isoformat(), "opened_at__lt": ends.isoformat()})
        context = {
            **self.admin_site.each_context(request),
            "opts": self.model._meta,
            "orders_url": f"{reverse('admin:payments_share_changelist')}?{orders}",
            "title": date_format(day, "j F Y"),
            "takings": platform_day.of(day),
            "before": day - timedelta(days=1),
            "after": day + timedelta(days=1) if day < today else None,
        }
        return TemplateResponse(request, "admin/payments/share/day.html", context)

    def decide_view(self, request: HttpRequest, share_id: int, kind: str) -> HttpResponse:
        """Ask, show the consequence, carry out."""
        return Desk(self, request, share_id, kind).answer()

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Deciding about money is a permission of its own."""
        return bool(request.user.has_perm("payments.add_moneyaction"))

    @admin.display(description=_("Seller"), ordering="order__seller__name")
    def seller(self, share: Share) -> str:
        """Whose it is to be."""
        return share.order.seller.name

    @admin.display(description=_("Paid"), ordering="gross")
    def shown_gross(self, share: Share) -> str:
        """What the buyer paid."""
        return str(share.money(share.gross))

    @admin.display(description=_("Still held"))
    def shown_left(self, share: Share) -> str:
        """What is held for the seller."""
        return str(share.money(share.left))

    @admin.display(description=_("What is next"), ordering="release_at")
    def next_thing(self, share: Share) -> str:
        """When it is released, or why it is not."""
        return standing.next_thing(share)

    @admin.display(description=_("At most until"), ordering="hold_deadline")
    def shown_deadline(self, share: Share) -> str:
        """How long it may be held; of no interest once nothing is held."""
        return date_format(localtime(share.hold_deadline), "j F Y") if share.status == Share.Status.HELD else ""


def _shown(share: Share) -> dict[str, Any]:
    return {
        "title": _("The money of order %(number)s") % {"number": share.order.number},
        "subtitle": None,
        "standing": standing.pill(share),
        "turns": standing.turns(share),
        "story": stories.for_staff(share),
        "decisions": possible(share),
        "bar": bars.for_staff(share),
        "debt": seller_debt(share.order.seller, share.currency),
    }


@admin.register(Refund)
class RefundAdmin(ReadOnlyAdmin):
    """Every refund, with who bears it."""

    list_display = ("planned_at", "share", "status", "money", "reason", "policy", "outside", "undecided", "failure")
    list_filter = ("status", "reason", "policy", "outside", "undecided")
    search_fields = (
        "share__order__number", "stripe_id", "uuid", "share__order__seller__name",
        "share__order__purchase__customer__user__email",
    )  # fmt: skip
    list_select_related = ("share__order",)
    date_hierarchy = "planned_at"
    ordering = ("-pk",)


@admin.register(Release)
class ReleaseAdmin(ReadOnlyAdmin):
    """Every transfer to a seller."""

    list_display = ("planned_at", "share", "number", "status", "money", "netted", "transfer_id", "payout", "refusal")
    list_filter = ("status",)
    search_fields = ("share__order__number", "transfer_id", "destination_payment")
    list_select_related = ("share__order", "payout")
    date_hierarchy = "planned_at"
    ordering = ("-pk",)
