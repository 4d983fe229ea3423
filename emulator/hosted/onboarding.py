"""The hosted onboarding flow that an account link opens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.errors import HostedError, LinkDead
from emulator.hosted.fields import STEPS, checked, current_values, fields_of, steps_of
from emulator.resources import account_changes
from emulator.resources import accounts_state as accounts
from emulator.resources.accounts_v1 import bank_account
from emulator.store import Row
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx
    from emulator.core import Emulator


def onboarding_open(em: Emulator, token: str) -> str:
    """Consume the single-use link and return the flow's own token.

    Raises LinkDead(refresh_url) when the link was used or has expired, HostedError(status=404) when it never existed.
    """
    with em.visit() as ctx:
        link = ctx.store.get(f"link_{token}")
        if link is None or link.kind != "account_link":
            raise HostedError("There is no such onboarding link.", status=404)
        if link.private["used"] or link.private["expires_at"] <= ctx.now:
            raise LinkDead("This link has been used or has expired.", refresh_url=link.private["refresh_url"])
        link.private["used"] = True
        ctx.save(link)
        flow = ctx.store.random_text(32)
        account = ctx.must(link.account)
        first = next((step for step in steps_of(account.private) if not _done(account, step)), "review")
        private = {"refresh_url": link.private["refresh_url"], "return_url": link.private["return_url"], "step": first}
        ctx.store.insert(
            {"id": f"flow_{flow}", "object": "flow"}, account=link.account, created=ctx.now, private=private
        )
        return flow


def onboarding_view(em: Emulator, flow: str) -> Json:
    """Keys: account (id), email, step (of STEPS), values {field: text}, due [description of the requirement],
    problems [what was wrong with what was given], return_url, refresh_url, steps [(step, done)],
    fields {step: [(name, label, input type, choices or None, help)]}.
    """
    with em.visit() as ctx:
        row = _flow(ctx, flow)
        account = ctx.must(row.account)
        return {
            "account": account.id,
            "email": account.private["contact_email"] or "",
            "step": row.private["step"],
            "values": current_values(account.private),
            "due": [description for description, _, _ in accounts.missing(account.private)],
            "return_url": row.private["return_url"],
            "refresh_url": row.private["refresh_url"],
            "problems": [one["reason"] for one in accounts.errors(account.private)],
            "steps": [(step, _done(account, step)) for step in steps_of(account.private)],
            "fields": {step: [field.shown() for field in fields_of(account.private, step)] for step in STEPS},
        }


def onboarding_save(em: Emulator, flow: str, step: str, values: dict[str, str]) -> dict[str, str]:
    """Save one step's form; returns messages by field, and moves to the next step when there are none.

    business: entity_type (individual | company), business_name, business_url, product_description
    person: given_name, surname, email, dob_day, dob_month, dob_year, line1, city, postal_code, country
    document: document (readable | unreadable), in place of an upload
    bank: iban   or   routing_number and account_number (US)
    review: tos ("on")
    """
    with em.visit() as ctx:
        row = _flow(ctx, flow)
        if step not in STEPS:
            raise HostedError("There is no such step.", status=404)
        account = ctx.must(row.account)
        changes, wrong = checked(step, {key: text.strip() for key, text in values.items()}, ctx.now)
        if wrong:
            return wrong
        before = account_changes.snapshot(account)
        _apply(ctx, account, step, changes)
        account_changes.settle(ctx, account, before)
        if step == "bank" and (before["bank"] or {}).get("id") != account.private["bank"]["id"]:
            ctx.emit("account.external_account.created", bank_account(account), account=account.id)
        later = [one for one in steps_of(account.private) if STEPS.index(one) > STEPS.index(step)]
        row.private["step"] = step if step == "document" and not _done(account, step) else [*later, "review"][0]
        ctx.save(row)
        return {}


def onboarding_finish(em: Emulator, flow: str) -> str:
    """Submit what was given, recompute requirements and capabilities, and return the platform's return_url."""
    with em.visit() as ctx:
        row = _flow(ctx, flow)
        account = ctx.must(row.account)
        before = account_changes.snapshot(account)
        # "submitted" means the form is complete; identity may still be pending, or ask for a document
        account.private["submitted"] = account.private["submitted"] or account.private["tos"] is not None
        account_changes.settle(ctx, account, before)
        return str(row.private["return_url"])


def onboarding_leave(em: Emulator, flow: str) -> str:
    """Leave unfinished: what was saved stays, the rest stays due. Returns the platform's return_url."""
    with em.visit() as ctx:
        return str(_flow(ctx, flow).private["return_url"])


def _flow(ctx: Ctx, flow: str) -> Row:
    row = ctx.store.get(f"flow_{flow}")
    if row is None or row.kind != "flow":
        raise HostedError("There is no such onboarding page.", status=404)
    return row


def _done(account: Row, step: str) -> bool:
    """Nothing this step asks for is due any more."""
    due = [description for description, _, _ in accounts.missing(account.private)]
    if step == "document":
        return not any("documents" in description for description in due)
    due = [description for description in due if "documents" not in description]
    marks = {
        "business": ("entity_type", "product_description", "registered_name"),
        "person": ("identity.individual", "identity.country"),
        "bank": ("default_outbound_destination",),
        "review": ("terms_of_service",),
    }
    return not any(mark in description for mark in marks[step] for description in due)


def _apply(ctx: Ctx, account: Row, step: str, changes: Json) -> None:
    state = account.private
    if step == "business":
        state["entity_type"] = changes["entity_type"]
        state["profile"].update(changes["profile"])
        if changes["entity_type"] == "company":
            state["business_details"]["registered_name"] = changes["business_name"]
    elif step == "person":
        state["individual"].update(changes["individual"])
        # the country of an account never changes once known
        state["country"] = state["country"] or changes["country"]
        if state["verification"] == "failed":
            state["verification"] = "unverified"
    elif step == "document":
        accounts.give_document(state, readable=changes["readable"])
    elif step == "bank":
        currency = state["currency"] or ctx.settings.currency
        state["bank"] = {
            **changes,
            "id": "ba_1" + ctx.store.random_text(23),
            "currency": currency,
            "holder": _holder(state),
            "created": ctx.now,
        }
        state["currency"] = currency
    else:
        state["tos"] = {"date": ctx.now, "ip": "127.0.0.1", "user_agent": None}


def _holder(state: Json) -> str:
    person = state["individual"]
    return (
        " ".join(filter(None, (person.get("given_name"), person.get("surname")))) or state["display_name"] or "Seller"
    )
