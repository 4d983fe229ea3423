"""Rules in the admin: what each says and said, what it did, and what it would have done."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from disputes import dry_run, rules, words
from disputes.admin.rule_forms import DryRunForm, RuleForm, StopForm
from disputes.models import Act, ActMove, Rule, RuleVersion
from disputes.rules import Outdated, TooLate
from kit.admin import ReadOnlyAdmin, ReadOnlyInline
from kit.money import Money
from kit.templatetags.ui import pill
from payments.models import Dispute

PILLS = {Rule.Mode.OFF: "waiting", Rule.Mode.DRY: "moving", Rule.Mode.ON: "done"}
ACT_PILLS = {
    Act.Status.NOTICED: "needs-you",
    Act.Status.ACTING: "moving",
    Act.Status.DONE: "done",
    Act.Status.STOPPED: "waiting",
    Act.Status.OVERTAKEN: "waiting",
    Act.Status.MISSED: "problem",
    Act.Status.FAILED: "problem",
    Act.Status.DRY: "moving",
}
ROWS = 50


class VersionInline(ReadOnlyInline):
    """What it said before, who changed it and why."""

    model = RuleVersion
    fields = ("version", "mode", "hours", "shown_limits", "user", "at", "why")
    readonly_fields = ("shown_limits",)
    show_change_link = False

    @admin.display(description=gettext_lazy("Limits"))
    def shown_limits(self, version: RuleVersion) -> str:
        """With their currencies."""
        return limits(version.limits)


@admin.register(Rule)
class RuleAdmin(ReadOnlyAdmin):
    """What the marketplace does by itself about disputes."""

    list_display = ("kind", "shown_mode", "hours", "shown_limits", "version", "waiting", "tried")
    inlines = (VersionInline,)
    change_form_template = "admin/disputes/rule/change_form.html"
    change_list_template = "admin/disputes/rule/change_list.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rule]:
        """Every rule there is, also those nobody looked at yet."""
        rules.every_rule()
        found: QuerySet[Rule] = super().get_queryset(request)
        return found.prefetch_related("acts")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """With a title that says what is there."""
        title = _("What is done by itself about disputes")
        return super().changelist_view(request, {**(extra_context or {}), "title": title})

    def get_urls(self) -> list[URLPattern]:
        """The dry run of each."""
        view = self.admin_site.admin_view(self.dry_run_view)
        return [path("<int:rule_id>/dry-run/", view, name="disputes_rule_dry_run"), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What it says, and a form for what it is to say."""
        rule = get_object_or_404(Rule, pk=object_id)
        may = request.user.has_perm("disputes.change_rule")
        form = RuleForm(request.POST or None, rule=rule)
        if request.method == "POST":
            if not may:
                raise PermissionDenied
            if form.is_valid() and self._change(request, rule, form):
                return redirect("admin:disputes_rule_change", rule.pk)
        more = {
            "title": str(rule),
            "subtitle": None,
            "rule": rule,
            "pill": (PILLS[Rule.Mode(rule.mode)], rule.get_mode_display()),
            "form": form,
            "may_change": may,
            "says": says(rule),
            "live": rule.acts.filter(status__in=Act.LIVE).count(),
        }
        # Django's own form is not used: its page shows what is stored.
        request.method = "GET"
        found = super().change_view(request, object_id, form_url, {**(extra_context or {}), **more})
        found.status_code = 422 if form.is_bound else 200
        return found

    def _change(self, request: HttpRequest, rule: Rule, form: RuleForm) -> bool:
        user: Any = request.user
        try:
            changed = rules.change(rule, form.change(), by=user)
        except Outdated as error:
            form.add_error(None, str(error))
            return False
        messages.success(request, _("The rule says so from now on: version %(n)d.") % {"n": changed.version})
        return True

    def dry_run_view(self, request: HttpRequest, rule_id: int) -> HttpResponse:
        """What it would have done with what was, with its own values or others."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        rule = get_object_or_404(Rule, pk=rule_id)
        given = {"days": dry_run.DAYS, **RuleForm(rule=rule).initial}
        form = DryRunForm(request.GET if "days" in request.GET else given, rule=rule)
        report = None
        if form.is_valid():
            rule.hours, rule.limits = form.cleaned_data["hours"], form.limits
            report = dry_run.run(rule, days=form.cleaned_data["days"])
        query = request.GET.copy()
        query.pop("page", None)
        page = {
            **self.admin_site.each_context(request),
            "title": _("Dry run"),
            "opts": self.model._meta,
            "rule": rule,
            "form": form,
            "report": report,
            "about": dry_run.about(rule.kind),
            "rows": Paginator(report.rows if report else (), ROWS).get_page(request.GET.get("page")),
            "query": query.urlencode(),
        }
        return TemplateResponse(request, "admin/disputes/rule/dry_run.html", page, status=200 if report else 422)

    @admin.display(description=gettext_lazy("Mode"), ordering="mode")
    def shown_mode(self, rule: Rule) -> SafeString:
        """Off, dry or on."""
        return pill(PILLS[Rule.Mode(rule.mode)], rule.get_mode_display())

    @admin.display(description=gettext_lazy("Limits"))
    def shown_limits(self, rule: Rule) -> str:
        """With their currencies."""
        return limits(rule.limits)

    @admin.display(description=gettext_lazy("Announced"))
    def waiting(self, rule: Rule) -> str | SafeString:
        """What it will do, with a link."""
        count = sum(1 for act in rule.acts.all() if act.status in Act.LIVE)
        url = reverse("admin:disputes_act_changelist")
        return format_html('<a href="{}?rule__id__exact={}">{}</a>', url, rule.pk, count) if count else "–"

    @admin.display(description=gettext_lazy("Past"))
    def tried(self, rule: Rule) -> SafeString:
        """A link to its dry run."""
        url = reverse("admin:disputes_rule_dry_run", args=[rule.pk])
        return format_html('<a href="{}">{}</a>', url, _("Dry run"))


class ActMoveInline(ReadOnlyInline):
    """What happened to it."""

    model = ActMove


@admin.register(Act)
class ActAdmin(ReadOnlyAdmin):
    """Every time a rule acted, will act, or would have."""

    list_display = ("noticed_at", "rule", "about", "shown_amount", "does", "state", "due_at", "result")
    list_filter = ("status", "rule", "what")
    search_fields = ("dispute__stripe_id", "warning__stripe_id")
    list_select_related = ("rule", "dispute", "warning")
    date_hierarchy = "noticed_at"
    inlines = (ActMoveInline,)
    change_form_template = "admin/disputes/act/change_form.html"
    fields = (
        "rule", "version", "status", "what", "because", "facts_in_words", "noticed_at", "due_at", "ended_at",
        "stopped_by", "actions", "result",
    )  # fmt: skip
    readonly_fields = ("facts_in_words",)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """With a title that says what is there."""
        return super().changelist_view(request, {**(extra_context or {}), "title": _("What rules did, and will do")})

    def get_urls(self) -> list[URLPattern]:
        """Stopping one."""
        view = self.admin_site.admin_view(self.stop_view)
        return [path("<int:act_id>/stop/", view, name="disputes_act_stop"), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What it does when, why, and the way to stop it."""
        act = get_object_or_404(Act.objects.select_related("rule", "dispute", "warning__payment"), pk=object_id)
        shown = {**(extra_context or {}), **self._shown(request, act, StopForm())}
        return super().change_view(request, object_id, form_url, shown)

    def stop_view(self, request: HttpRequest, act_id: int) -> HttpResponse:
        """Anybody of staff who may see it may stop it."""
        act = get_object_or_404(Act.objects.select_related("rule", "dispute", "warning__payment"), pk=act_id)
        if not self.has_stop_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return redirect("admin:disputes_act_change", act.pk)
        form = StopForm(request.POST)
        if not form.is_valid():
            request.method = "GET"
            answer = super().change_view(request, str(act.pk), "", self._shown(request, act, form))
            answer.status_code = 422
            return answer
        user: Any = request.user
        try:
            rules.stop(act, by=user, why=form.cleaned_data["why"].strip())
            messages.success(request, _("Stopped. It is left to people now."))
        except TooLate as error:
            messages.error(request, str(error))
        return redirect("admin:disputes_act_change", act.pk)

    def has_stop_permission(self, request: HttpRequest) -> bool:
        """Stopping is harmless: it leaves things as they are."""
        return bool(request.user.has_perm("disputes.view_act"))

    def _shown(self, request: HttpRequest, act: Act, form: StopForm) -> dict[str, Any]:
        believed, ways = act.facts.get("believed", {}), act.facts.get("ways", [])
        best = max(ways, key=lambda way: way["value"])["way"] if ways else ""
        return {
            "title": f"{words.WILL[act.what]}",
            "subtitle": None,
            "act": act,
            "pill": (ACT_PILLS[Act.Status(act.status)], act.get_status_display()),
            "because": words.because(act.because),
            "subject_url": subject_url(act),
            "can_stop": act.status == Act.Status.NOTICED and self.has_stop_permission(request),
            "form": form,
            "differs": best != words.WAYS.get(act.what, act.what),
            "advice": {
                "ways": words.ways(ways, act.currency, best),
                "sources": [words.source(name, one) for name, one in believed.items()],
            },
        }

    @admin.display(description=gettext_lazy("About"))
    def about(self, act: Act) -> SafeString:
        """The dispute or warning."""
        return format_html('<a href="{}">{}</a>', subject_url(act), act.subject)

    @admin.display(description=gettext_lazy("Facts"))
    def facts_in_words(self, act: Act) -> SafeString:
        """What it was decided on, as it is stored."""
        return words.given({**act.facts.get("rule", {}), **act.facts.get("given", {})})

    @admin.display(description=gettext_lazy("Amount"), ordering="amount")
    def shown_amount(self, act: Act) -> str:
        """With its currency."""
        return str(act.money)

    @admin.display(description=gettext_lazy("What"))
    def does(self, act: Act) -> str:
        """In words."""
        return str(words.WILL[act.what])

    @admin.display(description=gettext_lazy("State"), ordering="status")
    def state(self, act: Act) -> SafeString:
        """With its colour."""
        return pill(ACT_PILLS[Act.Status(act.status)], act.get_status_display())


def subject_url(act: Act) -> str:
    """Where the dispute or warning is."""
    subject = act.subject
    name = "payments_dispute" if isinstance(subject, Dispute) else "disputes_fraudwarning"
    return reverse(f"admin:{name}_change", args=[subject.pk])


def limits(found: dict[str, int]) -> str:
    """Amounts with their currencies."""
    return ", ".join(str(Money(amount, currency)) for currency, amount in sorted(found.items())) or "–"


def says(rule: Rule) -> str:
    """What the rule does, in one sentence."""
    values = {"hours": rule.hours, "limits": limits(rule.limits)}
    match rule.kind:
        case Rule.Kind.FILE:
            return (
                _(
                    "%(hours)d hours before the bank’s date the evidence is sent, if everything the bank needs to "
                    "see is there and nobody objected."
                )
                % values
            )
        case Rule.Kind.CONCEDE:
            return (
                _(
                    "Losses of up to %(limits)s, and those no evidence can change, are accepted %(hours)d hours "
                    "after staff and seller were told. Anybody of staff stops it, and the seller by sending evidence."
                )
                % values
            )
    return (
        _(
            "%(hours)d hours after a fraud warning about up to %(limits)s, what is expected to cost least is done: "
            "refund, hold, or let go on."
        )
        % values
    )
