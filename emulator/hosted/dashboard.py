"""The seller's Express dashboard that a login link opens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator import ledger
from emulator.errors import HostedError, LinkDead
from emulator.resources import accounts_state
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx
    from emulator.core import Emulator

_ROWS = 50


def dashboard_view(em: Emulator, token: str) -> Json:
    """The dashboard behind a login link's token, which works once.

    Keys: account (v1 shape), name, balance [{currency, available, pending}], payouts [API shape], transfers [the
    payments received, API shape; `fee` is what the platform kept of one], bank {bank_name, last4, currency, errored} |
    None, due [what Stripe still asks for, as v1 names it], deadline (epoch) | None, payouts_enabled. Raises LinkDead
    (refresh_url empty) on reuse, HostedError(status=404) for an unknown token.
    """
    with em.visit() as ctx:
        link = ctx.store.get(f"login_{token}")
        if link is None or link.kind != "login_link":
            raise HostedError("There is no such dashboard link.", status=404)
        if link.private["used"]:
            raise LinkDead("This link has been used already. Ask your marketplace for a new one.", refresh_url="")
        link.private["used"] = True
        ctx.save(link)
        return _shown(ctx, link.account)


def _shown(ctx: Ctx, account: str) -> Json:
    row = ctx.must(account)
    bank = row.private["bank"]
    sums = ledger.balances(ctx.store, account, ctx.now)
    return {
        "account": ctx.shown(row),
        "name": row.private["display_name"] or row.private["contact_email"] or account,
        "balance": [
            {"currency": currency, "available": ready, "pending": pending}
            for currency, (ready, pending) in sums.items()
        ],
        "payouts": [ctx.shown(one) for one in ctx.store.find("payout", account=account, limit=_ROWS)],
        "transfers": [
            {**ctx.shown(one), "fee": one.body["application_fee_amount"] or 0}
            for one in ctx.store.find("charge", account=account, limit=_ROWS)
        ],
        "bank": _bank(bank) if bank else None,
        "due": [name for _, names, _ in accounts_state.missing(row.private) for name in names],
        "deadline": accounts_state.deadline(row.private),
        "payouts_enabled": accounts_state.payouts_enabled(row.private),
    }


def _bank(bank: Json) -> Json:
    return {key: bank[key] for key in ("bank_name", "last4", "currency")} | {"errored": bank.get("status") == "errored"}
