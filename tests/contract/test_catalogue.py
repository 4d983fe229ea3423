"""Products, prices and coupons."""

from typing import Any

import pytest
import stripe

from tests.contract.marks import source
from tests.contract.target import Target, refused, why


def priced(target: Target, amount: int = 1_500, **more: Any) -> stripe.Price:
    params: Any = {"currency": target.currency, "unit_amount": amount, "product_data": {"name": "Hat"}, **more}
    return target.v1.prices.create(params)


@source("docs")
def test_a_price_belongs_to_a_product_and_both_are_active(target: Target) -> None:
    product = target.v1.products.create({"name": "Hat", "metadata": {"colour": "grey"}})

    price = target.v1.prices.create({"currency": target.currency, "unit_amount": 1_500, "product": product.id})

    assert (product.active, product.metadata["colour"]) == (True, "grey")
    assert (price.product, price.unit_amount, price.active, price.type) == (product.id, 1_500, True, "one_time")
    assert [one.id for one in target.v1.prices.list({"product": product.id}).data] == [price.id]


@source("docs")
def test_the_amount_of_a_price_never_changes(target: Target) -> None:
    price = priced(target)

    error = refused(target.client.raw_request, "post", f"/v1/prices/{price.id}", unit_amount=1)

    assert why(error) == (400, "parameter_unknown", "unit_amount")
    assert target.v1.prices.update(price.id, {"nickname": "Usual"}).unit_amount == 1_500


@source("docs")
def test_a_session_sells_at_active_prices_only(target: Target) -> None:
    price = priced(target)
    lines = [{"price": price.id, "quantity": 2}]

    session = target.session(line_items=lines)
    target.v1.prices.update(price.id, {"active": False})

    assert session.amount_total == 3_000
    assert refused(target.session, line_items=lines).http_status == 400


@source("docs")
def test_a_price_is_found_by_its_lookup_key(target: Target) -> None:
    key = target.unique("hat")
    price = priced(target, lookup_key=key)

    assert [one.id for one in target.v1.prices.list({"lookup_keys": [key]}).data] == [price.id]


@source("docs")
def test_a_price_for_no_product_is_refused(target: Target) -> None:
    params: Any = {"currency": target.currency, "unit_amount": 100, "product": "prod_none"}

    assert why(refused(target.v1.prices.create, params))[1:] == ("resource_missing", "product")


@source("docs")
@pytest.mark.parametrize("given", [{}, {"percent_off": 101}, {"percent_off": 0}, {"amount_off": 100}])
def test_a_coupon_takes_off_a_part_or_an_amount_in_a_currency(target: Target, given: dict[str, Any]) -> None:
    assert refused(target.v1.coupons.create, {"duration": "once", **given}).http_status == 400


@source("docs")
def test_a_deleted_coupon_is_gone(target: Target) -> None:
    coupon = target.v1.coupons.create({"percent_off": 10, "duration": "once"})

    deleted = target.v1.coupons.delete(coupon.id)

    assert (coupon.valid, deleted.deleted) == (True, True)
    assert refused(target.v1.coupons.retrieve, coupon.id).http_status == 404


@source("docs")
def test_a_coupon_may_have_a_name_of_its_own_once(target: Target) -> None:
    id = target.unique("WELCOME")
    target.v1.coupons.create({"id": id, "percent_off": 10, "duration": "once"})

    error = refused(target.v1.coupons.create, {"id": id, "percent_off": 20, "duration": "once"})

    assert error.code == "resource_already_exists"
