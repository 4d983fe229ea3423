"""The emulator's ledger: one row is one balance transaction of one account, in minor units of one currency."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.clock import midnight
from emulator.errors import ConservationError
from emulator.schema.build import build
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx
    from emulator.store import Store

DAY = 86_400

REPORTING = {
    "charge": "charge",
    "payment": "charge",
    "refund": "refund",
    "payment_refund": "refund",
    "refund_failure": "refund_failure",
    "transfer": "transfer",
    "transfer_refund": "transfer_reversal",
    "application_fee": "platform_earning",
    "application_fee_refund": "platform_earning_refund",
    "payout": "payout",
    "payout_failure": "payout_reversal",
    "payout_cancel": "payout_reversal",
    "adjustment": "other_adjustment",
    "payout_minimum_balance_hold": "payout_minimum_balance_hold",
    "payout_minimum_balance_release": "payout_minimum_balance_release",
    "topup": "topup",
}


_ADD = (
    "INSERT INTO held VALUES (?, ?, ?, ?) "
    "ON CONFLICT (account, currency, available_on) DO UPDATE SET net = net + excluded.net"
)


def post(  # noqa: PLR0913 - a ledger row has that many columns
    ctx: Ctx,
    account: str,
    type: str,
    amount: int,
    currency: str,
    source: str,
    *,
    fee: int = 0,
    fee_type: str = "stripe_fee",
    fee_description: str | None = None,
    available_on: int | None = None,
    description: str | None = None,
    reporting: str | None = None,
) -> str:
    """Book one row and return its balance transaction id.

    amount and fee are minor units of `currency`; net = amount - fee. `available_on` in the past or absent means now.
    """
    when = max(available_on or ctx.now, ctx.now) if available_on != ctx.now else ctx.now
    id = ctx.store.new_id("txn")
    application = ctx.em.application_id if fee_type == "application_fee" else None
    details = [
        {
            "amount": fee,
            "application": application,
            "currency": currency,
            "description": fee_description,
            "type": fee_type,
        }
    ]
    body = build(
        "balance_transaction",
        id=id,
        amount=amount,
        available_on=when,
        balance_type="payments",
        created=ctx.now,
        currency=currency,
        description=description,
        fee=fee,
        fee_details=details if fee else [],
        net=amount - fee,
        reporting_category=reporting or REPORTING[type],
        source=source,
        status="available" if when <= ctx.now else "pending",
        type=type,
    )
    ctx.store.insert(body, account=account, created=ctx.now)
    ctx.store.run(
        "INSERT INTO ledger VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
        (id, account, currency, type, amount, fee, amount - fee, ctx.now, when, source),
    )
    ctx.store.run(_ADD, (account, currency, when if when > ctx.now else 0, amount - fee))
    if when > ctx.now:
        ctx.store.plan(when, "available", account)
    elif type != "payout":
        ctx.store.plan(midnight(ctx.now) + DAY, "payouts", account)
    return id


def balances(store: Store, account: str, now: int) -> dict[str, tuple[int, int]]:
    """Per currency: (available, pending) in minor units."""
    rows = store.rows(
        "SELECT currency, SUM(CASE WHEN available_on <= ? THEN net ELSE 0 END), "
        "SUM(CASE WHEN available_on > ? THEN net ELSE 0 END) FROM held WHERE account = ? GROUP BY currency "
        "ORDER BY currency",
        (now, now, account),
    )
    return {currency: (available, pending) for currency, available, pending in rows}


def available(store: Store, account: str, currency: str, now: int) -> int:
    """What can be moved now, in minor units of `currency`; may be negative."""
    return balances(store, account, now).get(currency, (0, 0))[0]


def available_on(store: Store, transaction: str | None) -> int:
    """When a balance transaction's money is (or was) available."""
    row = store.one("SELECT available_on FROM ledger WHERE id = ?", (transaction,))
    return 0 if row is None else int(row[0])


def conservation(store: Store) -> dict[str, Json]:
    """Per currency: what all accounts hold, and what the objects say they should; equal, or the emulator is wrong."""
    result: dict[str, Json] = {}
    held = dict(store.rows("SELECT currency, SUM(net) FROM ledger GROUP BY currency"))
    expected: dict[str, int] = {}
    for sign, sql in _OBJECT_SUMS:
        for currency, total in store.rows(sql):
            expected[currency] = expected.get(currency, 0) + sign * int(total or 0)
    for currency in sorted(held.keys() | expected.keys()):
        result[currency] = {"held": int(held.get(currency, 0)), "expected": expected.get(currency, 0)}
    return result


def require_conservation(store: Store) -> None:
    """Raises ConservationError when money appeared or vanished, or an object and its ledger row disagree."""
    wrong = {currency: sums for currency, sums in conservation(store).items() if sums["held"] != sums["expected"]}
    if wrong:
        raise ConservationError(f"sum of net over all accounts differs from the objects: {wrong}")
    internal = dict(
        store.rows(
            "SELECT currency, SUM(amount) - SUM(CASE WHEN type = 'payment' THEN fee ELSE 0 END) FROM ledger WHERE type "
            "IN ('payment', 'payment_refund', 'transfer', 'transfer_refund', 'application_fee', "
            "'application_fee_refund') GROUP BY currency"
        )
    )
    if any(internal.values()):
        raise ConservationError(f"money moved between accounts does not cancel out: {internal}")
    sums = "SELECT account, currency, SUM(net) FROM {} GROUP BY account, currency ORDER BY account, currency"
    if store.rows(sums.format("ledger")) != store.rows(sums.format("held")):
        raise ConservationError("the sums kept for balances differ from the ledger's rows")
    loose = store.rows("SELECT l.id FROM ledger l LEFT JOIN object o ON o.id = l.source WHERE o.id IS NULL LIMIT 5")
    if loose:
        raise ConservationError(f"balance transactions without their object: {loose}")


# captured - refunded - Stripe's fees - paid out, read from the objects and not from the ledger's own amounts
_SUM = "SELECT json_extract(body, '$.currency'), SUM({what}) FROM object WHERE {which} GROUP BY 1"
_REFUNDED = (
    "kind = 'refund' AND account = '' AND json_extract(body, '$.balance_transaction') IS NOT NULL "
    "AND json_extract(body, '$.failure_balance_transaction') IS NULL"
)
_DISPUTED = (
    "json_extract(private, '$.withdrawn') + json_extract(private, '$.fee') - json_extract(private, '$.reinstated')"
)
_OBJECT_SUMS: tuple[tuple[int, str], ...] = tuple(
    (sign, _SUM.format(what=what, which=which))
    for sign, what, which in (
        (
            1,
            "json_extract(body, '$.amount_captured')",
            "kind = 'charge' AND account = '' AND json_extract(body, '$.paid')",
        ),
        (
            -1,
            "json_extract(body, '$.amount')",
            _REFUNDED,
        ),
        (-1, "json_extract(private, '$.processing_fee')", "kind = 'charge' AND account = ''"),
        (-1, _DISPUTED, "kind = 'dispute'"),
        (1, "json_extract(body, '$.amount')", "kind = 'topup' AND json_extract(body, '$.status') = 'succeeded'"),
        (
            -1,
            "json_extract(body, '$.amount')",
            "kind = 'payout' AND json_extract(body, '$.status') NOT IN ('failed', 'canceled')",
        ),
    )
)
