"""v1/charges: retrieve and list; and the charge a successful (or declined) payment leaves behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.cards import DECLINE_MESSAGES, charged_card
from emulator.clock import DAY, midnight
from emulator.errors import invalid
from emulator.expand import includable
from emulator.money import processing_fee
from emulator.paging import page
from emulator.registry import PAGING, assumed, documented, operation
from emulator.render import embedded
from emulator.resources import debit_methods
from emulator.resources.edits import edit
from emulator.resources.payment_methods import card_of
from emulator.resources.payout_settings import delay_days
from emulator.schema.build import build
from emulator.store import Row
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

documented(
    "charges",
    "Card fee 2.9 % + 30 (a knob), paid by the platform on destination and platform charges.",
    "Card 4000000000000077 is available at once.",
)
# effects of cards that come by themselves; the others wait for a refund
LATER = ("dispute_fraudulent", "dispute_not_received", "fraud_warning", "inquiry")

assumed(
    "charges",
    "Money is available at midnight UTC two days after the charge (a knob); bank holidays are not modelled.",
    "A charge settles in its own currency: no conversion.",
    "Money that is available at once raises balance.available at the next step of the clock; no payout leaves early.",
    "The processing fee is rounded half up.",
    "A charge's transfer_group can be given once.",
)


@operation("GET /v1/charges/{charge}", scope="any")
def retrieve(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return ctx.shown(ctx.own("charge", ids["charge"]))


@operation("GET /v1/charges", f"customer payment_intent transfer_group created {PAGING}", scope="any")
def list_all(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return page(ctx, "charge", params, "/v1/charges", filters=("customer", "payment_intent", "transfer_group"))


@operation("POST /v1/charges/{charge}", "description fraud_details metadata receipt_email transfer_group")
def update(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = ctx.own("charge", ids["charge"])
    group = params.get("transfer_group")
    if group is not None and row.body["transfer_group"] not in (None, group):
        raise invalid("The transfer_group of this charge is already set and cannot be changed.", param="transfer_group")
    if (params.get("fraud_details") or {}).get("user_report") == "":
        params["fraud_details"] = {}
    fields = ("description", "receipt_email", "transfer_group")
    before = edit(ctx, row, params, *fields)
    details = params.get("fraud_details", row.body["fraud_details"])
    if details != row.body["fraud_details"]:
        before["fraud_details"], row.body["fraud_details"] = row.body["fraud_details"], details
        ctx.save(row)
    if before:
        ctx.emit("charge.updated", row, previous=before)
    return ctx.shown(row)


@includable("charge", "refunds")
def refunds(ctx: Ctx, charge: Json) -> Json:
    return embedded(ctx, "refund", "charge", charge["id"], f"/v1/charges/{charge['id']}/refunds")


def _charged(method: Row, amount: int, authenticated: bool) -> Json:
    """payment_method_details: what the charge says of the card or the bank account."""
    if debit_methods.is_debit(method):
        return debit_methods.charged(method)
    shown = method.body["card"]
    card = charged_card(
        card_of(method), shown["exp_month"], shown["exp_year"], shown["fingerprint"], amount, authenticated
    )
    return {"card": card, "type": "card"}


def common(ctx: Ctx, intent: Row, method: Row, authenticated: bool) -> Json:
    """The fields of every charge of a payment intent, whatever became of it."""
    paid = intent.body
    transfer_data = paid["transfer_data"]
    return {
        "id": "ch_3" + ctx.store.random_text(23),
        "amount": paid["amount"],
        "billing_details": method.body["billing_details"],
        "calculated_statement_descriptor": "PLATFORM",
        "created": ctx.now,
        "currency": paid["currency"],
        "customer": paid["customer"],
        "description": paid["description"],
        "fraud_details": {},
        "metadata": dict(paid["metadata"]),
        "on_behalf_of": paid["on_behalf_of"],
        "payment_intent": intent.id,
        "payment_method": method.id,
        "payment_method_details": _charged(method, paid["amount"], authenticated),
        "receipt_email": paid["receipt_email"],
        "shipping": paid["shipping"],
        "statement_descriptor_suffix": paid["statement_descriptor_suffix"],
        "transfer_data": (
            {"amount": transfer_data.get("amount"), "destination": transfer_data["destination"]}
            if transfer_data
            else None
        ),
        "transfer_group": paid["transfer_group"],
        "application_fee_amount": paid["application_fee_amount"],
    }


def authorize(ctx: Ctx, intent: Row, method: Row, *, authenticated: bool) -> Row:
    """The charge of a payment that waits to be captured: no money, no ledger row yet."""
    fields = common(ctx, intent, method, authenticated)
    body = build(
        "charge",
        **fields,
        outcome=outcome(None),
        paid=True,
        receipt_url=f"{ctx.em.public_url}/receipts/{fields['id']}",
        status="succeeded",
    )
    return ctx.insert(body, private={"processing_fee": 0, "effect": card_of(method).effect})


def succeed(ctx: Ctx, intent: Row, method: Row, *, authenticated: bool) -> Row:
    """The charge of a successful payment with its ledger row: the amount, less the processing fee, in minor units."""
    fields = common(ctx, intent, method, authenticated)
    card = card_of(method)
    amount, currency = intent.body["amount"], intent.body["currency"]
    settings = ctx.settings
    fee = processing_fee(amount, basis_points=settings.fee_basis_points, fixed=settings.fee_fixed)
    when = ctx.now if card.at_once else midnight(ctx.now + delay_days(ctx, fields["on_behalf_of"] or ctx.account) * DAY)
    body = build(
        "charge",
        **fields,
        amount_captured=amount,
        captured=True,
        outcome=outcome(None),
        paid=True,
        receipt_url=f"{ctx.em.public_url}/receipts/{fields['id']}",
        status="succeeded",
    )
    row = ctx.insert(body, private={"processing_fee": fee, "effect": card.effect})
    body["balance_transaction"] = ctx.post(
        row.account,
        "charge",
        amount,
        currency,
        row.id,
        fee=fee,
        fee_description="Stripe processing fees",
        available_on=when,
        description=body["description"],
    )
    ctx.save(row)
    plan_aftermath(ctx, row)
    if card.at_once:
        ctx.store.plan(ctx.now, "at_once", row.account)
    return row


def plan_aftermath(ctx: Ctx, charge: Row) -> None:
    """A captured payment of some test cards is disputed, or warned of, a second later."""
    if charge.private.get("effect") in LATER:
        ctx.store.plan(ctx.now + 1, "aftermath", charge.id)


def fail(ctx: Ctx, intent: Row, method: Row, decline: str) -> Row:
    """The charge of a declined payment: no money, no ledger row."""
    body = build(
        "charge",
        **common(ctx, intent, method, False),
        failure_code=decline if decline == "authentication_required" else "card_declined",
        failure_message=DECLINE_MESSAGES[decline],
        outcome=outcome(decline),
        status="failed",
    )
    return ctx.insert(body, private={"processing_fee": 0})


def outcome(decline: str | None) -> Json:
    """A charge's outcome: what the network said."""
    if decline is None:
        return {
            "network_status": "approved_by_network",
            "risk_level": "normal",
            "risk_score": 12,
            "seller_message": "Payment complete.",
            "type": "authorized",
        }
    return {
        "network_status": "declined_by_network",
        "reason": decline,
        "risk_level": "normal",
        "risk_score": 12,
        "seller_message": "The bank did not return any further details with this decline.",
        "type": "issuer_declined",
    }
