"""Which earlier payments answer a claim of fraud, and why others do not: rules alone, without rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from evidence.compelling import Compelling, Rule, Sale, judge

DAY = datetime(2026, 6, 1, tzinfo=UTC)
KNOWN: dict[str, Any] = {
    "customer_purchase_ip": "203.0.113.7",
    "customer_device_id": "abcdefghijklmnopqrstuv",
    "customer_account_id": "17",
    "customer_email_address": "alice@example.org",
    "shipping_address": {"line1": "Torstraße 1", "city": "Berlin", "postal_code": "10119", "country": "DE"},
}
ASKED = (Rule("network", met=True, words="It is Visa's."),)
DISPUTED = Sale("ch_0", "ORDER", DAY, KNOWN, "1 × Grey bowl")


def sale(days: int, **changes: Any) -> Sale:
    made = Sale(f"ch_{days}", f"D{days}", DAY - timedelta(days=days), KNOWN, "1 × Spoon")
    return replace(made, **changes)


def knowing(days: int, *names: str) -> Sale:
    return sale(days, known={name: KNOWN[name] for name in names})


def found(*earlier: Sale, disputed: Sale = DISPUTED, same_card: int | None = 2) -> Compelling:
    return judge(ASKED, disputed, earlier, same_card=same_card)


def met(answer: Compelling) -> dict[str, bool]:
    return {rule.key: rule.met for rule in answer.rules}


def test_two_earlier_payments_of_the_same_buyer_qualify_and_are_what_is_sent() -> None:
    answer = found(sale(150), sale(300))

    assert answer.qualifies
    assert set(met(answer).values()) == {True}
    disputed, prior = answer.parameters["disputed_transaction"], answer.parameters["prior_undisputed_transactions"]
    assert disputed == {**KNOWN, "product_description": "1 × Grey bowl", "merchandise_or_services": "merchandise"}
    assert prior[0] == {"charge": "ch_150", **KNOWN, "product_description": "1 × Spoon"}
    assert [one["charge"] for one in prior] == ["ch_150", "ch_300"]
    assert "the IP address, the device, the account" in answer.why


@pytest.mark.parametrize(("days", "counts"), [(119, False), (120, True), (365, True), (366, False)])
def test_a_payment_counts_from_120_to_365_days_before(days: int, counts: bool) -> None:
    answer = found(sale(200), sale(days))

    assert answer.qualifies is counts
    assert met(answer)["in_time"] is counts


def test_of_many_the_two_that_have_most_in_common_are_taken() -> None:
    poor = knowing(130, "customer_purchase_ip", "customer_email_address")
    answer = found(poor, sale(200), sale(250), sale(300))

    assert [one.number for one in answer.earlier] == ["D200", "D250"]


def test_two_that_are_enough_go_before_two_that_have_more_in_common_without_the_main_evidence() -> None:
    secondary = ("customer_account_id", "customer_email_address", "shipping_address")
    enough = ("customer_device_id", "customer_email_address")
    answer = found(knowing(130, *secondary), knowing(140, *secondary), knowing(200, *enough), knowing(210, *enough))

    assert answer.qualifies
    assert [one.number for one in answer.earlier] == ["D200", "D210"]


@pytest.mark.parametrize(
    "names",
    [
        ("customer_purchase_ip",),
        ("customer_account_id", "customer_email_address", "shipping_address"),
        (),
    ],
)
def test_one_thing_alone_or_nothing_of_the_main_evidence_is_not_enough(names: tuple[str, ...]) -> None:
    answer = found(knowing(150, *names), sale(200))

    assert not answer.qualifies
    assert not met(answer)["matching"]
    assert answer.parameters == {}
    assert "It takes the IP address or the device, and one thing more." in answer.why


def test_what_differs_in_one_of_the_two_is_not_the_same() -> None:
    elsewhere = sale(150, known={**KNOWN, "customer_purchase_ip": "198.51.100.1"})
    answer = found(elsewhere, sale(200))

    assert "customer_purchase_ip" not in answer.parameters["disputed_transaction"]
    assert "customer_device_id" in answer.parameters["prior_undisputed_transactions"][1]


def test_a_disputed_earlier_payment_does_not_count_and_is_named() -> None:
    answer = found(sale(150, flaw="Its bank asked about it too."), sale(200))

    assert not answer.qualifies
    assert "D150: Its bank asked about it too." in answer.why


def test_without_a_description_it_does_not_qualify() -> None:
    answer = found(sale(150, description=""), sale(200))

    assert not met(answer)["described"]
    assert "D150" in answer.why


@pytest.mark.parametrize(("count", "words"), [(None, "was not written down"), (1, "1 earlier payment was made")])
def test_too_few_payments_with_the_card_are_told(count: int | None, words: str) -> None:
    answer = found(same_card=count)

    assert not met(answer)["same_card"]
    assert words in answer.why


def test_a_dispute_of_another_kind_never_qualifies() -> None:
    asked = [Rule("network", met=False, words="Mastercard's.")]

    answer = judge(asked, DISPUTED, [sale(150), sale(200)], same_card=2)

    assert not answer.qualifies
    assert answer.why == "Mastercard's."


def test_what_is_used_rather_than_had_is_a_service() -> None:
    answer = found(sale(150), sale(200), disputed=replace(DISPUTED, is_service=True))

    assert answer.parameters["disputed_transaction"]["merchandise_or_services"] == "services"
