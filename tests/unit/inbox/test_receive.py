"""The door events come in by (fault F09, promise 1)."""

import json
import time
from typing import Any

import pytest
from django.test import Client

from inbox.models import StripeEvent
from tests.signing import CONNECT, PLATFORM, event, send, signature

pytestmark = pytest.mark.django_db


def post(client: Client, body: str | bytes, header: str, address: str = PLATFORM) -> Any:
    return client.post(address, body, content_type="application/json", headers={"Stripe-Signature": header})


def test_a_signed_event_is_stored_and_answered(client: Client) -> None:
    response = send(client, event("evt_1"))

    row = StripeEvent.objects.get()
    assert response.status_code == 200
    assert (row.event_id, row.type, row.status, row.endpoint) == ("evt_1", "customer.updated", "received", "platform")
    assert json.loads(row.payload)["id"] == "evt_1"


def test_the_same_event_again_is_answered_but_not_stored_again(client: Client) -> None:
    send(client, event("evt_1"))

    assert send(client, event("evt_1")).status_code == 200
    assert StripeEvent.objects.count() == 1


def test_f09_a_changed_body_is_refused(client: Client) -> None:
    body = json.dumps(event())

    response = post(client, body.replace("evt_1", "evt_2"), signature(body))

    assert response.status_code == 400
    assert not StripeEvent.objects.exists()


def test_f09_another_secret_is_refused(client: Client) -> None:
    assert send(client, event(), secret="whsec_forged").status_code == 400


def test_f09_an_empty_secret_verifies_nothing(client: Client, settings: Any) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = [""]

    assert send(client, event(), secret="").status_code == 400


def test_f09_no_signature_is_refused(client: Client) -> None:
    assert post(client, json.dumps(event()), "").status_code == 400


def test_f09_an_old_signature_is_refused(client: Client) -> None:
    body = json.dumps(event())

    assert post(client, body, signature(body, at=time.time() - 301)).status_code == 400
    assert post(client, body, signature(body, at=time.time() - 290)).status_code == 200


def test_f09_an_oversized_body_is_refused_before_it_is_read(client: Client) -> None:
    body = json.dumps(event(padding="x" * 600_000))

    assert post(client, body, signature(body)).status_code == 413


@pytest.mark.parametrize(
    "body",
    [
        "not json",
        "[]",
        "{}",
        '"text"',
        '{"object": "event"}',
        '{"object":"event","id":1,"type":"x","data":{"object":{}}}',
    ],
)
def test_f09_what_is_signed_but_no_event_is_refused(client: Client, body: str) -> None:
    assert post(client, body, signature(body)).status_code == 400


def test_f09_bytes_that_are_no_text_are_refused(client: Client) -> None:
    assert post(client, b"\xff\xfe{}", "t=1,v1=00").status_code == 400


def test_a_body_with_a_nul_is_refused_with_a_sentence(client: Client) -> None:
    assert send(client, event("evt_\x00")).status_code == 400


def test_a_nul_somewhere_inside_the_body_is_no_reason_to_lose_the_event(client: Client) -> None:
    odd = event("evt_1", data={"object": {"id": "cus_1", "name": "a\x00b"}})

    assert send(client, odd).status_code == 200
    assert json.loads(StripeEvent.objects.get().payload)["data"]["object"]["name"] == "a\x00b"


def test_only_post_is_answered(client: Client) -> None:
    assert client.get(PLATFORM).status_code == 405


def test_two_secrets_are_live_while_one_is_rotated(client: Client, settings: Any) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_new", "whsec_old"]

    assert send(client, event("evt_1"), secret="whsec_old").status_code == 200
    assert send(client, event("evt_2"), secret="whsec_new").status_code == 200


def test_the_two_endpoints_have_their_own_secrets(client: Client, settings: Any) -> None:
    platform_secret = settings.STRIPE_WEBHOOK_SECRETS[0]

    assert send(client, event(account="acct_1"), address=CONNECT).status_code == 200
    assert send(client, event(account="acct_1"), address=CONNECT, secret=platform_secret).status_code == 400
    assert StripeEvent.objects.get().account == "acct_1"


def test_an_unknown_type_is_stored_too(client: Client) -> None:
    assert send(client, event(type="moon.phase.changed")).status_code == 200
