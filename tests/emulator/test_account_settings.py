"""v1's settings, terms and capabilities of accounts, and accounts whose requirements the platform collects."""

from typing import Any

import pytest
import stripe

from emulator.core import Emulator
from tests.emulator.shop import Inbox, Shop

OWN = {
    "country": "DE",
    "controller": {
        "fees": {"payer": "application"},
        "losses": {"payments": "application"},
        "requirement_collection": "application",
        "stripe_dashboard": {"type": "none"},
    },
    "capabilities": {"transfers": {"requested": True}, "card_payments": {"requested": True}},
    "business_type": "individual",
    "business_profile": {"mcc": "5999", "product_description": "Hats", "url": "https://hats.example"},
    "individual": {
        "first_name": "Ada",
        "last_name": "Byron",
        "email": "ada@example.org",
        "dob": {"day": 1, "month": 1, "year": 1902},
        "address": {"line1": "Am Markt 1", "city": "Jena", "postal_code": "07743", "country": "DE"},
    },
    "tos_acceptance": {"date": 1_700_000_000, "ip": "127.0.0.1"},
    "external_account": "btok_us_verified",
}


def test_an_account_can_be_onboarded_by_the_platform_alone(em: Emulator, client: stripe.StripeClient) -> None:
    made = client.v1.accounts.create(OWN)

    assert (made.details_submitted, made.charges_enabled, made.payouts_enabled) == (True, True, True)
    assert made.requirements is not None
    assert made.requirements.currently_due == []
    assert made.controller is not None
    assert made.controller.requirement_collection == "application"
    assert (made.capabilities.card_payments, made.capabilities.transfers) == ("active", "active")
    assert (made.business_profile.mcc, made.tos_acceptance.ip) == ("5999", "127.0.0.1")


def test_terms_are_the_sellers_own_to_accept_where_stripe_collects(client: stripe.StripeClient) -> None:
    account = client.v1.accounts.create({"type": "express", "country": "DE"}).id

    with pytest.raises(stripe.InvalidRequestError, match="on behalf of Standard and Express") as refused:
        client.v1.accounts.update(account, {"tos_acceptance": {"date": 1_700_000_000, "ip": "127.0.0.1"}})
    with pytest.raises(stripe.InvalidRequestError, match="requirement_collection"):
        client.v1.accounts.create({"controller": {"requirement_collection": "application"}})

    assert refused.value.param == "tos_acceptance"


def test_v1_settings_and_balance_settings_are_one_schedule(shop: Shop) -> None:
    seller = shop.seller()
    weekly: Any = {"interval": "weekly", "weekly_anchor": "friday", "delay_days": 7}

    changed = shop.client.v1.accounts.update(
        seller, {"settings": {"payouts": {"schedule": weekly, "debit_negative_balances": True}}}
    )
    other_view = shop.client.v1.balance_settings.retrieve(options={"stripe_account": seller}).payments

    schedule = changed.settings.payouts.schedule
    assert (schedule.interval, schedule.weekly_anchor, schedule.delay_days) == ("weekly", "friday", 7)
    assert other_view.payouts.schedule.weekly_payout_days == ["friday"]
    assert (other_view.debit_negative_balances, other_view.settlement_timing.delay_days) == (True, 7)
    back = shop.client.v1.accounts.update(
        seller, {"settings": {"payouts": {"schedule": {"interval": "daily", "delay_days": "minimum"}}}}
    )
    assert (back.settings.payouts.schedule.delay_days, back.settings.payouts.schedule.interval) == (2, "daily")


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"payouts": {"schedule": {"interval": "weekly"}}}, "settings[payouts][schedule][weekly_payout_days]"),
        ({"payouts": {"schedule": {"interval": "daily", "delay_days": 32}}}, "settings[payouts][schedule][delay_days]"),
        ({"payments": {"statement_descriptor": "abc"}}, "settings[payments][statement_descriptor]"),
        ({"payments": {"statement_descriptor": "HATS <3 YOU"}}, "settings[payments][statement_descriptor]"),
        (
            {"card_payments": {"statement_descriptor_prefix": "MUCH TOO LONG"}},
            "settings[card_payments][statement_descriptor_prefix]",
        ),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(shop: Shop, given: Any, param: str) -> None:
    account = shop.account()

    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.client.v1.accounts.update(account, {"settings": given})

    assert refused.value.param == param


def test_card_payments_come_only_together_with_transfers(em: Emulator, shop: Shop) -> None:
    inbox, seller = Inbox(em), shop.seller()

    got = shop.client.v1.accounts.capabilities.update(seller, "card_payments", {"requested": True})
    listed = shop.client.v1.accounts.capabilities.list(seller)
    with pytest.raises(stripe.InvalidRequestError, match="only together with transfers"):
        shop.client.v1.accounts.capabilities.update(seller, "transfers", {"requested": False})

    assert (got.id, got.status) == ("card_payments", "active")
    assert [one.id for one in listed.data] == ["card_payments", "transfers"]
    assert shop.client.v1.accounts.retrieve(seller).charges_enabled is True
    em.deliver_due(inbox.send)
    assert "capability.updated" in inbox.types


def test_an_update_link_is_for_accounts_the_platform_answers_for(shop: Shop) -> None:
    own, express = shop.client.v1.accounts.create(OWN).id, shop.account()
    link: Any = {"type": "account_update", "refresh_url": "https://x.example/r", "return_url": "https://x.example/d"}

    made = shop.client.v1.account_links.create({**link, "account": own})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.client.v1.account_links.create({**link, "account": express})

    assert made.url.startswith("http://127.0.0.1:8400/setup/e/")
    assert refused.value.param == "type"
