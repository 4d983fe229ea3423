"""Requests are held to stripe-python's own types; what is not modelled says so."""

import base64
import json
from typing import Any

import pytest
import stripe

from emulator.core import Emulator
from emulator.registry import OPERATIONS
from emulator.schema.operations import table
from tests.emulator.shop import Shop

BEARER = {"Authorization": "Bearer sk_test_emulator"}


def error(em: Emulator, method: str, url: str, body: str = "", **headers: str) -> tuple[int, dict[str, Any]]:
    answer = em.handle(method, url, {**BEARER, **headers}, body.encode())
    return answer.status, json.loads(answer.body)["error"]


@pytest.mark.parametrize(
    ("body", "code", "param", "message"),
    [
        ("amuont=1&currency=eur&destination=x", "parameter_unknown", "amuont", "Did you mean amount?"),
        ("amount=1x&currency=eur&destination=x", "parameter_invalid_integer", "amount", "Invalid integer: 1x"),
        ("amount=1&currency=eur", "parameter_missing", "destination", "Missing required param: destination."),
        ("amount=1&currency=&destination=x", "parameter_invalid_empty", "currency", "empty string for 'currency'"),
        ("amount[a]=1&currency=eur&destination=x", None, "amount", "Invalid integer"),
        ("amount=1&currency=eur&destination=x&api_key=y", "parameter_unknown", "api_key", "unknown parameter"),
        ("amount=1&currency=eur&destination=x&source_type=gold", None, "source_type", "must be one of bank_account"),
        ("amount=1&currency=eur&destination=x&metadata=hello", None, "metadata", "Invalid object"),
    ],
)
def test_a_wrong_parameter_is_refused_as_stripe_refuses_it(em: Emulator, body, code, param, message) -> None:
    status, found = error(em, "POST", "/v1/transfers", body)

    assert (status, found["type"], found.get("code"), found["param"]) == (400, "invalid_request_error", code, param)
    assert message in found["message"]


def test_an_unknown_parameter_deep_inside_is_named_with_its_path(em: Emulator) -> None:
    status, found = error(em, "POST", "/v1/checkout/sessions", "payment_intent_data[transfer_data][destinatoin]=x")

    assert (status, found["param"]) == (400, "payment_intent_data[transfer_data][destinatoin]")
    assert "Did you mean payment_intent_data[transfer_data][destination]?" in found["message"]


def test_v2_bodies_are_json_and_held_to_their_types(em: Emulator) -> None:
    status, unknown = error(em, "POST", "/v2/core/accounts", json.dumps({"dashbord": "express"}))
    _, wrong = error(em, "POST", "/v2/core/accounts", json.dumps({"contact_email": 7}))
    _, broken = error(em, "POST", "/v2/core/accounts", "{")

    assert (status, unknown["param"]) == (400, "dashbord")
    assert wrong["param"] == "contact_email"
    assert "JSON" in broken["message"]


def test_a_known_parameter_that_is_not_modelled_answers_501_and_its_name(em: Emulator) -> None:
    status, found = error(em, "POST", "/v1/checkout/sessions", "mode=payment&custom_text[submit][message]=Hi")

    assert (status, found["code"], found["param"]) == (501, "not_modelled", "custom_text")
    assert "custom_text of POST /v1/checkout/sessions" in found["message"]


def test_every_operation_stripe_knows_is_answered_or_says_it_is_not_modelled(em: Emulator) -> None:
    left = [op for op in table().by_name.values() if op.name not in OPERATIONS and op.path.startswith(("/v1", "/v2"))]
    unnamed = []
    for op in left:
        path = "/".join("x" if part.startswith("{") else part for part in op.path.split("/"))
        answer = em.handle(op.method, path, BEARER)
        if answer.status != 501 or op.method not in json.loads(answer.body)["error"]["message"]:
            unnamed.append((op.name, answer.status))

    # a concrete id may look like another operation's fixed word; the table's own order decides, so none is left over
    assert len(left) > 500
    assert unnamed == []


def test_every_modelled_operation_exists_in_the_library() -> None:
    assert [name for name in OPERATIONS if name not in table().by_name] == []


def test_an_unknown_path_is_a_404_in_stripes_words(em: Emulator) -> None:
    status, found = error(em, "GET", "/v1/chargez")

    assert status == 404
    assert found["message"].startswith("Unrecognized request URL (GET: /v1/chargez).")


def test_a_key_is_required_and_live_keys_are_refused(em: Emulator) -> None:
    none = em.handle("GET", "/v1/balance", {})
    wrong = em.handle("GET", "/v1/balance", {"Authorization": "Bearer sk_test_other_key_1234"})
    live = em.handle("GET", "/v1/balance", {"Authorization": "Bearer sk_live_1"})
    basic = em.handle(
        "GET", "/v1/balance", {"Authorization": "Basic " + base64.b64encode(b"sk_test_emulator:").decode()}
    )

    assert (none.status, wrong.status, live.status, basic.status) == (401, 401, 401, 200)
    assert b"sk_test_other" not in wrong.body
    with pytest.raises(ValueError, match="test keys only"):
        Emulator(secret_key="sk_live_1")


def test_an_account_that_is_not_connected_is_a_permission_error(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.PermissionError) as refused:
        client.v1.balance.retrieve(options={"stripe_account": "acct_unknown"})
    with pytest.raises(stripe.PermissionError):
        client.v1.accounts.retrieve("acct_unknown")

    assert refused.value.error.code == "account_invalid"


def test_a_missing_object_is_404_in_the_path_and_400_in_a_parameter(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as path:
        client.v1.charges.retrieve("ch_none")
    with pytest.raises(stripe.InvalidRequestError) as param:
        client.v1.refunds.create({"charge": "ch_none"})

    assert (path.value.http_status, path.value.code) == (404, "resource_missing")
    assert (param.value.http_status, param.value.param) == (400, "charge")
    assert path.value.request_id


def test_only_this_version_and_older_ones_are_spoken(em: Emulator, shop: Shop) -> None:
    body = (
        "mode=payment&success_url=https%3A%2F%2Fx.example&payment_method_types[0]=card&line_items[0][quantity]=1"
        "&line_items[0][price_data][currency]=eur&line_items[0][price_data][unit_amount]=500"
        "&line_items[0][price_data][product_data][name]=Hat"
    )
    url = "/v1/checkout/sessions"

    newer = error(em, "GET", "/v1/balance", **{"Stripe-Version": "2099-01-01.zebra"})
    older = em.handle("POST", url, {**BEARER, "Stripe-Version": "2025-03-31.basil"}, body.encode())
    own = error(em, "POST", url, body, **{"Stripe-Version": em.api_version})

    assert newer[0] == 400
    assert older.status == 200
    assert own[1]["param"] == "payment_method_types"


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"mode": "subscription"}, "mode"),
        ({"automatic_tax": {"enabled": True}}, "automatic_tax[enabled]"),
        ({"ui_mode": "embedded_page"}, "ui_mode"),
    ],
)
def test_what_checkout_offers_but_the_emulator_does_not_is_501(shop: Shop, more, param: str) -> None:
    with pytest.raises(stripe.APIError) as refused:
        shop.session(**more)

    assert (refused.value.http_status, refused.value.json_body["error"]["param"]) == (501, param)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"amount": 49}, "amount_too_small"),
        ({"expires_at": 1}, None),
        ({"success_url": "nowhere"}, "url_invalid"),
        ({"line_items": []}, None),
        ({"customer": "cus_none"}, "resource_missing"),
        ({"fee": 100}, None),
    ],
)
def test_a_session_that_makes_no_sense_is_refused(shop: Shop, more, code) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.session(**more)

    assert refused.value.code == code


def test_a_fee_above_the_amount_or_beside_a_transfer_amount_is_refused(shop: Shop) -> None:
    seller = shop.seller()

    with pytest.raises(stripe.InvalidRequestError) as above:
        shop.session(seller=seller, amount=1_000, fee=1_001)
    with pytest.raises(stripe.InvalidRequestError, match="only specify one of these"):
        shop.charge(application_fee_amount=1, transfer_data={"destination": seller, "amount": 5})

    assert above.value.param == "payment_intent_data[application_fee_amount]"
