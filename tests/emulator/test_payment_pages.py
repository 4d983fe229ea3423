"""The private steps behind a payment page, as the Stripe CLI and Stripe's mobile SDKs take them."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
import stripe

from emulator.core import Emulator
from tests.emulator.shop import Inbox, Shop

PUBLIC = "pk_test_anything"


def call(
    em: Emulator, method: str, path: str, *, auth: str | None = "sk_test_emulator", **form: Any
) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {auth}"} if auth else {}
    answer = em.handle(method, path, headers, urlencode(form).encode())
    return answer.status, json.loads(answer.body)


def make_card(em: Emulator, token: str = "tok_visa", **more: Any) -> str:
    form = {"type": "card", "card[token]": token, "billing_details[email]": "jenny@example.com", **more}
    return str(call(em, "POST", "/v1/payment_methods", auth=PUBLIC, **form)[1]["id"])


def test_the_cli_completes_a_session_through_its_page(em: Emulator, client: stripe.StripeClient, shop: Shop) -> None:
    inbox, session = Inbox(em), shop.session(amount=3_000)
    _, page = call(em, "GET", f"/v1/payment_pages/{session.id}")
    card = make_card(em)

    status, done = call(
        em, "POST", f"/v1/payment_pages/{session.id}/confirm", payment_method=card, expected_amount=3_000
    )

    em.deliver_due(inbox.send)
    assert (page["session_id"], page["state"], page["total_summary"]["due"]) == (session.id, "active", 3_000)
    assert (status, done["status"], done["payment_intent"]["status"]) == (200, "complete", "succeeded")
    paid = client.v1.checkout.sessions.retrieve(session.id)
    assert (paid.payment_status, paid.customer_details and paid.customer_details.email) == ("paid", "jenny@example.com")
    assert inbox.types[-1] == "checkout.session.completed"


def test_a_publishable_key_opens_these_steps_and_nothing_else(em: Emulator, shop: Shop) -> None:
    session = shop.session()

    in_header = call(em, "POST", f"/v1/payment_pages/{session.id}/init", auth=PUBLIC, eid="NA", browser_locale="en-US")
    in_form = call(em, "POST", f"/v1/payment_pages/{session.id}/init", auth=None, key=PUBLIC)
    elsewhere = call(em, "GET", "/v1/balance", auth=PUBLIC)
    live = call(em, "POST", f"/v1/payment_pages/{session.id}/init", auth="pk_live_x")

    assert (in_header[0], in_form[0]) == (200, 200)
    assert (elsewhere[0], elsewhere[1]["error"]["code"]) == (401, "secret_key_required")
    assert live[0] == 401


def test_statistics_a_browser_adds_do_not_disturb_a_payment_method(em: Emulator) -> None:
    card = make_card(em, guid="NA", muid="NA", sid="NA", payment_user_agent="stripe.js/x", time_on_page="9")

    assert card.startswith("pm_1")


def test_a_decline_is_a_402_and_the_page_stays_open(em: Emulator, shop: Shop) -> None:
    session = shop.session()
    card = make_card(em, "tok_chargeDeclined")

    status, answer = call(em, "POST", f"/v1/payment_pages/{session.id}/confirm", payment_method=card)

    assert (status, answer["error"]["code"]) == (402, "card_declined")
    assert call(em, "GET", f"/v1/payment_pages/{session.id}")[1]["status"] == "open"


def test_the_banks_question_is_handed_on_with_its_address(em: Emulator, shop: Shop) -> None:
    session = shop.session()
    card = make_card(em, "tok_authenticationRequired")
    address = "https://shop.example/back"

    _, asked = call(em, "POST", f"/v1/payment_pages/{session.id}/confirm", payment_method=card, return_url=address)

    action = asked["payment_intent"]["next_action"]
    assert (asked["status"], action["redirect_to_url"]["return_url"]) == ("open", address)


@pytest.mark.parametrize(
    ("form", "code", "param"),
    [
        ({}, "parameter_missing", "payment_method"),
        ({"payment_method": "pm_nobody"}, "resource_missing", "payment_method"),
        ({"payment_method": "pm_card_visa", "expected_amount": "1"}, "checkout_amount_mismatch", "expected_amount"),
        ({"payment_method": "pm_card_visa", "expected_payment_method_type": "sepa_debit"}, None, "payment_method"),
    ],
)
def test_a_wrong_confirmation_is_refused_in_stripes_shape(
    em: Emulator, shop: Shop, form: dict[str, str], code: str | None, param: str
) -> None:
    session = shop.session()

    status, answer = call(em, "POST", f"/v1/payment_pages/{session.id}/confirm", **form)

    error = answer["error"]
    assert (status, error["type"], error.get("code"), error["param"]) == (400, "invalid_request_error", code, param)


def test_a_page_is_confirmed_once_and_only_if_it_exists(em: Emulator, shop: Shop) -> None:
    session = shop.session()
    form = {"payment_method": "pm_card_visa"}
    first = call(em, "POST", f"/v1/payment_pages/{session.id}/confirm", **form)
    again = call(em, "POST", f"/v1/payment_pages/{session.id}/confirm", **form)
    unknown = call(em, "GET", "/v1/payment_pages/cs_test_nothing")

    assert (first[0], again[0], again[1]["error"]["code"]) == (200, 400, "checkout_not_active_session")
    assert (unknown[0], unknown[1]["error"]["code"]) == (404, "resource_missing")


def test_a_debit_confirmed_there_is_on_its_way(em: Emulator, client: stripe.StripeClient, shop: Shop) -> None:
    session = shop.session()

    _, done = call(em, "POST", f"/v1/payment_pages/{session.id}/confirm", payment_method="pm_success_at")

    assert (done["status"], done["payment_status"], done["payment_intent"]["status"]) == (
        "complete",
        "unpaid",
        "processing",
    )
    em.advance(seconds=2)
    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_a_setup_page_keeps_the_card(em: Emulator, client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create({"email": "kim@example.org"}).id
    session = client.v1.checkout.sessions.create(
        {"mode": "setup", "currency": "eur", "customer": customer, "success_url": "https://shop.example/kept"}
    )

    _, done = call(em, "POST", f"/v1/payment_pages/{session.id}/confirm", payment_method=make_card(em))

    assert (done["status"], done["setup_intent"]["status"]) == ("complete", "succeeded")
    assert len(client.v1.customers.payment_methods.list(customer).data) == 1
