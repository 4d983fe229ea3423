"""Payouts to the banks of sellers, and the settings they follow."""

from typing import Any

import pytest
import stripe

from emulator import business
from tests.contract.marks import needs, source
from tests.contract.target import Target, on, refused, why


def give_american_bank(target: Target, seller: str, number: str) -> None:
    bank: Any = {"object": "bank_account", "country": "US", "routing_number": "110000000", "account_number": number}
    params: Any = {"external_account": {**bank, "currency": target.currency}, "default_for_currency": True}
    target.v1.accounts.external_accounts.create(seller, params)


def funded(target: Target, amount: int = 5_000) -> str:
    """A seller with money that is available at once, on a manual schedule."""
    seller = target.seller()
    schedule(target, seller, {"interval": "manual"})
    target.ready(amount * 2)
    target.transfer(seller, amount)
    return seller


def schedule(target: Target, seller: str, given: dict[str, Any]) -> stripe.BalanceSettings:
    return target.v1.balance_settings.update({"payments": {"payouts": {"schedule": given}}}, on(seller))


def pay_out(target: Target, seller: str, amount: int = 1_000) -> stripe.Payout:
    return target.v1.payouts.create({"amount": amount, "currency": target.currency}, on(seller))


def found(target: Target, seller: str, payout: str) -> stripe.Payout:
    return target.v1.payouts.retrieve(payout, options=on(seller))


@source("docs")
def test_a_payout_that_was_asked_for_is_pending_and_its_money_is_gone(target: Target) -> None:
    seller = funded(target)
    available, _ = target.balance(seller)

    payout = pay_out(target, seller)

    assert (payout.status, payout.amount, payout.automatic) == ("pending", 1_000, False)
    assert target.nets(payout.id, seller) == [-1_000]
    assert target.balance(seller)[0] == available - 1_000


@source("docs")
def test_a_payout_beyond_the_balance_is_refused(target: Target) -> None:
    seller = funded(target)
    available, _ = target.balance(seller)

    assert refused(pay_out, target, seller, available + 1).code == "balance_insufficient"


@source("docs")
def test_a_pending_payout_is_canceled_and_its_money_returns(target: Target) -> None:
    seller = funded(target)
    payout = pay_out(target, seller)

    canceled = target.v1.payouts.cancel(payout.id, options=on(seller))

    assert canceled.status == "canceled"
    assert sum(target.nets(payout.id, seller)) == 0
    assert refused(target.v1.payouts.cancel, payout.id, options=on(seller)).http_status == 400


@source("docs")
def test_a_payout_belongs_to_its_account(target: Target) -> None:
    seller = funded(target)
    payout = pay_out(target, seller)

    assert why(refused(target.v1.payouts.retrieve, payout.id))[:2] == (404, "resource_missing")
    assert payout.id in {one.id for one in target.v1.payouts.list({}, on(seller)).data}
    assert payout.id not in {one.id for one in target.v1.payouts.list({"limit": 100}).data}


@source("docs")
def test_payouts_are_told_to_the_endpoints_of_connected_accounts(target: Target) -> None:
    seller = funded(target)

    payout = pay_out(target, seller)

    (event,) = target.told(payout.id, "payout.created", account=seller)
    assert event.account == seller
    platform = target.v1.events.list({"type": "payout.created", "limit": 100}).data
    assert payout.id not in {one.data.object["id"] for one in platform}


@source("docs")
def test_metadata_of_a_payout_changes_and_its_amount_does_not(target: Target) -> None:
    seller = funded(target)
    payout = pay_out(target, seller)

    changed = target.v1.payouts.update(payout.id, {"metadata": {"week": "7"}}, on(seller))

    assert (changed.metadata["week"], changed.amount) == ("7", 1_000)


@source("docs")
def test_an_account_without_a_bank_pays_nothing_out(target: Target) -> None:
    error = refused(pay_out, target, target.account())

    assert error.http_status == 400


@source("docs")
@needs("clock")
def test_a_payout_is_under_way_and_then_paid(target: Target) -> None:
    seller = funded(target)
    payout = pay_out(target, seller)

    target.advance(days=1)
    on_its_way = found(target, seller, payout.id).status
    target.advance(days=4)

    assert (on_its_way, found(target, seller, payout.id).status) == ("in_transit", "paid")
    told = target.told(payout.id, "payout.updated", "payout.paid", account=seller)
    assert told[-1].type == "payout.paid"
    assert refused(target.v1.payouts.cancel, payout.id, options=on(seller)).http_status == 400


@source("docs")
@needs("clock")
def test_an_automatic_payout_takes_what_is_available_and_lists_what_it_is_made_of(target: Target) -> None:
    seller = target.seller()
    charge = target.charge()
    sent = [target.transfer(seller, amount, charge.id) for amount in (1_000, 2_000)]

    target.advance(days=7)

    (payout,) = target.v1.payouts.list({}, on(seller)).data
    assert (payout.amount, payout.automatic, payout.status) == (3_000, True, "paid")
    rows = target.v1.balance_transactions.list({"payout": payout.id}, on(seller)).data
    assert {row.source for row in rows} == {one.destination_payment for one in sent}
    assert payout.reconciliation_status == "completed"
    assert target.told(payout.id, "payout.reconciliation_completed", account=seller)


@source("docs")
@needs("clock")
def test_a_manual_schedule_pays_nothing_out_by_itself(target: Target) -> None:
    seller = funded(target)

    target.advance(days=30)

    assert (target.v1.payouts.list({}, on(seller)).data, target.balance(seller)) == ([], (5_000, 0))


@source("docs")
@needs("clock")
@pytest.mark.parametrize(
    ("number", "code"),
    [("000111111116", "no_account"), ("000111111113", "account_closed"), ("000222222227", "insufficient_funds")],
)
def test_a_test_bank_fails_with_its_own_reason(target: Target, number: str, code: str) -> None:
    seller = funded(target)
    give_american_bank(target, seller, number)
    payout = pay_out(target, seller)

    target.advance(days=7)

    failed = found(target, seller, payout.id)
    assert (failed.status, failed.failure_code) == ("failed", code)
    assert sum(target.nets(payout.id, seller)) == 0


@source("docs")
@needs("clock", "bank")
def test_a_paid_payout_may_still_fail(target: Target) -> None:
    seller = funded(target)
    payout = pay_out(target, seller)
    target.advance(days=5)
    paid = found(target, seller, payout.id).status

    business.fail_payout(target.em("bank"), payout.id, "account_closed")

    failed = found(target, seller, payout.id)
    assert (paid, failed.status, failed.failure_code) == ("paid", "failed", "account_closed")
    assert failed.failure_balance_transaction
    assert [row.type for row in target.rows(payout.id, seller)] == ["payout", "payout_failure"]


@source("docs")
@needs("bank")
def test_a_failed_payout_puts_its_bank_account_out_of_use(target: Target) -> None:
    seller = funded(target)
    payout = pay_out(target, seller)

    business.fail_payout(target.em("bank"), payout.id)

    (bank,) = target.v1.accounts.external_accounts.list(seller).data
    assert bank.status == "errored"
    assert refused(pay_out, target, seller).code == "payouts_not_allowed"
    assert target.told(str(bank.id), "account.external_account.updated", account=seller)


@source("library")
@needs("clock")
def test_only_payouts_to_american_banks_are_reversed(target: Target) -> None:
    seller, other = funded(target), funded(target)
    give_american_bank(target, seller, "000123456789")
    paid, german = pay_out(target, seller), pay_out(target, other)
    target.advance(days=5)

    back = target.v1.payouts.reverse(paid.id, options=on(seller))

    assert (back.amount, back.original_payout) == (-1_000, paid.id)
    assert found(target, seller, paid.id).reversed_by == back.id
    assert refused(target.v1.payouts.reverse, german.id, options=on(other)).http_status == 400


# --- settings -------------------------------------------------------------------------------------------------


@source("docs")
def test_a_schedule_is_set_for_one_account_and_told(target: Target) -> None:
    seller = target.seller()

    weekly = schedule(target, seller, {"interval": "weekly", "weekly_payout_days": ["tuesday"]})
    manual = schedule(target, seller, {"interval": "manual"})

    assert weekly.payments.payouts.schedule.weekly_payout_days == ["tuesday"]
    assert manual.payments.payouts.schedule.interval == "manual"
    told = target.v1.events.list({"type": "balance_settings.updated"}, on(seller)).data
    assert told
    assert told[0].account == seller


@source("docs")
@pytest.mark.parametrize(
    "given", [{"interval": "weekly"}, {"interval": "monthly"}, {"interval": "monthly", "monthly_payout_days": [32]}]
)
def test_an_interval_needs_days_that_exist(target: Target, given: dict[str, Any]) -> None:
    assert refused(schedule, target, target.seller(), given).http_status == 400


@source("library")
def test_a_delay_is_at_most_31_days_and_can_be_reset(target: Target) -> None:
    seller = target.seller()

    def delay(days: object) -> stripe.BalanceSettings:
        params: Any = {"payments": {"settlement_timing": {"delay_days_override": days}}}
        return target.v1.balance_settings.update(params, on(seller))

    longer = delay(9).payments.settlement_timing.delay_days
    error = refused(delay, 32)
    normal = delay("").payments.settlement_timing.delay_days

    assert (longer, error.http_status) == (9, 400)
    assert normal < 9


@source("docs")
@needs("clock")
def test_a_minimum_balance_stays_behind(target: Target) -> None:
    seller, charge = target.seller(), target.charge()
    least = {"minimum_balance_by_currency": {target.currency: 1_500}}
    target.v1.balance_settings.update({"payments": {"payouts": least}}, on(seller))
    target.transfer(seller, 5_000, charge.id)

    target.advance(days=7)

    assert [one.amount for one in target.v1.payouts.list({}, on(seller)).data] == [3_500]
    assert target.balance(seller) == (1_500, 0)


@source("docs")
@needs("clock")
def test_a_debt_is_debited_from_the_bank_when_that_was_agreed(target: Target) -> None:
    seller = target.seller()
    charge = target.ready(5_000, transfer_data={"destination": seller})
    target.advance(days=5)
    target.v1.balance_settings.update({"payments": {"debit_negative_balances": True}}, on(seller))
    target.v1.transfers.reversals.create(str(charge.transfer))

    target.advance(days=1)

    assert [one.amount for one in target.v1.payouts.list({}, on(seller)).data] == [-5_000, 5_000]
    assert target.balance(seller) == (0, 0)
