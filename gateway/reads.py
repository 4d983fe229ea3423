"""Looking things up at Stripe. Each answers with one of our objects; none changes anything.

All raise StripeUnavailable when Stripe cannot be reached, NotFoundAtStripe for an unknown id, and
CalledInsideTransaction when a database transaction is open.
"""

from datetime import datetime
from typing import Any

from gateway import client
from gateway.objects import Balance, CheckoutSession, Payout, SellerAccount

CHARGE = "payment_intent.latest_charge"


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
    wanted: dict[str, Any] = {"customer": customer, "created": {"gte": int(since.timestamp())}, "limit": 100}
    while True:
        page = client.get("/v1/checkout/sessions", wanted)
        for session in page["data"]:
            if session["client_reference_id"] == reference:
                return str(session["id"])
        if not page["has_more"]:
            return ""
        wanted["starting_after"] = page["data"][-1]["id"]


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
