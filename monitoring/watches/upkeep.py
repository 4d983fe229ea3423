"""Watches about the marketplace's own housekeeping: mail, and what should run by itself."""

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from kit.mail import GIVE_UP_AFTER
from kit.models import Mail
from monitoring import heartbeats
from monitoring.models import Alert, Heartbeat, Kind
from monitoring.watch import Problem, Watch, computed, rows


def _unsent() -> QuerySet[Mail]:
    return Mail.objects.filter(sent_at=None, attempts__gte=GIVE_UP_AFTER).defer("text", "html")


def _mail(mail: Mail) -> Problem:
    return Problem(str(mail.pk), mail.created_at, {"to": mail.to, "subject": mail.subject})


def _mail_what(alert: Alert, reader: User | None) -> str:
    return _("See why a mail to %(who)s could not be sent") % {"who": alert.facts["to"]}


def _mail_about(alert: Alert) -> str:
    return str(alert.facts["subject"])


def _late_jobs() -> list[Problem]:
    return [_job(row) for row in heartbeats.late()]


def _job(row: Heartbeat) -> Problem:
    facts = {"failures": row.failures, "why": row.last_error, "ran": row.last_run_at is not None}
    return Problem(row.task, row.last_ok_at or row.expected_since, facts)


def _job_what(alert: Alert, reader: User | None) -> str:
    if alert.facts["failures"]:
        return _("See why the job %(task)s fails") % {"task": alert.subject}
    return _("See why the job %(task)s does not run") % {"task": alert.subject}


def _job_about(alert: Alert) -> str:
    if alert.facts["why"]:
        return str(alert.facts["why"])
    return _("It ran before.") if alert.facts["ran"] else _("It has never run here.")


WATCHES = [
    Watch(
        kind=Kind.UNSENT,
        permission="kit.view_mail",
        find=rows(_unsent, _mail),
        what=_mail_what,
        about=_mail_about,
        link=lambda alert: reverse("admin:kit_mail_change", args=[alert.subject]),
        remedy=gettext_lazy("Read what the mail server said. When the cause is gone, try to send it again."),
    ),
    Watch(
        kind=Kind.JOB,
        permission="monitoring.view_heartbeat",
        find=computed(_late_jobs),
        what=_job_what,
        about=_job_about,
        link=lambda alert: reverse("admin:monitoring_heartbeat_changelist"),
        remedy=gettext_lazy("See that worker and beat run, and read the error. What was missed is caught up with."),
        urgent=True,
    ),
]
