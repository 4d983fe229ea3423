"""Durable operations: intent first, then the call, then the result (rule 1; faults F13-F22).

    with transaction.atomic():
        ... rows of your own ...
        operation = operations.plan(...)
    operation = operations.execute(operation)     # outside any transaction
    answer = operations.require(operation)        # or raises what the caller should do

A crash anywhere leaves a row that `finish_due` completes: with the same key and the same bytes while Stripe remembers
the key, and by looking at Stripe first once it may have forgotten it.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import structlog
from django.db import IntegrityError, transaction

from gateway import claims, client, finders, guard, lookups, uploads
from gateway.errors import FrozenRequestMismatch, KeyTaken, NotSent, StripeRefused, StripeUnavailable
from gateway.models import Operation
from gateway.priority import Priority, current, working_as
from kit.clock import now
from kit.faults import faultpoint
from kit.transitions import IllegalMove, LostRace, move

log = structlog.get_logger(__name__)

Status = Operation.Status

LEASE = claims.LEASE
KEY_GOOD_FOR = lookups.KEY_GOOD_FOR
# Metadata by which what an operation makes is found again: {"operation": its business key}.
identity = finders.identity
# How long the caller that planned an operation has to send it itself before the sweeper does.
GRACE = timedelta(seconds=20)
# A sweep takes so many at a time, so that several sweeps share the work.
BATCH = 10
# How long something waits that must not be sent at present.
HELD_BACK_SECONDS = 300.0
# Says why an operation must not be sent now; an empty string if it may.
Check = Callable[[Operation], str]

_checks: dict[str, Check] = {}


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
    What moves money gets `identity(business_key)` into its metadata, so that it can be found again. Its priority is
    that of the code that plans it (`gateway.priority.working_as`).
    """
    frozen = json.loads(json.dumps(finders.named(path, params, business_key), sort_keys=True))
    digest = request_hash(path, account, frozen)
    last = latest(business_key)
    if last is not None and last.status != Status.FAILED:
        if last.request_hash != digest:
            raise FrozenRequestMismatch(f"{last.key} was frozen with another request")
        return last
    generation = last.generation + 1 if last else 1
    moment = now()
    planned = Operation(
        business_key=business_key,
        generation=generation,
        key=f"{business_key}:g{generation}",
        name=name,
        account=account,
        path=path,
        request=frozen,
        request_hash=digest,
        actor=actor,
        reason=reason,
        planned_at=moment,
        due_at=moment + GRACE,
        keeps_answer=keeps_answer,
        priority=current(),
    )
    return planned if _is_first(planned) else _same_as(planned)


def _is_first(planned: Operation) -> bool:
    try:
        # A block of its own: the caller's transaction goes on when somebody else planned the same just now.
        with transaction.atomic():
            planned.save(force_insert=True)
    except IntegrityError:
        return False
    return True


def _same_as(planned: Operation) -> Operation:
    """What another process planned at the same moment. Raises FrozenRequestMismatch if it asks for something else."""
    there = Operation.objects.get(business_key=planned.business_key, generation=planned.generation)
    if there.request_hash != planned.request_hash:
        raise FrozenRequestMismatch(f"{there.key} was frozen with another request")
    return there


def execute(operation: Operation) -> Operation:
    """Send a planned operation, or one whose outcome is unknown, and write down what came of it.

    Returns the operation that stands for it now: the next generation, if Stripe never carried out this one and its key
    was too old to be used again. Must be called outside any transaction (raises CalledInsideTransaction). Never raises
    for what Stripe answers: look at the status, or use `require`. If another process is sending it, or nothing can be
    sent now, the row is returned as it stands.
    """
    guard.outside_transaction()
    return _execute(_standing(operation))


def execute_latest(business_key: str) -> Operation | None:
    """`execute` the newest generation of the operation with this business identity; None if there is none."""
    guard.outside_transaction()
    operation = latest(business_key)
    return None if operation is None else _execute(operation)


def _execute(operation: Operation) -> Operation:
    try:
        return _advance(operation)
    except NotSent as error:
        operation = _standing(operation)
        claims.put_back([operation], error.wait)
        operation.refresh_from_db()
        return operation


def require(operation: Operation) -> dict[str, Any]:
    """Stripe's answer to a succeeded operation.

    Raises StripeRefused if it failed, StripeUnavailable while its outcome is not known (it will be finished by itself).
    """
    if operation.status == Status.SUPERSEDED:
        operation = _standing(operation)
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
    client.ask_leave(account)
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
    mine = claims.claim(operation)
    if mine is None:
        raise StripeUnavailable("This was asked for before.")
    faultpoint("operation.claimed_once")
    try:
        answer = client.post(operation.path, operation.request, key=operation.key, account=account)
    except (StripeUnavailable, StripeRefused) as error:
        # Nobody can use a link that arrives later, so there is nothing to finish.
        claims.given_up(operation, mine, str(error))
        raise
    claims.succeeded(operation, answer.body, answer.request_id)
    return answer.body


def latest(business_key: str) -> Operation | None:
    """The newest generation of the operation with this business identity."""
    return Operation.objects.filter(business_key=business_key).order_by("-generation").first()


def is_harmless(operation: Operation) -> bool:
    """Whether its having happened twice would cost nobody anything: never so for what moves money."""
    return not finders.MOVES_MONEY.fullmatch(operation.path)


def give_up(operation: Operation, *, reason: str, actor: str = claims.ACTOR) -> None:
    """Let a new generation take a stale operation's place, when its having happened as well would do no harm.

    Never for what moves money (raises ValueError). Raises IllegalMove for an operation that is not stale, LostRace when
    another process moved it meanwhile.
    """
    if not is_harmless(operation):
        raise ValueError(f"{operation.key} moves money: it is never given up unseen")
    if operation.status != Status.STALE:
        raise IllegalMove(f"{operation.key} is {operation.status}, not stale")
    move(operation, Status.FAILED, actor=actor, reason=reason, finished_at=now())


def call_off(operation: Operation, *, reason: str, actor: str = claims.ACTOR) -> bool:
    """Never send an operation that was only written down; in the caller's transaction. False if it is too late.

    Whoever is about to send it moves the same row by a conditional UPDATE: one of the two wins.
    """
    if operation.status != Status.PLANNED:
        return False
    try:
        move(operation, Status.FAILED, actor=actor, reason=reason, error_message=reason, finished_at=now(), due_at=None)
    except LostRace:
        return False
    return True


def check_before_sending(name: str, check: Check) -> None:
    """Have `check` asked before any generation of an operation called `name` is sent for the first time, and so before
    what was planned long ago goes out: its answer is why not now, or "" (invariant I06). What may have been sent before
    is not held back: only sending it again tells what became of it.
    """
    _checks[name] = check


def look_up(operation: Operation, *, actor: str, reason: str) -> Operation:
    """A person wants to know: look at Stripe and finish it. Found, it is adopted; if it certainly is not there and its
    key is of no use any more, it is sent under a new one; otherwise it stays as it is. The history says who asked.

    Must be called outside any transaction. Raises IllegalMove for an operation that has ended or is being sent or was
    not yet, StripeUnavailable when Stripe does not say.
    """
    guard.outside_transaction()
    operation.refresh_from_db()
    claims.reap_one(operation)
    if operation.status not in (Status.UNKNOWN, Status.STALE):
        raise IllegalMove(f"{operation.key} is {operation.status}: there is nothing to look up")
    claims.note(operation, actor=actor, reason=f"Looks it up at Stripe. {reason}")
    if operation.status == Status.UNKNOWN and not lookups.is_needed(operation):
        # Its key still tells Stripe which request it is: nothing is surer than sending the same again.
        return execute(operation)
    found = lookups.resolve(operation, actor=actor, reason=reason)
    return execute(found) if found.status == Status.PLANNED else found


def finish_due(limit: int = 100) -> int:
    """Complete operations that a crash or a silent Stripe left behind, people's first; how many were tried.

    Several may run at once. Stops early while nothing can be sent.
    """
    guard.outside_transaction()
    claims.reap(limit)
    tried = 0
    with working_as(max(current(), Priority.MONEY)):
        while tried < limit and (batch := claims.take_due(min(BATCH, limit - tried))):
            for place, operation in enumerate(batch):
                try:
                    _advance(_standing(operation))
                except NotSent as error:
                    claims.put_back(batch[place:], error.wait)
                    return tried
                except Exception:
                    # It needs a person; the others do not wait for that (fault F06). Its lease ends by itself.
                    log.exception("operation_needs_a_person", key=operation.key)
                tried += 1
    return tried


def request_hash(path: str, account: str, params: Mapping[str, Any]) -> str:
    """A digest of exactly what is sent."""
    text = json.dumps([path, account, params], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _standing(operation: Operation) -> Operation:
    """The row as it is now, or the generation that took its place."""
    operation.refresh_from_db()
    while operation.status == Status.SUPERSEDED:
        operation = Operation.objects.get(business_key=operation.business_key, generation=operation.generation + 1)
    return operation


def _advance(operation: Operation) -> Operation:
    """One step on with an operation. Raises NotSent when nothing can be sent now; then nothing was changed."""
    claims.reap_one(operation)
    if operation.status not in (Status.PLANNED, Status.UNKNOWN):
        return operation
    with working_as(max(current(), Priority(operation.priority))):
        if operation.keeps_answer and lookups.is_needed(operation):
            operation = _looked_up(operation)
            if operation.status != Status.PLANNED:
                return operation
        held_back = operation.first_sent_at is None and _checks.get(operation.name, _may_go)(operation)
        if held_back:
            Operation.objects.filter(pk=operation.pk).update(error_message=held_back)
            claims.put_back([operation], HELD_BACK_SECONDS)
            operation.refresh_from_db()
            return operation
        client.ask_leave(operation.account)
        mine = claims.claim(operation)
        return operation if mine is None else _send(operation, mine)


def _looked_up(operation: Operation) -> Operation:
    try:
        return lookups.resolve(operation)
    except NotSent:
        raise
    except StripeUnavailable as error:
        log.warning("operation_not_looked_up", key=operation.key, error=str(error))
        claims.put_back([operation], HELD_BACK_SECONDS)
        operation.refresh_from_db()
        return operation


def _send(operation: Operation, mine: claims.Claim) -> Operation:
    faultpoint("operation.claimed")
    if not operation.keeps_answer:
        # Left behind by `run_once`: whoever asked is gone, and what Stripe would answer must not be written down.
        claims.given_up(operation, mine, "Nobody waits for its answer any more.")
        return operation
    request = json.loads(json.dumps(operation.request, sort_keys=True))
    try:
        if mine.is_late or lookups.too_old(operation, now()):
            raise NotSent("Its sender was held up, so it did not send.", wait=1.0)
        sent = uploads.filled(operation, request)
        answer = client.post(operation.path, sent, key=operation.key, account=operation.account)
    except KeyTaken as error:
        claims.left_open(operation, mine, error)
        claims.shelve(operation, f"Its key was used for another request: {error}")
    except StripeUnavailable as error:
        claims.left_open(operation, mine, error)
    except StripeRefused as error:
        claims.refused(operation, mine, error)
    else:
        faultpoint("operation.answered")
        claims.succeeded(operation, answer.body, answer.request_id)
    faultpoint("operation.settled")
    return operation


def _may_go(operation: Operation) -> str:
    return ""
