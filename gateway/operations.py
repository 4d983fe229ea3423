"""Durable operations: intent first, then the call, then the result (rule 1; faults F13-F15, F22).

    with transaction.atomic():
        ... rows of your own ...
        operation = operations.plan(...)
    operation = operations.execute(operation)     # outside any transaction
    answer = operations.require(operation)        # or raises what the caller should do

A crash anywhere leaves a row that `finish_due` completes with the same key and the same bytes.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction

from gateway import client, guard
from gateway.errors import FrozenRequestMismatch, NotLetIn, StripeRefused, StripeUnavailable
from gateway.models import Operation
from kit.clock import now
from kit.faults import faultpoint
from kit.transitions import LostRace, move

log = structlog.get_logger(__name__)

Status = Operation.Status

LEASE = timedelta(seconds=60)
# How long the caller that planned an operation has to send it itself before the sweeper does.
GRACE = timedelta(seconds=20)
# Stripe may forget a key after 24 h and would then act again; from here on it must be looked up instead (fault F17).
KEY_GOOD_FOR = timedelta(hours=20)
# The newer interface keeps its keys for 30 days (docs.stripe.com/api-v2-overview).
V2_KEY_GOOD_FOR = timedelta(days=29)
LONGEST_WAIT_SECONDS = 3600


def plan(
    *,
    name: str,
    business_key: str,
    path: str,
    params: Mapping[str, Any],
    actor: str,
    reason: str,
    account: str = "",
    keeps_answer: bool = True,
) -> Operation:
    """Write down what is to be asked of Stripe, in the caller's transaction. Sends nothing.

    The same business key planned again returns the operation there is, unless that one was refused: then a new
    generation with a new key begins. Raises FrozenRequestMismatch if the operation there is asks for something else.
    """
    frozen = json.loads(json.dumps(params, sort_keys=True))
    digest = request_hash(path, account, frozen)
    last = latest(business_key)
    if last is not None and last.status != Status.FAILED:
        if last.request_hash != digest:
            raise FrozenRequestMismatch(f"{last.key} was frozen with another request")
        return last
    generation = last.generation + 1 if last else 1
    moment = now()
    operation, created = Operation.objects.get_or_create(
        business_key=business_key,
        generation=generation,
        defaults={
            "key": f"{business_key}:g{generation}",
            "name": name,
            "account": account,
            "path": path,
            "request": frozen,
            "request_hash": digest,
            "actor": actor,
            "reason": reason,
            "planned_at": moment,
            "due_at": moment + GRACE,
            "keeps_answer": keeps_answer,
        },
    )
    if not created and operation.request_hash != digest:
        raise FrozenRequestMismatch(f"{operation.key} was frozen with another request")
    return operation


def execute(operation: Operation) -> Operation:
    """Send a planned operation, or one whose outcome is unknown, and write down what came of it.

    Must be called outside any transaction (raises CalledInsideTransaction). Never raises for what Stripe answers: look
    at the status, or use `require`. If another process is sending it, the row is returned as it stands.
    """
    guard.outside_transaction()
    operation.refresh_from_db()
    sent_before = operation.first_sent_at
    if not _claim(operation):
        operation.refresh_from_db()
        return operation
    faultpoint("operation.claimed")
    if not operation.keeps_answer:
        # Left behind by `run_once`: whoever asked is gone, and what Stripe would answer must not be written down.
        _settle(operation, Status.FAILED, reason="Nobody waits for its answer any more.")
        return operation
    try:
        answer = client.post(
            operation.path,
            json.loads(json.dumps(operation.request, sort_keys=True)),
            key=operation.key,
            account=operation.account,
        )
    except NotLetIn as error:
        # This attempt does not age the key: Stripe has not seen it (fault F17).
        _keep_unknown(operation, str(error), first_sent_at=sent_before)
    except StripeUnavailable as error:
        _keep_unknown(operation, str(error))
    except StripeRefused as error:
        _settle(
            operation,
            Status.FAILED,
            reason=error.message,
            error_code=error.code,
            error_message=error.message,
        )
    else:
        faultpoint("operation.answered")
        _settle(
            operation,
            Status.SUCCEEDED,
            reason="Stripe confirmed it.",
            response=answer.body,
            object_id=str(answer.body.get("id") or ""),
            stripe_request_id=answer.request_id,
        )
    faultpoint("operation.settled")
    return operation


def require(operation: Operation) -> dict[str, Any]:
    """Stripe's answer to a succeeded operation.

    Raises StripeRefused if it failed, StripeUnavailable while its outcome is not known (it will be finished by itself).
    """
    if operation.status == Status.SUCCEEDED:
        return dict(operation.response or {})
    if operation.status == Status.FAILED:
        raise StripeRefused(operation.error_message, code=operation.error_code)
    raise StripeUnavailable(operation.error_message or "Stripe has not answered yet.")


def run_once(
    *,
    name: str,
    business_key: str,
    path: str,
    params: Mapping[str, Any],
    actor: str,
    reason: str,
    account: str = "",
) -> dict[str, Any]:
    """Ask for something short-lived and personal (an account link) whose answer must never be kept.

    The operation row says that it was asked, by whom and why; the answer goes to the caller alone. `business_key` must
    be new for each call. Raises StripeRefused or StripeUnavailable.
    """
    guard.outside_transaction()
    operation = plan(
        name=name,
        business_key=business_key,
        path=path,
        params=params,
        actor=actor,
        reason=reason,
        account=account,
        keeps_answer=False,
    )
    faultpoint("operation.planned_once")
    if not _claim(operation):
        raise StripeUnavailable("This was asked for before.")
    faultpoint("operation.claimed_once")
    try:
        answer = client.post(operation.path, operation.request, key=operation.key, account=account)
    except (StripeUnavailable, StripeRefused) as error:
        # Nobody can use a link that arrives later, so there is nothing to finish.
        _settle(operation, Status.FAILED, reason=str(error), error_message=str(error))
        raise
    _settle(operation, Status.SUCCEEDED, reason="Stripe confirmed it.", stripe_request_id=answer.request_id)
    return answer.body


def latest(business_key: str) -> Operation | None:
    """The newest generation of the operation with this business identity."""
    return Operation.objects.filter(business_key=business_key).order_by("-generation").first()


def give_up(operation: Operation, *, reason: str) -> None:
    """Let a new generation take a stale operation's place, when its having happened as well would do no harm.

    Never for what moves money. Raises IllegalMove for an operation that is not stale.
    """
    move(operation, Status.FAILED, actor="operations", reason=reason, finished_at=now())


def finish_due(limit: int = 100) -> int:
    """Complete operations that a crash or a silent Stripe left behind; how many were tried."""
    due = Operation.objects.filter(
        status__in=[Status.PLANNED, Status.SUBMITTING, Status.UNKNOWN], due_at__lte=now()
    ).order_by("due_at")[:limit]
    tried = 0
    for operation in due:
        execute(operation)
        tried += 1
    return tried


def request_hash(path: str, account: str, params: Mapping[str, Any]) -> str:
    """A digest of exactly what is sent."""
    text = json.dumps([path, account, params], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _claim(operation: Operation) -> bool:
    """Become the one sender: by a conditional UPDATE, so that of two processes only one sends (row count decides)."""
    moment = now()
    try:
        with transaction.atomic():
            if operation.status == Status.SUBMITTING:
                if operation.leased_until is not None and operation.leased_until > moment:
                    return False
                move(operation, Status.UNKNOWN, actor="operations", reason="Whoever was sending it did not finish.")
            if operation.status not in (Status.PLANNED, Status.UNKNOWN):
                return False
            if _too_old(operation, moment):
                _shelve(operation, "Its idempotency key may have been forgotten by Stripe.")
                return False
            move(
                operation,
                Status.SUBMITTING,
                actor="operations",
                reason=f"Attempt {operation.attempts + 1}.",
                attempts=operation.attempts + 1,
                first_sent_at=operation.first_sent_at or moment,
                leased_until=moment + LEASE,
                due_at=moment + LEASE,
            )
    except LostRace:
        return False
    return True


def _too_old(operation: Operation, moment: datetime) -> bool:
    good_for = V2_KEY_GOOD_FOR if operation.path.startswith("/v2/") else KEY_GOOD_FOR
    return operation.first_sent_at is not None and moment - operation.first_sent_at > good_for


def _shelve(operation: Operation, reason: str) -> None:
    move(operation, Status.STALE, actor="operations", reason=reason, error_message=reason, due_at=None)
    log.error("operation_needs_a_person", key=operation.key, reason=reason)


def _settle(operation: Operation, status: Operation.Status, *, reason: str, **fields: Any) -> None:
    try:
        move(
            operation,
            status,
            actor="operations",
            reason=reason,
            finished_at=now(),
            leased_until=None,
            due_at=None,
            **fields,
        )
    except LostRace:
        # Our lease ran out and another process finished it with the same key: Stripe gave both the same answer.
        operation.refresh_from_db()


def _keep_unknown(operation: Operation, error: str, **fields: Any) -> None:
    # Compared as whole numbers: as a timedelta, the doubling overflows after some fifty attempts.
    wait = timedelta(seconds=min(5 * 2**operation.attempts, LONGEST_WAIT_SECONDS))
    try:
        move(
            operation,
            Status.UNKNOWN,
            actor="operations",
            reason=error,
            error_message=error,
            leased_until=None,
            due_at=now() + wait,
            **fields,
        )
    except LostRace:
        operation.refresh_from_db()
