"""Products, prices and coupons, and Checkout with them."""

from typing import Any

import pytest
import stripe

from emulator import hosted
from emulator.core import Emulator
from tests.emulator.shop import Shop


def hat(client: stripe.StripeClient, amount: int = 1_999, **more: Any) -> stripe.Price:
    return client.v1.prices.create({"currency": "eur", "unit_amount": amount, "product_data": {"name": "Hat"}, **more})


def test_a_session_is_made_of_prices_and_expands_to_their_products(
    em: Emulator, client: stripe.StripeClient, shop: Shop
) -> None:
    product = client.v1.products.create({"name": "Hat", "description": "Felt, grey", "metadata": {"sku": "h1"}})
    price = client.v1.prices.create({"currency": "eur", "unit_amount": 1_999, "product": product.id})
    session = shop.session(
        line_items=[
            {"price": price.id, "quantity": 2},
            {
                "quantity": 1,
                "price_data": {
                    "currency": "eur",
                    "unit_amount": 500,
                    "product_data": {"name": "Delivery", "metadata": {"sku": "d1"}},
                },
            },
        ]
    )

    lines = client.v1.checkout.sessions.line_items.list(session.id, {"expand": ["data.price.product"]}).data

    assert session.amount_total == 4_498
    assert [line.price.product.metadata["sku"] for line in lines] == ["h1", "d1"]
    assert [line["description"] for line in hosted.checkout_view(em, session.id)["lines"]] == ["Felt, grey", ""]


def test_an_inactive_price_cannot_be_sold(client: stripe.StripeClient, shop: Shop) -> None:
    price = hat(client)
    client.v1.prices.update(price.id, {"active": False})

    with pytest.raises(stripe.InvalidRequestError, match="inactive") as refused:
        shop.session(line_items=[{"price": price.id, "quantity": 1}])

    assert refused.value.param == "line_items[0][price]"


def test_prices_are_found_by_product_state_and_lookup_key(client: stripe.StripeClient) -> None:
    first = hat(client, lookup_key="hat")
    with pytest.raises(stripe.InvalidRequestError, match="already uses that lookup key"):
        hat(client, lookup_key="hat")
    second = hat(client, 2_500, lookup_key="hat", transfer_lookup_key=True)
    client.v1.prices.update(first.id, {"active": False, "nickname": "old"})

    by_key = client.v1.prices.list({"lookup_keys": ["hat", "cap"]}).data
    active = client.v1.prices.list({"active": True}).data
    by_product = client.v1.prices.list({"product": str(first.product)}).data

    assert [[one.id for one in found] for found in (by_key, active, by_product)] == [
        [second.id],
        [second.id],
        [first.id],
    ]


def test_a_product_is_changed_and_listed(client: stripe.StripeClient) -> None:
    price = hat(client)
    product = client.v1.products.update(
        str(price.product), {"name": "Cap", "default_price": price.id, "active": False, "url": ""}
    )

    assert (product.name, product.default_price, product.active) == ("Cap", price.id, False)
    assert client.v1.products.list({"active": True}).data == []
    with pytest.raises(stripe.InvalidRequestError) as unknown:
        client.v1.products.retrieve("prod_unknown")
    assert unknown.value.http_status == 404


@pytest.mark.parametrize(
    ("coupon", "off"),
    [({"percent_off": 12.5}, 1_250), ({"amount_off": 700, "currency": "eur"}, 700)],
)
def test_a_coupon_is_taken_off_the_order_and_every_line(
    em: Emulator, client: stripe.StripeClient, shop: Shop, coupon: dict[str, Any], off: int
) -> None:
    made = client.v1.coupons.create({"duration": "once", "max_redemptions": 1, **coupon})
    price = hat(client, 3_333).id
    lines = [{"price": price, "quantity": 1}, {"price": price, "quantity": 2}]
    lines.append({"price": hat(client, 1).id, "quantity": 1})
    session = shop.session(line_items=lines, discounts=[{"coupon": made.id}], expand=["line_items"])

    page = hosted.checkout_view(em, session.id)
    shop.pay(session.id)

    assert (session.amount_subtotal, session.amount_total) == (10_000, 10_000 - off)
    assert session.total_details.amount_discount == off
    assert sum(line.amount_total for line in session.line_items.data) == 10_000 - off
    assert (page["total"], page["discount"]) == (10_000 - off, -off)
    assert client.v1.charges.list().data[0].amount == 10_000 - off
    used = client.v1.coupons.retrieve(made.id)
    assert (used.times_redeemed, used.valid) == (1, False)
    with pytest.raises(stripe.InvalidRequestError) as again:
        shop.session(discounts=[{"coupon": made.id}])
    assert again.value.code == "coupon_expired"


@pytest.mark.parametrize(
    ("coupon", "param"),
    [
        ({}, "percent_off"),
        ({"percent_off": 10, "amount_off": 5, "currency": "eur"}, "percent_off"),
        ({"percent_off": 101}, "percent_off"),
        ({"amount_off": 100}, "currency"),
        ({"percent_off": 10, "duration": "repeating"}, "duration_in_months"),
        ({"percent_off": 10, "redeem_by": 1}, "redeem_by"),
        ({"percent_off": 10, "id": "a b"}, "id"),
    ],
)
def test_an_impossible_coupon_is_refused(client: stripe.StripeClient, coupon: dict[str, Any], param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.coupons.create(coupon)

    assert refused.value.param == param


def test_a_coupon_of_another_currency_or_deleted_is_refused(client: stripe.StripeClient, shop: Shop) -> None:
    dollars = client.v1.coupons.create({"amount_off": 100, "currency": "usd", "id": "WELCOME"})
    with pytest.raises(stripe.InvalidRequestError, match="usd"):
        shop.session(discounts=[{"coupon": dollars.id}])
    client.v1.coupons.delete(dollars.id)

    with pytest.raises(stripe.InvalidRequestError) as gone:
        shop.session(discounts=[{"coupon": dollars.id}])

    assert (gone.value.code, gone.value.param) == ("resource_missing", "discounts[0][coupon]")
    assert client.v1.coupons.list().data == []


def test_older_clients_may_use_the_older_names(em: Emulator) -> None:
    old = {"Authorization": "Bearer sk_test_emulator", "Stripe-Version": "2024-06-20"}
    form = b"payment_method_types[0]=card&payment_method=pm_card_visa&confirm=true"
    new = {**old, "Stripe-Version": em.api_version}

    served = em.handle("POST", "/v1/setup_intents", old, form)
    held = em.handle("POST", "/v1/setup_intents", new, form)

    assert (served.status, held.status) == (200, 400)
    assert b"Received unknown parameter: payment_method_types" in held.body
