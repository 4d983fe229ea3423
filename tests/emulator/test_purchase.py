"""One destination purchase, end to end, with the real library."""

import pytest
import stripe

from emulator import hosted
from emulator.core import Emulator
from emulator.errors import HostedError
from tests.emulator.shop import DAY, Inbox, Shop


def test_a_destination_charge_leaves_680_with_the_platform_and_9000_with_the_seller(
    em: Emulator, client: stripe.StripeClient, shop: Shop
) -> None:
    seller = shop.seller()
    session = shop.session(seller=seller, amount=10_000, fee=1_000)

    outcome = shop.pay(session.id)

    assert (outcome.kind, outcome.redirect_url) == ("paid", f"https://shop.example/done?s={session.id}")
    assert shop.balance() == (0, 680)
    assert shop.balance(seller) == (0, 9_000)
    paid = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge.transfer"]})
    assert (paid.status, paid.payment_status) == ("complete", "paid")
    charge = paid.payment_intent.latest_charge
    assert charge.transfer.destination == seller
    rows = client.v1.balance_transactions.list().data
    assert {row.type: (row.amount, row.fee) for row in rows} == {
        "charge": (10_000, 320),
        "transfer": (-10_000, 0),
        "application_fee": (1_000, 0),
    }
    twin = client.v1.charges.retrieve(charge.transfer.destination_payment, options={"stripe_account": seller})
    assert (twin.amount, twin.application_fee_amount, twin.source_transfer) == (10_000, 1_000, charge.transfer.id)
    fee = client.v1.application_fees.list({"charge": twin.id}).data[0]
    assert (fee.amount, fee.originating_transaction, fee.account) == (1_000, charge.id, seller)


def test_with_transfer_data_amount_only_that_part_moves(em: Emulator, shop: Shop) -> None:
    seller = shop.seller()

    shop.charge(10_000, transfer_data={"destination": seller, "amount": 8_500})

    assert shop.balance(seller) == (0, 8_500)
    assert shop.balance() == (0, 10_000 - 320 - 8_500)


def test_two_days_later_the_money_is_paid_out_and_arrives_on_the_next_weekday(
    em: Emulator, client: stripe.StripeClient, shop: Shop
) -> None:
    seller = shop.seller()
    shop.pay(shop.session(seller=seller, amount=10_000, fee=1_000).id)

    happened = em.advance(seconds=2 * DAY)

    mine = [entry["what"] for entry in happened if entry.get("account") == seller]
    assert mine[:2] == ["balance.available", "payout.created"]
    payout = client.v1.payouts.list(options={"stripe_account": seller}).data[0]
    assert (payout.amount, payout.status, payout.automatic) == (9_000, "in_transit", True)
    em.advance(to=payout.arrival_date)
    payout = client.v1.payouts.retrieve(payout.id, options={"stripe_account": seller})
    assert (payout.status, payout.reconciliation_status) == ("paid", "completed")
    swept = client.v1.balance_transactions.list({"payout": payout.id}, options={"stripe_account": seller}).data
    assert [(row.type, row.net, row.status) for row in swept] == [("payment", 9_000, "available")]
    assert shop.balance(seller) == (0, 0)


def test_one_day_later_the_money_is_still_pending(em: Emulator, shop: Shop) -> None:
    seller = shop.seller()
    shop.charge(10_000, transfer_data={"destination": seller})

    em.advance(seconds=DAY)

    assert shop.balance(seller) == (0, 10_000)


def test_a_declined_card_can_be_followed_by_another(em: Emulator, client: stripe.StripeClient, shop: Shop) -> None:
    session = shop.session(seller=shop.seller(), fee=100)

    first = shop.pay(session.id, "4000000000000002")
    second = shop.pay(session.id, "4000 0000 0000 9995")
    third = shop.pay(session.id)

    assert [outcome.kind for outcome in (first, second, third)] == ["declined", "declined", "paid"]
    assert (first.message, second.message) == ("Your card was declined.", "Your card has insufficient funds.")
    paid = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    charges = client.v1.charges.list({"payment_intent": paid.payment_intent.id}).data
    assert [charge.status for charge in charges] == ["succeeded", "failed", "failed"]
    assert charges[1].outcome.reason == "insufficient_funds"
    assert shop.pay(session.id).kind == "complete"


@pytest.mark.parametrize("number", ["4000002500003155", "4000000000003220"])
def test_three_d_secure_is_asked_for_and_can_fail_or_succeed(em: Emulator, shop: Shop, number: str) -> None:
    session = shop.session()

    asked = shop.pay(session.id, number)
    step = hosted.checkout_view(em, session.id)["next_action"]
    refused = hosted.checkout_authenticate(em, session.id, succeed=False)
    shop.pay(session.id, number)
    paid = hosted.checkout_authenticate(em, session.id, succeed=True)

    assert (asked.kind, step, refused.kind, paid.kind) == ("requires_action", "authenticate", "declined", "paid")


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"number": "4111111111111111"}, "number"),
        ({"number": ""}, "number"),
        ({"exp_month": 13}, "exp_month"),
        ({"exp_year": 2020}, "exp_year"),
        ({"exp_year": "x"}, "exp_year"),
        ({"cvc": "12"}, "cvc"),
        ({"email": "nobody"}, "email"),
    ],
)
def test_a_wrong_card_form_says_which_field_and_charges_nothing(em: Emulator, shop: Shop, form, field: str) -> None:
    session = shop.session()

    outcome = shop.pay(session.id, **form)

    assert (outcome.kind, outcome.field) == ("invalid", field)
    assert shop.balance() == (0, 0)


def test_a_session_expires_at_its_time_and_takes_no_more_money(
    em: Emulator, client: stripe.StripeClient, shop: Shop
) -> None:
    session = shop.session()
    shop.pay(session.id, "4000000000000002")

    em.advance(to=session.expires_at)

    assert client.v1.checkout.sessions.retrieve(session.id).status == "expired"
    assert shop.pay(session.id).kind == "expired"
    types = [event.type for event in client.v1.events.list({"limit": 100})]
    assert types[:2] == ["checkout.session.expired", "payment_intent.canceled"]


def test_only_open_sessions_can_be_expired_by_request(client: stripe.StripeClient, shop: Shop) -> None:
    session = shop.session()
    client.v1.checkout.sessions.expire(session.id)

    with pytest.raises(stripe.InvalidRequestError, match='status in \\["open"\\]'):
        client.v1.checkout.sessions.expire(session.id)


def test_the_payment_page_shows_lines_and_total(em: Emulator, shop: Shop) -> None:
    hat = {"currency": "eur", "unit_amount": 1_250, "product_data": {"name": "Hat", "description": "Felt, grey"}}
    session = shop.session(line_items=[{"quantity": 2, "price_data": hat}])

    page = hosted.checkout_view(em, session.id)

    assert page["lines"] == [
        {
            "name": "Hat",
            "description": "Felt, grey",
            "quantity": 2,
            "unit_amount": 1_250,
            "amount": 2_500,
            "currency": "eur",
        }
    ]
    assert (page["total"], page["currency"], page["status"]) == (2_500, "eur", "open")
    assert len(page["test_cards"]) == len(hosted.TEST_CARDS)
    with pytest.raises(HostedError):
        hosted.checkout_view(em, "cs_test_unknown")


def test_the_events_of_a_purchase_arrive_signed_in_order(em: Emulator, shop: Shop) -> None:
    inbox = Inbox(em)
    shop.pay(shop.session(seller=shop.seller(), fee=1_000).id)

    em.deliver_due(inbox.send)

    platform = [event.type for event, url in zip(inbox.events, inbox.urls, strict=True) if url.endswith("platform")]
    assert platform == [
        "payment_intent.created",
        "charge.succeeded",
        "transfer.created",
        "application_fee.created",
        "payment_intent.succeeded",
        "checkout.session.completed",
    ]
    completed = inbox.events[-1]
    assert completed.data.object["payment_status"] == "paid"
    assert (completed.livemode, completed.api_version) == (False, "2026-10-28.endive")


def test_a_seller_who_may_not_receive_transfers_cannot_be_a_destination(shop: Shop) -> None:
    account = shop.account()

    with pytest.raises(stripe.InvalidRequestError) as session:
        shop.session(seller=account)
    with pytest.raises(stripe.InvalidRequestError) as intent:
        shop.charge(transfer_data={"destination": account})

    assert session.value.code == intent.value.code == "insufficient_capabilities_for_transfer"
