"""Disputes in the admin: what is due first, what is at stake, and what to do."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Case, F, QuerySet, Value, When
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kit.admin import ReadOnlyAdmin, ReadOnlyInline
from kit.clock import now
from kit.money import Money
from payments.models import Dispute, DisputeMove, DisputeShare, MoneyAction, Reversal

Status = Dispute.Status


class StandsFilter(admin.SimpleListFilter):
    """Disputes by whose turn it is."""

    title = gettext_lazy("whose turn")
    parameter_name = "turn"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Ours, the bank's, nobody's."""
        return [("ours", _("ours")), ("bank", _("the bank’s")), ("over", _("over")), ("person", _("needs a person"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Dispute]) -> QuerySet[Dispute]:
        """Those rows."""
        match self.value():
            case "ours":
                return queryset.filter(settled_at=None, status__in=Dispute.NEEDS_ANSWER)
            case "bank":
                return queryset.filter(settled_at=None).exclude(status__in=Dispute.NEEDS_ANSWER)
            case "over":
                return queryset.exclude(settled_at=None)
            case "person":
                return queryset.filter(payment=None) | queryset.filter(beyond__gt=0)
        return queryset


class PartInline(ReadOnlyInline):
    """Each order's part, and who bore it."""

    model = DisputeShare
    fields = ("share", "seller", "shown_amount", "outcome", "fetched", "borne", "withdrawn_at", "ended_at")
    readonly_fields = ("seller", "shown_amount", "fetched", "borne")

    @admin.display(description=gettext_lazy("Seller"))
    def seller(self, part: DisputeShare) -> str:
        """Whose order it is."""
        return part.share.order.seller.name

    @admin.display(description=gettext_lazy("Disputed"))
    def shown_amount(self, part: DisputeShare) -> str:
        """With its currency."""
        return str(part.money)

    @admin.display(description=gettext_lazy("Fetched back"))
    def fetched(self, part: DisputeShare) -> str:
        """From the seller, and what they did not have."""
        back = Reversal.objects.filter(dispute=part.dispute_id, release__share=part.share_id, status="done")
        text = str(part.share.money(sum(one.amount for one in back)))
        return (
            _("%(back)s, %(short)s missing") % {"back": text, "short": part.share.money(part.short)}
            if part.short
            else text
        )

    @admin.display(description=gettext_lazy("Borne by"))
    def borne(self, part: DisputeShare) -> str:
        """Who bears a lost one."""
        if part.outcome != DisputeShare.Outcome.LOST:
            return ""
        money = part.share.money
        seller = money(part.from_seller + part.processing)
        ours = money(part.from_fee + part.from_platform)
        return _("seller %(seller)s, marketplace %(ours)s") % {"seller": seller, "ours": ours}


class DisputeMoveInline(ReadOnlyInline):
    """What happened to it."""

    model = DisputeMove


@admin.register(Dispute)
class DisputeAdmin(ReadOnlyAdmin):
    """What buyers' banks ask back, the next deadline first."""

    list_display = ("due", "stripe_id", "status", "at_stake", "reason", "sellers", "next_step", "opened_at")
    list_filter = (StandsFilter, "status", "reason", "currency")
    search_fields = (
        "stripe_id", "charge_id", "payment__purchase__number", "shares__share__order__number",
        "shares__share__order__seller__name",
    )  # fmt: skip
    date_hierarchy = "opened_at"
    inlines = (PartInline, DisputeMoveInline)
    fields = (
        "stripe_id", "payment", "orders", "status", "stripe_status", "next_step", "reason", "at_stake", "taken", "cost",
        "due_by", "has_evidence", "submission_count", "opened_at", "closed_at", "settled_at", "timeline",
    )  # fmt: skip
    readonly_fields = ("orders", "next_step", "at_stake", "taken", "cost", "timeline")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Dispute]:
        """What waits for our answer first, by its deadline; then the others, the newest first."""
        waits = When(settled_at=None, status__in=Dispute.NEEDS_ANSWER, then=F("due_by"))
        rows: QuerySet[Dispute] = super().get_queryset(request)
        ordered = rows.annotate(deadline=Case(waits, default=Value(None)))
        by_deadline = ordered.order_by(F("deadline").asc(nulls_last=True), "-pk")
        return by_deadline.prefetch_related("shares__share__order__seller")

    @admin.display(description=gettext_lazy("Answer until"), ordering="due_by")
    def due(self, dispute: Dispute) -> str:
        """The deadline, while there is one."""
        if dispute.settled_at is not None or dispute.status not in Dispute.NEEDS_ANSWER or dispute.due_by is None:
            return "–"
        return date_format(localtime(dispute.due_by), "j F, H:i")

    @admin.display(description=gettext_lazy("At stake"), ordering="amount")
    def at_stake(self, dispute: Dispute) -> str:
        """What the bank asks about."""
        return str(dispute.money)

    @admin.display(description=gettext_lazy("Taken by the bank"))
    def taken(self, dispute: Dispute) -> str:
        """What it has of ours now."""
        return str(Money(dispute.outstanding, dispute.line_currency)) if dispute.line_currency else _("nothing")

    @admin.display(description=gettext_lazy("Dispute fee"))
    def cost(self, dispute: Dispute) -> str:
        """Stripe's, from the balance."""
        return str(Money(dispute.fee, dispute.line_currency)) if dispute.fee else ""

    @admin.display(description=gettext_lazy("Sellers"))
    def sellers(self, dispute: Dispute) -> str:
        """Whose orders carry a part."""
        return ", ".join(sorted({part.share.order.seller.name for part in dispute.shares.all()}))

    @admin.display(description=gettext_lazy("Orders"))
    def orders(self, dispute: Dispute) -> str | SafeString:
        """Links to their money."""
        parts = list(dispute.shares.all())
        links = [(reverse("admin:payments_share_change", args=[one.share_id]), str(one.share)) for one in parts]
        return format_html_join(", ", '<a href="{}">{}</a>', links) or "–"

    @admin.display(description=gettext_lazy("Next step"))
    def next_step(self, dispute: Dispute) -> str:
        """One sentence."""
        return next_step(dispute)

    @admin.display(description=gettext_lazy("Money"))
    def timeline(self, dispute: Dispute) -> SafeString:
        """Every step about money, with who and why."""
        shares = [part.share_id for part in dispute.shares.all()]
        steps = MoneyAction.objects.filter(
            kind=MoneyAction.Kind.DISPUTE, share__in=shares, request__dispute=dispute.stripe_id
        ).select_related("share__order")
        lines = [
            (
                date_format(localtime(step.created_at), "j F, H:i"),
                str(step.share),
                str(step.share.money(step.amount)),
                step.reason,
            )
            for step in steps.order_by("pk")
        ]
        return format_html_join("", "<p>{} · {} · {} · {}</p>", lines)


def next_step(dispute: Dispute) -> str:
    """What there is to do, for staff."""
    if dispute.payment_id is None:
        return _("Find out at Stripe what this charge is: nobody here knows it.")
    if dispute.settled_at is not None:
        return (
            _("Nothing: it is over.")
            if not dispute.beyond
            else _("Look at it: the bank took more than the orders carry.")
        )
    if dispute.status not in Dispute.NEEDS_ANSWER:
        return _("Wait for the bank.")
    if dispute.due_by is None or dispute.due_by < now():
        return _("Wait: the time to answer is over.")
    if dispute.submission_count:
        return _("Wait for the bank: it has our answer.")
    return _("Answer in Stripe’s Dashboard, or accept the loss there.")
