"""Events that go wrong on purpose, as a receiver with the official library meets them."""

import json
import threading
from collections.abc import Mapping

import pytest
import stripe

from emulator.core import Emulator
from tests.emulator.shop import Shop

URL, SECRET = "https://shop.example/hooks", "whsec_shop"
MINUTE = 60


class Receiver:
    """An endpoint that does as Stripe says: verify, then answer; what it could not verify is a 400."""

    def __init__(self, em: Emulator) -> None:
        em.add_webhook_endpoint(URL, SECRET, connect=False)
        self.events: list[stripe.Event] = []
        self.refused: list[str] = []

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        try:
            event = stripe.Webhook.construct_event(body, headers["Stripe-Signature"], SECRET)
        except (stripe.SignatureVerificationError, ValueError) as error:
            self.refused.append(type(error).__name__)
            return 400
        self.events.append(event)
        return 200

    @property
    def types(self) -> list[str]:
        return [event.type for event in self.events]


@pytest.fixture
def receiver(em: Emulator) -> Receiver:
    return Receiver(em)


def rename(client: stripe.StripeClient, *names: str) -> str:
    """A customer who changes names; each change is an event."""
    customer = client.v1.customers.create({"name": "none"})
    for name in names:
        client.v1.customers.update(customer.id, {"name": name})
    return customer.id


def names(receiver: Receiver) -> list[str]:
    return [event.data.object["name"] for event in receiver.events if event.type == "customer.updated"]


def test_f08_an_event_that_is_never_made_is_neither_sent_nor_listed(
    em: Emulator, client: stripe.StripeClient, receiver: Receiver, shop: Shop
) -> None:
    em.faults.add("event_lost", match=r"checkout\.session\.completed")
    session = shop.session()
    shop.pay(session.id)

    em.deliver_due(receiver.send)

    assert client.v1.checkout.sessions.retrieve(session.id).status == "complete"
    assert "payment_intent.succeeded" in receiver.types
    assert "checkout.session.completed" not in receiver.types
    assert client.v1.events.list({"type": "checkout.session.completed"}).data == []


def test_a_dropped_attempt_is_listed_as_undelivered_and_tried_again(
    em: Emulator, client: stripe.StripeClient, receiver: Receiver
) -> None:
    em.faults.add("webhook_drop", match="customer.created")
    rename(client)

    em.deliver_due(receiver.send)
    first = receiver.types
    missing = [event.type for event in client.v1.events.list({"delivery_success": False})]
    em.advance(seconds=10 * MINUTE)
    em.deliver_due(receiver.send)

    assert (first, missing, receiver.types) == ([], ["customer.created"], ["customer.created"])


def test_a_swallowed_attempt_counts_as_delivered_and_never_comes(
    em: Emulator, client: stripe.StripeClient, receiver: Receiver
) -> None:
    em.faults.add("webhook_drop", match="customer.created", swallowed=True)
    rename(client)

    em.deliver_due(receiver.send)
    em.advance(seconds=86_400)
    em.deliver_due(receiver.send)

    assert receiver.types == []
    assert client.v1.events.list({"delivery_success": False}).data == []
    assert [event.type for event in client.v1.events.list()] == ["customer.created"]


def test_duplicates_carry_one_id_and_count_once(em: Emulator, client: stripe.StripeClient, receiver: Receiver) -> None:
    em.faults.add("webhook_duplicate", match="customer.created", copies=3)
    rename(client)

    em.deliver_due(receiver.send)

    assert len(receiver.events) == 3
    assert len({event.id for event in receiver.events}) == 1
    assert client.v1.events.list().data[0].pending_webhooks == 0


def test_f01_copies_sent_at_once_are_there_at_the_same_time(em: Emulator, client: stripe.StripeClient) -> None:
    em.add_webhook_endpoint(URL, SECRET, connect=False)
    em.faults.add("webhook_duplicate", match="customer.created", copies=4, at_once=True)
    together = threading.Barrier(4, timeout=5)
    ids = []

    def receive(url: str, headers: Mapping[str, str], body: bytes) -> int:
        together.wait()  # nobody gets past before all four are in here
        ids.append(stripe.Webhook.construct_event(body, headers["Stripe-Signature"], SECRET).id)
        return 200

    rename(client)
    made = em.deliver_due(receive)

    assert (made, len(ids), len(set(ids))) == (4, 4, 1)


def test_one_change_may_come_as_two_events(em: Emulator, client: stripe.StripeClient, receiver: Receiver) -> None:
    em.faults.add("webhook_duplicate", match="customer.created", new_ids=True)
    customer = rename(client)

    em.deliver_due(receiver.send)

    assert {event.data.object["id"] for event in receiver.events} == {customer}
    assert len({event.id for event in receiver.events}) == 2
    assert len(client.v1.events.list().data) == 2


def test_a_delayed_event_comes_when_its_time_has_come(
    em: Emulator, client: stripe.StripeClient, receiver: Receiver
) -> None:
    em.faults.add("webhook_delay", match="customer.created", seconds=300)
    rename(client, "A")

    em.deliver_due(receiver.send)
    early = receiver.types
    em.advance(seconds=300)
    em.deliver_due(receiver.send)

    assert (early, receiver.types) == (["customer.updated"], ["customer.updated", "customer.created"])


def test_f02_an_event_held_back_comes_after_later_ones(
    em: Emulator, client: stripe.StripeClient, receiver: Receiver
) -> None:
    em.faults.add("webhook_reorder", match="customer.updated", nth=2, window=2)
    rename(client, "A", "B", "C", "D", "E")

    em.deliver_due(receiver.send)

    assert names(receiver)[0] == "A"
    assert names(receiver).index("B") > names(receiver).index("D")
    assert sorted(names(receiver)) == ["A", "B", "C", "D", "E"]


def test_an_event_held_back_comes_anyway_when_no_other_follows(
    em: Emulator, client: stripe.StripeClient, receiver: Receiver
) -> None:
    em.faults.add("webhook_reorder", match="customer.created", window=5, seconds=120)
    rename(client)

    em.deliver_due(receiver.send)
    early = receiver.types
    em.advance(seconds=120)
    em.deliver_due(receiver.send)

    assert (early, receiver.types) == ([], ["customer.created"])


def test_a_wrong_secret_is_refused_and_the_next_attempt_is_right(
    em: Emulator, client: stripe.StripeClient, receiver: Receiver
) -> None:
    em.faults.add("webhook_wrong_secret", match="customer.created")
    rename(client)

    em.deliver_due(receiver.send)
    em.advance(seconds=10 * MINUTE)
    em.deliver_due(receiver.send)

    assert (receiver.refused, receiver.types) == (["SignatureVerificationError"], ["customer.created"])


@pytest.mark.parametrize(("seconds", "accepted"), [(299, True), (301, False)])
def test_a_stale_timestamp_is_refused_after_five_minutes(
    em: Emulator, client: stripe.StripeClient, receiver: Receiver, seconds: int, *, accepted: bool
) -> None:
    em.faults.add("webhook_stale_timestamp", match="customer.created", seconds=seconds)
    rename(client)

    em.deliver_due(receiver.send)

    assert (receiver.types == ["customer.created"]) is accepted
    assert (receiver.refused == ["SignatureVerificationError"]) is not accepted


@pytest.mark.parametrize(("signed", "error"), [(False, "SignatureVerificationError"), (True, "JSONDecodeError")])
def test_a_truncated_body_is_refused(
    em: Emulator, client: stripe.StripeClient, receiver: Receiver, error: str, *, signed: bool
) -> None:
    em.faults.add("webhook_truncated", match="customer.created", signed=signed)
    rename(client)

    em.deliver_due(receiver.send)
    em.advance(seconds=10 * MINUTE)
    em.deliver_due(receiver.send)

    assert (receiver.refused, receiver.types) == ([error], ["customer.created"])


def test_an_older_version_is_named_in_the_delivery_only(
    em: Emulator, client: stripe.StripeClient, receiver: Receiver
) -> None:
    em.faults.add("webhook_older_version", match="customer.created", version="2023-10-16")
    rename(client)

    em.deliver_due(receiver.send)

    assert receiver.events[0].api_version == "2023-10-16"
    assert client.v1.events.list().data[0].api_version == em.api_version


def test_an_event_of_a_type_nobody_knows_yet_comes_beside_the_known_one(
    em: Emulator, client: stripe.StripeClient, receiver: Receiver
) -> None:
    em.faults.add("event_unknown", match="customer.created", type="customer.teleported")
    customer = rename(client)

    em.deliver_due(receiver.send)

    assert receiver.types == ["customer.created", "customer.teleported"]
    assert receiver.events[1].data.object["id"] == customer


def test_the_event_can_come_before_the_answer_to_the_call_that_caused_it(
    em: Emulator, client: stripe.StripeClient, receiver: Receiver
) -> None:
    """F03: the receiver knows of the payment before the caller does."""
    answered: list[str] = []
    known: list[bool] = []

    def receive(url: str, headers: Mapping[str, str], body: bytes) -> int:
        known.append(json.loads(body)["data"]["object"]["id"] in answered)
        return 200

    em.deliver_now = receive
    em.faults.add("webhook_before_answer", match="POST /v1/customers", nth=2)

    for name in ("one", "two"):
        answered += [client.v1.customers.create({"name": name}).id]

    # the first customer's event waited until then, the second's overtook its answer
    assert known == [True, False]


def test_a_webhook_fault_can_be_meant_for_one_sellers_events(
    em: Emulator, client: stripe.StripeClient, shop: Shop
) -> None:
    one, other = shop.account(), shop.account()
    em.faults.add("event_lost", match="account.updated", account=one, times=100)
    for account in (one, other):
        shop.onboard(account)

    heard = {
        account: len(client.v1.events.list({"type": "account.updated"}, {"stripe_account": account}).data)
        for account in (one, other)
    }

    assert heard[one] == 0
    assert heard[other] > 0
