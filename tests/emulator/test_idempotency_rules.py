"""Keys under load, under failure and in the second version of the API."""

import json
import threading
from collections import Counter

import pytest
import stripe

from emulator.core import Emulator
from emulator.types import Response
from tests.emulator.shop import DAY, Shop
from tests.stripe_inprocess import in_process_client

BEARER = {"Authorization": "Bearer sk_test_emulator"}
CREATE = "/v1/customers"


def post(em: Emulator, path: str, body: str, key: str, **headers: str) -> Response:
    return em.handle("POST", path, {**BEARER, "Idempotency-Key": key, **headers}, body.encode())


def code(answer: Response) -> str | None:
    return json.loads(answer.body).get("error", {}).get("code")


def at_once(em: Emulator, requests: list[tuple[str, str, str]]) -> list[Response]:
    """All from threads of their own, let go at the same moment."""
    answers: list[Response | None] = [None] * len(requests)
    go = threading.Barrier(len(requests), timeout=5)

    def ask(number: int, path: str, body: str, key: str) -> None:
        go.wait()
        answers[number] = post(em, path, body, key)

    threads = [threading.Thread(target=ask, args=(number, *request)) for number, request in enumerate(requests)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [answer for answer in answers if answer is not None]


@pytest.mark.parametrize(("path", "body"), [(CREATE, "email=a@b.example"), ("/v2/core/accounts", "{}")])
def test_of_eight_threads_with_one_key_one_acts_and_the_others_are_told_to_wait(
    em: Emulator, path: str, body: str
) -> None:
    em.faults.add("delay", match=f"POST {path}", seconds=0.4)

    answers = at_once(em, [(path, body, "k")] * 8)

    assert Counter(answer.status for answer in answers) == {200: 1, 409: 7}
    conflict = next(answer for answer in answers if answer.status == 409)
    assert code(conflict) == "idempotency_key_in_use"
    assert conflict.headers["Stripe-Should-Retry"] == "true"
    # the conflict was not saved: the key answers what the one that acted answered
    first = next(answer for answer in answers if answer.status == 200)
    assert post(em, path, body, "k").body == first.body


def test_the_conflict_comes_before_other_parameters_are_looked_at(em: Emulator) -> None:
    em.faults.add("delay", match=f"POST {CREATE}", seconds=0.3)

    answers = at_once(em, [(CREATE, "email=a@b.example", "k"), (CREATE, "email=c@d.example", "k")])

    assert sorted(answer.status for answer in answers) == [200, 409]
    assert len(em.store.find("customer")) == 1


def test_threads_with_keys_of_their_own_do_not_wait_for_each_other(em: Emulator) -> None:
    em.faults.add("delay", match=f"POST {CREATE}", seconds=0.2, times=4)

    answers = at_once(em, [(CREATE, "", f"k{number}") for number in range(4)])

    assert [answer.status for answer in answers] == [200] * 4


def test_the_library_gets_through_a_conflict_by_itself(em: Emulator) -> None:
    """F13: two processes send the same call; one acts, the other gets the same answer a little later."""
    em.faults.add("delay", match=f"POST {CREATE}", seconds=0.3)
    found: list[str] = []
    go = threading.Barrier(2, timeout=5)

    def create() -> None:
        client = in_process_client(em, max_network_retries=4)
        go.wait()
        found.append(client.v1.customers.create({"email": "a@b.example"}, {"idempotency_key": "k"}).id)

    threads = [threading.Thread(target=create) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 2
    assert len(set(found)) == 1
    assert [row.id for row in em.store.find("customer")] == [found[0]]


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "error_before", "status": 500},
        {"kind": "error_before", "status": 409, "code": "idempotency_key_in_use"},
        {"kind": "error_before", "status": 429, "code": "lock_timeout"},
    ],
)
def test_what_fails_before_the_work_begins_leaves_the_key_free(em: Emulator, fault: dict) -> None:
    em.faults.add(**fault)

    refused = post(em, CREATE, "email=a@b.example", "k")
    other = post(em, CREATE, "email=c@d.example", "k")

    assert (refused.status, other.status) == (fault["status"], 200)
    assert "Idempotent-Replayed" not in other.headers


def test_a_failure_of_the_emulator_itself_is_a_saved_500_that_left_nothing() -> None:
    em = Emulator(seed=7, clock="frozen", strict=False)
    shop = Shop(em, in_process_client(em))
    charge = shop.charge(10_000, transfer_data={"destination": shop.seller()})
    transfer = em.store.get(str(charge.transfer))
    assert transfer is not None
    em.store.delete(transfer)  # behind its back
    before = em.store.rows("SELECT count(*) FROM object")

    answers = [post(em, "/v1/refunds", f"charge={charge.id}&reverse_transfer=true", "k") for _ in range(2)]

    assert [answer.status for answer in answers] == [500, 500]
    assert answers[1].headers["Idempotent-Replayed"] == "true"
    assert json.loads(answers[0].body)["error"]["type"] == "api_error"
    assert em.store.rows("SELECT count(*) FROM object") == before
    em.close()


def test_the_platform_by_name_and_the_platform_by_silence_share_their_keys(em: Emulator) -> None:
    first = post(em, CREATE, "", "k")
    named = post(em, CREATE, "", "k", **{"Stripe-Account": em.platform_id})

    assert (named.body, named.headers["Idempotent-Replayed"]) == (first.body, "true")


def test_the_same_key_belongs_to_each_account_separately(em: Emulator, shop: Shop) -> None:
    sellers = [shop.seller() for _ in range(2)]
    path = "/v1/balance_settings"
    body = "payments[payouts][schedule][interval]=manual"

    answers = [post(em, path, body, "k", **{"Stripe-Account": seller}) for seller in sellers]
    again = post(em, path, body, "k", **{"Stripe-Account": sellers[0]})

    assert [answer.status for answer in answers] == [200, 200]
    assert ["Idempotent-Replayed" in answer.headers for answer in (*answers, again)] == [False, False, True]


def test_an_empty_key_is_no_key(em: Emulator) -> None:
    first, second = (post(em, CREATE, "", "") for _ in range(2))

    assert first.body != second.body


def test_a_refused_parameter_does_not_use_the_key_up_even_for_the_library(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_intents.create({"amount": -1, "currency": "eur"}, {"idempotency_key": "refused"})
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_intents.create({"currency": "eur"}, {"idempotency_key": "refused"})


# --- the second version ---


def test_v2_keeps_a_key_for_thirty_days(em: Emulator) -> None:
    first = post(em, "/v2/core/accounts", "{}", "k")
    em.advance(seconds=30 * DAY - 1)
    kept = post(em, "/v2/core/accounts", "{}", "k")
    em.advance(seconds=1)
    again = post(em, "/v2/core/accounts", "{}", "k")

    assert kept.body == first.body != again.body


def test_v1_and_v2_do_not_share_keys(em: Emulator) -> None:
    v1 = post(em, CREATE, "", "k")
    v2 = post(em, "/v2/core/accounts", "{}", "k")

    assert (v1.status, v2.status) == (200, 200)


def test_v2_tries_failed_work_again_even_with_other_parameters_and_then_keeps_its_success(em: Emulator) -> None:
    em.faults.add("save_500", match="POST /v2/core/accounts", times=2)

    failed = [post(em, "/v2/core/accounts", "{}", "k").status for _ in range(2)]
    made = post(em, "/v2/core/accounts", '{"display_name": "Ada"}', "k")
    changed = post(em, "/v2/core/accounts", '{"display_name": "Eve"}', "k")

    assert (failed, made.status) == ([500, 500], 200)
    assert (changed.status, json.loads(changed.body)["error"]["type"]) == (400, "idempotency_error")


def test_an_old_key_is_forgotten_even_when_nobody_moved_the_clock_in_between(em: Emulator) -> None:
    """F17: a day later the same call acts again."""
    keys = [f"k{number}" for number in range(3)]
    first = [post(em, CREATE, "", key).body for key in keys]
    happened = em.advance(seconds=DAY)
    second = [post(em, CREATE, "", key).body for key in keys]

    assert not set(first) & set(second)
    assert {"idempotency keys forgotten": "3"}.items() <= {entry["what"]: entry["id"] for entry in happened}.items()
