"""Payouts by schedule and on request, the banks that refuse them, and money brought in from the bank."""

from datetime import UTC, datetime
from typing import Any

import pytest
import stripe

from emulator import hosted
from emulator.core import Emulator
from tests.emulator.shop import DAY, Shop


def funded(shop: Shop, amount: int = 5_000, *, bank: dict[str, str] | None = None) -> str:
    """A seller with available money."""
    seller = shop.seller()
    if bank:
        change_bank(shop, seller, bank)
    shop.charge(2 * amount, at_once=True)
    shop.client.v1.transfers.create({"amount": amount, "currency": "eur", "destination": seller})
    return seller


def change_bank(shop: Shop, seller: str, bank: dict[str, str]) -> None:
    flow = hosted.onboarding_open(shop.em, shop.link(seller))
    assert hosted.onboarding_save(shop.em, flow, "bank", bank) == {}


def us_bank(number: str) -> dict[str, str]:
    return {"routing_number": "110000000", "account_number": number}


def settings(client: stripe.StripeClient, seller: str, **payments: Any) -> stripe.BalanceSettings:
    return client.v1.balance_settings.update({"payments": payments}, {"stripe_account": seller})


def schedule(client: stripe.StripeClient, seller: str, interval: str, **days: Any) -> stripe.BalanceSettings:
    return settings(client, seller, payouts={"schedule": {"interval": interval, **days}})


def payouts(client: stripe.StripeClient, seller: str) -> list[stripe.Payout]:
    """Oldest first."""
    return client.v1.payouts.list(options={"stripe_account": seller}).data[::-1]


def types(client: stripe.StripeClient, seller: str, prefix: str) -> list[str]:
    """The seller's events of a kind, oldest first."""
    found = client.v1.events.list({"limit": 100}, {"stripe_account": seller}).data[::-1]
    return [event.type for event in found if event.type.startswith(prefix)]


def test_a_payout_that_was_asked_for_waits_leaves_and_arrives(
    em: Emulator, client: stripe.StripeClient, shop: Shop
) -> None:
    seller = funded(shop)
    schedule(client, seller, "manual")
    options = {"stripe_account": seller}

    made = client.v1.payouts.create({"amount": 3_000, "currency": "eur", "metadata": {"run": "1"}}, options)
    with pytest.raises(stripe.InvalidRequestError) as short:
        client.v1.payouts.create({"amount": 2_001, "currency": "eur"}, options)
    named = client.v1.payouts.update(made.id, {"metadata": {"run": "2"}}, options)
    em.advance(seconds=5 * DAY)
    paid = client.v1.payouts.retrieve(made.id, options=options)

    listed = client.v1.payouts.list({"arrival_date": {"gte": made.arrival_date}}, options)
    later = client.v1.payouts.list({"arrival_date": {"gt": made.arrival_date}}, options)

    assert ([one.id for one in listed], later.data) == ([made.id], [])
    assert (made.status, made.automatic, made.reconciliation_status) == ("pending", False, "not_applicable")
    assert (paid.status, named.metadata["run"], short.value.code) == ("paid", "2", "balance_insufficient")
    assert shop.balance(seller) == (2_000, 0)
    assert [one.id for one in payouts(client, seller)] == [made.id]
    assert types(client, seller, "payout.") == ["payout.created", "payout.updated", "payout.updated", "payout.paid"]


def test_a_pending_payout_can_be_canceled_until_it_leaves(
    em: Emulator, client: stripe.StripeClient, shop: Shop
) -> None:
    seller = funded(shop)
    schedule(client, seller, "manual")
    options = {"stripe_account": seller}
    first, second = (client.v1.payouts.create({"amount": 100, "currency": "eur"}, options) for _ in range(2))

    canceled = client.v1.payouts.cancel(first.id, {"expand": ["failure_balance_transaction"]}, options)
    em.advance(seconds=DAY)
    with pytest.raises(stripe.InvalidRequestError, match="cannot be canceled"):
        client.v1.payouts.cancel(second.id, options=options)

    assert (canceled.status, canceled.failure_balance_transaction.type) == ("canceled", "payout_cancel")
    assert shop.balance(seller) == (4_900, 0)


def test_a_bank_that_refuses_gets_nothing_more_until_it_is_replaced(
    em: Emulator, client: stripe.StripeClient, shop: Shop
) -> None:
    seller = funded(shop, bank=us_bank("000111111116"))

    em.advance(seconds=10 * DAY)
    failed = payouts(client, seller)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payouts.create({"amount": 1, "currency": "eur"}, {"stripe_account": seller})
    change_bank(shop, seller, us_bank("000123456789"))
    em.advance(seconds=10 * DAY)

    assert [(one.status, one.failure_code) for one in failed] == [("failed", "no_account")]
    assert refused.value.code == "payouts_not_allowed"
    assert [one.status for one in payouts(client, seller)] == ["failed", "paid"]
    assert "account.external_account.updated" in types(client, seller, "account.external_account")
    assert shop.balance(seller) == (0, 0)


def test_a_paid_payout_to_a_us_bank_is_reversed_once(em: Emulator, client: stripe.StripeClient, shop: Shop) -> None:
    seller, german = funded(shop, bank=us_bank("000123456789")), funded(shop)
    em.advance(seconds=5 * DAY)
    schedule(client, seller, "manual")
    options = {"stripe_account": seller}
    paid = payouts(client, seller)[0]

    back = client.v1.payouts.reverse(paid.id, {"metadata": {"why": "oops"}}, options)
    with pytest.raises(stripe.InvalidRequestError, match="once"):
        client.v1.payouts.reverse(paid.id, options=options)
    with pytest.raises(stripe.InvalidRequestError, match="US and Canadian"):
        client.v1.payouts.reverse(payouts(client, german)[0].id, options={"stripe_account": german})

    assert (back.amount, back.original_payout) == (-5_000, paid.id)
    assert client.v1.payouts.retrieve(paid.id, options=options).reversed_by == back.id
    assert shop.balance(seller) == (5_000, 0)


def test_a_schedule_is_kept_by_automatic_payouts(em: Emulator, client: stripe.StripeClient, shop: Shop) -> None:
    weekly, monthly, manual = (funded(shop) for _ in range(3))
    schedule(client, weekly, "weekly", weekly_payout_days=["thursday"])
    schedule(client, monthly, "monthly", monthly_payout_days=[31])
    shown = schedule(client, manual, "manual")
    told = types(client, manual, "balance_settings")

    em.advance(seconds=35 * DAY)

    (first,), (last,) = payouts(client, weekly), payouts(client, monthly)
    assert datetime.fromtimestamp(first.created, UTC).strftime("%A") == "Thursday"
    assert datetime.fromtimestamp(last.created + DAY, UTC).day == 1
    assert (payouts(client, manual), shop.balance(manual)) == ([], (5_000, 0))
    assert (shown.payments.payouts.schedule.interval, told) == ("manual", ["balance_settings.updated"])
    account = client.v1.accounts.retrieve(weekly)
    assert account.settings.payouts.schedule.weekly_payout_days == ["thursday"]


def test_a_minimum_balance_stays_and_the_payout_lists_what_it_is_made_of(
    em: Emulator, client: stripe.StripeClient, shop: Shop
) -> None:
    seller = funded(shop)
    settings(client, seller, payouts={"minimum_balance_by_currency": {"eur": 1_500}})

    em.advance(seconds=5 * DAY)

    (made,) = payouts(client, seller)
    rows = client.v1.balance_transactions.list({"payout": made.id}, {"stripe_account": seller}).data
    assert (made.amount, shop.balance(seller)) == (3_500, (1_500, 0))
    assert sorted(row.net for row in rows) == [-1_500, 5_000]


def test_a_negative_balance_is_debited_when_that_was_agreed(
    em: Emulator, client: stripe.StripeClient, shop: Shop
) -> None:
    seller = shop.seller()
    charge = shop.charge(5_000, at_once=True, transfer_data={"destination": seller})
    em.advance(seconds=5 * DAY)
    settings(client, seller, debit_negative_balances=True)
    client.v1.transfers.reversals.create(client.v1.charges.retrieve(charge.id).transfer)
    before = shop.balance(seller)

    em.advance(seconds=DAY)

    assert (before, shop.balance(seller)) == ((-5_000, 0), (0, 0))
    assert [one.amount for one in payouts(client, seller)] == [5_000, -5_000]


def test_a_delay_of_ones_own_makes_charges_available_later(client: stripe.StripeClient, em: Emulator) -> None:
    client.v1.balance_settings.update({"payments": {"settlement_timing": {"delay_days_override": 7}}})
    shop = Shop(em, client)
    shop.charge(1_000)

    em.advance(seconds=6 * DAY)
    early = shop.balance()
    em.advance(seconds=DAY)
    reset = client.v1.balance_settings.update({"payments": {"settlement_timing": {"delay_days_override": ""}}})

    assert early == (0, 941)
    assert reset.payments.settlement_timing.delay_days == 2
    assert len(client.v1.payouts.list().data) == 1


@pytest.mark.parametrize(
    ("payments", "param"),
    [
        ({"payouts": {"schedule": {"interval": "weekly"}}}, "[payouts][schedule][weekly_payout_days]"),
        ({"payouts": {"schedule": {"monthly_payout_days": [3]}}}, "[payouts][schedule][monthly_payout_days]"),
        (
            {"payouts": {"schedule": {"interval": "monthly", "monthly_payout_days": [32]}}},
            "[payouts][schedule][monthly_payout_days]",
        ),
        (
            {"payouts": {"minimum_balance_by_currency": {"eur": -1}}},
            "[payouts][minimum_balance_by_currency][eur]",
        ),
        (
            {"payouts": {"minimum_balance_by_currency": {"xxx": 1}}},
            "[payouts][minimum_balance_by_currency][xxx]",
        ),
        ({"settlement_timing": {"delay_days_override": 32}}, "[settlement_timing][delay_days_override]"),
    ],
)
def test_settings_that_make_no_sense_are_refused(
    client: stripe.StripeClient, payments: dict[str, Any], param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.balance_settings.update({"payments": payments})

    assert refused.value.param == f"payments{param}"
    assert client.v1.balance_settings.retrieve().payments.payouts.schedule.interval == "daily"


def test_numbers_beyond_all_reason_are_refused(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as large:
        client.v1.topups.create({"amount": 100_000_000, "currency": "eur"})
    with pytest.raises(stripe.InvalidRequestError) as huge:
        client.v1.topups.list({"created": 2**63})
    with pytest.raises(stripe.InvalidRequestError, match="Invalid integer"):
        client.v1.topups.create({"amount": "9" * 5_000, "currency": "eur"})  # type: ignore[typeddict-item]

    assert (large.value.code, huge.value.code) == ("amount_too_large", "parameter_invalid_integer")


def test_a_top_up_arrives_or_is_canceled(em: Emulator, client: stripe.StripeClient, shop: Shop) -> None:
    schedule(client, em.platform_id, "manual")
    made, gone = (client.v1.topups.create({"amount": 50_000, "currency": "eur"}) for _ in range(2))
    canceled = client.v1.topups.cancel(gone.id)
    renamed = client.v1.topups.update(made.id, {"description": "For refunds", "metadata": {"a": "b"}})
    before = shop.balance()

    em.advance(seconds=4 * DAY)

    arrived = client.v1.topups.retrieve(made.id, {"expand": ["balance_transaction"]})
    assert (made.status, canceled.status, renamed.description) == ("pending", "canceled", "For refunds")
    assert (arrived.status, arrived.balance_transaction.net) == ("succeeded", 50_000)
    assert (before, shop.balance()) == ((0, 0), (50_000, 0))
    assert [one.id for one in client.v1.topups.list({"status": "succeeded"})] == [made.id]
    with pytest.raises(stripe.InvalidRequestError, match="cannot be canceled"):
        client.v1.topups.cancel(made.id)
