"""Watches about the line to Stripe and back: operations, events, silence."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Min, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User
from gateway.models import Breaker, Operation
from inbox.models import StripeEvent
from kit.clock import machine_now, now
from monitoring.models import Alert, Kind
from monitoring.watch import Problem, Watch, computed, rows

Open = Operation.Status
# A handler may wait for a fact that comes later; so much longer than an event nobody has touched yet.
PATIENCE = 6
SILENCE = timedelta(minutes=10)


def _stale() -> QuerySet[Operation]:
    return Operation.objects.filter(status=Open.STALE).defer("request", "response")


def _stuck() -> QuerySet[Operation]:
    long_ago = now() - timedelta(minutes=settings.ALERTS["stuck_minutes"])
    open_ones = Operation.objects.filter(status__in=[Open.PLANNED, Open.SUBMITTING, Open.UNKNOWN])
    return open_ones.filter(planned_at__lte=long_ago).defer("request", "response")


def _operation(operation: Operation) -> Problem:
    facts = {"name": operation.name, "key": operation.key, "why": operation.error_message}
    return Problem(str(operation.pk), operation.planned_at, facts)


def _stale_what(alert: Alert, reader: User | None) -> str:
    return _("See at Stripe what became of %(name)s") % {"name": alert.facts["name"]}


def _stuck_what(alert: Alert, reader: User | None) -> str:
    return _("See why %(name)s has no outcome") % {"name": alert.facts["name"]}


def _operation_about(alert: Alert) -> str:
    return f"{alert.facts['key']}: {alert.facts['why']}" if alert.facts["why"] else str(alert.facts["key"])


def _operation_link(alert: Alert) -> str:
    return reverse("admin:gateway_operation_change", args=[alert.subject])


def _silence() -> QuerySet[Breaker]:
    return Breaker.objects.filter(opened_at__lte=machine_now() - SILENCE)


def _silent(line: Breaker) -> Problem:
    return Problem(str(line.pk), line.opened_at or machine_now(), {"why": line.last_error})


def _silent_what(alert: Alert, reader: User | None) -> str:
    return _("Look why Stripe does not answer us")


def _dead() -> QuerySet[StripeEvent]:
    return StripeEvent.objects.filter(status=StripeEvent.Status.DEAD).defer("payload")


def _event(event: StripeEvent) -> Problem:
    facts = {"type": event.type, "why": event.last_error.strip().rpartition("\n")[2]}
    return Problem(str(event.pk), event.received_at, facts)


def _event_what(alert: Alert, reader: User | None) -> str:
    return _("See why the event %(type)s could not be handled") % {"type": alert.facts["type"]}


def _left_lying() -> list[Problem]:
    # By the machine's clock, as the database stamps what arrives.
    minutes = settings.ALERTS["event_minutes"]
    late = machine_now() - timedelta(minutes=minutes)
    very_late = machine_now() - timedelta(minutes=minutes * PATIENCE)
    late_ones = Q(attempts=0, received_at__lte=late) | Q(received_at__lte=very_late)
    found = StripeEvent.objects.filter(late_ones, status=StripeEvent.Status.RECEIVED)
    told = found.aggregate(count=Count("pk"), oldest=Min("received_at"))
    oldest: datetime | None = told["oldest"]
    return [] if oldest is None else [Problem("all", oldest, {"count": told["count"]})]


def _waiting_what(alert: Alert, reader: User | None) -> str:
    count = int(alert.facts["count"])
    sentence = ngettext(
        "See why %(count)d event was not handled yet", "See why %(count)d events were not handled yet", count
    )
    return sentence % {"count": count}


def _why(alert: Alert) -> str:
    return str(alert.facts["why"])


WATCHES = [
    Watch(
        kind=Kind.STALE,
        permission="gateway.view_operation",
        find=rows(_stale, _operation),
        what=_stale_what,
        about=_operation_about,
        link=_operation_link,
        remedy=gettext_lazy("Look at Stripe, then let it be looked up and finished, or give it up with a reason."),
        urgent=True,
    ),
    Watch(
        kind=Kind.STUCK,
        permission="gateway.view_operation",
        find=rows(_stuck, _operation),
        what=_stuck_what,
        about=_operation_about,
        link=_operation_link,
        remedy=gettext_lazy("Read its message. If Stripe is well and it stays so, let it be looked up."),
    ),
    Watch(
        kind=Kind.SILENT,
        permission="gateway.view_breaker",
        find=rows(_silence, _silent),
        what=_silent_what,
        about=_why,
        link=lambda alert: reverse("admin:gateway_breaker_changelist"),
        remedy=gettext_lazy(
            "See Stripe’s status page and our network. What was to be sent is kept and goes by itself."
        ),
        urgent=True,
    ),
    Watch(
        kind=Kind.DEAD,
        permission="inbox.view_stripeevent",
        find=rows(_dead, _event),
        what=_event_what,
        about=_why,
        link=lambda alert: reverse("admin:inbox_stripeevent_change", args=[alert.subject]),
        remedy=gettext_lazy("Read its last error. When the cause is gone, have it handled again."),
    ),
    Watch(
        kind=Kind.WAITING,
        permission="inbox.view_stripeevent",
        find=computed(_left_lying),
        what=_waiting_what,
        about=lambda alert: _("Workers may be down, or busy."),
        link=lambda alert: reverse("admin:inbox_stripeevent_changelist") + "?status__exact=received",
        remedy=gettext_lazy("See that workers run. They carry on where they stopped; nothing is lost."),
        urgent=True,
    ),
]
