"""v1/transfers and their reversals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator import ledger
from emulator.context import metadata
from emulator.errors import invalid, missing
from emulator.paging import page
from emulator.registry import PAGING, assumed, documented, operation
from emulator.render import embedded, renderer
from emulator.resources import moves
from emulator.resources.edits import edit, updated
from emulator.store import Row
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

documented(
    "transfers",
    "Without source_transaction the platform's available (not pending) balance must cover it: balance_insufficient.",
    "With source_transaction it always succeeds; currency must be the charge's settlement currency.",
    "The transfer inherits the charge's transfer_group; a charge without one gets group_<payment intent>.",
)
assumed("transfers", "The transfers of one charge may not exceed its amount; a differing transfer_group is refused.")
assumed("transfers", "An updated reversal raises no event.")


@renderer("transfer")
def view(ctx: Ctx, row: Row) -> Json:
    body = dict(row.body)
    if body["amount_reversed"]:
        body["reversals"] = embedded(ctx, "transfer_reversal", "transfer", row.id, f"/v1/transfers/{row.id}/reversals")
    return body


@operation("POST /v1/transfers", "amount currency destination description metadata source_transaction transfer_group")
def create(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    amount, currency = params.get("amount"), ctx.currency(params["currency"])
    if amount is None:
        raise invalid("Missing required param: amount.", param="amount", code="parameter_missing")
    if amount < 1:
        raise invalid(
            "This value must be greater than or equal to 1.", param="amount", code="parameter_invalid_integer"
        )
    destination = moves.require_destination(ctx, params["destination"], "destination")
    group = params.get("transfer_group")
    charge, available_on = None, ctx.now
    if params.get("source_transaction"):
        charge = _source(ctx, params["source_transaction"], amount, currency)
        available_on = ledger.available_on(ctx.store, charge.body["balance_transaction"])
        group = _group(ctx, charge, group)
    elif ledger.available(ctx.store, "", currency, ctx.now) < amount:
        raise invalid(
            "You have insufficient available funds in your Stripe account. Try adding funds directly to your available "
            "balance by creating Charges using the 4000000000000077 test card. "
            "See: https://stripe.com/docs/testing#available-balance",
            code="balance_insufficient",
        )
    row = moves.send(
        ctx,
        destination.id,
        amount,
        currency,
        charge=charge,
        available_on=available_on,
        group=group,
        description=params.get("description"),
        data=metadata(params.get("metadata")),
    )
    moves.announce(ctx, row)
    return ctx.shown(row)


def _source(ctx: Ctx, id: str, amount: int, currency: str) -> Row:
    """The charge a transfer draws on: a charge id, never a PaymentIntent; its transfers stay within its amount."""
    row = ctx.store.get(id)
    if row is None or row.kind != "charge" or row.account != "":
        raise missing("charge", id, param="source_transaction", status=400)
    if not row.body["paid"] or not row.body["captured"]:
        what = "You cannot use a failed or uncaptured charge as a source_transaction."
        raise invalid(what, param="source_transaction")
    if row.body["currency"] != currency:
        raise invalid(
            f"The currency of source_transaction's balance transaction ({row.body['currency']}) must be the same as "
            f"the transfer currency ({currency})",
            param="currency",
        )
    used = sum(one.body["amount"] for one in ctx.store.find("transfer", where={"source_transaction": id}))
    if used + amount > row.body["amount_captured"]:
        left = row.body["amount_captured"] - used
        raise invalid(
            f"Transfers using this transaction as a source must not exceed the source amount of "
            f"{row.body['amount_captured']}. "
            f"There is {left} left to be transferred.",
            param="amount",
        )
    return row


def _group(ctx: Ctx, charge: Row, given: str | None) -> str:
    current = charge.body["transfer_group"]
    if current is None:
        current = given or f"group_{charge.body['payment_intent'] or charge.id}"
        charge.body["transfer_group"] = current
        ctx.save(charge)
    elif given not in (None, current):
        raise invalid(
            "You cannot specify a transfer_group that differs from the source_transaction's.", param="transfer_group"
        )
    return str(current)


@operation("GET /v1/transfers/{transfer}")
def retrieve(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return ctx.shown(ctx.own("transfer", ids["transfer"]))


@operation("GET /v1/transfers", f"destination transfer_group created {PAGING}")
def list_all(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return page(ctx, "transfer", params, "/v1/transfers", filters=("destination", "transfer_group"))


@operation("POST /v1/transfers/{transfer}", "description metadata")
def update(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return updated(ctx, ctx.own("transfer", ids["transfer"]), params, "transfer.updated", "description")


@operation("POST /v1/transfers/{id}/reversals", "amount description metadata refund_application_fee")
def create_reversal(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = ctx.own("transfer", ids["id"])
    left = row.body["amount"] - row.body["amount_reversed"]
    if left == 0:
        raise invalid(f"Transfer {row.id} is already fully reversed.")
    if params.get("refund_application_fee"):
        moves.fee_of(ctx, row)
    made = moves.reverse(
        ctx,
        row,
        params.get("amount", left),
        refund_fee=bool(params.get("refund_application_fee")),
        data=metadata(params.get("metadata") or None),
    )
    return ctx.shown(made)


@operation("GET /v1/transfers/{id}/reversals", PAGING)
def list_reversals(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = ctx.own("transfer", ids["id"])
    return page(ctx, "transfer_reversal", params, f"/v1/transfers/{row.id}/reversals", where={"transfer": row.id})


@operation("GET /v1/transfers/{transfer}/reversals/{id}")
def retrieve_reversal(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return ctx.shown(_reversal(ctx, ids))


@operation("POST /v1/transfers/{transfer}/reversals/{id}", "metadata")
def update_reversal(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = _reversal(ctx, ids)
    edit(ctx, row, params)
    return ctx.shown(row)


def _reversal(ctx: Ctx, ids: dict[str, str]) -> Row:
    row = ctx.own("transfer_reversal", ids["id"])
    if row.body["transfer"] != ctx.own("transfer", ids["transfer"]).id:
        raise missing("transfer_reversal", ids["id"])
    return row
