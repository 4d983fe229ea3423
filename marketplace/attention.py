"""What needs a person today, from every room, the oldest first: the start page of the admin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accounts.models import User
from gateway.models import Operation
from inbox.models import StripeEvent
from kit.mail import GIVE_UP_AFTER
from kit.models import Mail
from payments import refunds
from payments.models import Dispute, MoneyAction, Payment, Refund, Share

# Of each kind at most so many are listed: a start page is for beginning, the lists are for the rest.
LONGEST = 20


@dataclass(frozen=True, slots=True)
class Task:
    """One thing that waits for a person: since when, and where it is done."""

    since: datetime
    what: str
    about: str
    url: str


def needs_a_person(user: User | AbstractBaseUser | AnonymousUser) -> list[Task]:
    """Everything this member of staff may see, the oldest first. A handful of queries."""
    if not isinstance(user, User):
        return []
    allowed = [find(user) for permission, find in SOURCES if user.has_perm(permission)]
    return sorted(chain.from_iterable(allowed), key=lambda task: task.since)


def _approvals(user: User) -> Iterator[Task]:
    waiting = MoneyAction.objects.filter(status=MoneyAction.Status.WAITING).select_related("share__order")
    for action in waiting.order_by("pk")[:LONGEST]:
        what = str(action.get_kind_display())
        if action.amount:
            what = f"{what}, {action.share.money(action.amount)}"
        sentence = _("Approve or decline: %(what)s")
        if action.user_id == user.pk:
            sentence = _("Somebody else has to approve what you asked for: %(what)s")
        about = _("Order %(number)s, asked for by %(who)s") % {"number": action.share, "who": action.actor}
        yield Task(
            action.created_at,
            sentence % {"what": what},
            about,
            reverse("admin:payments_moneyaction_approve", args=[action.pk]),
        )


def _undecided(user: User) -> Iterator[Task]:
    for refund in _refunds(Q(undecided=True)):
        what = _("Decide who bears %(amount)s, refunded in Stripe’s Dashboard") % {"amount": refund.money}
        yield Task(refund.planned_at, what, _order(refund.share), _decide(refund.share, MoneyAction.Kind.DECIDE))


def _returned(user: User) -> Iterator[Task]:
    for refund in refunds.owed_again().select_related("share__order").order_by("pk")[:LONGEST]:
        owed = refund.share.money(refunds.still_owed(refund))
        what = _("Pay the buyer %(amount)s again: the refund came back") % {"amount": owed}
        yield Task(
            refund.done_at or refund.planned_at,
            what,
            _order(refund.share),
            _decide(refund.share, MoneyAction.Kind.RETRY),
        )


def _in_review(user: User) -> Iterator[Task]:
    found = Payment.objects.filter(status=Payment.Status.REVIEW).select_related("purchase")
    for payment in found.order_by("pk")[:LONGEST]:
        what = _("Look at a payment of %(amount)s that is not as agreed") % {"amount": payment.money}
        about = _("Purchase %(number)s: %(why)s") % {"number": payment.purchase.number, "why": payment.review_reason}
        yield Task(payment.created_at, what, about, reverse("admin:payments_payment_change", args=[payment.pk]))


def _near_deadline(user: User) -> Iterator[Task]:
    found = Share.objects.filter(status=Share.Status.HELD).exclude(deadline_warned_at=None).select_related("order")
    for share in found.order_by("hold_deadline")[:LONGEST]:
        day = date_format(localtime(share.hold_deadline), "j F")
        what = _("Release or refund %(amount)s before %(day)s") % {"amount": share.money(share.left), "day": day}
        url = reverse("admin:payments_share_change", args=[share.pk])
        yield Task(share.deadline_warned_at or share.opened_at, what, _order(share), url)


def _disputed(user: User) -> Iterator[Task]:
    unanswered = Q(settled_at=None, status__in=Dispute.NEEDS_ANSWER, submission_count=0)
    found = Dispute.objects.filter(unanswered | Q(payment=None, settled_at=None))
    for dispute in found.order_by("due_by", "pk")[:LONGEST]:
        what = _("Answer the bank’s dispute about %(amount)s") % {"amount": dispute.money}
        if dispute.payment_id is None:
            what = _("Find out what a disputed charge of %(amount)s is") % {"amount": dispute.money}
        elif dispute.due_by is not None:
            day = date_format(localtime(dispute.due_by), "j F")
            what = _("Answer the bank’s dispute about %(amount)s before %(day)s") % {
                "amount": dispute.money,
                "day": day,
            }
        yield Task(
            dispute.opened_at,
            what,
            _("Charge %(charge)s: %(why)s") % {"charge": dispute.charge_id, "why": dispute.reason},
            reverse("admin:payments_dispute_change", args=[dispute.pk]),
        )


def _stale(user: User) -> Iterator[Task]:
    found = Operation.objects.filter(status=Operation.Status.STALE)
    for operation in found.order_by("pk")[:LONGEST]:
        what = _("See at Stripe what became of %(name)s") % {"name": operation.name}
        url = reverse("admin:gateway_operation_change", args=[operation.pk])
        yield Task(operation.planned_at, what, f"{operation.key}: {operation.error_message}", url)


def _dead(user: User) -> Iterator[Task]:
    found = StripeEvent.objects.filter(status=StripeEvent.Status.DEAD).defer("payload")
    for event in found.order_by("pk")[:LONGEST]:
        what = _("See why the event %(type)s could not be handled") % {"type": event.type}
        url = reverse("admin:inbox_stripeevent_change", args=[event.pk])
        yield Task(event.received_at, what, event.last_error.strip().rpartition("\n")[2], url)


def _unsent(user: User) -> Iterator[Task]:
    found = Mail.objects.filter(sent_at=None, attempts__gte=GIVE_UP_AFTER)
    for letter in found.order_by("pk")[:LONGEST]:
        what = _("See why a mail to %(who)s could not be sent") % {"who": letter.to}
        yield Task(letter.created_at, what, letter.subject, reverse("admin:kit_mail_change", args=[letter.pk]))


def _refunds(which: Q) -> QuerySet[Refund]:
    return Refund.objects.filter(which).select_related("share__order").order_by("pk")[:LONGEST]


def _order(share: Share) -> str:
    return _("Order %(number)s") % {"number": share.order.number}


def _decide(share: Share, kind: str) -> str:
    return reverse("admin:payments_share_decide", args=[share.pk, kind])


SOURCES: list[tuple[str, Callable[[User], Iterator[Task]]]] = [
    ("payments.add_moneyaction", _approvals),
    ("payments.add_moneyaction", _undecided),
    ("payments.add_moneyaction", _returned),
    ("payments.view_payment", _in_review),
    ("payments.view_share", _near_deadline),
    ("payments.view_dispute", _disputed),
    ("gateway.view_operation", _stale),
    ("inbox.view_stripeevent", _dead),
    ("kit.view_mail", _unsent),
]
