"""Watches about fraud warnings nobody decided, and rules that could not do what they announced."""

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from disputes.models import Act, FraudWarning
from evidence.models import Pack
from monitoring.models import Alert, Kind
from monitoring.watch import Problem, Watch, rows
from payments.models import Dispute


def _undecided() -> QuerySet[FraudWarning]:
    """Waits for a decision, and no rule has announced one."""
    announced = Act.objects.filter(warning=OuterRef("pk"), status__in=Act.LIVE)
    found = FraudWarning.objects.filter(~Exists(announced), status=FraudWarning.Status.OPEN, actionable=True)
    return found.select_related("payment__purchase")


def _warning(warning: FraudWarning) -> Problem:
    facts = {"purchase": warning.payment.purchase.number}
    return Problem(str(warning.pk), warning.heard_at, facts, warning.payment.currency, warning.payment.amount)


def _decide(alert: Alert, reader: User | None) -> str:
    return _("Decide about a fraud warning on %(amount)s: refund, hold or wait") % {"amount": alert.money}


def _purchase(alert: Alert) -> str:
    return _("Purchase %(number)s") % {"number": alert.facts["purchase"]}


def _not_done() -> QuerySet[Act]:
    """Announced and not done, as long as somebody can still do something about it."""
    asked = Q(dispute__submission_count=0) | Q(dispute__pack__round__gt=1, dispute__pack__status__in=Pack.OPEN)
    unanswered = asked & Q(dispute__settled_at=None, dispute__status__in=Dispute.NEEDS_ANSWER)
    failed = Act.objects.filter(status__in=[Act.Status.FAILED, Act.Status.MISSED])
    return failed.filter(unanswered | Q(warning__status=FraudWarning.Status.OPEN)).select_related("dispute", "warning")


def _act(act: Act) -> Problem:
    facts = {"about": str(act.dispute or act.warning), "why": act.result}
    return Problem(str(act.pk), act.ended_at or act.due_at, facts, act.currency, act.amount)


def _see(alert: Alert, reader: User | None) -> str:
    return _("See why a rule could not act on %(amount)s") % {"amount": alert.money}


def _refusal(alert: Alert) -> str:
    return f"{alert.facts['about']}: {alert.facts['why']}".rstrip(": ")


WATCHES = [
    Watch(
        kind=Kind.WARNING,
        permission="disputes.view_fraudwarning",
        find=rows(_undecided, _warning),
        what=_decide,
        about=_purchase,
        link=lambda alert: reverse("admin:disputes_fraudwarning_change", args=[alert.subject]),
        remedy=gettext_lazy("Look at what each way is expected to cost, and choose one."),
    ),
    Watch(
        kind=Kind.ACT,
        permission="disputes.view_act",
        find=rows(_not_done, _act),
        what=_see,
        about=_refusal,
        link=lambda alert: reverse("admin:disputes_act_change", args=[alert.subject]),
        remedy=gettext_lazy("Do by hand what the rule wanted to do, or decide otherwise."),
        urgent=True,
    ),
]
