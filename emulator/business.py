"""What banks, buyers and Stripe do by themselves, on the operator's word. Each runs in one transaction.

Every function takes the Emulator first and raises HostedError with a sentence for people when it cannot be done.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from emulator import ledger
from emulator.errors import HostedError, StripeError
from emulator.kinds import CONNECTED
from emulator.money import require_currency
from emulator.resources import (
    account_trouble,
    accounts_state,
    aftermath,
    delayed_outcomes,
    disputing,
    fraud_warnings,
    moves,
    payouts,
    refund_outcomes,
    topups,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from emulator.context import Ctx
    from emulator.core import Emulator
    from emulator.store import Row

FRAUD_TYPES = (
    "card_never_received",
    "fraudulent_card_application",
    "made_with_counterfeit_card",
    "made_with_lost_card",
    "made_with_stolen_card",
    "misc",
    "unauthorized_use_of_card",
)
DISABLED_REASONS = (
    "listed",
    "other",
    "platform_paused",
    "rejected.fraud",
    "rejected.listed",
    "rejected.other",
    "rejected.terms_of_service",
    "under_review",
)
REFUND_FAILURES = (
    "charge_for_pending_refund_disputed",
    "declined",
    "expired_or_canceled_card",
    "insufficient_funds",
    "lost_or_stolen_card",
    "merchant_request",
    "unknown",
)


def open_dispute(
    em: Emulator, charge: str, reason: str = "fraudulent", *, inquiry: bool = False, amount: int | None = None
) -> str:
    """Dispute a charge (or a payment intent's), or inquire about it; returns the dispute's id.

    `amount` is in minor units of the charge's currency; without it everything that is left is disputed.
    """
    _one_of(reason, tuple(disputing.NETWORK_CODES), "reason")
    with em.visit() as ctx:
        row = _charge(ctx, charge)
        left = disputing.disputable(ctx, row)
        if amount is not None and not 1 <= amount <= left:
            raise HostedError(f"The amount is from 1 to {left}: what is left of {row.id} to dispute.", status=409)
        made = aftermath.dispute(ctx, row, reason, inquiry=inquiry, amount=amount)
        if made is None:
            raise HostedError(f"There is nothing to dispute: {charge} is unpaid, refunded or disputed.", status=409)
        return made.id


def warn_of_fraud(em: Emulator, charge: str, fraud_type: str = "made_with_stolen_card") -> str:
    """An early fraud warning about a charge (or a payment intent's); returns its id."""
    _one_of(fraud_type, FRAUD_TYPES, "fraud_type")
    with em.visit() as ctx:
        return fraud_warnings.warn(ctx, _charge(ctx, charge), fraud_type).id


def move_dispute(em: Emulator, dispute: str, to: str) -> str:
    """Take a dispute to its next status, as bank and buyer would; returns the status.

    warning_needs_response, warning_under_review -> needs_response (escalated) or warning_closed;
    needs_response -> under_review, won (the buyer withdrew it) or lost; under_review -> won or lost;
    won or lost -> appeal_under_review (one side does not accept it) -> won or lost.
    """
    with em.visit() as ctx:
        row = _found(ctx, "dispute", dispute)
        step = _STEPS.get((row.body["status"], to))
        if step is None:
            ways = dispute_ways(row.body["status"])
            allowed = f"can become {' or '.join(ways)}" if ways else "is at its end"
            raise HostedError(f"A dispute that is {row.body['status']} {allowed}, not {to}.", status=409)
        step(ctx, row)
        return str(row.body["status"])


def dispute_ways(status: str) -> list[str]:
    """What a dispute of this status can become."""
    return [end for start, end in _STEPS if start == status]


_STEPS: dict[tuple[str, str], Callable[[Ctx, Row], None]] = {
    ("warning_needs_response", "warning_under_review"): disputing.review,
    ("warning_needs_response", "needs_response"): disputing.escalate,
    ("warning_needs_response", "warning_closed"): disputing.win,
    ("warning_under_review", "needs_response"): disputing.escalate,
    ("warning_under_review", "warning_closed"): disputing.win,
    ("needs_response", "under_review"): disputing.review,
    ("needs_response", "won"): disputing.win,
    ("needs_response", "lost"): disputing.lose,
    ("under_review", "won"): disputing.win,
    ("under_review", "lost"): disputing.lose,
    ("won", "appeal_under_review"): disputing.appeal,
    ("lost", "appeal_under_review"): disputing.appeal,
    ("appeal_under_review", "won"): disputing.win,
    ("appeal_under_review", "lost"): disputing.lose,
}


def fail_payout(em: Emulator, payout: str, code: str = "could_not_process") -> str:
    """The bank sends a payout back, even one that was paid; returns the new status."""
    _one_of(code, tuple(payouts.MESSAGES), "code")
    with em.visit() as ctx:
        row = _found(ctx, "payout", payout)
        body = row.body
        if body["status"] not in ("pending", "in_transit", "paid") or body["amount"] < 0 or body["reversed_by"]:
            raise HostedError(f"Payout {payout} cannot fail: it is {body['status']}, or was reversed.", status=409)
        return str(payouts.fail(ctx, row, code).body["status"])


def fail_refund(em: Emulator, refund: str, reason: str = "expired_or_canceled_card") -> str:
    """A refund does not reach the buyer, even one that succeeded; returns the new status."""
    _one_of(reason, REFUND_FAILURES, "reason")
    with em.visit() as ctx:
        row = _found(ctx, "refund", refund)
        if row.account or row.body["status"] not in ("pending", "succeeded"):
            raise HostedError(f"Refund {refund} cannot fail: it is {row.body['status']}.", status=409)
        return str(refund_outcomes.fail(ctx, row, reason).body["status"])


def settle_payment(em: Emulator, id: str, *, succeed: bool) -> str:
    """The bank answers a payment that is processing, by its session or intent; returns the intent's new status."""
    with em.visit() as ctx:
        row = ctx.store.get(id)
        if row is not None and row.kind == "checkout.session" and row.body["payment_intent"]:
            row = ctx.store.get(row.body["payment_intent"])
        if row is None or row.kind != "payment_intent" or row.body["status"] != "processing":
            raise HostedError(f"No payment of {id} waits for a bank.", status=409 if row else 404)
        (delayed_outcomes.succeed if succeed else delayed_outcomes.fail)(ctx, row)
        return str(row.body["status"])


# --- accounts ---


def require_more(em: Emulator, account: str, what: str = "document", days: int = 14) -> str:
    """Stripe asks an account for more, within `days`; 0: it is past due at once. Returns the account's id."""
    _one_of(what, tuple(accounts_state.ASKABLE), "what")
    if not 0 <= days <= 365:
        raise HostedError("days is from 0 to 365.")
    with em.visit() as ctx:
        row = _account(ctx, account)
        account_trouble.require(ctx, row, what, days)
        if what not in accounts_state.asked(row.private):
            raise HostedError(f"The account has given its {what} already.", status=409)
        return row.id


def disable_account(em: Emulator, account: str, reason: str = "under_review") -> str:
    """Neither transfers nor payouts until it is restored; returns v1's disabled_reason."""
    _one_of(reason, DISABLED_REASONS, "reason")
    with em.visit() as ctx:
        account_trouble.disable(ctx, _account(ctx, account), reason)
        return reason


def lose_capability(em: Emulator, account: str, capability: str = "transfers") -> str:
    """Take transfers or payouts away and leave the other; returns the capability."""
    _one_of(capability, account_trouble.CAPABILITIES, "capability")
    with em.visit() as ctx:
        account_trouble.lose(ctx, _account(ctx, account), capability)
        return capability


def restore_account(em: Emulator, account: str) -> str:
    """Take back what was asked, disabled, lost or rejected; returns the status of the transfers capability."""
    with em.visit() as ctx:
        row = _account(ctx, account)
        account_trouble.restore(ctx, row)
        return accounts_state.v1_transfers(row.private)


def deauthorise(em: Emulator, account: str) -> str:
    """The account's owner disconnects it from the platform; returns the id that is out of reach now."""
    with em.visit() as ctx:
        account_trouble.deauthorise(ctx, _account(ctx, account))
        return account


# --- balances ---


def fund(em: Emulator, account: str, amount: int, currency: str = "") -> int:
    """Add available money: a top-up of the platform, and for a seller a transfer of it. Returns what is available.

    `amount` is in minor units; `currency` is the account's own unless given. "platform" is the platform.
    """
    with _stripes_refusal(), em.visit() as ctx:
        owner, code = _balance(ctx, account, currency)
        topup = topups.create(ctx, {"amount": amount, "currency": code, "description": "Funded by the operator"}, {})
        topups.arrive(ctx, str(topup["id"]))
        if owner:
            moves.require_destination(ctx, owner, "destination")
            sent = moves.send(ctx, owner, amount, code, charge=None, available_on=ctx.now, group=None)
            moves.announce(ctx, sent)
        return ledger.available(ctx.store, owner, code, ctx.now)


def drain(em: Emulator, account: str, amount: int | None = None, currency: str = "") -> int:
    """Take available money away, all of it unless `amount` (minor units) says: a payout. Returns what is left."""
    owner = "" if account in ("platform", em.platform_id) else account
    with _stripes_refusal(), em.visit(account=owner) as ctx:
        owner, code = _balance(ctx, account, currency)
        ready = ledger.available(ctx.store, owner, code, ctx.now)
        wanted = ready if amount is None else amount
        if wanted < 1:
            raise HostedError(f"There is nothing available in {code}.", status=409)
        payouts.create(ctx, {"amount": wanted, "currency": code, "description": "Drained by the operator"}, {})
        return ledger.available(ctx.store, owner, code, ctx.now)


def _balance(ctx: Ctx, account: str, currency: str) -> tuple[str, str]:
    """Whose balance ("" the platform's), and in which currency."""
    if account in ("platform", ctx.em.platform_id):
        owner, state = "", ctx.must(ctx.em.platform_id).private
    else:
        row = _account(ctx, account)
        owner, state = row.id, row.private
    return owner, require_currency(currency or state["currency"] or ctx.settings.currency)


@contextmanager
def _stripes_refusal() -> Iterator[None]:
    try:
        yield
    except StripeError as refused:
        raise HostedError(refused.message, status=409) from refused


def _account(ctx: Ctx, id: str) -> Row:
    row = ctx.store.get(id)
    if row is None or row.kind != CONNECTED or row.private.get("closed"):
        raise HostedError(f"There is no open connected account {id}.", status=404)
    return row


def _charge(ctx: Ctx, id: str) -> Row:
    row = ctx.store.get(id)
    if row is not None and row.kind == "payment_intent" and row.body["latest_charge"]:
        row = ctx.store.get(row.body["latest_charge"])
    if row is None or row.kind != "charge" or row.account or not (row.body["paid"] and row.body["captured"]):
        raise HostedError(f"There is no paid charge {id}.", status=404)
    return row


def _found(ctx: Ctx, kind: str, id: str) -> Row:
    row = ctx.store.get(id)
    if row is None or row.kind != kind:
        raise HostedError(f"There is no {kind} {id}.", status=404)
    return row


def _one_of(given: str, known: tuple[str, ...], name: str) -> None:
    if given not in known:
        raise HostedError(f"{name} is one of {', '.join(known)}.")
