"""Clients that ask for an older version, or for none, send older names; those of this version are held to it."""

import json
from typing import Any

import pytest

from emulator.core import Emulator
from tests.emulator.shop import Shop

BEARER = {"Authorization": "Bearer sk_test_emulator"}
OLDER: tuple[dict[str, str], ...] = ({}, {"Stripe-Version": "2024-06-20"}, {"Stripe-Version": "2025-03-31.basil"})
SESSION = (
    "mode=payment&success_url=https%3A%2F%2Fx.example&ui_mode=hosted&payment_method_types[]=card"
    "&line_items[0][quantity]=1&line_items[0][price_data][currency]=eur&line_items[0][price_data][unit_amount]=500"
    "&line_items[0][price_data][product_data][name]=Hat"
)
BODIES = (
    ("/v1/checkout/sessions", SESSION),
    ("/v1/payment_intents", "amount=500&currency=eur&payment_method_types[0]=card"),
    ("/v1/setup_intents", "payment_method_types[0]=card"),
)


def post(em: Emulator, url: str, body: str, headers: dict[str, str]) -> tuple[int, Any]:
    answer = em.handle("POST", url, {**BEARER, **headers}, body.encode())
    return answer.status, json.loads(answer.body)


@pytest.mark.parametrize("headers", OLDER)
@pytest.mark.parametrize(("url", "body"), BODIES)
def test_older_names_are_understood(em: Emulator, url: str, body: str, headers: dict[str, str]) -> None:
    status, made = post(em, url, body, headers)

    assert status == 200
    assert "card" in made["payment_method_types"]


@pytest.mark.parametrize(("url", "body"), BODIES)
def test_this_version_is_held_to_its_own_names(em: Emulator, url: str, body: str) -> None:
    status, found = post(em, url, body, {"Stripe-Version": em.api_version})

    assert (status, found["error"]["type"]) == (400, "invalid_request_error")


def test_an_older_reason_to_reject_an_account_is_one_of_todays(em: Emulator, shop: Shop) -> None:
    account = shop.account()

    older = post(em, f"/v1/accounts/{account}/reject", "reason=fraud", {"Stripe-Version": "2024-06-20"})
    own = post(em, f"/v1/accounts/{account}/reject", "reason=fraud", {"Stripe-Version": em.api_version})

    assert (older[0], older[1]["requirements"]["disabled_reason"]) == (200, "rejected.platform_fraud")
    assert (own[0], own[1]["error"]["param"]) == (400, "reason")
