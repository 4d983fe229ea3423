"""v1/disputes: what the platform does about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.errors import invalid, missing
from emulator.paging import page
from emulator.registry import PAGING, operation
from emulator.render import renderer
from emulator.resources import compelling, disputing
from emulator.resources.edits import edit
from emulator.store import Row
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

FILES = (
    "cancellation_policy customer_communication customer_signature duplicate_charge_documentation receipt "
    "refund_policy service_documentation shipping_documentation uncategorized_file"
)
TEXTS = (
    "access_activity_log billing_address cancellation_policy_disclosure cancellation_rebuttal customer_email_address "
    "customer_name customer_purchase_ip duplicate_charge_explanation duplicate_charge_id product_description "
    "refund_policy_disclosure refund_refusal_explanation service_date shipping_address shipping_carrier shipping_date "
    "shipping_tracking_number uncategorized_text"
)
MOST_TEXT = 150_000
_WHOLE = (*TEXTS.split(), *FILES.split(), "enhanced_evidence")


@renderer("dispute")
def view(ctx: Ctx, row: Row) -> Json:
    found = [ctx.shown(ctx.must(id)) for id in row.private["transactions"]]
    return {**row.body, "balance_transactions": found}


@operation("GET /v1/disputes/{dispute}", scope="any")
def retrieve(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return ctx.shown(ctx.own("dispute", ids["dispute"]))


@operation("GET /v1/disputes", f"charge payment_intent created {PAGING}", scope="any")
def list_all(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return page(ctx, "dispute", params, "/v1/disputes", filters=("charge", "payment_intent"))


@operation(
    "POST /v1/disputes/{dispute}",
    f"evidence{{{TEXTS} {FILES} {compelling.PARAMETERS}}} intended_submission_method metadata submit",
    scope="any",
)
def update(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = ctx.own("dispute", ids["dispute"])
    given = params.get("evidence") or {}
    wants_submission = params.get("submit", bool(given))
    if (given or params.get("submit")) and row.body["status"] not in disputing.ANSWERABLE:
        raise invalid(f"This dispute is {row.body['status']}: its evidence can no longer be changed or submitted.")
    before = edit(ctx, row, params, "intended_submission_method")
    status, enhanced = row.body["status"], compelling.apply(ctx, row, given.pop("enhanced_evidence", None))
    evidence = {**row.body["evidence"], **_checked(ctx, given)}
    if sum(len(evidence[name] or "") for name in TEXTS.split()) > MOST_TEXT:
        raise invalid(f"The evidence may have at most {MOST_TEXT} characters of text in all.", param="evidence")
    changed = {name: value for name, value in row.body["evidence"].items() if evidence[name] != value}
    if enhanced is not None:
        changed["enhanced_evidence"] = enhanced
    if changed:
        before["evidence"] = changed
    row.body["evidence"] = evidence
    row.body["evidence_details"]["has_evidence"] = any(evidence[name] for name in _WHOLE)
    ctx.save(row)
    if wants_submission:
        if not row.body["evidence_details"]["has_evidence"]:
            raise invalid("There is no evidence to submit.", param="submit")
        before["status"] = status
        disputing.submit(ctx, row, before)
    elif before:
        ctx.emit("charge.dispute.updated", row, previous=before)
    return ctx.shown(row)


def _checked(ctx: Ctx, given: Json) -> Json:
    """Files must be uploads of the same account, made to be evidence."""
    for name in FILES.split():
        if name not in given:
            continue
        param = f"evidence[{name}]"
        file = ctx.store.get(given[name])
        if file is None or file.kind != "file" or file.account != ctx.account:
            raise missing("file", given[name], param=param, status=400)
        if file.body["purpose"] != "dispute_evidence":
            raise invalid(
                f"The file {file.id} has the purpose {file.body['purpose']}, not dispute_evidence.", param=param
            )
    return given


@operation("POST /v1/disputes/{dispute}/close", scope="any")
def close(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = ctx.own("dispute", ids["dispute"])
    if row.body["status"] not in disputing.ANSWERABLE:
        raise invalid(f"This dispute is {row.body['status']}: only one that needs a response can be closed.")
    if row.body["status"] == "warning_needs_response":
        disputing.win(ctx, row)
    else:
        disputing.lose(ctx, row)
    return ctx.shown(row)
