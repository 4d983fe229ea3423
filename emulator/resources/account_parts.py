"""v1: an account's person, and sessions for embedded components."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.errors import missing, not_modelled
from emulator.registry import PAGING, assumed, operation
from emulator.resources import accounts_state as accounts
from emulator.resources.accounts_v1 import own_account
from emulator.resources.capability import hash_of_requirements
from emulator.resources.customers import full_address
from emulator.resources.external_accounts import open_account
from emulator.schema.answers import object_shape
from emulator.schema.build import build
from emulator.store import Row
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

_SESSION_SECONDS = 1_800

assumed(
    "accounts",
    "An account session is a client_secret only: no embedded component is modelled.",
)


# --- persons -------------------------------------------------------------------------------------------------


@operation("GET /v1/accounts/{account}/persons", f"relationship{{representative owner director executive}} {PAGING}")
def list_persons(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = own_account(ctx, ids["account"])
    wanted = params.get("relationship") or {}
    shown = row.private["individual"] and all(value == (name == "representative") for name, value in wanted.items())
    data = [_person(row)] if shown else []
    return {"object": "list", "data": data, "has_more": False, "url": f"/v1/accounts/{row.id}/persons"}


@operation("GET /v1/accounts/{account}/persons/{person}")
def retrieve_person(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = own_account(ctx, ids["account"])
    if not row.private["individual"] or ids["person"] != _person_id(row):
        raise missing("person", ids["person"], param="person")
    return _person(row)


def _person_id(row: Row) -> str:
    return f"person_{row.id[5:]}"


def _person(row: Row) -> Json:
    """The one person onboarding asks for."""
    state, given = row.private, row.private["individual"]
    due = [
        name.removeprefix("individual.")
        for _, names, _ in accounts.missing(state)
        for name in names
        if name.startswith("individual.")
    ]
    pending = ["verification.document"] if state["verification"] == "pending" else []
    requirements = hash_of_requirements(due, pending=pending)
    born = given.get("date_of_birth") or {}
    return build(
        "person",
        id=_person_id(row),
        account=row.id,
        address=full_address(given.get("address") or {}),
        created=row.created,
        dob={part: born.get(part) for part in ("day", "month", "year")},
        email=given.get("email"),
        first_name=given.get("given_name"),
        future_requirements=_of_person(hash_of_requirements([])),
        last_name=given.get("surname"),
        metadata={},
        phone=given.get("phone"),
        relationship={"representative": True},
        requirements=_of_person(requirements),
        verification={"status": {"failed": "unverified"}.get(state["verification"], state["verification"])},
    )


def _of_person(requirements: Json) -> Json:
    """A person's requirements have neither deadline nor reason of their own."""
    left_out = ("current_deadline", "disabled_reason")
    return {key: value for key, value in requirements.items() if key not in left_out}


# --- sessions ------------------------------------------------------------------------------------------------


@operation("POST /v1/account_sessions", "account components")
def create_session(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = open_account(ctx, params["account"])
    shapes = object_shape("account_session").fields["components"].shape
    for name, given in params["components"].items():
        field = shapes.fields.get(name) if shapes else None
        features = field.shape.fields.get("features") if field and field.shape else None
        known = features.shape.fields if features and features.shape else {}
        if field is None or (given.get("features") or {}).keys() - known.keys():
            raise not_modelled(f"the component {name}", param=f"components[{name}]")
    return build(
        "account_session",
        account=row.id,
        client_secret=f"accs_secret__{ctx.store.random_text(40)}",
        components=params["components"],
        expires_at=ctx.now + _SESSION_SECONDS,
    )
