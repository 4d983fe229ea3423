"""Milestones in the admin: what sellers and buyers agreed on, and who said what when."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from kit.admin import ReadOnlyAdmin, ReadOnlyInline
from payments.models import Milestone, MilestoneAgreement, MilestoneAgreementMove, MilestoneMove


class MilestoneInline(ReadOnlyInline):
    """The parts."""

    model = Milestone
    fields = ("number", "name", "shown_amount", "status", "done_at", "due_at", "objection", "release")
    readonly_fields = ("shown_amount",)
    show_change_link = True

    @admin.display(description=_("Agreed"))
    def shown_amount(self, milestone: Milestone) -> str:
        """With its currency."""
        return str(milestone.agreement.share.money(milestone.amount))


class AgreementMoveInline(ReadOnlyInline):
    """Who proposed, agreed, declined or withdrew."""

    model = MilestoneAgreementMove


class MilestoneMoveInline(ReadOnlyInline):
    """Who said that it is done, and who confirmed it."""

    model = MilestoneMove


@admin.register(MilestoneAgreement)
class MilestoneAgreementAdmin(ReadOnlyAdmin):
    """Every agreement there was."""

    list_display = ("proposed_at", "share", "status", "proposed_by", "answered_at")
    list_filter = ("status",)
    search_fields = ("share__order__number", "share__order__purchase__number", "milestones__name")
    list_select_related = ("share__order",)
    date_hierarchy = "proposed_at"
    inlines = (MilestoneInline, AgreementMoveInline)


@admin.register(Milestone)
class MilestoneAdmin(ReadOnlyAdmin):
    """Every milestone, with its history."""

    list_display = ("agreement", "number", "name", "status", "due_at", "release")
    list_filter = ("status",)
    search_fields = ("name", "agreement__share__order__number")
    list_select_related = ("agreement__share__order", "release__share__order")
    inlines = (MilestoneMoveInline,)
