"""Requests nobody should send: refused in Stripe's shape, and nothing of them is kept."""

import json
from typing import Any

import pytest
import stripe

from emulator.core import Emulator
from tests.emulator.shop import Shop

BEARER = {"Authorization": "Bearer sk_test_emulator"}
MEGABYTE = 1_000_000


def sent(em: Emulator, method: str, url: str, body: bytes = b"", **headers: str) -> tuple[int, dict[str, Any]]:
    answer = em.handle(method, url, {**BEARER, **headers}, body)
    return answer.status, json.loads(answer.body)


@pytest.mark.parametrize(
    ("url", "body"),
    [
        ("/v1/customers", b"metadata" + b"[a]" * 40 + b"=1"),
        ("/v1/customers", b"[" * MEGABYTE),
        ("/v1/customers", b"name=" + b"x" * MEGABYTE),
        ("/v1/customers", b"a=1&" * (MEGABYTE // 4)),
        ("/v1/customers", b"address=1&address[city]=2"),
        ("/v1/customers", b"address[city]=2&address=1"),
        ("/v1/customers", b"\xff\xfe=1"),
        ("/v1/customers", b'{"name": "Ada"}'),
        ("/v1/payment_intents", b"amount=1e3&currency=eur"),
        ("/v1/payment_intents", b"amount=" + b"9" * 5_000 + b"&currency=eur"),
        ("/v1/payment_intents", "amount=²&currency=eur".encode()),
        ("/v1/payment_intents", b"amount[]=1&currency=eur"),
        ("/v1/payment_intents", b"amount=100&currency[a]=eur"),
        ("/v2/core/accounts", b"["),
        ("/v2/core/accounts", b"[" * MEGABYTE),
        ("/v2/core/accounts", b'{"a":' * 100_000),
        ("/v2/core/accounts", b"[]"),
        ("/v2/core/accounts", b"null"),
        ("/v2/core/accounts", b'{"display_name": "\\ud800"}'),
        ("/v2/core/accounts", b'{"contact_email": ' + b"9" * 5_000 + b"}"),
        ("/v2/core/accounts", b'{"identity": "DE"}'),
    ],
)
def test_a_body_that_makes_no_sense_is_a_400_and_leaves_nothing(em: Emulator, url: str, body: bytes) -> None:
    before = em.store.rows("SELECT COUNT(*) FROM object")

    status, found = sent(em, "POST", url, body)

    assert (status, found["error"]["type"]) == (400, "invalid_request_error")
    assert em.store.rows("SELECT COUNT(*) FROM object") == before


@pytest.mark.parametrize("method", ["PUT", "PATCH", "HEAD", "OPTIONS", "FOO"])
def test_a_method_stripe_does_not_know_is_a_404(em: Emulator, method: str) -> None:
    status, found = sent(em, method, "/v1/charges/ch_1")

    assert status == 404
    assert found["error"]["message"].startswith("Unrecognized request URL")


@pytest.mark.parametrize("amount", [0, -1, 49, 100_000_000, 2**63 - 1, 2**63])
def test_an_amount_no_card_is_charged_is_refused(shop: Shop, amount: int) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.charge(amount)

    assert refused.value.param == "amount"


@pytest.mark.parametrize(
    ("currency", "amount", "refused"),
    [("jpy", 50, False), ("jpy", 49, True), ("kwd", 1_000, False), ("kwd", 1_001, True), ("zzz", 1_000, True)],
)
def test_each_currency_has_its_own_smallest_unit(
    client: stripe.StripeClient, currency: str, amount: int, refused: bool
) -> None:
    params: Any = {"amount": amount, "currency": currency}

    if refused:
        with pytest.raises(stripe.InvalidRequestError):
            client.v1.payment_intents.create(params)
    else:
        assert client.v1.payment_intents.create(params).amount == amount


def test_money_is_not_moved_beyond_what_is_there(shop: Shop) -> None:
    seller, charge = shop.seller(), shop.charge(10_000)
    client = shop.client.v1
    transfer: Any = {"currency": "eur", "destination": seller, "source_transaction": charge.id}

    refused: list[Any] = []
    for call in (
        lambda: client.refunds.create({"charge": charge.id, "amount": 10_001}),
        lambda: client.refunds.create({"charge": charge.id, "amount": 0}),
        lambda: client.transfers.create({**transfer, "amount": 10_001}),
        lambda: client.transfers.create({**transfer, "amount": 100, "currency": "usd"}),
        lambda: client.transfers.create({"amount": 100, "currency": "eur", "destination": seller}),
        lambda: client.transfers.create({**transfer, "amount": -5}),
        lambda: client.payouts.create({"amount": 10_000, "currency": "eur"}),
    ):
        with pytest.raises(stripe.InvalidRequestError) as problem:
            call()
        refused.append((problem.value.http_status, bool(problem.value.error.message)))

    assert refused == [(400, True)] * 7
    assert client.charges.retrieve(charge.id).amount_refunded == 0


def test_an_object_of_another_account_is_not_there(em: Emulator, shop: Shop) -> None:
    seller, charge = shop.seller(), shop.charge()
    payment = shop.charge(transfer_data={"destination": seller})
    moved = shop.client.v1.transfers.retrieve(str(payment.transfer))

    from_seller = sent(em, "GET", f"/v1/charges/{charge.id}", **{"Stripe-Account": seller})
    from_platform = sent(em, "GET", f"/v1/charges/{moved.destination_payment}")
    cursor = sent(em, "GET", f"/v1/charges?starting_after={charge.id}", **{"Stripe-Account": seller})

    assert [from_seller[0], from_platform[0], cursor[0]] == [404, 404, 400]
    assert cursor[1]["error"]["param"] == "starting_after"


def test_a_publishable_key_is_told_from_a_wrong_one(em: Emulator) -> None:
    public = em.handle("GET", "/v1/balance", {"Authorization": "Bearer pk_test_emulator"})

    assert json.loads(public.body)["error"]["code"] == "secret_key_required"
