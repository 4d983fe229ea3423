"""Whatever is asked of it, the emulator answers in Stripe's shape, and an error changes nothing."""

import json
import os
import sqlite3
from functools import cache
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator import business
from emulator.core import Emulator
from emulator.resources.accounts_v1 import banks_of
from tests.emulator.fuzz import Call, Ids, calls, request
from tests.emulator.shop import DAY, Shop
from tests.stripe_inprocess import in_process_client

BEARER = {"Authorization": "Bearer sk_test_emulator"}
EXAMPLES = int(os.environ.get("EMULATOR_FUZZ", "25"))
KEPT = ("object", "ledger", "due", "delivery")
ANSWERS = (200, 400, 401, 402, 403, 404, 409, 501)


def world() -> Emulator:
    """One of everything."""
    em = Emulator(seed=7, clock="frozen", strict=True)
    shop = Shop(em, in_process_client(em))
    client = shop.client.v1
    seller = shop.seller()
    shop.account()
    manual = {"payments": {"payouts": {"schedule": {"interval": "manual"}}}}
    client.balance_settings.update(manual, {"stripe_account": seller})
    customer = client.customers.create({"email": "bob@example.org"}).id
    client.payment_methods.attach("pm_card_visa", {"customer": customer})
    session = shop.session(seller=seller, fee=500)
    shop.session()
    shop.pay(session.id)
    held = shop.charge(capture_method="manual", customer=customer)
    ready = shop.charge(20_000, at_once=True)
    disputed = shop.charge(4_000)
    split = shop.charge(transfer_data={"destination": seller}, application_fee_amount=1_000)
    transfer = client.transfers.create(
        {"amount": 3_000, "currency": "eur", "destination": seller, "source_transaction": ready.id}
    )
    client.transfers.reversals.create(transfer.id, {"amount": 100})
    client.refunds.create({"charge": split.id, "amount": 500, "reverse_transfer": True, "refund_application_fee": True})
    business.open_dispute(em, disputed.id)
    assert held.captured is False
    em.advance(seconds=3 * DAY)
    client.payouts.create({"amount": 100, "currency": "eur"}, {"stripe_account": seller})
    client.coupons.create({"percent_off": 100, "duration": "once"})
    client.coupons.create({"amount_off": 300, "currency": "eur", "duration": "once"})
    client.topups.create({"amount": 5_000, "currency": "eur", "description": "Float"})
    client.shipping_rates.create(
        {"display_name": "Post", "type": "fixed_amount", "fixed_amount": {"amount": 490, "currency": "eur"}}
    )
    client.accounts.external_accounts.create(seller, {"external_account": "btok_us_verified"})
    client.webhook_endpoints.create({"url": "https://shop.example/hook", "enabled_events": ["*"]})
    client.setup_intents.create({"customer": customer})
    client.payment_intents.create({"amount": 700, "currency": "eur"})
    return em


@cache
def start() -> tuple[Emulator, sqlite3.Connection]:
    """The world and a copy of it: every example begins with the same one."""
    em, copy = world(), sqlite3.connect(":memory:", check_same_thread=False)
    em.copy_state(copy)
    return em, copy


def state(em: Emulator) -> dict[str, list[tuple[Any, ...]]]:
    return {name: em.store.rows(f"SELECT * FROM {name} ORDER BY 1, 2") for name in KEPT}


def send(em: Emulator, call: Call) -> None:
    rows = em.store.rows("SELECT id, kind, private FROM object ORDER BY seq")
    banks = [
        bank["id"]
        for _, kind, private in rows
        if kind == "v2.core.account"
        for bank in banks_of(json.loads(str(private)))
    ]
    ids = Ids([(str(id), str(kind)) for id, kind, _ in rows], banks)
    method, url, headers, body = request(call, ids)
    before = state(em)

    answer = em.handle(method, url, {**BEARER, **headers}, body)

    found = json.loads(answer.body)
    assert answer.status in ANSWERS, (answer.status, found)
    if answer.status != 200:
        assert found["error"]["type"]
        assert found["error"]["message"]
    if answer.status not in (200, 402):
        assert state(em) == before, found
    em.require_conservation()


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(calls(), min_size=1, max_size=40))
def test_any_request_is_answered_in_stripes_shape_and_errors_change_nothing(given_calls: list[Call]) -> None:
    em, before = start()
    em.take_state(before)

    for call in given_calls:
        send(em, call)
    em.advance(seconds=10 * DAY)

    em.require_conservation()
