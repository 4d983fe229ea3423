"""Calls that go wrong on purpose, as the unmodified library meets them."""

import contextlib
import time
from pathlib import Path

import pytest
import stripe

from emulator.core import Emulator
from emulator.fault_kinds import CATALOGUE
from emulator.faults import KINDS
from tests.emulator.shop import Shop
from tests.stripe_inprocess import in_process_client

README = Path(__file__).resolve().parents[2] / "emulator" / "README.md"


def customers(em: Emulator) -> list[str]:
    return [row.body["email"] for row in em.store.find("customer", oldest_first=True)]


@pytest.mark.parametrize(
    ("planned", "error", "code"),
    [
        ({"status": 400, "code": "email_invalid", "param": "email"}, stripe.InvalidRequestError, "email_invalid"),
        ({"status": 400, "type": "idempotency_error"}, stripe.IdempotencyError, None),
        ({"status": 401}, stripe.AuthenticationError, None),
        ({"status": 402, "code": "card_declined", "decline_code": "do_not_honor"}, stripe.CardError, "card_declined"),
        ({"status": 403, "code": "account_invalid"}, stripe.PermissionError, "account_invalid"),
        ({"status": 409, "code": "idempotency_key_in_use"}, stripe.APIError, "idempotency_key_in_use"),
        ({"status": 429}, stripe.RateLimitError, "rate_limit"),
        ({"status": 429, "code": "lock_timeout"}, stripe.RateLimitError, "lock_timeout"),
        ({"status": 503}, stripe.APIError, None),
        ({}, stripe.APIError, None),
    ],
)
def test_an_error_before_the_work_looks_like_stripes_and_leaves_nothing(
    em: Emulator, client: stripe.StripeClient, planned: dict, error: type[stripe.StripeError], code: str | None
) -> None:
    em.faults.add("error_before", match="POST /v1/customers", **planned)

    with pytest.raises(error) as caught:
        client.v1.customers.create({"email": "a@b.example"}, {"idempotency_key": "k"})

    assert caught.value.http_status == planned.get("status", 500)
    assert caught.value.error.code == code
    assert caught.value.error.param == planned.get("param")
    assert caught.value.error.decline_code == planned.get("decline_code")
    assert customers(em) == []
    # nothing was saved under the key either
    assert client.v1.customers.create({"email": "other@b.example"}, {"idempotency_key": "k"}).email == "other@b.example"


@pytest.mark.parametrize(
    ("planned", "made"),
    [
        ({"status": 429}, 0),
        ({"status": 429, "should_retry": True}, 1),
        ({"status": 429, "should_retry": False}, 0),
        ({"status": 409, "code": "idempotency_key_in_use"}, 1),
        ({"status": 503}, 1),
        ({"status": 503, "should_retry": False}, 0),
    ],
)
def test_the_header_should_retry_decides_whether_the_library_tries_again(
    em: Emulator, planned: dict, made: int
) -> None:
    client = in_process_client(em, max_network_retries=1)
    em.faults.add("error_before", match="POST /v1/customers", **planned)

    with contextlib.suppress(stripe.StripeError):
        client.v1.customers.create({"email": "a@b.example"})

    assert len(customers(em)) == made


def test_retry_after_reaches_the_caller(em: Emulator, client: stripe.StripeClient) -> None:
    em.faults.add("error_before", match="POST /v1/customers", status=429, retry_after=7)

    with pytest.raises(stripe.RateLimitError) as limited:
        client.v1.customers.create({})

    assert limited.value.headers["Retry-After"] == "7"


def test_a_lost_request_did_nothing_and_the_same_key_acts_later(em: Emulator) -> None:
    em.faults.add("lost_request", match="POST /v1/customers")
    client = in_process_client(em, max_network_retries=0)

    with pytest.raises(stripe.APIConnectionError):
        client.v1.customers.create({"email": "a@b.example"}, {"idempotency_key": "k"})
    before = customers(em)
    made = client.v1.customers.create({"email": "a@b.example"}, {"idempotency_key": "k"})

    assert before == []
    assert "Idempotent-Replayed" not in made.last_response.headers


@pytest.mark.parametrize(
    ("planned", "status"), [({}, 200), ({"how": "html", "status": 502}, 502), ({"how": "empty"}, 200)]
)
def test_a_malformed_body_hides_work_that_was_done(
    em: Emulator, client: stripe.StripeClient, planned: dict, status: int
) -> None:
    em.faults.add("malformed_body", match="POST /v1/customers", **planned)

    with pytest.raises(stripe.APIError, match="Invalid response body") as caught:
        client.v1.customers.create({"email": "a@b.example"}, {"idempotency_key": "k"})
    again = client.v1.customers.create({"email": "a@b.example"}, {"idempotency_key": "k"})

    assert caught.value.http_status == status
    assert customers(em) == ["a@b.example"]
    assert again.last_response.headers["Idempotent-Replayed"] == "true"


def test_f18_a_500_may_hide_a_transfer_that_was_made_and_is_replayed_for_ever(
    em: Emulator, client: stripe.StripeClient, shop: Shop
) -> None:
    seller = shop.seller()
    shop.charge(5_000, at_once=True)
    em.faults.add("save_500", match="POST /v1/transfers", acted=True)
    params = {"amount": 1_000, "currency": "eur", "destination": seller}

    for _ in range(3):
        with pytest.raises(stripe.APIError):
            client.v1.transfers.create(params, {"idempotency_key": "k"})

    assert [transfer.amount for transfer in client.v1.transfers.list()] == [1_000]
    assert shop.balance(seller) == (1_000, 0)
    assert client.v1.events.list({"type": "transfer.created"}).data[0].request.idempotency_key == "k"


@pytest.mark.parametrize("after", [False, True])
def test_a_delay_is_before_the_work_or_after_its_commit(
    em: Emulator, client: stripe.StripeClient, *, after: bool
) -> None:
    em.faults.add("delay", match="POST /v1/customers", seconds=0.2, after=after)
    began = time.monotonic()

    client.v1.customers.create({"email": "a@b.example"})

    assert time.monotonic() - began >= 0.2


# --- stale reads ---


def test_a_stale_read_shows_what_the_payment_was_before_it_was_captured(
    em: Emulator, client: stripe.StripeClient
) -> None:
    em.faults.add("stale_read", match="GET /v1/payment_intents/.*", times=2)
    held = client.v1.payment_intents.create(
        {
            "amount": 900,
            "currency": "eur",
            "payment_method": "pm_card_visa",
            "confirm": True,
            "capture_method": "manual",
        }
    )
    client.v1.payment_intents.capture(held.id)

    stale = client.v1.payment_intents.retrieve(held.id)
    expanded = client.v1.payment_intents.retrieve(held.id, {"expand": ["latest_charge"]})
    fresh = client.v1.payment_intents.retrieve(held.id)

    assert (stale.status, stale.amount_received) == ("requires_capture", 0)
    assert expanded.status == "requires_capture"
    assert (fresh.status, fresh.amount_received) == ("succeeded", 900)


def test_a_session_paid_on_the_page_may_still_look_open(em: Emulator, client: stripe.StripeClient, shop: Shop) -> None:
    em.faults.add("stale_read", match="GET /v1/checkout/sessions/.*")
    session = shop.session()
    shop.pay(session.id)

    stale = client.v1.checkout.sessions.retrieve(session.id)
    fresh = client.v1.checkout.sessions.retrieve(session.id)

    assert (stale.status, stale.payment_status) == ("open", "unpaid")
    assert (fresh.status, fresh.payment_status) == ("complete", "paid")


def test_a_stale_read_may_look_further_back_and_into_lists(em: Emulator, client: stripe.StripeClient) -> None:
    em.faults.add("stale_read", match="GET /v1/customers/.*", back=2)
    em.faults.add("stale_read", match="GET /v1/customers")
    made = client.v1.customers.create({"name": "one"})
    for name in ("two", "three"):
        client.v1.customers.update(made.id, {"name": name})
    other = client.v1.customers.create({"name": "unchanged"})

    far = client.v1.customers.retrieve(made.id)
    listed = client.v1.customers.list()

    assert far.name == "one"
    assert [customer.name for customer in listed] == ["unchanged", "two"]
    assert client.v1.customers.retrieve(made.id).name == "three"
    assert client.v1.customers.retrieve(other.id).name == "unchanged"


def test_a_stale_read_waits_for_something_that_has_an_earlier_version(
    em: Emulator, client: stripe.StripeClient
) -> None:
    em.faults.add("stale_read", match="GET /v1/customers/.*")
    made = client.v1.customers.create({"name": "one"})

    first = client.v1.customers.retrieve(made.id)
    client.v1.customers.update(made.id, {"name": "two"})
    second = client.v1.customers.retrieve(made.id)

    assert (first.name, second.name) == ("one", "one")
    assert em.faults.list()[0].fired == 1


def test_a_sellers_account_may_look_as_it_was_before_onboarding_in_both_views(
    em: Emulator, client: stripe.StripeClient, shop: Shop
) -> None:
    seller = shop.account()
    em.faults.add("stale_read", match="GET /v[12]/(core/)?accounts/.*", times=2, back=1)
    shop.onboard(seller)
    versions = em.store.rows("SELECT count(*) FROM temp.earlier WHERE id = ? AND body IS NOT NULL", (seller,))[0][0]
    em.faults.clear()
    em.faults.add("stale_read", match="GET /v[12]/(core/)?accounts/.*", times=2, back=versions)

    old, new = client.v1.accounts.retrieve(seller), client.v2.core.accounts.retrieve(seller)

    assert old.details_submitted is False
    assert new.id == seller
    assert client.v1.accounts.retrieve(seller).details_submitted is True


def test_nothing_is_kept_unless_a_stale_read_is_planned(em: Emulator, client: stripe.StripeClient) -> None:
    em.faults.add("stale_read", match="GET /v1/customers/.*")
    made = client.v1.customers.create({"name": "one"})
    kept = em.versions.keeping
    em.faults.clear()

    client.v1.customers.update(made.id, {"name": "two"})

    assert (kept, em.versions.keeping) == (True, False)
    assert client.v1.customers.retrieve(made.id).name == "two"


def test_a_change_that_failed_leaves_no_earlier_version(em: Emulator, client: stripe.StripeClient) -> None:
    em.faults.add("stale_read", match="GET /v1/customers/.*")
    made = client.v1.customers.create({"name": "one"})
    em.faults.add("save_500", match="POST /v1/customers/.*")

    with pytest.raises(stripe.APIError):
        client.v1.customers.update(made.id, {"name": "two"})

    assert client.v1.customers.retrieve(made.id).name == "one"
    assert em.faults.list()[0].fired == 0


# --- which calls they meet ---


def test_a_fault_can_be_meant_for_one_sellers_account_or_for_the_platforms_own_calls(
    em: Emulator, client: stripe.StripeClient, shop: Shop
) -> None:
    one, other = shop.seller(), shop.seller()
    em.faults.add("error_before", match="GET /v1/balance", account=one, status=503)
    em.faults.add("error_before", match="GET /v1/balance", account="", status=500)

    def status(**options: str) -> int:
        try:
            client.v1.balance.retrieve(options=options)
        except stripe.APIError as error:
            return int(error.http_status or 0)
        return 200

    assert status(stripe_account=other) == 200
    assert status(stripe_account=one) == 503
    assert status(stripe_account=em.platform_id) == 500
    assert status() == 200


def test_faults_that_wait_for_the_same_calls_count_them_all(em: Emulator, client: stripe.StripeClient) -> None:
    em.faults.add("error_before", match="POST /v1/customers", nth=1, status=500)
    em.faults.add("error_before", match="POST /v1/customers", nth=2, status=503)
    seen = []
    for _ in range(3):
        try:
            client.v1.customers.create({})
            seen.append(200)
        except stripe.APIError as error:
            seen.append(error.http_status)

    assert seen == [500, 503, 200]


def fired(seed: int, probability: float) -> list[bool]:
    em = Emulator(seed=seed, clock="frozen")
    client = in_process_client(em)
    em.faults.add("error_before", match="GET /v1/customers", probability=probability, times=1_000)
    outcomes = []
    for _ in range(60):
        try:
            client.v1.customers.list()
            outcomes.append(False)
        except stripe.APIError:
            outcomes.append(True)
    em.close()
    return outcomes


def test_chance_is_drawn_from_the_seed_and_repeats(em: Emulator) -> None:
    first, again, other = fired(5, 0.3), fired(5, 0.3), fired(6, 0.3)

    assert first == again != other
    assert 6 <= sum(first) <= 32


def test_after_a_reset_the_same_chances_are_drawn_again() -> None:
    em = Emulator(seed=5, clock="frozen")
    drawn = []
    for _ in range(2):
        em.faults.add("error_before", match="x", probability=0.5, times=1_000)
        drawn.append([em.faults.take("error_before", "x") is not None for _ in range(40)])
        em.reset()
    em.close()

    assert drawn[0] == drawn[1]
    assert True in drawn[0]
    assert False in drawn[0]


@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [
        ("delay", {"minutes": 1}, "The fault delay has no parameter minutes; it takes seconds, after"),
        ("event_lost", {"status": 1}, "takes none"),
        ("delay", {"seconds": "long"}, "seconds is a number"),
        ("delay", {"seconds": -1}, "seconds is between"),
        ("error_before", {"status": 200}, "status is between 400 and 599"),
        ("error_before", {"status": True}, "status is a whole number"),
        ("malformed_body", {"how": "funny"}, "how is one of truncated, html, empty"),
        ("webhook_duplicate", {"at_once": 1}, "at_once is true or false"),
        ("delay", {"nth": 0}, "nth is a whole number from 1"),
        ("delay", {"times": 1.5}, "times is a whole number from 1"),
        ("delay", {"probability": 0}, "probability is a number above 0"),
        ("delay", {"probability": 1.5}, "at most 1"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(em: Emulator, kind: str, given: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        em.faults.add(kind, **given)

    assert em.faults.list() == []


def test_one_fault_can_be_taken_back(em: Emulator, client: stripe.StripeClient) -> None:
    first = em.faults.add("error_before", match="POST /v1/customers", status=503)
    second = em.faults.add("lost_request", match="POST /v1/customers", nth=9)

    removed = (em.faults.remove(first), em.faults.remove(first))

    assert removed == (True, False)
    assert [fault.id for fault in em.faults.list()] == [second]
    client.v1.customers.create({})


def test_every_kind_says_what_it_does_and_is_in_the_handbook() -> None:
    page = README.read_text()

    assert set(KINDS) == set(CATALOGUE)
    for name, kind in CATALOGUE.items():
        assert f"`{name}`" in page
        for param in kind.params:
            assert param in KINDS[name]
            assert f"`{param}`" in page
