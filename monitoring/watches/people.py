"""Watches about cases between buyer and seller that wait for the marketplace, or for nobody any more."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from cases.models import Case
from kit.clock import now
from monitoring.models import Alert, Kind
from monitoring.watch import Problem, Watch, day, rows


def _waiting() -> QuerySet[Case]:
    """To be decided by the marketplace; or past a date at which silence should have ended them by itself."""
    overdue = Q(answer_by__lte=now() - timedelta(hours=settings.ALERTS["case_hours"]), status__in=Case.LIVE)
    return Case.objects.filter(Q(status=Case.Status.WITH_STAFF) | overdue).select_related("share__order")


def _case(case: Case) -> Problem:
    with_staff = case.status == Case.Status.WITH_STAFF
    since = case.joined_at if with_staff and case.joined_at else case.opened_at
    facts = {
        "number": case.number,
        "order": case.share.order.number,
        "reason": case.reason,
        "ours": with_staff,
    }
    return Problem(str(case.pk), since, facts, case.share.currency, case.asked, due=case.answer_by)


def _what(alert: Alert, reader: User | None) -> str:
    values = {"amount": alert.money, "day": day(alert.due), "number": alert.facts["number"]}
    if not alert.facts["ours"]:
        return _("See why case %(number)s was not ended: its answer was due by %(day)s") % values
    return _("Decide case %(number)s about %(amount)s before %(day)s") % values


def _about(alert: Alert) -> str:
    why = Case.Reason(alert.facts["reason"]).label
    return _("Order %(number)s: %(why)s") % {"number": alert.facts["order"], "why": why}


WATCHES = [
    Watch(
        kind=Kind.CASE,
        permission="cases.view_case",
        find=rows(_waiting, _case),
        what=_what,
        about=_about,
        link=lambda alert: reverse("admin:cases_case_change", args=[alert.subject]),
        remedy=gettext_lazy("Read what both sides wrote and decide, with a reason both see."),
    )
]
