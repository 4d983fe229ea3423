"""Money between the platform and a connected account: both sides of a transfer, and of its reversal, in one step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator import ledger
from emulator.errors import StripeError, invalid
from emulator.money import share_so_far
from emulator.registry import assumed, documented
from emulator.resources import accounts_state
from emulator.schema.build import build
from emulator.store import Row
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

documented(
    "transfers",
    "A destination needs the transfers capability: insufficient_capabilities_for_transfer otherwise.",
    "Both sides of a transfer with source_transaction (and of a destination charge) are available when the charge is.",
    "A destination charge moves the whole amount; the application fee comes back as its own object.",
    "A reversal takes at most what is left of the transfer.",
)
assumed(
    "transfers",
    "A reversal of a destination charge's transfer may drive the seller negative (the platform is liable).",
    "The payment a transfer makes raises no event on the connected account (stripe-python knows no payment.created).",
    "Proportional parts are floored; the last part closes the rest.",
)


def require_destination(ctx: Ctx, id: str, param: str) -> Row:
    """A connected account that may receive transfers now."""
    row = ctx.connected(id, param)
    if not accounts_state.transfers_active(row.private):
        raise insufficient_capabilities()
    return row


def insufficient_capabilities() -> StripeError:
    return invalid(
        "Your destination account needs to have at least one of the following capabilities enabled: transfers, "
        "crypto_transfers, legacy_payments",
        code="insufficient_capabilities_for_transfer",
    )


def send(  # noqa: PLR0913 - everything a transfer is made of
    ctx: Ctx,
    destination: str,
    amount: int,
    currency: str,
    *,
    charge: Row | None,
    available_on: int,
    group: str | None,
    fee: int = 0,
    description: str | None = None,
    data: Json | None = None,
    by_charge: bool = False,
) -> Row:
    """The transfer, the payment it makes on the connected account, and the application fee where there is one.

    amount and fee are minor units of `currency`; the platform loses amount and gets fee, the seller gets amount - fee.
    `by_charge` says that a destination charge made it (its reversal may then overdraw the seller).
    """
    store = ctx.store
    transfer_id, payment_id = "tr_3" + store.random_text(23), "py_1" + store.random_text(23)
    fee_id = "fee_1" + store.random_text(23) if fee else None
    transfer = build(
        "transfer",
        id=transfer_id,
        amount=amount,
        created=ctx.now,
        currency=currency,
        description=description,
        destination=destination,
        destination_payment=payment_id,
        metadata=dict(data or {}),
        reversals={"object": "list", "data": [], "has_more": False, "url": f"/v1/transfers/{transfer_id}/reversals"},
        source_transaction=charge.id if charge else None,
        source_type="card",
        transfer_group=group,
    )
    transfer["balance_transaction"] = ctx.post(
        "", "transfer", -amount, currency, transfer_id, available_on=available_on, description=description
    )
    row = ctx.insert(transfer, account="", private={"by_charge": by_charge, "application_fee": fee_id})
    payment = _payment(ctx, payment_id, row, fee, fee_id, available_on)
    if fee_id is not None:
        _application_fee(ctx, fee_id, fee, payment, charge, available_on)
    return row


def _payment(ctx: Ctx, id: str, transfer: Row, fee: int, fee_id: str | None, available_on: int) -> Row:
    """The seller's side: a charge object whose id begins with py_."""
    sent = transfer.body
    seller, amount, currency = sent["destination"], sent["amount"], sent["currency"]
    body = build(
        "charge",
        id=id,
        amount=amount,
        amount_captured=amount,
        application=ctx.em.application_id if fee_id else None,
        application_fee=fee_id,
        application_fee_amount=fee or None,
        captured=True,
        created=ctx.now,
        currency=currency,
        fraud_details={},
        paid=True,
        payment_method_details={"stripe_account": {}, "type": "stripe_account"},
        receipt_url=f"{ctx.em.public_url}/receipts/{id}",
        source_transfer=transfer.id,
        status="succeeded",
    )
    body["balance_transaction"] = ctx.post(
        seller,
        "payment",
        amount,
        currency,
        id,
        fee=fee,
        fee_type="application_fee",
        fee_description="Application fee",
        available_on=available_on,
    )
    return ctx.insert(body, account=seller, private={"processing_fee": 0})


def _application_fee(ctx: Ctx, id: str, amount: int, payment: Row, charge: Row | None, available_on: int) -> None:
    currency = payment.body["currency"]
    body = build(
        "application_fee",
        id=id,
        account=payment.account,
        amount=amount,
        application=ctx.em.application_id,
        charge=payment.id,
        created=ctx.now,
        currency=currency,
        fee_source={"charge": payment.id, "type": "charge"},
        originating_transaction=charge.id if charge else None,
        refunds={"object": "list", "data": [], "has_more": False, "url": f"/v1/application_fees/{id}/refunds"},
    )
    body["balance_transaction"] = ctx.post("", "application_fee", amount, currency, id, available_on=available_on)
    ctx.insert(body, account="")


def announce(ctx: Ctx, transfer: Row) -> None:
    """The events of `send`, once everything that refers to it is written."""
    ctx.emit("transfer.created", transfer)
    if transfer.private["application_fee"]:
        ctx.emit("application_fee.created", ctx.must(transfer.private["application_fee"]))


# --- back again -----------------------------------------------------------------------------------------------


def reverse(
    ctx: Ctx,
    transfer: Row,
    amount: int,
    *,
    refund_fee: bool = False,
    refund: Row | None = None,
    data: Json | None = None,
) -> Row:
    """Take `amount` minor units of a transfer back from the seller; raises when more than what is left is asked for."""
    sent = transfer.body
    left = sent["amount"] - sent["amount_reversed"]
    if amount < 1 or amount > left:
        raise invalid(
            f"Transfer amount ({left}) left to be reversed is less than the amount ({amount}) requested."
            if amount > left
            else "This value must be greater than or equal to 1.",
            param="amount",
        )
    payment = ctx.must(sent["destination_payment"])
    settles = max(ctx.now, ledger.available_on(ctx.store, payment.body["balance_transaction"]))
    if not transfer.private["by_charge"]:
        _require_covered(ctx, payment.account, amount, sent["currency"], settles)
    row = _reversal(ctx, transfer, payment, amount, settles, refund, data)
    before = sent["amount_reversed"]
    sent["amount_reversed"] = before + amount
    sent["reversed"] = sent["amount_reversed"] == sent["amount"]
    ctx.save(transfer)
    if refund_fee:
        _refund_share_of_fee(ctx, transfer, before, settles)
    ctx.emit("transfer.reversed", transfer)
    return row


def _require_covered(ctx: Ctx, account: str, amount: int, currency: str, settles: int) -> None:
    """A separate transfer comes back only from money the seller has (pending money while the transfer itself is)."""
    ready, pending = ledger.balances(ctx.store, account, ctx.now).get(currency, (0, 0))
    covered = ready + pending if settles > ctx.now else ready
    if covered < amount:
        raise invalid(
            "Insufficient funds in the connected account to reverse this transfer.", code="balance_insufficient"
        )


def _reversal(
    ctx: Ctx, transfer: Row, payment: Row, amount: int, settles: int, refund: Row | None, data: Json | None
) -> Row:
    currency = transfer.body["currency"]
    returned_id, id = "pyr_1" + ctx.store.random_text(23), "trr_1" + ctx.store.random_text(23)
    returned = build(
        "refund",
        id=returned_id,
        amount=amount,
        charge=payment.id,
        created=ctx.now,
        currency=currency,
        metadata={},
        source_transfer_reversal=id,
        status="succeeded",
    )
    returned["balance_transaction"] = ctx.post(
        payment.account, "payment_refund", -amount, currency, returned_id, available_on=settles
    )
    ctx.insert(returned, account=payment.account)
    payment.body["amount_refunded"] += amount
    payment.body["refunded"] = payment.body["amount_refunded"] == payment.body["amount"]
    ctx.save(payment)
    body = build(
        "transfer_reversal",
        id=id,
        amount=amount,
        balance_transaction=ctx.post("", "transfer_refund", amount, currency, id, available_on=settles),
        created=ctx.now,
        currency=currency,
        destination_payment_refund=returned_id,
        metadata=dict(data or {}),
        source_refund=refund.id if refund else None,
        transfer=transfer.id,
    )
    return ctx.insert(body, account="")


def _refund_share_of_fee(ctx: Ctx, transfer: Row, reversed_before: int, settles: int) -> None:
    """The fee goes back in proportion to what was reversed; the last reversal returns what is left of it."""
    fee = fee_of(ctx, transfer)
    total, whole = fee.body["amount"], transfer.body["amount"]
    share = share_so_far(total, transfer.body["amount_reversed"], whole) - share_so_far(total, reversed_before, whole)
    share = min(share, total - fee.body["amount_refunded"])
    if share > 0:
        refund_fee(ctx, fee, share, settles)


def fee_of(ctx: Ctx, transfer: Row) -> Row:
    """The application fee of a destination charge's transfer; 400 when there is none."""
    id = transfer.private["application_fee"]
    if id is None:
        raise invalid("This transfer has no application fee to refund.", param="refund_application_fee")
    return ctx.must(id)


def refund_fee(ctx: Ctx, fee: Row, amount: int, settles: int, data: Json | None = None) -> Row:
    """Give `amount` minor units of an application fee back to the seller."""
    currency, id = fee.body["currency"], "fr_1" + ctx.store.random_text(23)
    body = build(
        "fee_refund",
        id=id,
        amount=amount,
        balance_transaction=ctx.post("", "application_fee_refund", -amount, currency, id, available_on=settles),
        created=ctx.now,
        currency=currency,
        fee=fee.id,
        metadata=dict(data or {}),
    )
    ctx.post(fee.body["account"], "application_fee_refund", amount, currency, id, available_on=settles)
    row = ctx.insert(body, account="")
    fee.body["amount_refunded"] += amount
    fee.body["refunded"] = fee.body["amount_refunded"] == fee.body["amount"]
    ctx.save(fee)
    ctx.emit("application_fee.refunded", fee)
    return row
