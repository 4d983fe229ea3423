"""Idempotency keys: one key, one deed, one answer."""

import threading

import pytest
import stripe

from tests.contract.marks import needs, source
from tests.contract.target import Target, on, refused, why


def headers(made: stripe.StripeObject) -> dict[str, str]:
    response = made.last_response
    assert response is not None
    return {name.lower(): value for name, value in dict(response.headers).items()}


@source("docs")
def test_a_repeated_request_gets_the_first_answer(target: Target) -> None:
    key = target.unique("key")
    params = {"email": "bob@example.org"}

    first = target.v1.customers.create(params, {"idempotency_key": key})
    again = target.v1.customers.create(params, {"idempotency_key": key})

    assert again.id == first.id
    assert headers(again)["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in headers(first)


@source("docs")
def test_other_parameters_under_the_same_key_are_an_error(target: Target) -> None:
    key = target.unique("key")
    target.v1.customers.create({"email": "bob@example.org"}, {"idempotency_key": key})

    error = refused(target.v1.customers.create, {"email": "eve@example.org"}, {"idempotency_key": key})

    assert isinstance(error, stripe.IdempotencyError)
    assert (error.http_status, error.error.type) == (400, "idempotency_error")


@source("docs")
def test_another_endpoint_under_the_same_key_is_an_error(target: Target) -> None:
    key = target.unique("key")
    target.v1.customers.create({"description": "x"}, {"idempotency_key": key})

    error = refused(target.v1.products.create, {"name": "Hat"}, {"idempotency_key": key})

    assert isinstance(error, stripe.IdempotencyError)


@source("docs")
def test_a_declined_card_stays_declined_under_its_key(target: Target) -> None:
    key = target.unique("key")
    params = {
        "amount": 1_000,
        "currency": target.currency,
        "payment_method": "pm_card_chargeDeclined",
        "confirm": True,
        "return_url": "https://shop.example",
    }

    first = refused(target.v1.payment_intents.create, params, {"idempotency_key": key})
    again = refused(target.v1.payment_intents.create, params, {"idempotency_key": key})

    assert isinstance(again, stripe.CardError)
    assert first.error.payment_intent["id"] == again.error.payment_intent["id"]


@source("docs")
def test_a_request_that_failed_validation_leaves_its_key_free(target: Target) -> None:
    key = target.unique("key")
    refused(target.client.raw_request, "post", "/v1/customers", emial="bob@example.org", idempotency_key=key)

    made = target.v1.customers.create({"email": "bob@example.org"}, {"idempotency_key": key})

    assert "idempotent-replayed" not in headers(made)


@source("docs")
def test_a_key_has_at_most_255_characters(target: Target) -> None:
    made = target.v1.customers.create({}, {"idempotency_key": target.unique("k").ljust(255, "x")})

    error = refused(target.v1.customers.create, {}, {"idempotency_key": target.unique("k").ljust(256, "x")})

    assert made.id
    assert error.http_status == 400


@source("assumed")
def test_each_account_has_its_own_keys(target: Target) -> None:
    key, seller = target.unique("key"), target.seller()
    params = {"payments": {"payouts": {"schedule": {"interval": "manual"}}}}

    mine = target.v1.balance_settings.update(params, {"idempotency_key": key})
    theirs = target.v1.balance_settings.update(params, on(seller, idempotency_key=key))

    assert "idempotent-replayed" not in headers(mine)
    assert "idempotent-replayed" not in headers(theirs)


@source("docs")
@needs("clock")
def test_a_key_is_forgotten_after_a_day_and_executes_again(target: Target) -> None:
    key = target.unique("key")
    first = target.v1.customers.create({}, {"idempotency_key": key})

    target.advance(seconds=24 * 3_600 - 1)
    kept = target.v1.customers.create({}, {"idempotency_key": key})
    target.advance(seconds=2)
    new = target.v1.customers.create({}, {"idempotency_key": key})

    assert kept.id == first.id
    assert new.id != first.id


@source("docs")
@needs("faults")
def test_a_saved_500_is_replayed_like_any_answer(target: Target) -> None:
    target.em("faults").faults.add("save_500", match="POST /v1/customers")
    key, start = target.unique("key"), target.v1.customers.list({"limit": 100}).data

    for _ in range(2):
        with pytest.raises(stripe.APIError) as failed:
            target.v1.customers.create({}, {"idempotency_key": key})
        assert failed.value.http_status == 500

    assert len(target.v1.customers.list({"limit": 100}).data) == len(start)
    assert target.v1.customers.create({}, {"idempotency_key": target.unique("key")}).id


@source("docs")
@needs("faults")
def test_a_lost_answer_is_had_by_asking_again_under_the_same_key(target: Target) -> None:
    seller, _ = target.seller(), target.ready()
    target.em("faults").faults.add("lost_response", match="POST /v1/transfers")
    group = target.unique("order")
    params = {"amount": 4_000, "currency": target.currency, "destination": seller, "transfer_group": group}
    key = target.unique("key")

    with pytest.raises(stripe.APIConnectionError):
        target.v1.transfers.create(params, {"idempotency_key": key})
    made = target.v1.transfers.create(params, {"idempotency_key": key})

    listed = target.v1.transfers.list({"transfer_group": group}).data
    assert [one.id for one in listed] == [made.id]


@source("docs")
@needs("faults")
def test_a_request_beside_one_with_the_same_key_is_refused(target: Target) -> None:
    em = target.em("faults")
    em.faults.add("delay", match="POST /v1/customers", seconds=0.4)
    key, first = target.unique("key"), []

    worker = threading.Thread(
        target=lambda: first.append(target.v1.customers.create({}, {"idempotency_key": key, "max_network_retries": 0}))
    )
    worker.start()
    # the first request is at work once its fault has fired
    while not em.faults.list()[0].fired:
        pass
    error = refused(target.v1.customers.create, {}, {"idempotency_key": key, "max_network_retries": 0})
    worker.join()

    assert (error.http_status, error.error.code) == (409, "idempotency_key_in_use")
    assert target.v1.customers.create({}, {"idempotency_key": key}).id == first[0].id


@source("docs")
@needs("faults")
def test_a_lock_timeout_is_a_429_that_did_nothing(target: Target) -> None:
    seller, charge = target.seller(), target.charge()
    target.em("faults").faults.add("error_before", match="POST /v1/transfers", status=429, code="lock_timeout")
    key = target.unique("key")

    error = refused(
        lambda: target.v1.transfers.create(
            {"amount": 1_000, "currency": target.currency, "destination": seller, "source_transaction": charge.id},
            {"idempotency_key": key},
        )
    )
    made = target.v1.transfers.create(
        {"amount": 1_000, "currency": target.currency, "destination": seller, "source_transaction": charge.id},
        {"idempotency_key": key},
    )

    assert isinstance(error, stripe.RateLimitError)
    assert why(error)[:2] == (429, "lock_timeout")
    assert [one.id for one in target.v1.transfers.list({"destination": seller}).data][:1] == [made.id]


@source("library")
@needs("faults")
def test_the_library_retries_a_429_only_when_told_to(target: Target) -> None:
    faults = target.em("faults").faults
    faults.add("error_before", match="POST /v1/customers", status=429)
    error = refused(target.v1.customers.create, {}, {"max_network_retries": 2})
    faults.clear()
    faults.add("error_before", match="POST /v1/customers", status=429, should_retry=True)

    made = target.v1.customers.create({}, {"max_network_retries": 2})

    assert error.http_status == 429
    assert made.id


@source("docs")
def test_version_2_replays_what_succeeded(target: Target) -> None:
    key = target.unique("key")
    params = {"contact_email": "ada@example.org", "display_name": "Ada"}

    first = target.v2.core.accounts.create(params, {"idempotency_key": key})
    again = target.v2.core.accounts.create(params, {"idempotency_key": key})

    assert again.id == first.id


@source("docs")
@needs("faults")
def test_version_2_tries_again_what_failed(target: Target) -> None:
    target.em("faults").faults.add("save_500", match="POST /v2/core/accounts")
    key = target.unique("key")
    params = {"contact_email": "ada@example.org", "display_name": "Ada"}
    with pytest.raises(stripe.APIError):
        target.v2.core.accounts.create(params, {"idempotency_key": key})

    assert target.v2.core.accounts.create(params, {"idempotency_key": key}).id
