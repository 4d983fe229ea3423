"""Sending an answer to the bank: once each time it asks, whoever presses the button and whatever is lost on the way.

`submit` writes down what goes (a Submission, frozen) and moves the pack in one transaction; the uploads and the answer
itself are durable operations; `proceed` goes on with it, and may be called by anybody any number of times.
"""

from __future__ import annotations

from typing import Any

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from evidence import packs, sending
from evidence.assembling import note
from evidence.errors import Changed, NotAllowed, NotOpen
from evidence.files import FileRefused
from evidence.following import bring, has_passed, look
from evidence.models import BankFile, Pack, Submission
from evidence.packs import Preview
from gateway import objects, operations, reads
from gateway.errors import GatewayError, StripeRefused
from gateway.models import Operation
from kit.clock import now
from kit.faults import faultpoint
from kit.transitions import move
from payments import disputes
from payments.decisions import Decider
from payments.errors import PaymentError
from payments.models import Dispute

log = structlog.get_logger(__name__)

DATE_PASSED = "The bank's date passed before it was sent."
Status = Pack.Status
Kind = Submission.Kind


def submit(pack: Pack, *, by: Decider, reason: str, expects: str = "") -> Submission:
    """Send the pack to the bank as it is previewed, once. `expects` is the hash of the preview that was shown.

    The answer may still be SENDING when Stripe did not say in time: it is finished by itself. Outside any transaction.
    Raises NotOpen when it cannot be sent any more, NotAllowed with what is lacking or what Stripe refused, Changed when
    it is not what was shown; GatewayError when Stripe does not answer before anything began, NotYet for a charge that
    may still become a payment of ours.
    """
    if not reason.strip():
        raise NotAllowed(_("Say why."))
    found = look(pack, actor=by.actor)
    require_answerable(pack)
    _require_agreement(pack, by)
    shown = packs.preview(pack)
    if shown.problems:
        raise NotAllowed(" ".join(shown.problems))
    sending.require_nothing_else(pack, shown, found)
    submission = _begin(pack, shown, by=by, reason=reason, expects=expects)
    faultpoint("evidence.begun")
    submission = proceed(submission)
    pack.refresh_from_db()
    if submission.status == Submission.Status.REFUSED:
        raise NotOpen(closed_words(pack)) if pack.status not in Pack.OPEN else NotAllowed(submission.refusal)
    return submission


def proceed(submission: Submission) -> Submission:
    """Go on with an answer that was begun, as far as it goes now. Outside any transaction; never raises for what Stripe
    says: look at the status. Two who do this at once do it once.
    """
    submission.refresh_from_db()
    if submission.status != Submission.Status.SENDING:
        return submission
    try:
        _go_on(submission)
    except GatewayError as error:
        # Not known, or not now: the sweep goes on with it.
        log.warning("answer_waits_for_stripe", submission=submission.pk, error=str(error))
    submission.refresh_from_db()
    return submission


def _go_on(submission: Submission) -> None:
    pack = Pack.objects.select_related("dispute").get(pk=submission.pack_id)
    try:
        operation = _standing(submission) or _planned(submission, pack)
    except (StripeRefused, FileRefused, NotAllowed) as error:
        _refused(submission, str(error))
        return
    if submission.kind == Kind.EVIDENCE and has_passed(pack.dispute, now()) and operation.first_sent_at is None:
        # What was never sent is not sent too late, and nobody is told that it was.
        operations.call_off(operation, reason=DATE_PASSED)
    operation = operations.execute(operation)
    faultpoint("evidence.answered")
    if operation.status == Operation.Status.SUCCEEDED:
        _sent(submission, operation)
    elif operation.status == Operation.Status.FAILED:
        _refused(submission, operation.error_message)


def save_draft(pack: Pack, *, by: Decider) -> bool:
    """Put the pack into Stripe's form without sending it (`submit=false`): people see it in the Dashboard, the bank
    does not. False when Stripe has not answered yet; it is finished by itself. Outside any transaction.

    Raises NotOpen, NotAllowed, GatewayError.
    """
    look(pack, actor=by.actor)
    require_answerable(pack)
    shown = packs.preview(pack)
    if shown.problems:
        raise NotAllowed(" ".join(shown.problems))
    for one in shown.files:
        sending.uploaded(one.file, actor=by.actor)
    name = sending.key(pack, "draft", sending.number_of_draft(pack))
    request = sending.params(pack, shown, business_key=name, submit=False)
    operation = sending.plan(pack, sending.DRAFT, name, request, actor=by.actor, reason="A draft.")
    operation = operations.execute(operation)
    if operation.status == Operation.Status.FAILED:
        raise NotAllowed(operation.error_message)
    is_there = operation.status == Operation.Status.SUCCEEDED
    if is_there:
        Pack.objects.filter(pk=pack.pk).update(draft_hash=shown.hash, draft_at=now())
        note(pack, _("Saved as a draft at Stripe."), actor=by.actor)
        pack.refresh_from_db()
    return is_there


def keep_manual(pack: Pack, *, actor: str) -> None:
    """Tell Stripe that people answer this dispute, so that it never does so by itself. Outside any transaction; raises
    GatewayError when Stripe does not answer.
    """
    name = sending.key(pack, "manual")
    request = {"intended_submission_method": "manual", "submit": False, "metadata": operations.identity(name)}
    operation = sending.plan(pack, sending.MANUAL, name, request, actor=actor, reason="People answer it.")
    try:
        operations.require(operations.execute(operation))
    except StripeRefused as error:
        # An account without that service cannot turn it off, and Stripe says so once.
        note(pack, _("Stripe did not take that people answer: %(why)s") % {"why": error.message}, actor=actor)
    Pack.objects.filter(pk=pack.pk).update(manual_at=now())
    pack.refresh_from_db()


def require_open(pack: Pack) -> None:
    """Raises NotOpen with what became of it."""
    if pack.status not in Pack.OPEN:
        raise NotOpen(closed_words(pack))


def require_answerable(pack: Pack) -> None:
    """Raises NotOpen with what became of it, and NotAllowed for what can only be answered at Stripe."""
    require_open(pack)
    if pack.dispute.status in Dispute.APPEALS:
        raise NotAllowed(_("This is an appeal. It can only be answered in Stripe's Dashboard, until the date shown."))
    if pack.dispute.case_type == "compliance":
        raise NotAllowed(
            _(
                "This is about a rule of the card network, and answering it costs a fee of its own (500 USD at Visa), "
                "which comes back if you win. Stripe's Dashboard asks for your consent: answer it there."
            )
        )


def closed_words(pack: Pack) -> str:
    """Why it cannot be sent any more, in a sentence."""
    words = {
        Status.SUBMITTING: _("This answer is on its way to the bank already."),
        Status.SUBMITTED: _("This dispute was answered already. A bank takes one answer."),
        Status.CONCEDING: _("The loss is being accepted just now."),
        Status.CONCEDED: _("The loss was accepted. That cannot be taken back."),
        Status.MISSED: _("The bank's date has passed. Nothing was sent, and nothing can be sent any more."),
        Status.CLOSED: _("The bank does not wait for an answer any more."),
    }
    return words.get(Status(pack.status), _("This cannot be sent now."))


def _require_agreement(pack: Pack, by: Decider) -> None:
    if by.user is None and pack.objection:
        words = {"who": pack.objected_by, "why": pack.objection}
        raise NotAllowed(_("%(who)s does not want this to be sent by itself: %(why)s") % words)


def _require_second_look(pack: Pack, shown: Preview, by: Decider) -> None:
    if by.user is None or not packs.needs_second_look(pack):
        return
    if pack.looked_over_hash != shown.hash or pack.looked_over_by_id in (None, by.user.pk):
        raise NotAllowed(_("At this amount somebody else has to look it over first, as it is now."))


def _begin(pack: Pack, shown: Preview, *, by: Decider, reason: str, expects: str) -> Submission:
    with transaction.atomic():
        # Locked: of two people who press at once the second finds it under way; and nobody edits what is being frozen.
        locked = Pack.objects.select_for_update(of=("self",)).select_related("dispute").get(pk=pack.pk)
        require_open(locked)
        # Again: somebody may have objected since.
        _require_agreement(locked, by)
        if packs.preview(locked).hash != shown.hash or (expects and expects != shown.hash):
            raise Changed(_("It is not what you were shown any more. Look at it once more."))
        _require_second_look(locked, shown, by)
        row = Submission.objects.create(
            pack=locked,
            kind=Kind.EVIDENCE,
            round=locked.round,
            content_hash=shown.hash,
            texts={one.field: one.text for one in shown.texts},
            files={one.field: {"bank_file": one.file.pk, "sha256": one.file.sha256} for one in shown.files},
            enhanced=dict(shown.enhanced),
            completeness=packs.completeness(locked).percent,
            user=by.user,
            actor=by.actor,
            reason=reason,
            planned_at=now(),
        )
        move(locked, Status.SUBMITTING, actor=by.actor, reason=reason, trouble="")
    return row


def _standing(submission: Submission) -> Operation | None:
    """The operation that was planned for it, or the generation that took its place."""
    return operations.latest(submission.operation_key) if submission.operation_key else None


def _planned(submission: Submission, pack: Pack) -> Operation:
    """Plan the answer itself, once its files are at Stripe; or that the dispute is given up."""
    if submission.kind == Kind.CONCESSION:
        return _written_down(submission, pack, sending.CLOSE, {})
    shown = packs.sent(submission)
    for file in BankFile.objects.filter(pk__in=[one.file.pk for one in shown.files]):
        sending.uploaded(file, actor=submission.actor)
    faultpoint("evidence.uploaded")
    shown = packs.sent(submission)
    # Once more: somebody may have typed into Stripe's form since.
    sending.require_nothing_else(pack, shown, reads.dispute(pack.dispute.stripe_id))
    name = sending.key(pack, "submit", submission.round)
    request = sending.params(pack, shown, business_key=name, submit=True)
    return _written_down(submission, pack, sending.SUBMIT, request)


def _written_down(submission: Submission, pack: Pack, name: str, request: dict[str, Any]) -> Operation:
    business_key = sending.key(pack, name.rpartition(".")[2], submission.round)
    with transaction.atomic():
        # Locked: two who go on with it at once plan one request.
        locked = Submission.objects.select_for_update(of=("self",)).get(pk=submission.pk)
        if known := _standing(locked):
            return known
        actor, reason = submission.actor, submission.reason
        operation = sending.plan(pack, name, business_key, request, actor=actor, reason=reason)
        locked.operation_key = operation.business_key
        locked.save(update_fields=["operation_key"])
    return operation


def _sent(submission: Submission, operation: Operation) -> None:
    with transaction.atomic():
        # Locked: an event about the dispute, or another who goes on with it, may be here at this moment.
        pack = Pack.objects.select_for_update(of=("self",)).get(pk=submission.pack_id)
        row = Submission.objects.get(pk=submission.pk)
        if row.status != Submission.Status.SENDING:
            return
        reason = _("Stripe has it.")
        at = now()
        move(row, Submission.Status.SENT, actor=row.actor, reason=reason, at=at, done_at=at)
        to = Status.SUBMITTED if row.kind == Kind.EVIDENCE else Status.CONCEDED
        move(pack, to, actor=row.actor, reason=row.reason, at=at, trouble="")
    faultpoint("evidence.written")
    _tell_payments(operation, actor=submission.actor)


def _tell_payments(operation: Operation, *, actor: str) -> None:
    """Stripe's answer is the dispute as it is now: its money follows it at once, and not only with the event."""
    try:
        disputes.apply(objects.Dispute.read(dict(operation.response or {})), actor=actor)
    except PaymentError:
        # Its charge is not known here yet: the event comes, and waits for it.
        return


def _refused(submission: Submission, why: str) -> None:
    """Nothing was sent. What became of the dispute meanwhile decides whether it can be sent again. Raises GatewayError
    while Stripe does not say.
    """
    pack = Pack.objects.select_related("dispute").get(pk=submission.pack_id)
    disputes.apply(reads.dispute(pack.dispute.stripe_id), actor=submission.actor)
    with transaction.atomic():
        # Locked for the same reason as above.
        pack = Pack.objects.select_for_update(of=("self",)).get(pk=submission.pack_id)
        row = Submission.objects.get(pk=submission.pk)
        if row.status != Submission.Status.SENDING:
            return
        at = now()
        move(row, Submission.Status.REFUSED, actor=row.actor, reason=why, at=at, refusal=why, done_at=at)
        move(pack, Status.READY, actor=row.actor, reason=why, at=at, trouble=why)
        bring(pack, actor=row.actor, at=at)
