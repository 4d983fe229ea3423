"""Cases in the admin: by deadline, one page for each with everything that was said, and the decision with its plan."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from cases import deciding, opening, talking, words
from cases.errors import CaseError
from cases.forms import NoteForm, StaffMessageForm, StaffReopenForm
from cases.models import Case, CaseMove, CasePhoto, Offer, Party
from cases.queries import thread
from cases.views.parties import picture
from kit.admin import ReadOnlyAdmin, ReadOnlyInline
from kit.templatetags.ui import pill
from payments import stories
from payments.models import MoneyAction

Status = Case.Status


class OfferInline(ReadOnlyInline):
    """What was offered."""

    model = Offer
    fields = ("made_at", "party", "shown_amount", "percent", "status", "ended_at")
    readonly_fields = ("shown_amount",)

    @admin.display(description=gettext_lazy("Goes back"))
    def shown_amount(self, offer: Offer) -> str:
        """With its currency."""
        return str(offer.money)


class CaseMoveInline(ReadOnlyInline):
    """What happened to it, by whom."""

    model = CaseMove


@admin.register(Case)
class CaseAdmin(ReadOnlyAdmin):
    """What buyers say is wrong, the next deadline first."""

    list_display = ("number", "due", "stands", "order", "seller", "shown_asked", "reason", "opened_at")
    list_filter = ("status", "reason", "outcome")
    search_fields = (
        "number", "share__order__number", "share__order__purchase__number", "share__order__seller__name",
        "opened_by__email",
    )  # fmt: skip
    date_hierarchy = "opened_at"
    list_select_related = ("share__order__seller",)
    inlines = (OfferInline, CaseMoveInline)
    change_form_template = "admin/cases/case/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Case]:
        """Open ones by their deadline, then the closed ones, the newest first."""
        rows: QuerySet[Case] = super().get_queryset(request)
        return rows.order_by(F("answer_by").asc(nulls_last=True), "-pk")

    def get_urls(self) -> list[URLPattern]:
        """What staff do in a case."""
        wrap = self.admin_site.admin_view
        acts = [
            path(f"<int:pk>/{name}/", wrap(require_POST(view)), name=f"cases_case_{name}")
            for name, view in (("say", self.say), ("note", self.note), ("join", self.join), ("reopen", self.reopen))
        ]
        return [
            *acts,
            path("<int:pk>/decide/", wrap(self.decide), name="cases_case_decide"),
            path("<int:pk>/photos/<uuid:photo>/<slug:size>/", wrap(self.photo), name="cases_case_photo"),
            *super().get_urls(),
        ]

    def has_answer_permission(self, request: HttpRequest) -> bool:
        """Writing in cases is a permission of its own."""
        return bool(request.user.has_perm("cases.answer_case"))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Every case, the next deadline first."""
        return super().changelist_view(
            request, {**(extra_context or {}), "title": _("Cases between buyers and sellers")}
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The case as both sides have it, with the notes neither sees, and what can be done."""
        case = self.get_object(request, object_id)
        more = {} if case is None else self._shown(request, case)
        return super().change_view(request, object_id, form_url, {**more, **(extra_context or {})})

    def say(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Write to both sides, and perhaps ask one of them."""
        case = self._case(request, pk)
        form = StaffMessageForm(request.POST)
        if not form.is_valid():
            return self._again(request, case, saying=form)
        ask = form.cleaned_data["ask"]
        return self._act(
            request,
            case,
            lambda by: talking.answer_as_staff(
                case, by=by, text=form.cleaned_data["text"], ask=Party(ask) if ask else None
            ),
            _("Sent to both sides."),
        )

    def note(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Write a note for staff."""
        case = self._case(request, pk)
        form = NoteForm(request.POST)
        if not form.is_valid():
            return self._again(request, case, noting=form)
        return self._act(
            request, case, lambda by: talking.note(case, by=by, text=form.cleaned_data["text"]), _("Noted.")
        )

    def join(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take the case over."""
        case = self._case(request, pk)
        return self._act(request, case, lambda by: talking.step_in(case, by=by), _("Both sides were told."))

    def reopen(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Open a closed case again."""
        case = self._case(request, pk)
        form = StaffReopenForm(request.POST)
        if not form.is_valid():
            return self._again(request, case, reopening=form)
        text = form.cleaned_data["text"]
        done = _("The case is open again. Both sides were told.")
        return self._act(request, case, lambda by: opening.reopen(case, Party.STAFF, by=by, text=text), done)

    def decide(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask, show the consequence, carry out."""
        case = self._case(request, pk)
        if not request.user.has_perm("payments.add_moneyaction"):
            raise PermissionDenied
        return deciding.Desk(request, case, self.admin_site.each_context(request)).answer()

    def photo(self, request: HttpRequest, pk: int, photo: object, size: str) -> HttpResponse:
        """A picture of the case."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return picture(get_object_or_404(CasePhoto, uuid=photo, message__case=pk), size)

    @admin.display(description=gettext_lazy("Answer until"), ordering="answer_by")
    def due(self, case: Case) -> str:
        """The deadline, while there is one."""
        return date_format(localtime(case.answer_by), "j F, H:i") if case.answer_by else "–"

    @admin.display(description=gettext_lazy("Status"), ordering="status")
    def stands(self, case: Case) -> str:
        """With its colour."""
        return pill(*words.pill(case, Party.STAFF))

    @admin.display(description=gettext_lazy("Order"))
    def order(self, case: Case) -> str:
        """Its money's page."""
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:payments_share_change", args=[case.share_id]), case.share
        )

    @admin.display(description=gettext_lazy("Seller"), ordering="share__order__seller__name")
    def seller(self, case: Case) -> str:
        """Whose order it is about."""
        return case.share.order.seller.name

    @admin.display(description=gettext_lazy("Asked for"), ordering="asked")
    def shown_asked(self, case: Case) -> str:
        """With its currency."""
        return str(case.asked_money)

    def _case(self, request: HttpRequest, pk: int) -> Case:
        if not self.has_answer_permission(request):
            raise PermissionDenied
        found = Case.objects.select_related("share__order__seller", "share__payment", "share__account", "action")
        return get_object_or_404(found, pk=pk)

    def _act(self, request: HttpRequest, case: Case, act: Any, done: str) -> HttpResponse:
        try:
            act(request.user)
        except CaseError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, done)
        return redirect("admin:cases_case_change", case.pk)

    def _again(self, request: HttpRequest, case: Case, **forms: Any) -> HttpResponse:
        """The page with what was wrong at its field."""
        # The admin's own view would take a POST for a change of the row, which nobody may make.
        request.method = "GET"
        answer = self.change_view(request, str(case.pk), extra_context=forms)
        answer.status_code = 422
        return answer

    def _shown(self, request: HttpRequest, case: Case) -> dict[str, Any]:
        can_answer = self.has_answer_permission(request)
        waits = case.action is not None and case.action.status == MoneyAction.Status.WAITING
        return {
            "title": _("Case %(number)s: %(reason)s") % {"number": case.number, "reason": case.get_reason_display()},
            "subtitle": None,
            "case": case,
            "now": words.now_line(case, Party.STAFF),
            "stands": words.pill(case, Party.STAFF),
            "entries": self._entries(case),
            "story": stories.for_staff(case.share),
            "can_answer": can_answer and case.is_live,
            "can_note": can_answer,
            "can_join": can_answer and case.is_live and case.turn != Party.STAFF,
            "can_decide": can_answer
            and case.is_live
            and not waits
            and request.user.has_perm("payments.add_moneyaction"),
            "waits_for": case.action if waits else None,
            "saying": StaffMessageForm(),
            "noting": NoteForm(),
            "reopening": StaffReopenForm() if can_answer and not opening.why_not_reopen(case, Party.STAFF) else None,
        }

    def _entries(self, case: Case) -> list[words.Entry]:
        def to(photo: CasePhoto, size: str) -> str:
            return reverse("admin:cases_case_photo", args=[case.pk, photo.uuid, size])

        return [
            words.entry(
                message,
                Party.STAFF,
                links=[words.Shown(one, to(one, "large"), to(one, "small")) for one in message.photos.all()],
            )
            for message in thread(case, with_notes=True)
        ]
