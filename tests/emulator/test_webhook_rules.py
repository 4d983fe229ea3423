"""What Stripe promises about webhooks: who signs, how long it tries, what events.list tells of it."""

import time

import pytest
import stripe

from emulator.core import Emulator
from tests.emulator.shop import DAY, Inbox, Shop

HOUR = 3_600


def verified(delivery, secret: str) -> bool:
    header, body = delivery.headers["Stripe-Signature"], delivery.body.decode()
    try:
        return stripe.WebhookSignature.verify_header(body, header, secret, 300)
    except stripe.SignatureVerificationError:
        return False


def fail(*_: object) -> int:
    return 500


def made(client: stripe.StripeClient) -> stripe.Event:
    """A customer's event, the newest."""
    client.v1.customers.create({})
    return client.v1.events.list({"limit": 1}).data[0]


# --- signatures ---


def test_a_delivery_is_signed_when_it_is_sent_however_long_it_waited(em: Emulator, client: stripe.StripeClient) -> None:
    Inbox(em)
    client.v1.customers.create({})
    claimed = em.due_deliveries()[0]
    first = claimed.headers["Stripe-Signature"]

    time.sleep(1.1)
    later = claimed.headers["Stripe-Signature"]

    stamps = [int(header.split(",")[0][2:]) for header in (first, later)]
    assert 1 <= stamps[1] - stamps[0] <= 3
    assert verified(claimed, "whsec_platform")


def test_while_a_secret_is_rolled_both_verify_and_afterwards_only_the_new_one(
    em: Emulator, client: stripe.StripeClient
) -> None:
    endpoint = em.add_webhook_endpoint("https://x.example/h", "whsec_old", connect=False)

    new = em.roll_secret(endpoint, keep_seconds=HOUR)
    client.v1.customers.create({})
    during = em.due_deliveries()[0]
    em.advance(seconds=HOUR)
    client.v1.customers.create({})
    after = em.due_deliveries()[0]

    assert new is not None
    assert during.headers["Stripe-Signature"].count("v1=") == 2
    assert (verified(during, "whsec_old"), verified(during, new)) == (True, True)
    assert after.headers["Stripe-Signature"].count("v1=") == 1
    assert (verified(after, "whsec_old"), verified(after, new)) == (False, True)


def test_a_retry_is_signed_with_the_secret_of_its_own_day(em: Emulator, client: stripe.StripeClient) -> None:
    endpoint = em.add_webhook_endpoint("https://x.example/h", "whsec_old", connect=False)
    event = made(client)
    em.deliver_due(fail)

    em.roll_secret(endpoint, keep_seconds=0, secret="whsec_chosen")
    em.advance(seconds=HOUR)
    retry = em.due_deliveries()[0]

    assert (retry.event_id, retry.attempt) == (event.id, 2)
    assert (verified(retry, "whsec_old"), verified(retry, "whsec_chosen")) == (False, True)
    assert em.roll_secret("we_none") is None


# --- trying again ---


def attempts_over(em: Emulator, days: int) -> int:
    """How many attempts an endpoint that always fails sees."""
    count = em.deliver_due(fail)
    for _ in range(days * 24 * 6):
        em.advance(seconds=10 * 60)
        count += em.deliver_due(fail)
    return count


@pytest.mark.parametrize(("profile", "hours", "attempts"), [("sandbox", 4, 3), ("live", 72, 11)])
def test_a_failing_endpoint_is_tried_as_long_as_its_profile_says(
    em: Emulator, client: stripe.StripeClient, profile: str, hours: int, attempts: int
) -> None:
    Inbox(em)
    em.settings.retry_profile = profile
    client.v1.customers.create({})

    assert sum(em.settings.retry_delays) <= hours * HOUR
    assert attempts_over(em, days=5) == attempts


def test_live_retries_wait_longer_each_time(em: Emulator) -> None:
    em.settings.retry_profile = "live"
    delays = em.settings.retry_delays

    assert list(delays) == sorted(delays)
    assert delays[-1] > 100 * delays[0]


def test_a_disabled_endpoint_is_not_tried_again(em: Emulator, client: stripe.StripeClient) -> None:
    endpoint = client.v1.webhook_endpoints.create({"url": "https://x.example/h", "enabled_events": ["*"]})
    made(client)
    em.deliver_due(fail)
    client.v1.webhook_endpoints.update(endpoint.id, {"disabled": True})

    em.advance(seconds=HOUR)
    tried = em.deliver_due(fail)
    client.v1.webhook_endpoints.update(endpoint.id, {"disabled": False})
    em.advance(seconds=DAY)

    assert tried == 0
    assert em.deliver_due(fail) == 0
    assert [event.pending_webhooks for event in client.v1.events.list({"delivery_success": False})] == [1]


def test_an_endpoint_enabled_again_before_the_retry_still_gets_it(em: Emulator, client: stripe.StripeClient) -> None:
    inbox = Inbox(em)
    made(client)
    em.deliver_due(fail)
    endpoint = client.v1.webhook_endpoints.list().data[-1]
    for disabled in (True, False):
        client.v1.webhook_endpoints.update(endpoint.id, {"disabled": disabled})

    em.advance(seconds=HOUR)
    em.deliver_due(inbox.send)

    assert inbox.types == ["customer.created"]


def test_what_waits_for_an_endpoint_that_is_disabled_meanwhile_is_not_wanted_any_more(
    em: Emulator, client: stripe.StripeClient
) -> None:
    endpoint = client.v1.webhook_endpoints.create({"url": "https://x.example/h", "enabled_events": ["*"]})
    made(client)
    claimed = em.due_deliveries()[0]
    before = em.still_wanted(claimed)

    client.v1.webhook_endpoints.update(endpoint.id, {"disabled": True})

    assert (before, em.still_wanted(claimed)) == (True, False)


# --- what is written down ---


def test_pending_webhooks_counts_down_endpoint_by_endpoint(em: Emulator, client: stripe.StripeClient) -> None:
    for number in range(3):
        em.add_webhook_endpoint(f"https://shop.example/{number}", "whsec_x", connect=False)
    event = made(client)
    seen = [event.pending_webhooks]

    for delivery in em.due_deliveries():
        em.record_attempt(delivery.id, 200)
        seen.append(client.v1.events.retrieve(event.id).pending_webhooks)

    assert seen == [3, 2, 1, 0]


def test_an_event_and_its_change_are_committed_together_or_not_at_all(
    em: Emulator, client: stripe.StripeClient, shop: Shop
) -> None:
    seller = shop.seller()
    inbox = Inbox(em)
    charge = shop.charge(10_000, transfer_data={"destination": seller})
    em.deliver_due(inbox.send)
    before = len(inbox.events), len(client.v1.events.list({"limit": 100}).data)
    em.faults.add("save_500", match="POST /v1/refunds")

    with pytest.raises(stripe.APIError):
        client.v1.refunds.create({"charge": charge.id, "reverse_transfer": True})
    em.deliver_due(inbox.send)

    assert (len(inbox.events), len(client.v1.events.list({"limit": 100}).data)) == before
    assert client.v1.charges.retrieve(charge.id).refunded is False


def test_undelivered_events_are_listed_page_by_page(em: Emulator, client: stripe.StripeClient) -> None:
    inbox = Inbox(em)
    for _ in range(3):
        made(client)
    em.deliver_due(inbox.send)
    missed = [made(client).id for _ in range(5)]
    em.deliver_due(fail)

    first = client.v1.events.list({"delivery_success": False, "limit": 2})
    found = [event.id for event in first.auto_paging_iter()]
    older = client.v1.events.list({"delivery_success": False, "ending_before": missed[0], "limit": 2})

    assert (first.has_more, found) == (True, missed[::-1])
    assert [event.id for event in older] == [missed[2], missed[1]]
    assert len(client.v1.events.list({"delivery_success": True}).data) == 3


def test_each_account_lists_its_own_events(em: Emulator, client: stripe.StripeClient, shop: Shop) -> None:
    seller = shop.seller()
    shop.charge(5_000)

    own = {event.type for event in client.v1.events.list({"limit": 100})}
    sellers = client.v1.events.list({"limit": 100}, {"stripe_account": seller}).data

    assert "charge.succeeded" in own
    assert "account.updated" not in own
    assert {event.account for event in sellers} == {seller}
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.events.retrieve(sellers[0].id)
    with pytest.raises(stripe.InvalidRequestError, match="No such event"):
        client.v1.events.list({"starting_after": sellers[0].id})


def test_a_resent_event_does_not_count_down_what_is_pending(em: Emulator, client: stripe.StripeClient) -> None:
    inbox = Inbox(em)
    event = made(client)
    em.deliver_due(fail)

    em.resend(event.id)
    em.deliver_due(inbox.send)

    assert [one.id for one in inbox.events] == [event.id]
    assert client.v1.events.retrieve(event.id).pending_webhooks == 1
    em.advance(seconds=HOUR)
    em.deliver_due(inbox.send)
    assert client.v1.events.retrieve(event.id).pending_webhooks == 0
