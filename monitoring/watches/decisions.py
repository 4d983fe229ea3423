"""Watches about money that waits for a person's decision."""

from django.db.models import DurationField, ExpressionWrapper, F, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from kit.clock import now
from monitoring.models import Alert, Kind
from monitoring.watch import Problem, Watch, day, rows
from payments import refunds
from payments.models import MoneyAction, Payment, Refund, Share
from payments.sweeps import WARN_AT


def _waiting() -> QuerySet[MoneyAction]:
    return MoneyAction.objects.filter(status=MoneyAction.Status.WAITING).select_related("share__order")


def _approval(action: MoneyAction) -> Problem:
    facts = {
        "action": action.kind,
        "number": action.share.order.number,
        "who": action.actor,
        "asked_by": action.user_id,
    }
    return Problem(str(action.pk), action.created_at, facts, action.share.currency, action.amount or None)


def _approval_what(alert: Alert, reader: User | None) -> str:
    what = str(MoneyAction.Kind(alert.facts["action"]).label)
    if alert.money is not None:
        what = f"{what}, {alert.money}"
    sentence = _("Approve or decline: %(what)s")
    if reader is not None and alert.facts["asked_by"] == reader.pk:
        sentence = _("Somebody else has to approve what you asked for: %(what)s")
    return sentence % {"what": what}


def _approval_about(alert: Alert) -> str:
    return _("Order %(number)s, asked for by %(who)s") % {"number": alert.facts["number"], "who": alert.facts["who"]}


def _undecided() -> QuerySet[Refund]:
    return Refund.objects.filter(undecided=True).select_related("share__order")


def _refund(refund: Refund, since: str = "planned_at") -> Problem:
    facts = {"number": refund.share.order.number, "share": refund.share_id}
    return Problem(str(refund.pk), getattr(refund, since), facts, refund.share.currency, refund.amount)


def _undecided_what(alert: Alert, reader: User | None) -> str:
    return _("Decide who bears %(amount)s, refunded in Stripe’s Dashboard") % {"amount": alert.money}


def _returned() -> QuerySet[Refund]:
    # `paid_again` is counted by the query, so that a hundred that came back are not asked about one by one.
    return refunds.owed_again().annotate(due_again=F("amount") - F("paid_again")).select_related("share__order")


def _came_back(refund: Refund) -> Problem:
    facts = {"number": refund.share.order.number, "share": refund.share_id, "why": refund.failure}
    owed: int = getattr(refund, "due_again")  # noqa: B009 - annotated above
    return Problem(str(refund.pk), refund.done_at or refund.planned_at, facts, refund.share.currency, owed)


def _returned_what(alert: Alert, reader: User | None) -> str:
    return _("Pay the buyer %(amount)s again: the refund came back") % {"amount": alert.money}


def _in_review() -> QuerySet[Payment]:
    return Payment.objects.filter(status=Payment.Status.REVIEW).select_related("purchase")


def _review(payment: Payment) -> Problem:
    facts = {"number": payment.purchase.number, "why": payment.review_reason}
    return Problem(str(payment.pk), payment.created_at, facts, payment.currency, payment.amount)


def _review_what(alert: Alert, reader: User | None) -> str:
    return _("Look at a payment of %(amount)s that is not as agreed") % {"amount": alert.money}


def _review_about(alert: Alert) -> str:
    return _("Purchase %(number)s: %(why)s") % {"number": alert.facts["number"], "why": alert.facts["why"]}


def _held_long() -> QuerySet[Share]:
    longest = ExpressionWrapper(F("hold_deadline") - F("opened_at"), output_field=DurationField())
    held = Share.objects.filter(status=Share.Status.HELD).alias(longest=longest)
    # Also where the sweep that warns stands still.
    near = Q(deadline_warned_at__isnull=False) | Q(opened_at__lte=now() - F("longest") * WARN_AT)
    return held.filter(near).select_related("order")


def _holding(share: Share) -> Problem:
    since = share.deadline_warned_at or share.opened_at + (share.hold_deadline - share.opened_at) * WARN_AT
    facts = {"number": share.order.number}
    return Problem(str(share.pk), since, facts, share.currency, share.left, due=share.hold_deadline)


def _holding_what(alert: Alert, reader: User | None) -> str:
    values = {"amount": alert.money, "day": day(alert.due)}
    if alert.due is not None and alert.due < now():
        return _("Release or refund %(amount)s: it could be held until %(day)s") % values
    return _("Release or refund %(amount)s before %(day)s") % values


def _order(alert: Alert) -> str:
    return _("Order %(number)s") % {"number": alert.facts["number"]}


def _returned_about(alert: Alert) -> str:
    why = str(alert.facts["why"]).replace("_", " ")
    return f"{_order(alert)}: {why}" if why else _order(alert)


def _decide(alert: Alert, kind: str) -> str:
    return reverse("admin:payments_share_decide", args=[alert.facts["share"], kind])


WATCHES = [
    Watch(
        kind=Kind.APPROVAL,
        permission="payments.add_moneyaction",
        find=rows(_waiting, _approval),
        what=_approval_what,
        about=_approval_about,
        link=lambda alert: reverse("admin:payments_moneyaction_approve", args=[alert.subject]),
        remedy=gettext_lazy("Look at what it would do, and approve or decline it. Whoever asked cannot."),
    ),
    Watch(
        kind=Kind.UNDECIDED,
        permission="payments.add_moneyaction",
        find=rows(_undecided, _refund),
        what=_undecided_what,
        about=_order,
        link=lambda alert: _decide(alert, MoneyAction.Kind.DECIDE),
        remedy=gettext_lazy("Say whose the refund was: until then nothing is taken from the seller."),
    ),
    Watch(
        kind=Kind.RETURNED,
        permission="payments.add_moneyaction",
        find=rows(_returned, _came_back),
        what=_returned_what,
        about=_returned_about,
        link=lambda alert: _decide(alert, MoneyAction.Kind.RETRY),
        remedy=gettext_lazy("Pay it again, or another way: the marketplace owes it to the buyer."),
    ),
    Watch(
        kind=Kind.REVIEW,
        permission="payments.view_payment",
        find=rows(_in_review, _review),
        what=_review_what,
        about=_review_about,
        link=lambda alert: reverse("admin:payments_payment_change", args=[alert.subject]),
        remedy=gettext_lazy("Compare it with Stripe, and refund the buyer or settle it with them."),
        urgent=True,
    ),
    Watch(
        kind=Kind.HOLDING,
        permission="payments.view_share",
        find=rows(_held_long, _holding),
        what=_holding_what,
        about=_order,
        link=lambda alert: reverse("admin:payments_share_change", args=[alert.subject]),
        remedy=gettext_lazy(
            "See that the order gets sent, released or refunded: a day before the end the marketplace’s policy acts."
        ),
    ),
]
