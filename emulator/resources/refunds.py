"""v1/refunds of the platform's charges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator import ledger
from emulator.context import metadata
from emulator.errors import invalid, missing, not_modelled
from emulator.money import share_so_far
from emulator.paging import page
from emulator.registry import PAGING, assumed, documented, operation
from emulator.resources import disputing, fraud_warnings, moves
from emulator.resources.edits import edit
from emulator.resources.refund_outcomes import announce, fail
from emulator.schema.build import build
from emulator.store import Row
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

documented(
    "refunds",
    "The platform pays refunds of indirect charges; the processing fee is not returned.",
    "reverse_transfer and refund_application_fee take proportional parts; both default to false.",
    "When the available balance is short, a card refund is pending (insufficient_funds) until it is covered.",
    "A refund of card 4000000000005126 succeeds and fails later; one of 4000000000007726 is pending, then succeeds.",
    "A failed refund's money returns to the platform as refund_failure; transfer reversals stay.",
    "Only a refund with status requires_action can be canceled (no card refund ever has it).",
)
assumed(
    "refunds",
    "A refund of a charge that has not settled comes out of pending money and succeeds at once.",
    "A refund is sent as a refund (not as a reversal of the authorisation).",
    "A failed refund counts as unrefunded again on its charge, and can be made anew.",
    "The refunds of cards 5126 and 7726 change a minute after their creation (a knob); 7726's is booked at once.",
)


@operation("POST /v1/refunds", "charge payment_intent amount reason metadata reverse_transfer refund_application_fee")
def create(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    charge = _charge(ctx, params)
    disputing.require_refundable(ctx, charge)
    amount = _amount(charge, params)
    transfer = _transfer(ctx, charge, params)
    body = build(
        "refund",
        id="re_3" + ctx.store.random_text(23),
        amount=amount,
        charge=charge.id,
        created=ctx.now,
        currency=charge.body["currency"],
        customer=charge.body["customer"],
        destination_details={
            "card": {"reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund"},
            "type": "card",
        },
        metadata=metadata(params.get("metadata") or None),
        payment_intent=charge.body["payment_intent"],
        payment_method=charge.body["payment_method"],
        reason=params.get("reason"),
        status="pending",
    )
    row = ctx.insert(body, private={"reverse": bool(params.get("reverse_transfer"))})
    if transfer is not None:
        _take_back(ctx, row, charge, transfer, fee=bool(params.get("refund_application_fee")))
    charge.body["amount_refunded"] += amount
    charge.body["refunded"] = charge.body["amount_refunded"] == charge.body["amount_captured"]
    ctx.save(charge)
    _pay(ctx, row, charge)
    ctx.emit("refund.created", row)
    ctx.emit("charge.refunded", charge)
    disputing.refunded(ctx, charge)
    fraud_warnings.settle(ctx, charge)
    return ctx.shown(row)


@operation("GET /v1/refunds/{refund}", scope="any")
def retrieve(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return ctx.shown(ctx.own("refund", ids["refund"]))


@operation("GET /v1/refunds", f"charge payment_intent created {PAGING}", scope="any")
def list_all(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return page(ctx, "refund", params, "/v1/refunds", filters=("charge", "payment_intent"))


@operation("POST /v1/refunds/{refund}", "metadata")
def update(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = ctx.own("refund", ids["refund"])
    before = edit(ctx, row, params)
    if before:
        announce(ctx, row, before)
    return ctx.shown(row)


@operation("POST /v1/refunds/{refund}/cancel")
def cancel(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = ctx.own("refund", ids["refund"])
    raise invalid(f"Refund {row.id} cannot be canceled: its status is {row.body['status']}, not requires_action.")


def _charge(ctx: Ctx, params: Json) -> Row:
    if bool(params.get("charge")) == bool(params.get("payment_intent")):
        raise invalid("One of the following params should be provided for this request: payment_intent or charge.")
    id = params.get("charge")
    if params.get("payment_intent"):
        intent = ctx.referenced("payment_intent", params["payment_intent"], "payment_intent")
        id = intent.body["latest_charge"]
        if id is None or intent.body["status"] != "succeeded":
            raise invalid("This PaymentIntent does not have a successful charge to refund.", param="payment_intent")
    row = ctx.store.get(str(id))
    if row is None or row.kind != "charge":
        raise missing("charge", str(id), param="charge", status=400)
    if row.account:
        raise not_modelled("refunds of a connected account's payments", param="charge")
    return row


def _amount(charge: Row, params: Json) -> int:
    """What is to be refunded, in minor units of the charge's currency: all that is left unless told otherwise."""
    body = charge.body
    if not body["paid"]:
        raise invalid(f"Charge {charge.id} is not successful and cannot be refunded.", param="charge")
    if not body["captured"]:
        raise not_modelled("refunds of uncaptured charges; cancel their payment intent", param="charge")
    left = body["amount_captured"] - body["amount_refunded"]
    if left == 0:
        raise invalid(f"Charge {charge.id} has already been refunded.", code="charge_already_refunded")
    amount = int(params.get("amount", left))
    if amount < 1:
        raise invalid(
            "This value must be greater than or equal to 1.", param="amount", code="parameter_invalid_integer"
        )
    if amount > left:
        raise invalid(
            f"Refund amount ({amount} {body['currency']}) is greater than unrefunded amount on charge ({left} "
            f"{body['currency']})",
            param="amount",
        )
    return amount


def _transfer(ctx: Ctx, charge: Row, params: Json) -> Row | None:
    """The destination charge's transfer, when the seller is to give their part back."""
    id = charge.body.get("transfer")
    if params.get("refund_application_fee") and charge.body["application_fee"] is None:
        raise invalid(
            "Cannot refund the application fee: this charge has no application fee.", param="refund_application_fee"
        )
    if not params.get("reverse_transfer"):
        return ctx.must(id) if id and params.get("refund_application_fee") else None
    if id is None:
        raise invalid("Cannot reverse the transfer: this charge has no associated transfer.", param="reverse_transfer")
    return ctx.must(id)


def _take_back(ctx: Ctx, refund: Row, charge: Row, transfer: Row, *, fee: bool) -> None:
    """Proportional to what has been refunded so far, so that several partial refunds add up to the whole."""
    before, whole = charge.body["amount_refunded"], charge.body["amount_captured"]
    after = before + refund.body["amount"]
    settles = max(ctx.now, ledger.available_on(ctx.store, charge.body["balance_transaction"]))
    if refund.private.get("reverse"):
        total = transfer.body["amount"]
        part = share_so_far(total, after, whole) - share_so_far(total, before, whole)
        part = min(part, total - transfer.body["amount_reversed"])
        if part > 0:
            reversal = moves.reverse(ctx, transfer, part, refund=refund)
            refund.body["transfer_reversal"] = reversal.id
            ctx.save(refund)
    if fee:
        owed = moves.fee_of(ctx, transfer)
        total = owed.body["amount"]
        part = share_so_far(total, after, whole) - share_so_far(total, before, whole)
        part = min(part, total - owed.body["amount_refunded"])
        if part > 0:
            moves.refund_fee(ctx, owed, part, settles)


def _pay(ctx: Ctx, row: Row, charge: Row) -> bool:
    """Book the refund if the platform's balance covers it; otherwise it stays pending. True when booked."""
    amount, currency = row.body["amount"], row.body["currency"]
    settles = ledger.available_on(ctx.store, charge.body["balance_transaction"])
    if settles <= ctx.now and ledger.available(ctx.store, "", currency, ctx.now) < amount:
        row.body["pending_reason"] = "insufficient_funds"
        ctx.save(row)
        return False
    waits = charge.private.get("effect") == "refund_waits"
    row.body.pop("pending_reason", None)
    row.body["status"] = "pending" if waits else "succeeded"
    if waits:
        row.body["pending_reason"] = "processing"
    if waits or charge.private.get("effect") == "refund_fails":
        ctx.store.plan(ctx.now + ctx.settings.refund_seconds, "refund", row.id)
    row.body["balance_transaction"] = ctx.post(row.account, "refund", -amount, currency, row.id, available_on=settles)
    ctx.save(row)
    return True


def settle_pending(ctx: Ctx) -> list[str]:
    """Money has become available: refunds that waited for it are paid, oldest first. Returns their ids."""
    paid = []
    for row in ctx.store.find("refund", where={"status": "pending"}, oldest_first=True):
        if row.body["balance_transaction"] is None and _pay(ctx, row, ctx.must(row.body["charge"])):
            paid.append(row.id)
            announce(ctx, row, {"status": "pending", "balance_transaction": None})
    return paid


def finish(ctx: Ctx, id: str) -> Row | None:
    """The bank's answer to a refund of a card whose refunds change later."""
    row = ctx.must(id)
    if ctx.must(row.body["charge"]).private.get("effect") == "refund_fails":
        return fail(ctx, row, "expired_or_canceled_card") if row.body["status"] == "succeeded" else None
    if row.body["status"] != "pending":
        return None
    row.body.pop("pending_reason", None)
    row.body["status"] = "succeeded"
    ctx.save(row)
    announce(ctx, row, {"status": "pending"})
    return row
