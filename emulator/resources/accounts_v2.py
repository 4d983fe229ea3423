"""v2/core/accounts: sellers, with the `recipient` configuration."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from emulator.context import metadata
from emulator.errors import StripeError, invalid
from emulator.kinds import CONNECTED
from emulator.registry import assumed, documented, operation
from emulator.resources import account_changes
from emulator.resources import accounts_state as accounts
from emulator.resources.accounts_v2_view import view
from emulator.store import Row
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

_ADDRESS = "address{line1 line2 city state postal_code country}"
_IDENTITY = (
    "identity{country entity_type "
    f"individual{{given_name surname email phone date_of_birth{{day month year}} {_ADDRESS}}} "
    f"business_details{{registered_name phone {_ADDRESS}}}}}"
)
_PARAMETERS = (
    "contact_email contact_phone display_name dashboard include metadata "
    "configuration{recipient{capabilities{stripe_balance{stripe_transfers{requested}}}}} "
    "defaults{currency locales profile{business_url doing_business_as product_description} "
    f"responsibilities{{fees_collector losses_collector}}}} {_IDENTITY}"
)

documented(
    "accounts v2",
    "configuration, defaults, identity and requirements are null unless named in include.",
    "Times are RFC 3339; bodies are JSON; lists page by next_page_url.",
    "losses_collector=application requires fees_collector=application.",
    "defaults.responsibilities cannot be changed once set.",
)
assumed("accounts v2", "The wording and codes of v2 validation errors follow v1's.")


@operation("POST /v2/core/accounts", _PARAMETERS)
def create(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    state = accounts.fresh(None)
    _apply(ctx, state, params)
    id = "acct_1" + ctx.store.random_text(15)
    row = ctx.store.insert({"id": id, "object": CONNECTED}, account="", created=ctx.now, private=state)
    account_changes.keep(ctx, row)
    return view(row, params.get("include"))


@operation("GET /v2/core/accounts/{id}", "include")
def retrieve(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return view(_own(ctx, ids["id"]), params.get("include"))


@operation("POST /v2/core/accounts/{id}", _PARAMETERS)
def update(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = _own(ctx, ids["id"])
    if row.private.get("closed"):
        raise invalid(f"Account {row.id} is closed and cannot be changed.", code="account_closed")
    before = account_changes.snapshot(row)
    _apply(ctx, row.private, params)
    account_changes.settle(ctx, row, before)
    return view(row, params.get("include"))


@operation("POST /v2/core/accounts/{id}/close", "applied_configurations")
def close(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = _own(ctx, ids["id"])
    account_changes.require_empty(ctx, row)
    given = params.get("applied_configurations")
    if given is not None and set(given) != ({"recipient"} if row.private["recipient"] else set()):
        raise invalid("applied_configurations must name all of the account's configurations.")
    before = account_changes.snapshot(row)
    row.private["closed"] = True
    account_changes.settle(ctx, row, before)
    return view(row, None)


@operation("GET /v2/core/accounts", "limit applied_configurations closed page")
def list_all(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    wanted = params.get("applied_configurations")
    size = int(params.get("limit", 20))
    if not 1 <= size <= 100:
        raise invalid("limit must be between 1 and 100.", param="limit")
    page = params.get("page")
    fitting = (
        row
        for row in ctx.store.walk(CONNECTED, before=_place(page))
        if bool(params.get("closed")) == bool(row.private.get("closed"))
        and (not wanted or ("recipient" in wanted and row.private["recipient"]))
    )
    rows = list(islice(fitting, size + 1))
    following = f"/v2/core/accounts?page={rows[size - 1].seq}&limit={size}" if len(rows) > size else None
    return {"data": [view(row, None) for row in rows[:size]], "next_page_url": following, "previous_page_url": None}


def _place(token: object) -> int | None:
    """What a next_page_url points to."""
    if token is None:
        return None
    if not isinstance(token, str) or not re.fullmatch(r"[0-9]{1,15}", token):
        raise invalid("The page token is invalid: take it from next_page_url.", param="page")
    return int(token)


def _own(ctx: Ctx, id: str) -> Row:
    row = ctx.store.get(id)
    if row is None or row.kind != CONNECTED:
        raise StripeError(404, f"Account {id} not found.", code="not_found")
    return row


def _apply(ctx: Ctx, state: Json, params: Json) -> None:
    for name in ("contact_email", "contact_phone", "display_name", "dashboard"):
        if name in params:
            state[name] = params[name]
    state["metadata"] = metadata(params.get("metadata"), state["metadata"])
    identity = params.get("identity") or {}
    for name in ("country", "entity_type"):
        if name in identity:
            state[name] = identity[name].upper() if name == "country" and identity[name] else identity[name]
    for part in ("individual", "business_details"):
        state[part].update(identity.get(part) or {})
    _defaults(state, params.get("defaults") or {})
    recipient = (params.get("configuration") or {}).get("recipient")
    if recipient is not None:
        _recipient(ctx, state, recipient)


def _defaults(state: Json, given: Json) -> None:
    for name in ("currency", "locales"):
        if name in given:
            state[name] = given[name]
    state["profile"].update(given.get("profile") or {})
    wanted = given.get("responsibilities")
    if wanted is None:
        return
    for name in ("fees_collector", "losses_collector"):
        if state[name] not in (None, wanted[name]):
            raise invalid("defaults.responsibilities cannot be changed once set.", param="defaults.responsibilities")
        state[name] = wanted[name]
    if wanted["losses_collector"] == "application" and wanted["fees_collector"] == "stripe":
        raise invalid(
            "losses_collector can be application only when fees_collector is application.",
            param="defaults.responsibilities.losses_collector",
        )


def _recipient(ctx: Ctx, state: Json, given: Json) -> None:
    state["recipient"] = True
    asked = ((given.get("capabilities") or {}).get("stripe_balance") or {}).get("stripe_transfers") or {}
    if "requested" in asked:
        state["transfers_requested"] = asked["requested"]
        state["transfers_requested_at"] = ctx.now if asked["requested"] else None
