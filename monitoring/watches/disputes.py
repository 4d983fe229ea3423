"""Watches about disputes at the bank: the clock, charges nobody here knows, and what staff asked to be reminded of."""

from datetime import datetime, time, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.timezone import make_aware
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from disputes import reminders
from disputes.models import Reminder
from disputes.reasons import reason_words
from evidence.models import Pack
from kit.clock import now
from monitoring.models import Alert, Kind
from monitoring.watch import Problem, Watch, day, rows
from payments.models import Dispute

# An answered inquiry that became a dispute is asked about anew: Stripe goes on counting, and its pack has a new round.
ASKED = Q(submission_count=0) | Q(pack__round__gt=1, pack__status__in=Pack.OPEN)
NOBODY_ANSWERED = ASKED & Q(settled_at=None, status__in=Dispute.NEEDS_ANSWER, payment__isnull=False)


def _soon() -> Q:
    return Q(due_by__lte=now() + timedelta(days=settings.ALERTS["dispute_days"]))


def _nearly_late() -> QuerySet[Dispute]:
    return Dispute.objects.filter(NOBODY_ANSWERED, _soon())


def _to_answer() -> QuerySet[Dispute]:
    return Dispute.objects.filter(NOBODY_ANSWERED).exclude(_soon())


def _unknown() -> QuerySet[Dispute]:
    return Dispute.objects.filter(payment=None, settled_at=None)


def _dispute(dispute: Dispute) -> Problem:
    facts = {"charge": dispute.charge_id, "why": dispute.reason, "inquiry": dispute.status in Dispute.INQUIRIES}
    return Problem(str(dispute.pk), dispute.opened_at, facts, dispute.currency, dispute.amount, due=dispute.due_by)


def _reminder(reminder: Reminder) -> Problem:
    begins = make_aware(datetime.combine(reminder.due_on, time()))
    dispute = reminder.dispute
    facts = {"dispute": dispute.pk, "about": dispute.stripe_id, "who": reminder.for_whom.email, "what": reminder.text}
    return Problem(str(reminder.pk), begins, facts, dispute.currency, dispute.amount)


def _remind(alert: Alert, reader: User | None) -> str:
    if reader is not None and alert.facts["who"] == reader.email:
        return _("You are reminded: %(what)s") % {"what": alert.facts["what"]}
    return _("%(who)s is reminded: %(what)s") % {"who": alert.facts["who"], "what": alert.facts["what"]}


def _reminded_of(alert: Alert) -> str:
    return _("Dispute %(id)s about %(amount)s") % {"id": alert.facts["about"], "amount": alert.money}


def _reminded_at(alert: Alert) -> str:
    return reverse("admin:payments_dispute_change", args=[alert.facts["dispute"]])


def _answer(alert: Alert, reader: User | None) -> str:
    if alert.due is None:
        return _("Answer the bank’s dispute about %(amount)s") % {"amount": alert.money}
    if alert.due < now():
        return _("The day to answer the bank’s dispute about %(amount)s has passed") % {"amount": alert.money}
    values = {"amount": alert.money, "day": day(alert.due)}
    return _("Answer the bank’s dispute about %(amount)s before %(day)s") % values


def _find_out(alert: Alert, reader: User | None) -> str:
    return _("Find out what a disputed charge of %(amount)s is") % {"amount": alert.money}


def _about(alert: Alert) -> str:
    values = {"charge": alert.facts["charge"], "why": reason_words(alert.facts["why"])}
    return _("Charge %(charge)s: %(why)s") % values


def _link(alert: Alert) -> str:
    return reverse("admin:payments_dispute_change", args=[alert.subject])


WATCHES = [
    Watch(
        kind=Kind.DISPUTE_DUE,
        permission="payments.view_dispute",
        find=rows(_nearly_late, _dispute),
        what=_answer,
        about=_about,
        link=_link,
        remedy=gettext_lazy("File the evidence, or accept the loss: without an answer the bank gives the buyer right."),
        urgent=True,
    ),
    Watch(
        kind=Kind.DISPUTE_OPEN,
        permission="payments.view_dispute",
        find=rows(_to_answer, _dispute),
        what=_answer,
        about=_about,
        link=_link,
        remedy=gettext_lazy("Gather the evidence and file it, or accept the loss."),
    ),
    Watch(
        kind=Kind.DISPUTE_UNKNOWN,
        permission="payments.view_dispute",
        find=rows(_unknown, _dispute),
        what=_find_out,
        about=_about,
        link=_link,
        remedy=gettext_lazy("Look the charge up at Stripe. What it cost stands in suspense until it is known."),
        urgent=True,
    ),
    Watch(
        kind=Kind.REMINDER,
        permission="payments.view_dispute",
        find=rows(reminders.due, _reminder),
        what=_remind,
        about=_reminded_of,
        link=_reminded_at,
        remedy=gettext_lazy("Do it, and mark it as done on the dispute’s page."),
    ),
]
