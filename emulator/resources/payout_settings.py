"""v1/balance_settings: when and how much of a balance is paid out by itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from emulator.clock import DAY, midnight
from emulator.errors import invalid, missing
from emulator.money import SUPPORTED
from emulator.registry import assumed, documented, operation
from emulator.resources import accounts_state
from emulator.schema.build import ABSENT, build
from emulator.store import Row
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

documented(
    "balance settings",
    "weekly_payout_days and monthly_payout_days are required by their interval; short months pay on their last day.",
    "delay_days_override holds for an account's own charges, never for transferred money; '' resets it; at most 31.",
    "minimum_balance_by_currency stays when everything else is paid out.",
    "debit_negative_balances lets an automatic payout take what a balance lacks from the bank.",
)
assumed(
    "balance settings",
    "debit_negative_balances is false until it is set, and acts with the schedule only.",
    "delay_days_override is at least the default delay.",
    "A minimum balance is a hold in the payout and its release right after it.",
)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
DEFAULTS: Json = {"weekly": [], "monthly": [], "minimum": {}, "delay": None, "debit": False, "descriptor": None}
ALLOWED = (
    "payments{debit_negative_balances payouts{minimum_balance_by_currency schedule{interval monthly_payout_days "
    "weekly_payout_days} statement_descriptor} settlement_timing{delay_days_override}}"
)


def of(state: Json) -> Json:
    """What was set for an account, over the defaults."""
    return {**DEFAULTS, **state.get("payout_settings", {})}


def delay_days(ctx: Ctx, account: str) -> int:
    """Days until a charge of this account is available."""
    override = of(ctx.must(account or ctx.em.platform_id).private)["delay"]
    return ctx.settings.availability_days if override is None else int(override)


def pays_today(state: Json, now: int) -> bool:
    """Is this a day of the account's schedule?"""
    day, chosen = datetime.fromtimestamp(now, UTC), of(state)
    if state["payout_interval"] == "weekly":
        return day.weekday() < 5 and WEEKDAYS[day.weekday()] in chosen["weekly"]
    if state["payout_interval"] == "monthly":
        last = datetime.fromtimestamp(now + DAY, UTC).day == 1
        return day.day in chosen["monthly"] or (last and max(chosen["monthly"]) > day.day)
    return bool(state["payout_interval"] == "daily")


def next_day(state: Json, now: int) -> int | None:
    """The next midnight of the account's schedule; None when it has none."""
    if state["payout_interval"] == "manual":
        return None
    day = midnight(now) + DAY
    while not pays_today(state, day):
        day += DAY
    return day


def _own(ctx: Ctx) -> Row:
    return ctx.must(ctx.account or ctx.em.platform_id)


def shown(ctx: Ctx, row: Row) -> Json:
    state, chosen = row.private, of(row.private)
    schedule: Json = {"interval": state["payout_interval"]}
    for name, days in (("weekly_payout_days", chosen["weekly"]), ("monthly_payout_days", chosen["monthly"])):
        if days:
            schedule[name] = days
    return build(
        "balance_settings",
        payments={
            "debit_negative_balances": chosen["debit"],
            "payouts": {
                "minimum_balance_by_currency": chosen["minimum"] or None,
                "schedule": schedule,
                "statement_descriptor": chosen["descriptor"],
                "status": "enabled" if accounts_state.can_pay_out(state) else "disabled",
            },
            "settlement_timing": {
                "delay_days": ctx.settings.availability_days if chosen["delay"] is None else chosen["delay"],
                "delay_days_override": ABSENT if chosen["delay"] is None else chosen["delay"],
            },
        },
    )


@operation("GET /v1/balance_settings", scope="any")
def retrieve(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return shown(ctx, _own(ctx))


@operation("POST /v1/balance_settings", ALLOWED, scope="any")
def update(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = _own(ctx)
    before, state = shown(ctx, row), row.private
    given = params.get("payments") or {}
    payouts, chosen = given.get("payouts") or {}, of(state)
    if "debit_negative_balances" in given:
        chosen["debit"] = given["debit_negative_balances"]
    if "statement_descriptor" in payouts:
        chosen["descriptor"] = payouts["statement_descriptor"]
    if "minimum_balance_by_currency" in payouts:
        chosen["minimum"] = _minimum(payouts["minimum_balance_by_currency"], chosen["minimum"])
    if "delay_days_override" in (given.get("settlement_timing") or {}):
        days = given["settlement_timing"]["delay_days_override"]
        chosen["delay"] = delay(ctx, days, "payments[settlement_timing][delay_days_override]")
    if payouts.get("schedule"):
        set_schedule(state, chosen, payouts["schedule"], "payments[payouts][schedule]")
    state["payout_settings"] = chosen
    ctx.save(row)
    after = shown(ctx, row)
    if after != before:
        again = next_day(state, ctx.now)
        if again is not None:
            ctx.store.plan(again, "payouts", ctx.account)
        ctx.emit("balance_settings.updated", after, account=ctx.account, previous={"payments": before["payments"]})
    return after


def _minimum(given: Json | str, current: Json) -> Json:
    if given == "" or not isinstance(given, dict):
        return {}
    kept = dict(current)
    for currency, amount in given.items():
        param = f"payments[payouts][minimum_balance_by_currency][{currency}]"
        if currency not in SUPPORTED:
            raise missing("currency", currency, param=param, status=400)
        if amount == "":
            kept.pop(currency, None)
        elif amount < 0:
            raise invalid("This value must be greater than or equal to 0.", param=param)
        else:
            kept[currency] = amount
    return kept


def delay(ctx: Ctx, given: int | str, param: str) -> int | None:
    """Days until money is available, None for the default ('')."""
    if given == "":
        return None
    least = ctx.settings.availability_days
    if not least <= int(given) <= 31:
        raise invalid(f"The delay must be between {least} and 31 days.", param=param)
    return int(given)


def set_schedule(state: Json, chosen: Json, given: Json, prefix: str) -> None:
    """The days belong to their interval: given with another one they are refused, missing ones too."""
    interval = given.get("interval", state["payout_interval"])
    for kind, name in (("weekly", "weekly_payout_days"), ("monthly", "monthly_payout_days")):
        param = f"{prefix}[{name}]"
        if interval != kind:
            if given.get(name):
                raise invalid(f"{name} can be given with the interval {kind} only.", param=param)
            chosen[kind] = []
            continue
        chosen[kind] = list(given[name] if name in given else chosen[kind])
        if not chosen[kind]:
            raise invalid(f"The interval {kind} needs {name}.", param=param, code="parameter_missing")
        if kind == "monthly" and not all(1 <= day <= 31 for day in chosen[kind]):
            raise invalid("Days of a month are 1 to 31.", param=param)
    state["payout_interval"] = interval
