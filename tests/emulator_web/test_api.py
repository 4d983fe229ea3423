"""The API and the controls over HTTP, with Stripe's own library."""

import io
import json
import time
import urllib.error
import urllib.request
from typing import Any

import pytest
import stripe

from tests.emulator_web.support import (
    CONNECT_SECRET,
    PLATFORM_SECRET,
    Running,
    Shop,
    get_json,
    open_seller,
    open_session,
    post_json,
    wait_for,
)


def control(emulator: Running, path: str, body: dict[str, Any] | None = None) -> Any:
    return post_json(f"{emulator.url}/_emulator/{path}", body)


def answer_to(request: urllib.request.Request) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_a_body_too_large_is_refused_in_stripes_own_form(emulator: Running) -> None:
    request = urllib.request.Request(f"{emulator.url}/v1/customers", data=b"x" * 9_000_000)

    status, said = answer_to(request)

    assert status == 400
    assert json.loads(said)["error"]["type"] == "invalid_request_error"


def test_an_unmodelled_operation_says_so(emulator: Running) -> None:
    with pytest.raises(stripe.APIError) as caught:
        emulator.client.v1.issuing.cards.list()

    assert caught.value.http_status == 501
    assert "does not model" in str(caught.value)


def test_events_reach_each_endpoint_promptly_and_signed_with_its_secret(emulator: Running, shop: Shop) -> None:
    account, _link = open_seller(emulator.client, shop)
    control(emulator, f"accounts/{account}/complete_onboarding")
    session = open_session(emulator.client, shop)

    answered = control(emulator, f"sessions/{session.id}/pay", {"email": "kim@example.com"})
    now = time.monotonic()

    assert answered["kind"] == "paid"
    paid = wait_for(lambda: shop.events("checkout.session.completed"))[0]
    told = wait_for(lambda: shop.events("account.updated"))[0]
    assert paid.at - now < 1
    assert paid.path == "/hooks/platform"
    assert told.path == "/hooks/connect"
    event = stripe.Webhook.construct_event(paid.body, paid.headers["Stripe-Signature"], PLATFORM_SECRET)
    assert event.data.object.id == session.id
    event = stripe.Webhook.construct_event(told.body, told.headers["Stripe-Signature"], CONNECT_SECRET)
    assert event.account == account


def test_an_event_refused_by_the_shop_is_tried_again_when_its_time_comes(emulator: Running, shop: Shop) -> None:
    shop.answer = 500
    session = open_session(emulator.client, shop)
    control(emulator, f"sessions/{session.id}/pay", {})
    wait_for(lambda: shop.events("checkout.session.completed"))
    shop.answer = 200
    before = len(shop.events("checkout.session.completed"))

    control(emulator, "advance", {"seconds": 4 * 3600})

    wait_for(lambda: len(shop.events("checkout.session.completed")) > before)
    ids = {one.event["id"] for one in shop.events("checkout.session.completed")}
    assert len(ids) == 1
    url = f"{emulator.url}/_emulator/events?type=checkout.session.completed"
    wait_for(lambda: get_json(url)["data"][0]["deliveries"][0]["state"] == "delivered")
    statuses = [attempt["status"] for attempt in get_json(url)["data"][0]["deliveries"][0]["attempts"]]
    assert statuses == [500, 200]


def test_a_delivery_can_be_sent_again(emulator: Running, shop: Shop) -> None:
    session = open_session(emulator.client, shop)
    control(emulator, f"sessions/{session.id}/pay", {})
    wait_for(lambda: shop.events("checkout.session.completed"))
    url = f"{emulator.url}/_emulator/events?type=checkout.session.completed"
    delivery = get_json(url)["data"][0]["deliveries"][0]["id"]

    control(emulator, f"deliveries/{delivery}/resend")

    wait_for(lambda: len(shop.events("checkout.session.completed")) == 2)


def test_a_lost_response_closes_the_connection_and_the_same_key_returns_the_saved_answer(emulator: Running) -> None:
    control(emulator, "faults", {"kind": "lost_response", "match": "POST /v1/customers"})
    options: stripe.RequestOptions = {"idempotency_key": "one-customer"}
    with pytest.raises(stripe.APIConnectionError):
        emulator.client.v1.customers.create(params={"email": "kim@example.com"}, options=options)

    customer = emulator.client.v1.customers.create(params={"email": "kim@example.com"}, options=options)

    listed = emulator.client.v1.customers.list().data
    assert [one.id for one in listed] == [customer.id]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"kind": "meteor"}, "lost_response"),
        ({}, "kind"),
        ({"kind": "delay", "match": "("}, "position"),
        ({"kind": "delay", "times": "often"}, "times"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(emulator: Running, body: dict[str, Any], named: str) -> None:
    request = urllib.request.Request(
        f"{emulator.url}/_emulator/faults",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )

    status, said = answer_to(request)

    assert status == 400
    assert named in json.loads(said)["error"]["message"]


@pytest.mark.parametrize("body", [{}, {"seconds": -1}, {"seconds": "soon"}, {"seconds": 1, "to": 2}, {"to": 1}])
def test_a_wrong_move_of_the_clock_is_refused(emulator: Running, body: dict[str, Any]) -> None:
    request = urllib.request.Request(
        f"{emulator.url}/_emulator/advance",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )

    status, _said = answer_to(request)

    assert status == 400


def test_moving_the_clock_two_days_pays_the_seller_out(emulator: Running, shop: Shop) -> None:
    client = emulator.client
    account, _link = open_seller(client, shop)
    control(emulator, f"accounts/{account}/complete_onboarding")
    session = open_session(
        client,
        shop,
        payment_intent_data={"application_fee_amount": 729, "transfer_data": {"destination": account}},
    )
    control(emulator, f"sessions/{session.id}/pay", {"email": "kim@example.com"})

    happened = control(emulator, "advance", {"seconds": 2 * 86400})["happened"]

    payout = client.v1.payouts.list(options={"stripe_account": account}).data[0]
    assert payout.amount == 7290 - 729
    assert payout.id in [item["id"] for item in happened]
    # The platform is paid out too; the seller's event is the one at the sellers' endpoint.
    told = wait_for(lambda: [one for one in shop.events("payout.created") if one.path == "/hooks/connect"])
    assert told[0].event["account"] == account


def test_a_foreign_web_page_cannot_turn_the_knobs(emulator: Running) -> None:
    plain = urllib.request.Request(
        f"{emulator.url}/_emulator/reset", data=b"{}", headers={"Content-Type": "text/plain"}
    )
    rebound = urllib.request.Request(
        f"{emulator.url}/_emulator/reset",
        data=b"{}",
        headers={"Content-Type": "application/json", "Host": "evil.example"},
    )

    assert answer_to(plain)[0] == 415
    assert answer_to(rebound)[0] == 400


def test_the_clock_answers_what_the_product_polls(emulator: Running) -> None:
    control(emulator, "advance", {"seconds": 3600})

    clock = get_json(f"{emulator.url}/_emulator/clock")

    assert clock["offset_seconds"] == 3600
    assert clock["mode"] == "offset"
    assert isinstance(clock["now"], int)


def test_the_request_log_names_calls_and_keys(emulator: Running) -> None:
    emulator.client.v1.customers.create(params={}, options={"idempotency_key": "key-1"})

    rows = get_json(f"{emulator.url}/_emulator/requests")["data"]

    assert (rows[0]["method"], rows[0]["path"], rows[0]["status"]) == ("POST", "/v1/customers", 200)
    assert rows[0]["idempotency_key"] == "key-1"


def test_the_operator_opens_and_decides_a_dispute(emulator: Running) -> None:
    intent = emulator.client.v1.payment_intents.create(
        {"amount": 5_000, "currency": "eur", "payment_method": "pm_card_visa", "confirm": True}
    )

    dispute = control(emulator, f"charges/{intent.id}/dispute", {"inquiry": True})["dispute"]
    moved = control(emulator, f"disputes/{dispute}/move", {"to": "needs_response"})
    warned = control(emulator, f"charges/{intent.latest_charge}/fraud_warning", {})

    assert moved == {"status": "needs_response"}
    assert emulator.client.v1.disputes.retrieve(dispute).status == "needs_response"
    assert emulator.client.v1.radar.early_fraud_warnings.retrieve(warned["early_fraud_warning"]).actionable is False


def test_the_operator_makes_a_refund_fail(emulator: Running) -> None:
    intent = emulator.client.v1.payment_intents.create(
        {"amount": 5_000, "currency": "eur", "payment_method": "pm_card_visa", "confirm": True}
    )
    refund = emulator.client.v1.refunds.create({"payment_intent": intent.id})

    failed = control(emulator, f"refunds/{refund.id}/fail", {"reason": "declined"})

    assert failed == {"status": "failed"}
    assert emulator.client.v1.refunds.retrieve(refund.id).failure_reason == "declined"


def test_evidence_is_uploaded_over_http(emulator: Running) -> None:
    file = io.BytesIO(b"%PDF-1.7 \r\n\r\n\x00\xff receipt")
    file.name = "receipt.pdf"

    made = emulator.client.v1.files.create({"file": file, "purpose": "dispute_evidence"})

    assert (made.type, made.size) == ("pdf", len(file.getvalue()))
