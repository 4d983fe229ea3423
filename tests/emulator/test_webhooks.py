"""Events: signed, delivered, tried again, listed."""

import json
import time
from collections.abc import Mapping

import pytest
import stripe

from emulator.core import Emulator
from emulator.signing import signature
from emulator.types import Delivery
from tests.emulator.shop import DAY, Inbox, Shop


def test_platform_and_connected_events_go_to_their_own_endpoints(em: Emulator, shop: Shop) -> None:
    inbox = Inbox(em)
    seller = shop.seller()
    shop.charge(5_000)

    em.deliver_due(inbox.send)

    for event, url in zip(inbox.events, inbox.urls, strict=True):
        assert url.endswith("connect") == ("account" in event)
    assert {event.account for event in inbox.events if "account" in event} == {seller}


def test_an_event_names_the_request_that_caused_it(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create({"email": "a@b.example"}, {"idempotency_key": "k"})
    client.v1.customers.update(customer.id, {"email": "c@d.example"})

    updated, created = client.v1.events.list().data

    assert created.request.idempotency_key == "k"
    assert created.request.id == customer.last_response.request_id
    assert created.data.object["email"] == "a@b.example"
    assert updated.data.previous_attributes.to_dict() == {"email": "a@b.example"}


def test_the_signature_is_stamped_with_the_wall_clock_even_when_the_emulator_is_elsewhere(
    em: Emulator, client: stripe.StripeClient
) -> None:
    inbox = Inbox(em)
    em.advance(seconds=400 * DAY)
    client.v1.customers.create({})

    em.deliver_due(inbox.send)

    assert inbox.types == ["customer.created"]
    assert abs(int(signature(["whsec_x"], b"{}").split(",")[0][2:]) - time.time()) < 5


def test_two_secrets_make_two_signatures() -> None:
    header = signature(["whsec_old", "whsec_new"], b'{"object": "event"}')

    for secret in ("whsec_old", "whsec_new"):
        assert stripe.WebhookSignature.verify_header('{"object": "event"}', header, secret, 300)


def test_a_failed_delivery_is_tried_three_times_re_signed_with_the_same_id(
    em: Emulator, client: stripe.StripeClient
) -> None:
    inbox = Inbox(em)
    inbox.status = 302
    client.v1.customers.create({})

    attempts = [em.deliver_due(inbox.send)]
    for _ in range(4):
        em.advance(seconds=4 * 3600)
        attempts.append(em.deliver_due(inbox.send))

    assert attempts == [1, 1, 1, 0, 0]
    assert len({event.id for event in inbox.events}) == 1
    assert client.v1.events.list({"delivery_success": False}).data[0].pending_webhooks == 1


def test_a_retry_that_succeeds_counts_the_event_as_delivered(em: Emulator, client: stripe.StripeClient) -> None:
    inbox = Inbox(em)
    client.v1.customers.create({})

    def refuse(*_: object) -> int:
        raise ConnectionError("nobody listens")

    em.deliver_due(refuse)
    waiting = client.v1.events.list({"delivery_success": False}).data
    happened = em.advance(seconds=600)
    em.deliver_due(inbox.send)

    assert [event.type for event in waiting] == ["customer.created"]
    assert "webhook retries due" in {entry["what"] for entry in happened}
    assert client.v1.events.list({"delivery_success": False}).data == []
    attempts = em.store.rows("SELECT status, error FROM attempt ORDER BY id")
    assert attempts == [(None, "ConnectionError: nobody listens"), (200, None)]


def test_a_claimed_delivery_is_not_handed_out_twice(em: Emulator, client: stripe.StripeClient) -> None:
    Inbox(em)
    client.v1.customers.create({})

    first, second = em.due_deliveries(), em.due_deliveries()

    assert (len(first), second) == (1, [])
    assert isinstance(first[0], Delivery)
    em.record_attempt(first[0].id, 200)


def test_an_endpoint_hears_only_what_it_asked_for(em: Emulator, client: stripe.StripeClient) -> None:
    made = client.v1.webhook_endpoints.create({"url": "https://x.example/h", "enabled_events": ["customer.updated"]})
    customer = client.v1.customers.create({})
    client.v1.customers.update(customer.id, {"name": "A"})

    sent = em.due_deliveries()

    assert [delivery.event_type for delivery in sent] == ["customer.updated"]
    event = stripe.Webhook.construct_event(sent[0].body, sent[0].headers["Stripe-Signature"], made.secret)
    assert event.data.object["name"] == "A"
    assert "secret" not in client.v1.webhook_endpoints.retrieve(made.id)
    client.v1.webhook_endpoints.delete(made.id)
    assert client.v1.webhook_endpoints.list().data == []


def test_an_event_can_be_sent_again(em: Emulator, client: stripe.StripeClient) -> None:
    inbox = Inbox(em)
    client.v1.customers.create({})
    em.deliver_due(inbox.send)

    queued = em.resend(inbox.events[0].id)
    em.deliver_due(inbox.send)

    assert (queued, em.resend("evt_none")) == (1, 0)
    assert inbox.events[0].id == inbox.events[1].id


def test_events_are_listed_by_type_and_time_for_thirty_days(em: Emulator, client: stripe.StripeClient) -> None:
    client.v1.customers.create({})
    em.advance(seconds=20 * DAY)
    second = client.v1.customers.create({})
    client.v1.customers.delete(second.id)
    now = em.now()

    assert len(client.v1.events.list({"types": ["customer.created", "customer.deleted"]}).data) == 3
    assert len(client.v1.events.list({"type": "customer.*", "created": {"gte": now - DAY}}).data) == 2
    old = client.v1.events.list({"type": "customer.created"}).data[-1]
    em.advance(seconds=11 * DAY)
    assert [event.type for event in client.v1.events.list()] == ["customer.deleted", "customer.created"]
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.events.retrieve(old.id)
    paged = client.v1.events.list({"limit": 1})
    assert (paged.has_more, len(list(paged.auto_paging_iter()))) == (True, 2)


def test_a_snapshot_does_not_change_with_its_object(client: stripe.StripeClient, shop: Shop) -> None:
    charge = shop.charge(5_000)
    client.v1.refunds.create({"charge": charge.id})

    succeeded = client.v1.events.list({"type": "charge.succeeded"}).data[0]

    assert (succeeded.data.object["refunded"], client.v1.charges.retrieve(charge.id).refunded) == (False, True)


def test_webhook_faults_drop_and_duplicate(em: Emulator, client: stripe.StripeClient) -> None:
    inbox = Inbox(em)
    em.faults.add("webhook_duplicate", match="customer.created", copies=5)
    em.faults.add("webhook_drop", match="customer.deleted")
    customer = client.v1.customers.create({})
    client.v1.customers.delete(customer.id)

    em.deliver_due(inbox.send)

    assert inbox.types == ["customer.created"] * 5
    em.advance(seconds=600)
    em.deliver_due(inbox.send)
    assert inbox.types[5:] == ["customer.deleted"]


def test_an_event_can_arrive_before_the_answer(em: Emulator, client: stripe.StripeClient) -> None:
    seen: list[str] = []

    def receive(url: str, headers, body: bytes) -> int:
        seen.append(client.v1.customers.retrieve(json.loads(body)["data"]["object"]["id"]).id)
        return 200

    Inbox(em)
    em.deliver_now = receive
    em.faults.add("webhook_before_answer", match="POST /v1/customers")

    customer = client.v1.customers.create({})

    assert seen == [customer.id]


def test_what_was_not_sent_when_the_sender_was_stopped_is_sent_by_the_next(
    em: Emulator, client: stripe.StripeClient
) -> None:
    inbox = Inbox(em)
    client.v1.customers.create({})
    client.v1.products.create({"name": "Linen"})

    def stopped(url: str, headers: Mapping[str, str], body: bytes) -> int:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        em.deliver_due(stopped)
    em.deliver_due(inbox.send)

    assert inbox.types == ["customer.created", "product.created"]


def test_registering_an_endpoint_again_changes_its_secret(em: Emulator, client: stripe.StripeClient) -> None:
    first = em.add_webhook_endpoint("https://x.example/h", "whsec_1", connect=False)
    again = em.add_webhook_endpoint("https://x.example/h", "whsec_2", connect=False)
    other = em.add_webhook_endpoint("https://x.example/h", "whsec_3", connect=True)
    client.v1.customers.create({})

    sent = em.due_deliveries()

    assert first == again != other
    assert stripe.Webhook.construct_event(sent[0].body, sent[0].headers["Stripe-Signature"], "whsec_2")
