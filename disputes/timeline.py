"""Everything that happened with one dispute, in order, for staff: the bank's word, money, evidence, people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from django.utils.timezone import get_current_timezone
from django.utils.translation import gettext as _

from disputes.models import Act
from evidence.models import Pack
from kit.clock import now
from payments.models import Dispute, MoneyAction, Reversal
from payments.stories import Step


def of(dispute: Dispute, pack: Pack | None) -> list[Step]:
    """Past steps, the oldest first, then what is to come."""
    past = [*_banks(dispute), *_money(dispute), *_people(dispute), *_rules(dispute)]
    if pack is not None:
        past += [*_evidence(pack), *_sent(pack)]
    return sorted(past, key=_moment) + sorted(_to_come(dispute), key=_moment)


def _banks(dispute: Dispute) -> Iterator[Step]:
    yield Step(_("The buyer’s bank opened it"), dispute.opened_at, dispute.money)
    for moved in dispute.moves.all():
        label = Dispute.Status(moved.to_status).label if moved.to_status in Dispute.Status else moved.to_status
        yield Step(_("At Stripe: %(status)s") % {"status": label}, moved.at)


def _money(dispute: Dispute) -> Iterator[Step]:
    shares = [part.share_id for part in dispute.shares.all()]
    actions = MoneyAction.objects.filter(
        kind=MoneyAction.Kind.DISPUTE, share__in=shares, request__dispute=dispute.stripe_id
    )
    for action in actions.select_related("share__order"):
        label = _("Order %(number)s: %(what)s") % {"number": action.share.order.number, "what": action.reason}
        yield Step(label, action.created_at, action.share.money(action.amount), action.actor)
    for back in Reversal.objects.filter(dispute=dispute).select_related("release__share__order"):
        share = back.release.share
        label = _("Order %(number)s: fetched back from the seller") % {"number": share.order.number}
        yield Step(label, back.planned_at, share.money(back.amount), back.actor, str(back.get_status_display()))


def _people(dispute: Dispute) -> Iterator[Step]:
    for note in dispute.notes.select_related("author"):
        yield Step(_("Note for staff"), note.written_at, None, str(note.author), note.text)


def _rules(dispute: Dispute) -> Iterator[Step]:
    for act in dispute.acts.select_related("rule"):
        label = _("Rule “%(rule)s”: %(status)s") % {"rule": act.rule, "status": act.get_status_display()}
        yield Step(label, act.ended_at or act.noticed_at, None, "", act.result)


def _evidence(pack: Pack) -> Iterator[Step]:
    for entry in pack.entries.all():
        yield Step(entry.what, entry.at, None, entry.actor)


def _sent(pack: Pack) -> Iterator[Step]:
    for sent in pack.submissions.all():
        label = _("To the bank: %(kind)s, %(status)s") % {
            "kind": sent.get_kind_display(),
            "status": sent.get_status_display(),
        }
        yield Step(label, sent.done_at or sent.planned_at, None, sent.actor, sent.refusal or sent.reason)


def _to_come(dispute: Dispute) -> Iterator[Step]:
    if dispute.due_by is not None and dispute.status in Dispute.NEEDS_ANSWER and dispute.due_by > now():
        yield Step(_("The bank’s date"), dispute.due_by, is_future=True)
    for act in dispute.acts.all():
        if act.status == Act.Status.NOTICED:
            yield Step(str(act.rule), act.due_at, is_future=True)
    for reminder in dispute.reminders.all():
        if reminder.done_at is None:
            label = _("%(who)s is reminded: %(what)s") % {"who": reminder.for_whom, "what": reminder.text}
            yield Step(label, reminder.due_on, is_future=True)


def _moment(step: Step) -> datetime:
    if isinstance(step.at, datetime):
        return step.at
    if isinstance(step.at, date):
        return datetime.combine(step.at, time(0), get_current_timezone())
    return now() + timedelta(days=3650)
