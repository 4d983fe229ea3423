"""Looking things up at Stripe. Each answers with one of our objects; none changes anything.

All raise StripeUnavailable when Stripe cannot be reached, NotFoundAtStripe for an unknown id, and
CalledInsideTransaction when a database transaction is open.
"""

from datetime import datetime
from typing import Any

from gateway import client
from gateway.customer_objects import StripeCustomer, StripePaymentMethod
from gateway.objects import (
    Balance,
    Charge,
    CheckoutSession,
    Dispute,
    FeeRefund,
    FraudWarning,
    Payout,
    Refund,
    SellerAccount,
    Transfer,
    TransferReversal,
)
from gateway.payout_objects import PayoutLine, PayoutSchedule

CHARGE = "payment_intent.latest_charge"
BOOKED = {"expand": ["balance_transaction"]}
REFUND = {"expand": ["balance_transaction", "failure_balance_transaction"]}


def checkout_session(session_id: str) -> CheckoutSession:
    """The hosted page, with the charge and the balance lines it led to."""
    body = client.get(
        f"/v1/checkout/sessions/{session_id}",
        {
            "expand": [
                f"{CHARGE}.balance_transaction",
                f"{CHARGE}.transfer.balance_transaction",
                f"{CHARGE}.application_fee.balance_transaction",
            ]
        },
    )
    return CheckoutSession.read(body)


def find_checkout_session(*, customer: str, reference: str, since: datetime) -> str:
    """The id of the hosted page with our `reference`, opened for this customer since then; empty if there is none."""
    wanted = {"customer": customer, "created": {"gte": int(since.timestamp())}}
    sessions = _all("/v1/checkout/sessions", wanted)
    return next((str(session["id"]) for session in sessions if session["client_reference_id"] == reference), "")


def customer(stripe_id: str) -> StripeCustomer:
    """A buyer's Customer as it is now; one that was deleted says so."""
    return StripeCustomer.read(client.get(f"/v1/customers/{stripe_id}"))


def payment_methods(customer_id: str) -> list[StripePaymentMethod]:
    """Every way to pay that a Customer keeps, newest first."""
    return [StripePaymentMethod.read(body) for body in _all(f"/v1/customers/{customer_id}/payment_methods", {})]


def payment_method(method_id: str) -> StripePaymentMethod:
    """One way to pay, kept by a Customer or not."""
    return StripePaymentMethod.read(client.get(f"/v1/payment_methods/{method_id}"))


def seller_account(stripe_id: str) -> SellerAccount:
    """A seller's account: whether it may receive transfers and what Stripe still wants."""
    body = client.get(
        f"/v2/core/accounts/{stripe_id}", {"include": ["configuration.recipient", "requirements", "identity"]}
    )
    return SellerAccount.read(body)


def payout(payout_id: str, *, account: str) -> Payout:
    """One payout of a connected account."""
    return Payout.read(client.get(f"/v1/payouts/{payout_id}", account=account))


def balance(*, account: str = "") -> Balance:
    """The platform's balance, or a connected account's."""
    return Balance.read(client.get("/v1/balance", account=account))


def charge(charge_id: str) -> Charge:
    """A charge as it is now: whether it is disputed, and how much of it was refunded."""
    return Charge.read(client.get(f"/v1/charges/{charge_id}", BOOKED))


def refund(refund_id: str) -> Refund:
    """A refund with what Stripe booked for it, and for its failing."""
    return Refund.read(client.get(f"/v1/refunds/{refund_id}", REFUND))


def refunds_of(charge_id: str) -> list[Refund]:
    """Every refund of a charge, newest first: the charge itself lists only the last ten."""
    expand = [f"data.{name}" for name in REFUND["expand"]]
    return [Refund.read(body) for body in _all("/v1/refunds", {"charge": charge_id, "expand": expand})]


def transfer(transfer_id: str) -> Transfer:
    """A transfer with what Stripe booked for it."""
    return Transfer.read(client.get(f"/v1/transfers/{transfer_id}", BOOKED))


def reversals_of(transfer_id: str) -> list[TransferReversal]:
    """Every reversal of a transfer, newest first."""
    wanted = {"expand": ["data.balance_transaction"]}
    return [TransferReversal.read(body) for body in _all(f"/v1/transfers/{transfer_id}/reversals", wanted)]


def fee_refunds(fee_id: str) -> tuple[str, list[FeeRefund]]:
    """The charge an application fee was taken on, and what was given back of the fee."""
    fee = client.get(f"/v1/application_fees/{fee_id}")
    found = _all(f"/v1/application_fees/{fee_id}/refunds", {"expand": ["data.balance_transaction"]})
    return str(fee.get("originating_transaction") or ""), [FeeRefund.read(body) for body in found]


def dispute(dispute_id: str) -> Dispute:
    """One dispute as it is now."""
    return Dispute.read(client.get(f"/v1/disputes/{dispute_id}"))


def fraud_warning(warning_id: str) -> FraudWarning:
    """One early fraud warning as it is now."""
    return FraudWarning.read(client.get(f"/v1/radar/early_fraud_warnings/{warning_id}"))


def disputes_of(charge_id: str) -> list[Dispute]:
    """Every dispute of a charge: a charge can have several."""
    return [Dispute.read(body) for body in _all("/v1/disputes", {"charge": charge_id})]


def newest_disputes() -> list[Dispute]:
    """The newest hundred disputes of the platform: one page."""
    return [Dispute.read(body) for body in client.get("/v1/disputes", {"limit": 100})["data"]]


def newest_fraud_warnings() -> list[FraudWarning]:
    """The newest hundred early fraud warnings of the platform: one page."""
    return [FraudWarning.read(body) for body in client.get("/v1/radar/early_fraud_warnings", {"limit": 100})["data"]]


def lines_of_payout(payout_id: str, *, account: str) -> list[PayoutLine]:
    """What an automatic payout took along, the oldest first. Empty for one that was asked for: Stripe does not say."""
    wanted = {"payout": payout_id, "expand": ["data.source"]}
    listed = _all("/v1/balance_transactions", wanted, account=account)
    # Some list the payout's own line, too: it is what leaves, not what it is made of.
    lines = (PayoutLine.read(body) for body in reversed(listed))
    return [line for line in lines if line.source != payout_id]


def payout_schedule(account: str) -> PayoutSchedule:
    """When Stripe pays this account out."""
    return PayoutSchedule.read(client.get("/v1/balance_settings", account=account))


def _all(path: str, params: dict[str, Any], *, account: str = "") -> list[dict[str, Any]]:
    """Every page of a list."""
    found: list[dict[str, Any]] = []
    wanted = {**params, "limit": 100}
    while True:
        page = client.get(path, wanted, account=account)
        found.extend(page["data"])
        if not page["has_more"]:
            return found
        wanted["starting_after"] = page["data"][-1]["id"]
