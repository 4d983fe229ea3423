"""Everything goes wrong by chance at once: a caller and a receiver that do as Stripe says still end with the truth."""

import threading
from collections.abc import Iterator, Mapping

import pytest
import stripe

from emulator.core import Emulator
from tests.emulator.shop import DAY, Shop

SECRET = "whsec_shop"
CALLS: list[dict] = [
    {"kind": "lost_request"},
    {"kind": "lost_response"},
    {"kind": "malformed_body"},
    {"kind": "malformed_body", "how": "html", "status": 502},
    {"kind": "delay", "seconds": 0.001},
    {"kind": "error_before", "status": 503},
    {"kind": "error_before", "status": 429, "code": "lock_timeout"},
    {"kind": "error_before", "status": 409, "code": "idempotency_key_in_use"},
]
EVENTS: list[dict] = [
    {"kind": "webhook_drop"},
    {"kind": "webhook_duplicate", "copies": 3, "at_once": True},
    {"kind": "webhook_delay", "seconds": 900},
    {"kind": "webhook_reorder", "window": 4},
    {"kind": "webhook_wrong_secret"},
    {"kind": "webhook_stale_timestamp"},
    {"kind": "webhook_truncated"},
    {"kind": "webhook_truncated", "signed": True},
    {"kind": "event_unknown"},
]


@pytest.fixture(params=[1, 2, 3])
def em(request: pytest.FixtureRequest) -> Iterator[Emulator]:
    """Chance comes from the seed: three different days, each the same every time."""
    emulator = Emulator(seed=request.param, clock="frozen", strict=True)
    yield emulator
    emulator.require_conservation()
    emulator.close()


def until_answered(
    client: stripe.StripeClient, params: stripe.params.TransferCreateParams, key: str
) -> tuple[str, int]:
    """Ask with the same key until there is an answer; its id and how often it took."""
    for tries in range(1, 100):
        try:
            return client.v1.transfers.create(params, {"idempotency_key": key}).id, tries
        except (stripe.APIConnectionError, stripe.APIError, stripe.RateLimitError):
            continue
    raise AssertionError("no answer in a hundred tries")


def test_whoever_repeats_with_the_same_key_moves_the_money_once(
    em: Emulator, client: stripe.StripeClient, shop: Shop
) -> None:
    seller = shop.seller()
    shop.charge(100_000, at_once=True)
    for fault in CALLS:
        em.faults.add(**fault, match="POST /v1/transfers", probability=0.2, times=10_000)

    answers = [
        until_answered(client, {"amount": 100 + number, "currency": "eur", "destination": seller}, f"k{number}")
        for number in range(30)
    ]

    listed = client.v1.transfers.list({"limit": 100}).data
    assert sorted(id for id, _tries in answers) == sorted(transfer.id for transfer in listed)
    assert shop.balance(seller) == (sum(100 + number for number in range(30)), 0)
    assert max(tries for _id, tries in answers) > 2


def test_every_event_arrives_in_the_end_when_receivers_only_believe_signatures(
    em: Emulator, client: stripe.StripeClient
) -> None:
    em.settings.retry_profile = "live"
    em.add_webhook_endpoint("https://shop.example/hooks", SECRET, connect=False)
    for fault in EVENTS:
        em.faults.add(**fault, probability=0.15, times=10_000)
    lock, order, refused = threading.Lock(), [], []

    def receive(url: str, headers: Mapping[str, str], body: bytes) -> int:
        try:
            event = stripe.Webhook.construct_event(body, headers["Stripe-Signature"], SECRET)
        except (stripe.SignatureVerificationError, ValueError) as error:
            refused.append(error)
            return 400
        with lock:  # copies come at the same time
            order.append(event.id)
        return 200

    for number in range(40):
        client.v1.customers.create({"name": str(number)})
        em.deliver_due(receive)
    for _ in range(6 * 24):
        em.advance(seconds=DAY // 48)
        em.deliver_due(receive)

    raised = [row.id for row in em.store.find("event", oldest_first=True)]
    firsts = list(dict.fromkeys(order))
    assert set(firsts) == set(raised)
    assert len(order) > len(firsts)
    assert firsts != raised
    assert refused
    assert client.v1.events.list({"delivery_success": False}).data == []
