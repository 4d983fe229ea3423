"""Faults over real connections: sockets that close, threads that collide, receivers that verify."""

import contextlib
import http.server
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import stripe

from tests.emulator_web.support import (
    KEY,
    PLATFORM_SECRET,
    Running,
    Shop,
    get_json,
    open_seller,
    post_json,
    wait_for,
)

Receive = Callable[[dict[str, str], bytes], int]


def plan(emulator: Running, kind: str, match: str = ".*", **more: Any) -> int:
    return int(post_json(f"{emulator.url}/_emulator/faults", {"kind": kind, "match": match, **more})["id"])


def ask(method: str, url: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


@contextlib.contextmanager
def receiver(emulator: Running, receive: Receive) -> Iterator[str]:
    """An endpoint of its own for as long as the block; yields its secret."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(receive(dict(self.headers), body))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        made = emulator.client.v1.webhook_endpoints.create(
            {"url": f"http://127.0.0.1:{server.server_port}/hooks", "enabled_events": ["*"]}
        )
        yield str(made.secret)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def emails(emulator: Running) -> list[str | None]:
    return [customer.email for customer in emulator.client.v1.customers.list()]


# --- connections ---


def test_a_lost_request_closes_the_connection_and_nothing_was_done(emulator: Running) -> None:
    plan(emulator, "lost_request", "POST /v1/customers")

    with pytest.raises(stripe.APIConnectionError):
        emulator.client.v1.customers.create({"email": "kim@example.com"})

    assert emails(emulator) == []
    emulator.client.v1.customers.create({"email": "kim@example.com"})


@pytest.mark.parametrize(("kind", "made"), [("lost_request", []), ("lost_response", ["kim@example.com"])])
def test_a_caller_that_gives_up_waiting_cannot_know_what_was_done(
    emulator: Running, kind: str, made: list[str]
) -> None:
    plan(emulator, kind, "POST /v1/customers", seconds=4)
    impatient = stripe.StripeClient(
        KEY,
        base_addresses={"api": emulator.url},
        max_network_retries=0,
        http_client=stripe.RequestsClient(timeout=0.5),
    )
    began = time.monotonic()

    with pytest.raises(stripe.APIConnectionError):
        impatient.v1.customers.create({"email": "kim@example.com"})

    assert time.monotonic() - began < 3
    assert emails(emulator) == made


def test_a_truncated_answer_over_http_is_no_json_and_the_same_key_brings_the_whole_one(emulator: Running) -> None:
    plan(emulator, "malformed_body", "POST /v1/customers")
    options: stripe.RequestOptions = {"idempotency_key": "one-customer"}

    with pytest.raises(stripe.APIError, match="Invalid response body"):
        emulator.client.v1.customers.create({"email": "kim@example.com"}, options)
    made = emulator.client.v1.customers.create({"email": "kim@example.com"}, options)

    assert [customer.id for customer in emulator.client.v1.customers.list()] == [made.id]


def test_after_a_dropped_connection_the_others_go_on(emulator: Running) -> None:
    plan(emulator, "lost_response", "POST /v1/customers", times=5)
    with ThreadPoolExecutor(10) as pool:
        outcomes = list(pool.map(lambda number: create(emulator, f"k{number}"), range(10)))

    assert sorted(outcomes) == ["lost"] * 5 + ["made"] * 5
    assert len(emails(emulator)) == 10


def create(emulator: Running, key: str) -> str:
    try:
        emulator.client.v1.customers.create({}, {"idempotency_key": key})
    except stripe.APIConnectionError:
        return "lost"
    return "made"


def test_two_connections_with_one_key_are_a_conflict(emulator: Running) -> None:
    plan(emulator, "delay", "POST /v1/customers", seconds=0.7)

    def outcome(_number: int) -> str:
        try:
            emulator.client.v1.customers.create({"email": "kim@example.com"}, {"idempotency_key": "same"})
        except stripe.APIError as error:
            return f"{error.http_status} {error.error.code if error.error else None}"
        return "made"

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(outcome, range(4)))

    assert sorted(outcomes) == ["409 idempotency_key_in_use"] * 3 + ["made"]
    assert emails(emulator) == ["kim@example.com"]


# --- webhooks ---


def test_f01_copies_sent_at_once_reach_the_receiver_at_the_same_time(emulator: Running) -> None:
    together = threading.Barrier(3, timeout=5)
    ids: list[str] = []

    def receive(headers: dict[str, str], body: bytes) -> int:
        together.wait()  # nobody is answered before all three are in here
        ids.append(json.loads(body)["id"])
        return 200

    with receiver(emulator, receive):
        plan(emulator, "webhook_duplicate", "customer.created", copies=3, at_once=True)
        emulator.client.v1.customers.create({})
        wait_for(lambda: len(ids) == 3)

    assert len(set(ids)) == 1


def test_a_slow_receiver_gets_signatures_as_fresh_as_the_moment_of_sending(emulator: Running) -> None:
    ages: list[float] = []

    def receive(headers: dict[str, str], body: bytes) -> int:
        stripe.Webhook.construct_event(body, headers["Stripe-Signature"], secrets[0])
        ages.append(time.time() - int(headers["Stripe-Signature"].split(",")[0][2:]))
        time.sleep(1)
        return 200

    secrets: list[str] = []
    with receiver(emulator, receive) as secret:
        secrets.append(secret)
        for _ in range(4):
            emulator.client.v1.customers.create({})
        wait_for(lambda: len(ages) == 4)

    # the fourth waited for three seconds behind the others; a stamp is whole seconds
    assert max(ages) < 2.5


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("webhook_wrong_secret", stripe.SignatureVerificationError),
        ("webhook_stale_timestamp", stripe.SignatureVerificationError),
        ("webhook_truncated", stripe.SignatureVerificationError),
    ],
)
def test_a_spoilt_attempt_is_refused_by_the_library(
    emulator: Running, shop: Shop, kind: str, error: type[Exception]
) -> None:
    plan(emulator, kind, "customer.created")

    emulator.client.v1.customers.create({})

    got = wait_for(lambda: list(shop.received))[0]
    with pytest.raises(error):
        stripe.Webhook.construct_event(got.body, got.headers["Stripe-Signature"], PLATFORM_SECRET)


def test_events_overtake_each_other_and_the_answer(emulator: Running, shop: Shop) -> None:
    plan(emulator, "webhook_reorder", "customer.created", window=1)
    plan(emulator, "webhook_before_answer", "POST /v1/customers", nth=2)

    emulator.client.v1.customers.create({"email": "one@example.com"})
    emulator.client.v1.customers.create({"email": "two@example.com"})
    answered = time.monotonic()

    wait_for(lambda: len(shop.events("customer.created")) == 2)
    first, second = shop.events("customer.created")
    assert [one.event["data"]["object"]["email"] for one in (first, second)] == ["two@example.com", "one@example.com"]
    assert first.at < answered


def test_an_endpoint_disabled_in_the_middle_of_a_queue_gets_no_more(emulator: Running) -> None:
    got: list[str] = []

    def receive(headers: dict[str, str], body: bytes) -> int:
        got.append(json.loads(body)["type"])
        endpoint = emulator.client.v1.webhook_endpoints.list({"limit": 1}).data[0]
        emulator.client.v1.webhook_endpoints.update(endpoint.id, {"disabled": True})
        return 500

    with receiver(emulator, receive):
        for _ in range(3):
            emulator.client.v1.customers.create({})
        wait_for(lambda: got)
        post_json(f"{emulator.url}/_emulator/advance", {"seconds": 4 * 3600})
        time.sleep(1)

    assert got == ["customer.created"]


# --- controls ---


def test_faults_are_planned_listed_shown_and_taken_back(emulator: Running) -> None:
    url = f"{emulator.url}/_emulator/faults"
    first = plan(emulator, "error_before", "POST /v1/customers", status=429, should_retry=True, probability=0.5)
    second = plan(emulator, "delay", "POST /v1/customers", account="", nth=2, times=3)

    listed = get_json(url)
    shown = get_json(f"{url}/{first}")
    removed = ask("DELETE", f"{url}/{second}")[0], ask("DELETE", f"{url}/{second}")[0]

    assert [fault["id"] for fault in listed["data"]] == [first, second]
    assert listed["kinds"]["stale_read"]["matches"] == "call"
    assert set(listed["kinds"]["webhook_duplicate"]["params"]) == {"copies", "at_once", "new_ids"}
    assert shown == {
        "id": first,
        "kind": "error_before",
        "match": "POST /v1/customers",
        "account": None,
        "nth": 1,
        "times": 1,
        "params": {"status": 429, "should_retry": True},
        "seen": 0,
        "fired": 0,
        "probability": 0.5,
    }
    assert removed == (200, 404)
    assert [fault["id"] for fault in get_json(url)["data"]] == [first]
    assert ask("DELETE", url)[1]["data"] == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"kind": "delay", "minutes": 1}, "The fault delay has no parameter minutes; it takes seconds, after."),
        ({"kind": "delay", "seconds": "1"}, "The fault delay refuses this: seconds is a number, not '1'."),
        ({"kind": "delay", "account": 5}, "account is the id of a connected account"),
        ({"kind": "delay", "probability": 2}, "probability is a number above 0 and at most 1"),
        ({"kind": "error_before", "status": 700}, "status is between 400 and 599"),
        ({"kind": "delay", "self": 1}, "self"),
        ({"kind": 7}, "kind and match are texts"),
    ],
)
def test_a_fault_with_wrong_parameters_is_refused_with_a_sentence(
    emulator: Running, body: dict[str, Any], said: str
) -> None:
    status, answer = ask("POST", f"{emulator.url}/_emulator/faults", body)

    assert status == 400
    assert said in answer["error"]["message"]


def test_a_webhook_secret_is_rolled_over_the_controls(emulator: Running, shop: Shop) -> None:
    endpoints = emulator.client.v1.webhook_endpoints.list().data
    ours = next(one for one in endpoints if one.url.endswith("/hooks/platform"))
    url = f"{emulator.url}/_emulator/webhook_endpoints/{ours.id}/roll"

    new = ask("POST", url, {"keep_seconds": 3600})[1]["secret"]
    emulator.client.v1.customers.create({})

    got = wait_for(lambda: shop.events("customer.created"))[0]
    for secret in (PLATFORM_SECRET, new):
        stripe.Webhook.construct_event(got.body, got.headers["Stripe-Signature"], secret)
    assert ask("POST", url, {"keep_seconds": -1})[0] == 400
    assert ask("POST", url, {"keep_seconds": "soon"})[0] == 400
    assert ask("POST", f"{emulator.url}/_emulator/webhook_endpoints/we_none/roll", {})[0] == 404
    ask("POST", url, {"secret": PLATFORM_SECRET, "keep_seconds": 0})


def test_the_retries_are_chosen_over_the_controls(emulator: Running, shop: Shop) -> None:
    url = f"{emulator.url}/_emulator/retries"
    shop.answer = 500

    live = ask("POST", url, {"profile": "live"})[1]
    emulator.client.v1.customers.create({})
    wait_for(lambda: shop.received)
    post_json(f"{emulator.url}/_emulator/advance", {"seconds": 61})
    wait_for(lambda: len(shop.received) == 2)
    sandbox = ask("POST", url, {"profile": "sandbox"})[1]

    assert (len(live["delays"]), len(sandbox["delays"])) == (10, 2)
    assert ask("POST", url, {"profile": "never"})[0] == 400


def test_the_events_of_every_account_are_listed_by_type(emulator: Running, shop: Shop) -> None:
    account, _link = open_seller(emulator.client, shop)
    post_json(f"{emulator.url}/_emulator/accounts/{account}/complete_onboarding")
    emulator.client.v1.customers.create({})
    url = f"{emulator.url}/_emulator/events"

    everything = get_json(url)["data"]
    sellers = get_json(f"{url}?type=account.updated")["data"]

    assert {None, account} == {event["account"] for event in everything}
    assert {event["account"] for event in sellers} == {account}
    assert len(get_json(f"{url}?limit=1")["data"]) == 1
    assert get_json(f"{url}?type=nothing.happened")["data"] == []


def test_an_event_is_sent_again_to_all_its_endpoints(emulator: Running, shop: Shop) -> None:
    emulator.client.v1.customers.create({})
    first = wait_for(lambda: shop.events("customer.created"))[0].event["id"]

    queued = ask("POST", f"{emulator.url}/_emulator/deliveries/{first}/resend", {})[1]["queued"]

    wait_for(lambda: len(shop.events("customer.created")) == 2)
    assert queued == 1
    assert {one.event["id"] for one in shop.events("customer.created")} == {first}
    assert ask("POST", f"{emulator.url}/_emulator/deliveries/evt_none/resend", {})[0] == 404


def test_chance_repeats_with_the_seed_of_the_process(start: Callable[..., Running]) -> None:
    outcomes = []
    for _ in range(2):
        running = start("--seed", "11", "--clock", "frozen")
        plan(running, "error_before", "GET /v1/customers", probability=0.4, times=1_000, status=503)
        outcomes.append([listed(running) for _ in range(30)])
        running.stop()

    assert outcomes[0] == outcomes[1]
    assert set(outcomes[0]) == {200, 503}


def listed(running: Running) -> int:
    try:
        running.client.v1.customers.list()
    except stripe.APIError as error:
        return int(error.http_status or 0)
    return 200
