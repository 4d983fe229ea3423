"""Payments by SEPA Direct Debit: the session completes, the bank answers later."""

from typing import Any

import pytest
import stripe

from emulator import business, hosted
from emulator.core import Emulator
from emulator.errors import HostedError
from tests.emulator.shop import Inbox, Shop

PAID, PAID_LATER = "DE89370400440532013000", "DE08370400440532013003"
RETURNED = "DE62370400440532013001"


def debit(em: Emulator, session: str, iban: str, **form: str) -> str:
    given = {"email": "bob@example.org", "name": "Bob", **form}
    return hosted.checkout_pay_debit(em, session, iban=iban, **given).kind


def test_a_session_paid_by_debit_is_complete_and_unpaid_until_the_bank_answers(
    em: Emulator, client: stripe.StripeClient, shop: Shop
) -> None:
    inbox, seller = Inbox(em), shop.seller()
    session = shop.session(seller=seller, amount=10_000, fee=1_000)

    kind = debit(em, session.id, PAID_LATER)

    em.deliver_due(inbox.send)
    waiting = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge"]})
    assert (kind, waiting.status, waiting.payment_status) == ("processing", "complete", "unpaid")
    intent: Any = waiting.payment_intent
    assert (intent.status, intent.latest_charge.status, intent.latest_charge.paid) == ("processing", "pending", False)
    assert inbox.types[-3:] == ["charge.pending", "payment_intent.processing", "checkout.session.completed"]
    assert shop.balance() == shop.balance(seller) == (0, 0)

    em.advance(seconds=180)

    em.deliver_due(inbox.send)
    paid = client.v1.checkout.sessions.retrieve(session.id)
    assert paid.payment_status == "paid"
    # 10,000 less 35 for the debit, less the transfer, plus the fee; the seller has the rest
    assert (shop.balance(), shop.balance(seller)) == ((0, 965), (0, 9_000))
    assert inbox.types[-5:] == [
        "charge.succeeded",
        "transfer.created",
        "application_fee.created",
        "payment_intent.succeeded",
        "checkout.session.async_payment_succeeded",
    ]


def test_a_returned_debit_leaves_the_session_unpaid_and_moves_no_money(
    em: Emulator, client: stripe.StripeClient, shop: Shop
) -> None:
    inbox = Inbox(em)
    session = shop.session()
    debit(em, session.id, RETURNED)

    em.advance(seconds=1)

    em.deliver_due(inbox.send)
    failed = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge"]})
    intent: Any = failed.payment_intent
    assert (failed.status, failed.payment_status, intent.status) == ("complete", "unpaid", "requires_payment_method")
    assert (intent.last_payment_error.code, intent.latest_charge.status) == (
        "payment_intent_payment_attempt_failed",
        "failed",
    )
    assert inbox.types[-3:] == [
        "charge.failed",
        "payment_intent.payment_failed",
        "checkout.session.async_payment_failed",
    ]
    assert shop.balance() == (0, 0)


@pytest.mark.parametrize(("succeed", "status"), [(True, "succeeded"), (False, "requires_payment_method")])
def test_the_operator_answers_before_the_bank_does(em: Emulator, shop: Shop, succeed: bool, status: str) -> None:
    session = shop.session()
    debit(em, session.id, PAID_LATER)

    answered = business.settle_payment(em, session.id, succeed=succeed)

    assert answered == status
    assert [entry for entry in em.advance(seconds=600) if "payment_intent" in entry["what"]] == []
    with pytest.raises(HostedError, match="No payment of"):
        business.settle_payment(em, session.id, succeed=True)


def test_debits_are_offered_for_euros_only_and_only_where_they_are_allowed(
    client: stripe.StripeClient, shop: Shop
) -> None:
    price: Any = {"currency": "usd", "unit_amount": 5_000, "product_data": {"name": "Hat"}}
    dollars = [{"quantity": 1, "price_data": price}]

    offered = [
        shop.session().payment_method_types,
        shop.session(allowed_payment_method_types=["card"]).payment_method_types,
        shop.session(allowed_payment_method_types=["sepa_debit"]).payment_method_types,
        shop.session(line_items=dollars).payment_method_types,
        shop.session(payment_intent_data={"capture_method": "manual"}).payment_method_types,
    ]

    assert offered == [["card", "sepa_debit"], ["card"], ["sepa_debit"], ["card"], ["card"]]
    with pytest.raises(stripe.InvalidRequestError, match="None of the allowed payment method types"):
        shop.session(line_items=dollars, allowed_payment_method_types=["sepa_debit"])


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"iban": "DE12500105170648489890"}, "iban"),
        ({"iban": ""}, "iban"),
        ({"name": " "}, "name"),
        ({"email": "x"}, "email"),
    ],
)
def test_a_wrong_entry_is_named_and_nothing_is_asked_of_the_bank(
    em: Emulator, client: stripe.StripeClient, shop: Shop, form: dict[str, str], field: str
) -> None:
    session = shop.session()

    outcome = hosted.checkout_pay_debit(
        em, session.id, **{"iban": PAID, "email": "bob@example.org", "name": "Bob", **form}
    )

    assert (outcome.kind, outcome.field) == ("invalid", field)
    assert client.v1.checkout.sessions.retrieve(session.id).payment_intent is None


def test_a_page_for_cards_takes_no_debit(em: Emulator, shop: Shop) -> None:
    session = shop.session(allowed_payment_method_types=["card"])

    with pytest.raises(HostedError, match="no direct debits"):
        debit(em, session.id, PAID)


def test_an_intent_is_paid_by_debit_over_the_api_and_refunded(
    em: Emulator, client: stripe.StripeClient, shop: Shop
) -> None:
    method = client.v1.payment_methods.create(
        {
            "type": "sepa_debit",
            "sepa_debit": {"iban": PAID},
            "billing_details": {"name": "Bob", "email": "bob@example.org"},
        }
    )
    intent = client.v1.payment_intents.create(
        {
            "amount": 2_000,
            "currency": "eur",
            "allowed_payment_method_types": ["sepa_debit"],
            "payment_method": method.id,
            "confirm": True,
        }
    )
    em.advance(seconds=1)

    refund = client.v1.refunds.create({"payment_intent": intent.id, "amount": 500})

    assert (intent.status, refund.status) == ("processing", "succeeded")
    assert client.v1.payment_intents.retrieve(intent.id).amount_received == 2_000


def test_a_paid_debit_can_be_disputed(em: Emulator, client: stripe.StripeClient, shop: Shop) -> None:
    session = shop.session(amount=5_000)
    debit(em, session.id, PAID)
    em.advance(seconds=1)

    id = business.open_dispute(em, str(client.v1.checkout.sessions.retrieve(session.id).payment_intent), "general")

    found = client.v1.disputes.retrieve(id)
    assert (found.amount, found.payment_method_details) == (5_000, None)


def test_a_card_cannot_pay_an_intent_for_debits(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="not allowed for this PaymentIntent"):
        client.v1.payment_intents.create(
            {
                "amount": 2_000,
                "currency": "eur",
                "allowed_payment_method_types": ["sepa_debit"],
                "payment_method": "pm_card_visa",
                "confirm": True,
            }
        )


def test_a_debit_is_not_set_up_for_later(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.APIError, match="does not model this with a payment method of type sepa_debit"):
        client.v1.setup_intents.create({"payment_method": "pm_success_de", "confirm": True})


def test_a_pages_intent_keeps_its_kinds_of_payment_when_it_is_described(
    client: stripe.StripeClient, shop: Shop
) -> None:
    session = shop.session(allowed_payment_method_types=["card"])
    shop.pay(session.id)
    intent = str(client.v1.checkout.sessions.retrieve(session.id).payment_intent)

    described = client.v1.payment_intents.update(intent, {"description": "Order 7"})

    assert described.payment_method_types == ["card"]
