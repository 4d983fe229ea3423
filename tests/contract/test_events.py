"""Events, where they are listed, and the webhooks that carry them."""

from collections.abc import Mapping
from typing import Any

import pytest
import stripe

from emulator.core import Emulator
from tests.contract.marks import needs, source
from tests.contract.target import Target, on, refused, why

URL, SECRET = "https://shop.example/hook", "whsec_contract"


class Receiver:
    """An endpoint that answers what it is told to, and keeps what it was sent."""

    def __init__(self, em: Emulator, *, connect: bool = False) -> None:
        self.em = em
        self.status = 200
        self.sent: list[tuple[str, bytes]] = []
        em.add_webhook_endpoint(URL, SECRET, connect)

    def take(self) -> list[stripe.Event]:
        """Everything due is sent now; the events whose signature is right."""
        start = len(self.sent)
        self.em.deliver_due(self._send)
        return [stripe.Webhook.construct_event(body, header, SECRET) for header, body in self.sent[start:]]

    def _send(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        self.sent.append((headers["Stripe-Signature"], body))
        return self.status


def endpoint(target: Target, **more: Any) -> stripe.WebhookEndpoint:
    params: Any = {"url": f"https://example.com/{target.unique('hook')}", "enabled_events": ["charge.succeeded"]}
    return target.v1.webhook_endpoints.create({**params, **more})


@source("docs")
def test_an_event_says_what_caused_it(target: Target) -> None:
    key = target.unique("key")
    made = target.v1.customers.create({"name": "Bob"}, {"idempotency_key": key})

    (event,) = target.told(made.id, "customer.created")

    assert (event.object, event.livemode, event.data.object["name"]) == ("event", False, "Bob")
    assert event.request.idempotency_key == key
    assert str(event.request.id).startswith("req_")
    assert event.api_version


@source("docs")
def test_an_event_keeps_the_object_as_it_was_then(target: Target) -> None:
    made = target.v1.customers.create({"name": "Bob"})
    target.v1.customers.update(made.id, {"name": "Rob"})

    created, updated = target.told(made.id, "customer.created", "customer.updated")

    assert (created.data.object["name"], updated.data.object["name"]) == ("Bob", "Rob")
    assert updated.data.previous_attributes["name"] == "Bob"


@source("docs")
def test_what_was_refused_is_not_told(target: Target) -> None:
    charge = target.charge()
    refused(target.v1.refunds.create, {"charge": charge.id, "amount": 10_001})

    told = target.v1.events.list({"types": ["refund.created", "charge.refunded"], "limit": 100}).data

    assert charge.id not in {getattr(event.data.object, "charge", event.data.object["id"]) for event in told}


@source("docs")
def test_a_declined_payment_is_told_as_a_failure(target: Target) -> None:
    error = refused(target.pay, card="pm_card_chargeDeclined")

    (event,) = target.told(error.error.payment_intent["id"], "payment_intent.payment_failed")

    assert event.data.object["last_payment_error"]["code"] == "card_declined"
    assert target.told(error.error.charge, "charge.failed")


@source("docs")
def test_events_are_listed_by_type_newest_first(target: Target) -> None:
    made = [target.v1.customers.create({}).id for _ in range(2)]
    target.told(made[1], "customer.created")

    listed = target.v1.events.list({"type": "customer.created", "limit": 2}).data

    assert [event.data.object["id"] for event in listed] == made[::-1]


@source("docs")
def test_type_and_types_exclude_each_other_and_types_are_at_most_twenty(target: Target) -> None:
    both: Any = {"type": "charge.succeeded", "types": ["charge.failed"]}

    assert refused(target.v1.events.list, both).http_status == 400
    assert refused(target.v1.events.list, {"types": ["charge.succeeded"] * 21}).http_status == 400


@source("docs")
@needs("clock")
def test_events_are_listed_for_thirty_days(target: Target) -> None:
    made = target.v1.customers.create({})
    (event,) = target.told(made.id, "customer.created")

    target.advance(days=29)
    before = [one.id for one in target.v1.events.list({"type": "customer.created"}).data]
    target.advance(days=2)

    assert before == [event.id]
    assert target.v1.events.list({"type": "customer.created"}).data == []
    assert refused(target.v1.events.retrieve, event.id).http_status == 404


@source("docs")
def test_events_of_a_connected_account_are_its_own(target: Target) -> None:
    seller, charge = target.seller(), target.charge()
    target.transfer(seller, 1_000, charge.id)
    params: Any = {"payments": {"payouts": {"schedule": {"interval": "manual"}}}}
    target.v1.balance_settings.update(params, on(seller))

    listed = target.wait(lambda: target.v1.events.list({"limit": 100}, on(seller)).data)

    assert {event.account for event in listed} == {seller}
    assert not {event.type for event in listed} & {"transfer.created", "charge.succeeded"}


# --- endpoints ------------------------------------------------------------------------------------------------


@source("docs")
def test_the_secret_of_an_endpoint_is_shown_once(target: Target) -> None:
    made = endpoint(target)

    again = target.v1.webhook_endpoints.retrieve(made.id)

    target.v1.webhook_endpoints.delete(made.id)
    assert str(made.secret).startswith("whsec_")
    assert getattr(again, "secret", None) is None
    assert (again.status, again.enabled_events) == ("enabled", ["charge.succeeded"])


@source("docs")
def test_an_endpoint_is_disabled_and_deleted(target: Target) -> None:
    made = endpoint(target)

    disabled = target.v1.webhook_endpoints.update(made.id, {"disabled": True})
    deleted = target.v1.webhook_endpoints.delete(made.id)

    assert (disabled.status, deleted.deleted) == ("disabled", True)
    assert refused(target.v1.webhook_endpoints.retrieve, made.id).http_status == 404


@source("docs")
@pytest.mark.parametrize(
    ("given", "param"), [({"url": "nowhere"}, "url"), ({"enabled_events": ["hat.bought"]}, "enabled_events")]
)
def test_an_endpoint_needs_an_address_and_events_that_exist(target: Target, given: dict[str, Any], param: str) -> None:
    error = refused(endpoint, target, **given)

    assert error.http_status == 400
    assert str(error.error.param).startswith(param)


# --- deliveries -----------------------------------------------------------------------------------------------


@source("docs")
@needs("hooks")
def test_an_event_arrives_signed_and_as_it_is_listed(target: Target) -> None:
    receiver = Receiver(target.em("hooks"))
    made = target.v1.customers.create({"name": "Bob"})

    (event,) = receiver.take()

    listed = target.v1.events.retrieve(event.id)
    assert (event.type, event.data.object["id"]) == ("customer.created", made.id)
    assert listed.data.object["name"] == event.data.object["name"] == "Bob"


@source("docs")
@needs("hooks")
def test_a_changed_body_does_not_match_its_signature(target: Target) -> None:
    receiver = Receiver(target.em("hooks"))
    target.v1.customers.create({"name": "Bob"})
    receiver.take()
    header, body = receiver.sent[0]

    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body.replace(b"Bob", b"Eve"), header, SECRET)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body, header, "whsec_other")


@source("docs")
@needs("hooks", "clock")
@pytest.mark.parametrize("status", [500, 404, 302])
def test_an_event_that_was_not_taken_comes_again(target: Target, status: int) -> None:
    receiver = Receiver(target.em("hooks"))
    receiver.status = status
    target.v1.customers.create({})

    (first,) = receiver.take()
    undelivered = target.v1.events.list({"delivery_success": False}).data
    target.advance(days=1)
    receiver.status = 200
    (second,) = receiver.take()

    assert first.id == second.id
    assert [one.id for one in undelivered] == [first.id]
    assert target.v1.events.list({"delivery_success": False}).data == []


@source("docs")
@needs("hooks")
def test_pending_webhooks_counts_the_endpoints_that_wait(target: Target) -> None:
    receiver = Receiver(target.em("hooks"))
    made = target.v1.customers.create({})
    (event,) = target.told(made.id, "customer.created")

    receiver.take()

    assert (event.pending_webhooks, target.v1.events.retrieve(event.id).pending_webhooks) == (1, 0)


@source("docs")
@needs("hooks")
def test_an_endpoint_for_connected_accounts_hears_of_them_and_of_nothing_else(target: Target) -> None:
    seller = target.seller()
    receiver = Receiver(target.em("hooks"), connect=True)
    target.charge()
    params: Any = {"payments": {"payouts": {"schedule": {"interval": "manual"}}}}
    target.v1.balance_settings.update(params, on(seller))

    heard = receiver.take()

    assert [(event.type, event.account) for event in heard] == [("balance_settings.updated", seller)]


@source("docs")
@needs("hooks")
def test_a_disabled_endpoint_hears_nothing(target: Target) -> None:
    receiver = Receiver(target.em("hooks"))
    (made,) = target.v1.webhook_endpoints.list().data
    target.v1.webhook_endpoints.update(made.id, {"disabled": True})
    target.v1.customers.create({})

    assert receiver.take() == []


@source("docs")
@needs("hooks", "faults")
def test_an_event_may_arrive_more_than_once(target: Target) -> None:
    em = target.em("hooks")
    receiver = Receiver(em)
    em.faults.add("webhook_duplicate", match="customer.created")
    target.v1.customers.create({})

    heard = receiver.take()

    assert len(heard) == 2
    assert heard[0].id == heard[1].id


@source("docs")
@needs("hooks", "faults")
def test_an_event_may_arrive_before_the_answer(target: Target) -> None:
    em = target.em("faults")
    receiver = Receiver(em)
    em.deliver_now = receiver._send
    em.faults.add("webhook_before_answer", match="POST /v1/customers")

    target.v1.customers.create({})

    assert len(receiver.sent) == 1
    assert receiver.take() == []


@source("docs")
def test_an_unknown_event_is_missing(target: Target) -> None:
    assert why(refused(target.v1.events.retrieve, "evt_none"))[:2] == (404, "resource_missing")
