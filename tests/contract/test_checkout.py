"""Checkout sessions: what they add up to, how they end, and what buyers do on them."""

from typing import Any

import pytest
import stripe

from tests.contract.marks import needs, source
from tests.contract.target import Target, refused, why

HOUR = 3_600


def price(target: Target, amount: int, **more: Any) -> dict[str, Any]:
    return {"currency": target.currency, "unit_amount": amount, "product_data": {"name": "Hat"}, **more}


def found(target: Target, session: stripe.checkout.Session, *expand: str) -> stripe.checkout.Session:
    return target.v1.checkout.sessions.retrieve(session.id, {"expand": list(expand)})


@source("docs")
def test_an_open_session_has_an_address_and_no_payment_yet(target: Target) -> None:
    session = target.session(2_000, client_reference_id="order-7")

    assert (session.status, session.payment_status, session.payment_intent) == ("open", "unpaid", None)
    assert str(session.url).startswith("http")
    assert (session.amount_total, session.currency, session.client_reference_id) == (2_000, target.currency, "order-7")


@source("docs")
def test_a_session_lives_for_a_day_or_as_long_as_told(target: Target) -> None:
    usual = target.session()
    short = target.session(expires_at=usual.created + HOUR)

    assert usual.expires_at == usual.created + 24 * HOUR
    assert short.expires_at == usual.created + HOUR


@source("docs")
@pytest.mark.parametrize("seconds", [60, 25 * HOUR])
def test_a_session_lives_neither_shorter_nor_longer(target: Target, seconds: int) -> None:
    assert refused(target.session, expires_at=target.session().created + seconds).error.param == "expires_at"


@source("docs")
def test_the_lines_of_a_session_add_up(target: Target) -> None:
    lines = [{"quantity": 2, "price_data": price(target, 1_250)}, {"quantity": 1, "price_data": price(target, 500)}]

    session = target.session(line_items=lines)

    listed = target.v1.checkout.sessions.line_items.list(session.id).data
    assert sorted(line.amount_total for line in listed) == [500, 2_500]
    assert (session.amount_subtotal, session.amount_total) == (3_000, 3_000)
    expanded = found(target, session, "line_items")
    assert {line.id for line in expanded.line_items.data} == {line.id for line in listed}


@source("docs")
def test_a_session_is_expired_by_hand_once(target: Target) -> None:
    session = target.session()

    expired = target.v1.checkout.sessions.expire(session.id)

    assert (expired.status, expired.url) == ("expired", None)
    assert refused(target.v1.checkout.sessions.expire, session.id).http_status == 400
    assert target.told(session.id, "checkout.session.expired")


@source("docs")
@needs("clock", "pages")
def test_a_session_expires_at_its_time_and_takes_no_money_afterwards(target: Target) -> None:
    session = target.session()

    target.advance(seconds=24 * HOUR)

    assert found(target, session).status == "expired"
    assert target.fill_in(session.id) == "expired"


@source("docs")
def test_a_total_no_card_would_be_charged_is_refused(target: Target) -> None:
    assert refused(target.session, 1).code == "amount_too_small"


@source("docs")
def test_a_session_needs_a_place_to_return_to(target: Target) -> None:
    lines = [{"quantity": 1, "price_data": price(target, 2_000)}]
    params: Any = {"mode": "payment", "line_items": lines}

    missing = refused(target.v1.checkout.sessions.create, params)
    wrong = refused(target.session, success_url="nowhere")

    assert missing.error.param == "success_url"
    assert why(wrong) == (400, "url_invalid", "success_url")


@source("docs")
def test_a_session_needs_something_to_sell(target: Target) -> None:
    assert refused(target.session, line_items=[]).http_status == 400


@source("docs")
def test_a_customer_brings_their_own_email(target: Target) -> None:
    customer = target.v1.customers.create({"email": "bob@example.org"}).id

    session = target.session(customer=customer)

    assert session.customer_details.email == "bob@example.org"
    assert refused(target.session, customer=customer, customer_email="x@example.org").http_status == 400
    assert refused(target.session, customer="cus_none").error.param == "customer"


@source("docs")
def test_lines_of_a_session_share_one_currency(target: Target) -> None:
    other = "usd" if target.currency != "usd" else "eur"
    lines = [
        {"quantity": 1, "price_data": price(target, 1_000)},
        {"quantity": 1, "price_data": price(target, 1_000, currency=other)},
    ]

    assert refused(target.session, line_items=lines).http_status == 400


@source("docs")
def test_a_seller_who_may_not_receive_is_refused_when_the_session_is_made(target: Target) -> None:
    data = {"transfer_data": {"destination": target.account()}}

    error = refused(target.session, payment_intent_data=data)

    assert error.code == "insufficient_capabilities_for_transfer"


# --- paid -----------------------------------------------------------------------------------------------------


@source("docs")
@needs("pages")
def test_a_paid_session_is_complete_and_knows_its_payment(target: Target) -> None:
    session = target.session(2_000)

    assert target.fill_in(session.id) == "paid"

    paid = found(target, session, "payment_intent")
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    assert (paid.payment_intent.status, paid.payment_intent.amount_received) == ("succeeded", 2_000)
    assert paid.customer_details.email == "bob@example.org"
    assert target.told(session.id, "checkout.session.completed")[0].data.object["payment_status"] == "paid"


@source("docs")
@needs("pages")
def test_metadata_of_a_session_does_not_reach_its_payment(target: Target) -> None:
    session = target.session(metadata={"order": "7"}, payment_intent_data={"metadata": {"payment": "8"}})
    target.fill_in(session.id)

    paid = found(target, session, "payment_intent")

    assert paid.metadata.to_dict() == {"order": "7"}
    assert paid.payment_intent.metadata.to_dict() == {"payment": "8"}


@source("docs")
@needs("pages")
def test_a_decline_leaves_the_session_open_for_another_card(target: Target) -> None:
    session = target.session()

    declined = target.fill_in(session.id, "4000000000000002")
    between = found(target, session).status
    paid = target.fill_in(session.id)

    assert (declined, between, paid) == ("declined", "open", "paid")


@source("docs")
@needs("pages")
def test_a_session_is_paid_once(target: Target) -> None:
    session = target.session()
    target.fill_in(session.id)

    assert target.fill_in(session.id) == "complete"
    intent = str(found(target, session).payment_intent)
    assert len(target.v1.charges.list({"payment_intent": intent}).data) == 1
    assert refused(target.v1.checkout.sessions.expire, session.id).http_status == 400


@source("library")
@needs("pages")
def test_the_payment_of_an_open_session_is_not_touched_directly(target: Target) -> None:
    session = target.session()
    target.fill_in(session.id, "4000000000000002")
    intent = str(found(target, session).payment_intent)

    assert refused(target.v1.payment_intents.cancel, intent).http_status == 400
    assert refused(target.v1.payment_intents.confirm, intent, {"payment_method": "pm_card_visa"}).http_status == 400


@source("docs")
@needs("pages")
def test_a_session_is_found_by_its_payment(target: Target) -> None:
    session = target.session()
    target.fill_in(session.id)
    intent = str(found(target, session).payment_intent)

    listed = target.v1.checkout.sessions.list({"payment_intent": intent}).data

    assert [one.id for one in listed] == [session.id]


@source("docs")
@needs("pages")
def test_a_session_can_hold_the_payment_for_a_later_capture(target: Target) -> None:
    session = target.session(payment_intent_data={"capture_method": "manual"})
    target.fill_in(session.id)

    held = found(target, session, "payment_intent")

    assert (held.status, held.payment_status) == ("complete", "unpaid")
    assert held.payment_intent.status == "requires_capture"


# --- discounts ------------------------------------------------------------------------------------------------


@source("docs")
@pytest.mark.parametrize(("percent", "off"), [(10, 200), (12.5, 250)])
def test_a_percentage_is_taken_off_the_total(target: Target, percent: float, off: int) -> None:
    coupon = target.v1.coupons.create({"percent_off": percent, "duration": "once"}).id

    session = target.session(2_000, discounts=[{"coupon": coupon}])

    assert (session.amount_subtotal, session.amount_total) == (2_000, 2_000 - off)
    assert session.total_details.amount_discount == off


@source("docs")
def test_a_discount_may_not_leave_less_than_the_smallest_charge(target: Target) -> None:
    coupon = target.v1.coupons.create({"percent_off": 99, "duration": "once"}).id

    assert refused(target.session, 2_000, discounts=[{"coupon": coupon}]).code == "amount_too_small"


@source("docs")
def test_an_amount_is_taken_off_in_its_own_currency_only(target: Target) -> None:
    other = "usd" if target.currency != "usd" else "eur"
    mine, theirs = (
        target.v1.coupons.create({"amount_off": 300, "currency": currency, "duration": "once"}).id
        for currency in (target.currency, other)
    )

    session = target.session(2_000, discounts=[{"coupon": mine}])

    assert session.amount_total == 1_700
    assert refused(target.session, 2_000, discounts=[{"coupon": theirs}]).http_status == 400


@source("docs")
def test_a_session_takes_one_discount_and_only_one_that_exists(target: Target) -> None:
    coupons = [target.v1.coupons.create({"percent_off": 10, "duration": "once"}).id for _ in range(2)]
    target.v1.coupons.delete(coupons[1])

    assert refused(target.session, discounts=[{"coupon": coupons[0]}] * 2).http_status == 400
    assert refused(target.session, discounts=[{"coupon": coupons[1]}]).code == "resource_missing"


@source("docs")
@needs("pages")
def test_the_buyer_pays_what_is_left_after_the_discount(target: Target) -> None:
    coupon = target.v1.coupons.create({"amount_off": 500, "currency": target.currency, "duration": "once"}).id
    session = target.session(2_000, discounts=[{"coupon": coupon}])

    target.fill_in(session.id)

    assert found(target, session, "payment_intent").payment_intent.amount_received == 1_500
    assert target.v1.coupons.retrieve(coupon).times_redeemed == 1


# --- cards kept -----------------------------------------------------------------------------------------------


def keep(target: Target, **more: Any) -> stripe.checkout.Session:
    params: Any = {"mode": "setup", "currency": target.currency, "success_url": "https://shop.example/cards"}
    return target.v1.checkout.sessions.create({**params, **more})


@source("docs")
def test_a_setup_session_asks_for_no_money(target: Target) -> None:
    session = keep(target, customer=target.v1.customers.create({}).id)

    assert (session.mode, session.payment_status, session.payment_intent) == ("setup", "no_payment_required", None)
    assert session.setup_intent


@source("library")
def test_a_setup_session_needs_a_currency_and_takes_nothing_to_sell(target: Target) -> None:
    params: Any = {"mode": "setup", "success_url": "https://shop.example/cards"}

    assert refused(target.v1.checkout.sessions.create, params).error.param == "currency"
    lines = [{"quantity": 1, "price_data": price(target, 1_000)}]
    assert refused(keep, target, line_items=lines).http_status == 400


@source("docs")
@needs("pages")
def test_a_card_kept_by_a_setup_session_is_the_customers(target: Target) -> None:
    customer = target.v1.customers.create({}).id
    session = keep(target, customer=customer)

    target.fill_in(session.id)

    (card,) = target.v1.customers.payment_methods.list(customer).data
    assert found(target, session, "setup_intent").setup_intent.payment_method == card.id
    assert target.pay(customer=customer, payment_method=card.id, off_session=True).status == "succeeded"
