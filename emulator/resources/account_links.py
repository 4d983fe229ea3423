"""v1 and v2 account links: single-use ways into hosted onboarding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.clock import rfc3339
from emulator.errors import StripeError, invalid
from emulator.kinds import CONNECTED
from emulator.registry import documented, operation
from emulator.resources import accounts_state as accounts
from emulator.resources.accounts_v1 import own_account
from emulator.schema.build import build
from emulator.store import Row
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

_FLOW = "{refresh_url return_url collection_options{fields future_requirements}}"

documented(
    "account links",
    "Single use, about five minutes by the emulator's clock; afterwards refresh_url is where people go.",
)


@operation("POST /v2/core/account_links", f"account use_case{{type account_onboarding{_FLOW} account_update{_FLOW}}}")
def create(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = ctx.store.get(params["account"])
    if row is None or row.kind != CONNECTED:
        raise StripeError(404, f"Account {params['account']} not found.", code="not_found", param="account")
    use_case = params["use_case"]
    kind = use_case["type"]
    if kind == "account_update":
        _require_collected(row, "use_case.type")
    flow = use_case.get(kind)
    if flow is None:
        name = f"use_case.{kind}"
        raise invalid(f"Missing required param: {name}.", param=name, code="parameter_missing")
    url, expires = mint(ctx, row.id, flow["refresh_url"], flow.get("return_url") or flow["refresh_url"])
    return build(
        "v2.core.account_link",
        account=row.id,
        created=rfc3339(ctx.now),
        expires_at=rfc3339(expires),
        url=url,
        use_case=use_case,
    )


@operation("POST /v1/account_links", "account type refresh_url return_url collect collection_options")
def create_v1(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = own_account(ctx, params["account"])
    if row.kind != CONNECTED:
        raise invalid("Account links are for connected accounts.", param="account")
    if params["type"] == "account_update":
        _require_collected(row, "type")
    for name in ("refresh_url", "return_url"):
        if not params.get(name):
            raise invalid(f"Missing required param: {name}.", param=name, code="parameter_missing")
        if not params[name].startswith(("http://", "https://")):
            raise invalid("Not a valid URL", param=name, code="url_invalid")
    url, expires = mint(ctx, row.id, params["refresh_url"], params["return_url"])
    return build("account_link", created=ctx.now, expires_at=expires, url=url)


def _require_collected(row: Row, param: str) -> None:
    if not accounts.collects(row.private):
        what = "account_update links are only for accounts whose requirements the platform collects itself."
        raise invalid(what, param=param)


def mint(ctx: Ctx, account: str, refresh_url: str, return_url: str) -> tuple[str, int]:
    """A single-use address of hosted onboarding, and when it dies."""
    token = ctx.store.random_text(32)
    expires = ctx.now + ctx.settings.link_seconds
    ctx.store.insert(
        {"id": f"link_{token}", "object": "account_link"},
        account=account,
        created=ctx.now,
        private={
            "account": account,
            "refresh_url": refresh_url,
            "return_url": return_url,
            "expires_at": expires,
            "used": False,
        },
    )
    return f"{ctx.em.public_url}/setup/e/{account}/{token}", expires
