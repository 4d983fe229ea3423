"""v1's view of accounts: retrieve, capabilities, external accounts, login links."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator import requests
from emulator.errors import invalid, missing
from emulator.kinds import ACCOUNTS, CONNECTED, DELETED, DISCONNECTED, PLATFORM
from emulator.registry import operation
from emulator.render import renderer
from emulator.resources import account_settings
from emulator.resources import accounts_state as accounts
from emulator.resources.capability import capability, hash_of_requirements
from emulator.schema.build import ABSENT, build
from emulator.store import Row
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

CAPABILITIES = ("card_payments", "transfers")
_TYPES = {"express": "express", "full": "standard", "none": "none"}


@renderer(CONNECTED)
@renderer(DELETED)
@renderer(DISCONNECTED)
@renderer(PLATFORM)
def view(ctx: Ctx, row: Row) -> Json:
    state = row.private
    platform = state["platform"]
    return build(
        "account",
        id=row.id,
        business_profile=_profile(state),
        business_type=state["entity_type"],
        capabilities=_capabilities(state),
        charges_enabled=accounts.charges_enabled(state),
        controller=_controller(state),
        country=state["country"],
        created=row.created,
        default_currency=state["currency"],
        details_submitted=state["submitted"],
        email=state["contact_email"],
        external_accounts=ABSENT if platform else _banks(row),
        future_requirements=ABSENT if platform else hash_of_requirements([]),
        metadata=dict(state["metadata"]),
        payouts_enabled=accounts.payouts_enabled(state),
        requirements=ABSENT if platform else _requirements(state),
        settings=account_settings.shown_settings(ctx, state),
        tos_acceptance={"date": (state["tos"] or {}).get("date"), "ip": (state["tos"] or {}).get("ip")},
        type="custom" if state.get("custom") else _TYPES.get(state["dashboard"] or "none", "none"),
    )


def _capabilities(state: Json) -> Json:
    shown = {}
    if state.get("cards_requested"):
        shown["card_payments"] = accounts.v1_card_payments(state)
    if state["transfers_requested"] or state["platform"]:
        shown["transfers"] = accounts.v1_transfers(state)
    return shown


def _profile(state: Json) -> Json:
    profile = state["profile"]
    return {
        **{name: profile.get(name) for name in ("mcc", "support_email", "support_phone", "support_url")},
        "name": profile.get("doing_business_as") or state["display_name"],
        "product_description": profile.get("product_description"),
        "url": profile.get("business_url"),
    }


def _controller(state: Json) -> Json:
    if state["platform"]:
        return {"type": "account"}
    return {
        "fees": {"payer": "account" if state["fees_collector"] == "stripe" else "application"},
        "is_controller": True,
        "losses": {"payments": state["losses_collector"] or "stripe"},
        "requirement_collection": "application" if accounts.collects(state) else "stripe",
        "stripe_dashboard": {"type": state["dashboard"] or "none"},
        "type": "application",
    }


def _requirements(state: Json) -> Json:
    due = [name for _, names, _ in accounts.missing(state) for name in names]
    late = [name for _, names, holds in accounts.missing(state) if holds != accounts.NOTHING_YET for name in names]
    pending = ["individual.verification.document"] if state["verification"] == "pending" else []
    reason = "requirements.past_due" if late else "requirements.pending_verification" if pending else None
    if state.get("rejected"):
        reason = f"rejected.{state['rejected']}"
    reason = state.get("disabled") or reason
    found = hash_of_requirements(due, pending=pending, reason=reason, past_due=late)
    return {**found, "current_deadline": accounts.deadline(state), "errors": accounts.errors(state)}


def banks_of(state: Json) -> list[Json]:
    """An account's bank accounts, the default one of its own currency first."""
    first = [state["bank"]] if state["bank"] else []
    return [*first, *state.get("more_banks", [])]


def bank_account(row: Row, bank: Json | None = None) -> Json:
    """One bank account of an account, the first when none is named."""
    bank = row.private["bank"] if bank is None else bank
    return build(
        "bank_account",
        id=bank["id"],
        account=row.id,
        account_holder_name=bank["holder"],
        account_holder_type=bank.get("holder_type", "individual"),
        available_payout_methods=["standard"],
        bank_name=bank["bank_name"],
        country=bank["country"],
        currency=bank["currency"],
        default_for_currency=bank.get("default", True),
        fingerprint=bank["id"][3:19],
        future_requirements={"currently_due": [], "errors": [], "past_due": [], "pending_verification": []},
        last4=bank["last4"],
        metadata=bank.get("metadata", {}),
        requirements={"currently_due": [], "errors": [], "past_due": [], "pending_verification": []},
        routing_number=bank["routing_number"],
        status=bank.get("status", "new"),
    )


def _banks(row: Row) -> Json:
    data = [bank_account(row, bank) for bank in banks_of(row.private)]
    return {"object": "list", "data": data, "has_more": False, "url": f"/v1/accounts/{row.id}/external_accounts"}


def own_account(ctx: Ctx, id: str) -> Row:
    """An account this platform may see: itself or one connected to it; 403 otherwise, as at Stripe."""
    row = ctx.store.get(id)
    if row is None or row.kind not in ACCOUNTS or ctx.account not in ("", id):
        raise requests.no_access(ctx.em, id)
    return row


@operation("GET /v1/accounts/{account}", scope="any")
def retrieve(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return view(ctx, own_account(ctx, ids["account"]))


@operation("GET /v1/account", scope="any")
def retrieve_current(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return view(ctx, own_account(ctx, ctx.account or ctx.em.platform_id))


@operation("GET /v1/accounts/{account}/capabilities", scope="any")
def list_capabilities(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = own_account(ctx, ids["account"])
    data = [capability(row, name) for name in _capabilities(row.private)]
    return {"object": "list", "data": data, "has_more": False, "url": f"/v1/accounts/{row.id}/capabilities"}


@operation("GET /v1/accounts/{account}/capabilities/{capability}", scope="any")
def retrieve_capability(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    if ids["capability"] not in CAPABILITIES:
        raise missing("capability", ids["capability"], param="capability")
    return capability(own_account(ctx, ids["account"]), ids["capability"])


@operation("POST /v1/accounts/{account}/login_links")
def create_login_link(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    """A single-use way into the Express dashboard."""
    row = own_account(ctx, ids["account"])
    if row.private["dashboard"] != "express":
        raise invalid("Login Links are only available for accounts with access to the Express Dashboard.")
    if not row.private["submitted"]:
        raise invalid("Cannot create a login link for an account that has not completed onboarding.")
    token = ctx.store.random_text(32)
    ctx.store.insert(
        {"id": f"login_{token}", "object": "login_link"},
        account=row.id,
        created=ctx.now,
        private={"account": row.id, "used": False},
    )
    return build("login_link", created=ctx.now, url=f"{ctx.em.public_url}/express/{row.id}/{token}")
