"""What falls due as the clock moves: availability, expiry, payouts, verification, forgetting.

In order, each in its own transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from emulator.context import Ctx
from emulator.resources import (
    account_changes,
    account_trouble,
    aftermath,
    checkout_sessions,
    delayed_outcomes,
    disputing,
    payouts,
    refunds,
    topups,
)
from emulator.resources.authorizations import expire
from emulator.resources.balance import shown_balance
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.core import Emulator

Happenings = list[Json]


def run(em: Emulator, target: int) -> Happenings:
    """Move the clock to `target`, stopping at everything due on the way."""
    return [*_until(em, target), *_at_the_end(em)]


def run_with_retries(em: Emulator, target: int, resent: Callable[[], None]) -> Happenings:
    """The same, stopping also where a webhook is due to be tried again; `resent` is called there, to send it.

    And once before: what is being sent now is written down at this time, not at the one moved to.
    """
    resent()
    happened: Happenings = []
    last = em.now()
    while (again := _next_retry(em, last, target)) is not None:
        earlier = _until(em, again)
        em.clock.move_to(again)
        ids = [str(id) for (id,) in em.store.rows(f"SELECT event {_AGAIN} AND due_at = ? ORDER BY id", (again,))]
        happened += earlier + [{"at": again, "what": "webhook retry due", "id": id} for id in ids]
        resent()
        last = again
    return happened + run(em, target)


# as the partial index delivery_again has it
_AGAIN = "FROM delivery WHERE state = 'pending' AND attempts > 0"


def _next_retry(em: Emulator, after: int, until: int) -> int | None:
    row = em.store.one(f"SELECT min(due_at) {_AGAIN} AND due_at > ? AND due_at <= ?", (after, until))
    return None if row is None or row[0] is None else int(row[0])


def _until(em: Emulator, target: int) -> Happenings:
    """Everything of the table of due things, each in its own transaction."""
    happened: Happenings = []
    while (
        row := em.store.one("SELECT id, at, what, target FROM due WHERE at <= ? ORDER BY at, id LIMIT 1", (target,))
    ) is not None:
        id, at, what, subject = row
        em.clock.move_to(at)
        with em.visit() as ctx:
            # two threads may see the same row: only the one that removes it acts
            if em.store.run("DELETE FROM due WHERE id = ?", (id,)).rowcount:
                happened += [{"at": ctx.now, **entry} for entry in _ACTIONS[what](ctx, subject)]
    em.clock.move_to(target)
    return happened


def _at_the_end(em: Emulator) -> Happenings:
    happened: Happenings = []
    forgotten = em.keys.prune(em.now(), em.settings.idempotency_hours)
    if forgotten:
        happened.append({"at": em.now(), "what": "idempotency keys forgotten", "id": str(forgotten)})
    waiting = em.store.one(f"SELECT count(*) {_AGAIN} AND due_at <= ?", (em.now(),))
    if waiting and waiting[0]:
        happened.append({"at": em.now(), "what": "webhook retries due", "id": str(waiting[0])})
    return happened


def _entry(what: str, id: str, account: str = "") -> Json:
    return {"what": what, "id": id, "account": account} if account else {"what": what, "id": id}


def _available(ctx: Ctx, account: str) -> Happenings:
    """Pending money has become available: the event, waiting refunds, then the automatic payout."""
    ctx.emit("balance.available", shown_balance(ctx, account), account=account)
    return [_entry("balance.available", account or ctx.em.platform_id, account), *_payouts(ctx, account)]


def _at_once(ctx: Ctx, account: str) -> Happenings:
    """Money that never was pending: the same news, while the payout waits for its day."""
    ctx.emit("balance.available", shown_balance(ctx, account), account=account)
    return [_entry("balance.available", account or ctx.em.platform_id, account)]


def _payouts(ctx: Ctx, account: str) -> Happenings:
    """Refunds waiting for the platform's money come before its payout."""
    settled = [] if account else [_entry("refund.succeeded", id) for id in refunds.settle_pending(ctx)]
    return settled + [_entry("payout.created", row.id, account) for row in payouts.sweep(ctx, account)]


def _payout(ctx: Ctx, id: str) -> Happenings:
    row = payouts.arrive(ctx, id)
    return [] if row is None else [_entry(f"payout.{row.body['status']}", id, row.account)]


def _payout_leaves(ctx: Ctx, id: str) -> Happenings:
    row = payouts.leave(ctx, id)
    return [] if row is None else [_entry("payout.updated", id, row.account)]


def _topup(ctx: Ctx, id: str) -> Happenings:
    """A top-up may cover refunds that wait for money."""
    row = topups.arrive(ctx, id)
    if row is None:
        return []
    return [_entry("topup.succeeded", id), *(_entry("refund.succeeded", one) for one in refunds.settle_pending(ctx))]


def _session(ctx: Ctx, id: str) -> Happenings:
    row = ctx.store.get(id)
    if row is None or row.body["status"] != "open":
        return []
    checkout_sessions.close(ctx, row)
    return [_entry("checkout.session.expired", id)]


def _requirement(ctx: Ctx, id: str) -> Happenings:
    row = account_trouble.deadline_passed(ctx, id)
    return [] if row is None else [_entry("account requirement past due", id, id)]


def _verify(ctx: Ctx, id: str) -> Happenings:
    account_changes.finish_verification(ctx, id)
    return [_entry("account.verified", id, id)]


def _refund(ctx: Ctx, id: str) -> Happenings:
    row = refunds.finish(ctx, id)
    return [] if row is None else [_entry(f"refund.{row.body['status']}", id)]


def _aftermath(ctx: Ctx, id: str) -> Happenings:
    row = aftermath.come(ctx, id)
    return [] if row is None else [_entry(f"{row.kind} created", row.id)]


def _dispute(ctx: Ctx, id: str) -> Happenings:
    row = disputing.time_passed(ctx, id)
    return [] if row is None else [_entry(f"dispute {row.body['status']}", id)]


def _debit(ctx: Ctx, id: str) -> Happenings:
    row = delayed_outcomes.fall_due(ctx, id)
    return [] if row is None else [_entry(f"payment_intent {row.body['status']}", id)]


def _authorization(ctx: Ctx, id: str) -> Happenings:
    row = expire(ctx, id)
    return [] if row is None else [_entry("payment_intent.canceled", id)]


_ACTIONS: dict[str, Callable[[Ctx, str], Happenings]] = {
    "authorization": _authorization,
    "aftermath": _aftermath,
    "at_once": _at_once,
    "available": _available,
    "debit": _debit,
    "dispute": _dispute,
    "payouts": _payouts,
    "payout": _payout,
    "payout_leaves": _payout_leaves,
    "refund": _refund,
    "topup": _topup,
    "requirement": _requirement,
    "session": _session,
    "verify": _verify,
}
