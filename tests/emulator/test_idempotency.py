"""Idempotency keys, exactly as documented."""

import json
import threading

import pytest
import stripe

from emulator.core import Emulator
from tests.emulator.shop import Shop
from tests.stripe_inprocess import in_process_client

BEARER = {"Authorization": "Bearer sk_test_emulator"}


def post(em: Emulator, path: str, body: str, key: str, **headers: str):
    return em.handle("POST", path, {**BEARER, "Idempotency-Key": key, **headers}, body.encode())


def count(em: Emulator, kind: str) -> int:
    return len(em.store.find(kind, account=None))


def test_the_same_key_answers_the_same_bytes_and_acts_once(em: Emulator) -> None:
    first = post(em, "/v1/customers", "email=a@b.example", "k")
    again = post(em, "/v1/customers", "email=a@b.example", "k")

    assert first.body == again.body
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Original-Request"] == first.headers["Request-Id"] != again.headers["Request-Id"]
    assert "Idempotent-Replayed" not in first.headers
    assert count(em, "customer") == 1


def test_the_same_key_with_other_parameters_or_another_path_is_an_idempotency_error(
    em: Emulator, client: stripe.StripeClient
) -> None:
    client.v1.customers.create({"email": "a@b.example"}, {"idempotency_key": "k"})

    with pytest.raises(stripe.IdempotencyError, match="same parameters"):
        client.v1.customers.create({"email": "c@d.example"}, {"idempotency_key": "k"})
    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        client.v1.payment_intents.create({"amount": 100, "currency": "eur"}, {"idempotency_key": "k"})
    assert count(em, "customer") == 1


def test_the_order_of_parameters_does_not_matter(em: Emulator) -> None:
    first = post(em, "/v1/customers", "email=a@b.example&name=A", "k")
    again = post(em, "/v1/customers", "name=A&email=a@b.example", "k")

    assert (first.body, again.status) == (again.body, 200)


def test_keys_of_different_accounts_do_not_meet(em: Emulator, shop: Shop) -> None:
    seller = shop.account()

    platform = post(em, "/v1/customers", "email=a@b.example", "k")
    connected = post(em, "/v1/customers", "email=a@b.example", "k", **{"Stripe-Account": seller})

    assert platform.status == 200
    assert (connected.status, "Idempotent-Replayed" in connected.headers) == (501, False)


def test_validation_failures_are_not_saved(em: Emulator) -> None:
    refused = post(em, "/v1/customers", "emial=a@b.example", "k")
    accepted = post(em, "/v1/customers", "email=a@b.example", "k")

    assert (refused.status, accepted.status) == (400, 200)


def test_an_error_of_the_endpoint_itself_is_saved(em: Emulator, shop: Shop) -> None:
    seller = shop.seller()
    body = f"amount=1000&currency=eur&destination={seller}"
    short = post(em, "/v1/transfers", body, "k")
    shop.charge(5_000, at_once=True)

    again = post(em, "/v1/transfers", body, "k")

    assert (short.status, again.status) == (400, 400)
    assert json.loads(again.body)["error"]["code"] == "balance_insufficient"
    assert post(em, "/v1/transfers", body, "k2").status == 200


def test_a_saved_500_is_replayed(em: Emulator) -> None:
    em.faults.add("save_500", match="POST /v1/customers")

    first = post(em, "/v1/customers", "email=a@b.example", "k")
    again = post(em, "/v1/customers", "email=a@b.example", "k")
    other = post(em, "/v1/customers", "email=a@b.example", "k2")

    assert (first.status, again.status, other.status) == (500, 500, 200)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert count(em, "customer") == 1


def test_a_declined_card_is_replayed_as_the_same_decline(em: Emulator, client: stripe.StripeClient) -> None:
    params = {"amount": 900, "currency": "eur", "payment_method": "pm_card_chargeDeclined", "confirm": True}
    for _ in range(2):
        with pytest.raises(stripe.CardError) as declined:
            client.v1.payment_intents.create(params, {"idempotency_key": "k"})
        assert (declined.value.code, declined.value.http_status) == ("card_declined", 402)

    assert count(em, "payment_intent") == 1
    assert [event.type for event in client.v1.events.list()] == [
        "payment_intent.payment_failed",
        "charge.failed",
        "payment_intent.created",
    ]


def test_a_key_is_forgotten_after_24_hours_and_then_acts_again(em: Emulator) -> None:
    first = post(em, "/v1/customers", "email=a@b.example", "k")
    em.advance(seconds=24 * 3600 - 1)
    kept = post(em, "/v1/customers", "email=a@b.example", "k")
    happened = em.advance(seconds=1)
    again = post(em, "/v1/customers", "email=a@b.example", "k")

    assert kept.body == first.body != again.body
    assert {"idempotency keys forgotten"} <= {entry["what"] for entry in happened}
    assert count(em, "customer") == 2


def test_a_key_longer_than_255_characters_is_refused(em: Emulator) -> None:
    assert post(em, "/v1/customers", "", "k" * 256).status == 400
    assert post(em, "/v1/customers", "", "k" * 255).status == 200


def test_get_ignores_the_key(em: Emulator) -> None:
    for _ in range(2):
        answer = em.handle("GET", "/v1/customers", {**BEARER, "Idempotency-Key": "k"})
        assert (answer.status, "Idempotent-Replayed" in answer.headers) == (200, False)


def test_a_key_in_use_is_a_conflict_that_is_not_saved(em: Emulator) -> None:
    em.faults.add("delay", match="POST /v1/customers", seconds=0)
    inside, release, answers = threading.Event(), threading.Event(), []
    original = em.store.transaction

    def slow():
        if threading.current_thread() is worker:
            inside.set()
            release.wait(5)
        return original()

    em.store.transaction = slow
    worker = threading.Thread(target=lambda: answers.append(post(em, "/v1/customers", "email=a@b.example", "k")))
    worker.start()
    assert inside.wait(5)

    meanwhile = post(em, "/v1/customers", "email=a@b.example", "k")

    release.set()
    worker.join()
    assert (meanwhile.status, json.loads(meanwhile.body)["error"]["code"]) == (409, "idempotency_key_in_use")
    assert meanwhile.headers["Stripe-Should-Retry"] == "true"
    assert post(em, "/v1/customers", "email=a@b.example", "k").body == answers[0].body


def test_a_lost_answer_is_the_same_answer_on_the_retry_and_money_moved_once(em: Emulator, shop: Shop) -> None:
    """F13: Stripe acted, the answer never arrived; the retry carries the same key."""
    client = in_process_client(em, max_network_retries=0)
    seller = shop.seller()
    shop.charge(5_000, at_once=True)
    params = {"amount": 1_000, "currency": "eur", "destination": seller}
    em.faults.add("lost_response", match="POST /v1/transfers")

    with pytest.raises(stripe.APIConnectionError):
        client.v1.transfers.create(params, {"idempotency_key": "k"})
    transfer = client.v1.transfers.create(params, {"idempotency_key": "k"})

    assert transfer.last_response.headers["Idempotent-Replayed"] == "true"
    assert shop.balance(seller) == (1_000, 0)


def test_the_library_itself_recovers_a_lost_answer(em: Emulator, shop: Shop) -> None:
    client = in_process_client(em, max_network_retries=2)
    em.faults.add("lost_response", match="POST /v1/customers")

    customer = client.v1.customers.create({"email": "a@b.example"})

    assert [row.id for row in em.store.find("customer")] == [customer.id]


def test_the_library_retries_an_error_before_the_work_but_not_a_429(em: Emulator) -> None:
    client = in_process_client(em, max_network_retries=1)
    em.faults.add("error_before", match="POST /v1/customers", status=503)
    created = client.v1.customers.create({"email": "a@b.example"})
    em.faults.add("error_before", match="POST /v1/customers", status=429)

    with pytest.raises(stripe.RateLimitError) as limited:
        client.v1.customers.create({"email": "b@b.example"})

    assert limited.value.error.code == "rate_limit"
    assert [row.id for row in em.store.find("customer")] == [created.id]


def test_v2_saves_only_successes(em: Emulator) -> None:
    em.faults.add("save_500", match="POST /v2/core/accounts")

    first = post(em, "/v2/core/accounts", "{}", "k")
    second = post(em, "/v2/core/accounts", "{}", "k")
    third = post(em, "/v2/core/accounts", "{}", "k")

    assert (first.status, second.status) == (500, 200)
    assert second.body == third.body
