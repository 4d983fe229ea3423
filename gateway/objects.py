"""Our small frozen picture of Stripe's objects: what we use of them, in our types. Amounts are minor units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

Body = Mapping[str, Any]


def moment(seconds: int | None) -> datetime | None:
    """Stripe's epoch seconds as a UTC datetime."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


@dataclass(frozen=True, slots=True)
class BalanceTransaction:
    """One line of a Stripe balance: `amount` - `fee` = `net`, minor units of `currency`."""

    id: str
    amount: int
    fee: int
    net: int
    currency: str
    available_on: datetime | None = None

    @classmethod
    def read(cls, body: Body) -> BalanceTransaction:
        """From Stripe's object, expanded."""
        ready = moment(body.get("available_on"))
        return cls(body["id"], body["amount"], body["fee"], body["net"], body["currency"], ready)


@dataclass(frozen=True, slots=True)
class Card:
    """The card a charge was paid with. The fingerprint is the same for the same number, and is not the number."""

    brand: str = ""
    last4: str = ""
    fingerprint: str = ""

    @classmethod
    def read(cls, body: Body) -> Card:
        """From an object's payment_method_details; empty for what is no card."""
        card = (body.get("payment_method_details") or {}).get("card") or {}
        return cls(card.get("brand") or "", card.get("last4") or "", card.get("fingerprint") or "")


@dataclass(frozen=True, slots=True)
class Charge:
    """A captured card payment with what Stripe booked for it. The three lines are None until Stripe has booked them.

    `fee_amount` is the platform's fee in `currency`; the lines are in our balance's, which may be another.
    """

    id: str
    amount: int
    amount_captured: int
    amount_refunded: int
    currency: str
    paid: bool
    disputed: bool
    transfer_id: str
    transfer_payment: str
    transfer_amount: int
    destination: str
    fee_amount: int
    line: BalanceTransaction | None
    transfer_line: BalanceTransaction | None
    fee_line: BalanceTransaction | None
    card: Card

    @classmethod
    def read(cls, body: Body) -> Charge:
        """From Stripe's charge; of its transfer and application fee only what was expanded is known."""
        transfer = _expanded(body, "transfer")
        fee = _expanded(body, "application_fee")
        return cls(
            id=body["id"],
            amount=body["amount"],
            amount_captured=body["amount_captured"],
            amount_refunded=body["amount_refunded"],
            currency=body["currency"],
            paid=body["paid"],
            disputed=bool(body.get("disputed")),
            transfer_id=transfer.get("id", ""),
            transfer_payment=_id(transfer.get("destination_payment")),
            transfer_amount=transfer.get("amount", 0),
            destination=_id(transfer.get("destination")),
            fee_amount=body.get("application_fee_amount") or 0,
            line=_line(body),
            transfer_line=_line(transfer),
            fee_line=_line(fee),
            card=Card.read(body),
        )


@dataclass(frozen=True, slots=True)
class CheckoutSession:
    """Stripe's hosted payment page and what came of it."""

    id: str
    status: str
    payment_status: str
    amount_total: int
    currency: str
    client_reference_id: str
    url: str
    expires_at: datetime | None
    livemode: bool
    payment_intent_id: str
    payment_intent_status: str
    charge: Charge | None

    @classmethod
    def read(cls, body: Body) -> CheckoutSession:
        """From Stripe's session; the charge is there if payment_intent.latest_charge was expanded and a payment
        was made.
        """
        intent = body.get("payment_intent")
        charge = intent.get("latest_charge") if isinstance(intent, Mapping) else None
        return cls(
            id=body["id"],
            status=body["status"],
            payment_status=body["payment_status"],
            amount_total=body["amount_total"],
            currency=body["currency"],
            client_reference_id=body.get("client_reference_id") or "",
            url=body.get("url") or "",
            expires_at=moment(body.get("expires_at")),
            livemode=body["livemode"],
            payment_intent_id=_id(intent),
            payment_intent_status=intent["status"] if isinstance(intent, Mapping) else "",
            charge=Charge.read(charge) if isinstance(charge, Mapping) else None,
        )


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing Stripe wants for an account. `owner` is who must act: "seller" or "stripe"."""

    code: str
    owner: str
    status: str
    deadline: str | None
    errors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SellerAccount:
    """A connected account as Stripe describes it (Accounts v2, recipient configuration)."""

    id: str
    transfers: str
    payouts: str
    requirements: tuple[Requirement, ...]
    closed: bool

    @classmethod
    def read(cls, body: Body) -> SellerAccount:
        """From a v2 account fetched with configuration.recipient and requirements included."""
        recipient = (body.get("configuration") or {}).get("recipient") or {}
        balance = (recipient.get("capabilities") or {}).get("stripe_balance") or {}
        entries = (body.get("requirements") or {}).get("entries") or []
        return cls(
            id=body["id"],
            transfers=_capability(balance.get("stripe_transfers")),
            payouts=_capability(balance.get("payouts")),
            requirements=tuple(_requirement(entry) for entry in entries),
            closed=bool(body.get("closed")),
        )


@dataclass(frozen=True, slots=True)
class Payout:
    """Money on its way from a Stripe balance to a bank."""

    id: str
    status: str
    amount: int
    currency: str
    arrives_on: date
    created_at: datetime
    failure_code: str
    failure_message: str
    line_id: str
    # Made by Stripe on the account's schedule; only of such a payout Stripe says what it is made of.
    automatic: bool = True

    @classmethod
    def read(cls, body: Body) -> Payout:
        """From Stripe's payout."""
        return cls(
            id=body["id"],
            status=body["status"],
            amount=body["amount"],
            currency=body["currency"],
            arrives_on=datetime.fromtimestamp(body["arrival_date"], UTC).date(),
            created_at=datetime.fromtimestamp(body["created"], UTC),
            failure_code=body.get("failure_code") or "",
            failure_message=body.get("failure_message") or "",
            line_id=_id(body.get("balance_transaction")),
            automatic=bool(body.get("automatic", True)),
        )


@dataclass(frozen=True, slots=True)
class Transfer:
    """Money sent from our balance to a seller's. `reversed` is how much of `amount` came back."""

    id: str
    amount: int
    reversed: int
    currency: str
    destination: str
    destination_payment: str
    line: BalanceTransaction | None
    available_on: datetime | None
    metadata: Mapping[str, str]

    @classmethod
    def read(cls, body: Body) -> Transfer:
        """From Stripe's transfer; the line is there if balance_transaction was expanded."""
        line = body.get("balance_transaction")
        return cls(
            id=body["id"],
            amount=body["amount"],
            reversed=body.get("amount_reversed") or 0,
            currency=body["currency"],
            destination=_id(body.get("destination")),
            destination_payment=_id(body.get("destination_payment")),
            line=_line(body),
            available_on=moment(line.get("available_on")) if isinstance(line, Mapping) else None,
            metadata=dict(body.get("metadata") or {}),
        )


@dataclass(frozen=True, slots=True)
class TransferReversal:
    """Some of a transfer fetched back from the seller's balance into ours."""

    id: str
    amount: int
    currency: str
    transfer: str
    line: BalanceTransaction | None
    metadata: Mapping[str, str]

    @classmethod
    def read(cls, body: Body) -> TransferReversal:
        """From Stripe's transfer reversal; the line is there if balance_transaction was expanded."""
        return cls(
            id=body["id"],
            amount=body["amount"],
            currency=body["currency"],
            transfer=_id(body.get("transfer")),
            line=_line(body),
            metadata=dict(body.get("metadata") or {}),
        )


@dataclass(frozen=True, slots=True)
class FeeRefund:
    """Some of our fee on a destination charge given back to the seller."""

    id: str
    line: BalanceTransaction | None

    @classmethod
    def read(cls, body: Body) -> FeeRefund:
        """From Stripe's application fee refund; the line is there if balance_transaction was expanded."""
        return cls(id=body["id"], line=_line(body))


@dataclass(frozen=True, slots=True)
class Refund:
    """Money on its way back to a buyer. The lines are None while Stripe has not booked them."""

    id: str
    status: str
    amount: int
    currency: str
    charge: str
    payment_intent: str
    pending_reason: str
    failure_reason: str
    line: BalanceTransaction | None
    failure_line: BalanceTransaction | None
    metadata: Mapping[str, str]

    @classmethod
    def read(cls, body: Body) -> Refund:
        """From Stripe's refund; the lines are there if both balance transactions were expanded."""
        failure = body.get("failure_balance_transaction")
        return cls(
            id=body["id"],
            status=body["status"] or "",
            amount=body["amount"],
            currency=body["currency"],
            charge=_id(body.get("charge")),
            payment_intent=_id(body.get("payment_intent")),
            pending_reason=body.get("pending_reason") or "",
            failure_reason=body.get("failure_reason") or "",
            line=_line(body),
            failure_line=BalanceTransaction.read(failure) if isinstance(failure, Mapping) else None,
            metadata=dict(body.get("metadata") or {}),
        )


@dataclass(frozen=True, slots=True)
class Dispute:
    """A buyer's bank questioning a charge. `amount` is what is questioned, not what it costs."""

    id: str
    status: str
    reason: str
    amount: int
    currency: str
    charge: str
    created: datetime
    due_by: datetime | None
    has_evidence: bool
    submission_count: int
    # The network's own words: its reason code ("10.4"), and inquiry, chargeback or compliance. Empty for other rails.
    card_brand: str
    network_reason_code: str
    case_type: str
    # What is in its form at Stripe now, by field; files by their ids.
    evidence: Mapping[str, str]
    metadata: Mapping[str, str]
    # What a network takes besides Stripe's fields, by its name there: how far it is, and what it lacks.
    enhanced: Mapping[str, Mapping[str, Any]]
    # What it costs: nothing for an inquiry, one line when the money was taken, another when it was given back.
    lines: tuple[BalanceTransaction, ...]

    @classmethod
    def read(cls, body: Body) -> Dispute:
        """From Stripe's dispute."""
        details = body.get("evidence_details") or {}
        card = (body.get("payment_method_details") or {}).get("card") or {}
        return cls(
            id=body["id"],
            status=body["status"],
            reason=body["reason"],
            amount=body["amount"],
            currency=body["currency"],
            charge=_id(body["charge"]),
            created=datetime.fromtimestamp(body["created"], UTC),
            # 0: no answer is taken (any more).
            due_by=moment(details.get("due_by") or None),
            has_evidence=bool(details.get("has_evidence")),
            submission_count=details.get("submission_count") or 0,
            card_brand=card.get("brand") or "",
            network_reason_code=card.get("network_reason_code") or body.get("network_reason_code") or "",
            case_type=card.get("case_type") or "",
            evidence={name: one for name, one in (body.get("evidence") or {}).items() if one and isinstance(one, str)},
            metadata=dict(body.get("metadata") or {}),
            enhanced=_enhanced(body, details),
            lines=tuple(BalanceTransaction.read(line) for line in body.get("balance_transactions") or ()),
        )


@dataclass(frozen=True, slots=True)
class FraudWarning:
    """A card issuer's early warning about a charge; `actionable` while something can still be done about it."""

    id: str
    charge: str
    actionable: bool
    fraud_type: str
    created: datetime

    @classmethod
    def read(cls, body: Body) -> FraudWarning:
        """From Stripe's early fraud warning."""
        created = datetime.fromtimestamp(body["created"], UTC)
        return cls(body["id"], _id(body["charge"]), bool(body["actionable"]), body["fraud_type"] or "", created)


@dataclass(frozen=True, slots=True)
class Balance:
    """A Stripe balance by currency, in minor units."""

    available: Mapping[str, int]
    pending: Mapping[str, int]

    @classmethod
    def read(cls, body: Body) -> Balance:
        """From Stripe's balance."""
        return cls(
            available={part["currency"]: part["amount"] for part in body["available"]},
            pending={part["currency"]: part["amount"] for part in body["pending"]},
        )


def _enhanced(body: Body, details: Body) -> dict[str, dict[str, Any]]:
    """The kinds of enhanced evidence that fit a dispute, each with its status and required actions."""
    rated = details.get("enhanced_eligibility") or {}
    names = dict.fromkeys([*(body.get("enhanced_eligibility_types") or ()), *rated])
    return {name: {**(rated.get(name) or {})} for name in names}


def _id(value: Any) -> str:
    """The id of something that is expanded, or not, or missing."""
    if isinstance(value, Mapping):
        return str(value["id"])
    return value or ""


def _expanded(body: Body, name: str) -> Body:
    """An object inside another; nothing of it is known when it was not expanded."""
    inside = body.get(name)
    return inside if isinstance(inside, Mapping) else {}


def _line(body: Body) -> BalanceTransaction | None:
    line = body.get("balance_transaction")
    return BalanceTransaction.read(line) if isinstance(line, Mapping) else None


def _capability(body: Body | None) -> str:
    return str(body["status"]) if body else "unrequested"


def _requirement(entry: Body) -> Requirement:
    deadline = entry.get("minimum_deadline") or {}
    return Requirement(
        code=str(entry.get("description") or ""),
        owner="seller" if entry.get("awaiting_action_from") == "user" else "stripe",
        status=str(deadline.get("status") or ""),
        deadline=deadline.get("time"),
        errors=tuple(str(error.get("description") or error.get("code") or "") for error in entry.get("errors") or []),
    )
