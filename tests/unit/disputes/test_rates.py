"""Dispute rates: what counts, in which month, against which sales; in queries that do not grow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from disputes import rates
from kit.clock import fixed_at
from tests.disputework import advised, disputed, escalated, sold, warned

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 6, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock() -> Any:
    with fixed_at(NOW):
        yield


def test_it_is_a_part_of_the_sales_of_the_same_time() -> None:
    assert [rates.part(1, 100), rates.part(0, 5), rates.part(0, 0), rates.part(1, 3)] == [10_000, 0, None, 333_333]


@pytest.mark.parametrize(
    ("disputes", "rate", "level"),
    [(2, 500_000, ""), (3, 4_999, ""), (3, 5_000, "watch"), (9, 7_500, "act"), (9, 9_000, "network"), (9, None, "")],
)
def test_a_level_needs_a_rate_and_more_than_a_handful(disputes: int, rate: int | None, level: str) -> None:
    assert rates.level(disputes, rate) == level


def test_disputes_count_in_the_month_the_bank_asked_whoever_won(django_assert_num_queries: Any) -> None:
    day = datetime(2026, 6, 10, tzinfo=UTC)
    in_may = datetime(2026, 5, 10, tzinfo=UTC)
    payments = [sold(day, 1000)[0].payment for _sale in range(8)]
    for _sale in range(4):
        sold(in_may, 2000)
    disputed(payments[0], "won", day)
    disputed(payments[1], "lost", day)
    disputed(payments[2], "warning_needs_response", day)
    disputed(payments[3], "prevented", day)
    escalated(disputed(payments[4], "needs_response", in_may), day)
    warned(payments[5], day)

    with django_assert_num_queries(4):
        found = rates.of_platform()

    june, may = found.months[:2]
    assert (june.window.label, june.sales, june.disputes, june.inquiries, june.warnings) == ("June 2026", 8, 3, 1, 1)
    assert (june.rate, june.rate_over_month_before, june.rate_with_warnings) == (375_000, 750_000, 500_000)
    assert (may.sales, may.disputes, may.rate, may.before) == (4, 0, 0, 0)
    assert [(one.sold.amount, one.disputed.amount) for one in june.volumes] == [(8000, 3000)]
    assert [(rate.sales, rate.disputes) for rate in found.rolling] == [(8, 3), (12, 3)]
    assert found.level == "network"
    assert len(found.months) == rates.MONTHS


def test_a_seller_answers_for_their_part_of_a_payment_alone(django_assert_num_queries: Any) -> None:
    day = NOW - timedelta(days=40)
    mine, other = sold(day, 1000, 2500)
    disputed(mine.payment, "lost", day)
    sold(day, 500, sellers=[mine.order.seller])

    with django_assert_num_queries(4):
        found = rates.of_seller(mine.order.seller)

    assert [(rate.sales, rate.disputes) for rate in found.rolling] == [(0, 0), (2, 1)]
    assert [(one.sold.amount, one.disputed.amount) for one in found.rolling[1].volumes] == [(1500, 1000)]
    assert rates.of_seller(other.order.seller).rolling[1].rate == rates.SURE


def test_sellers_are_listed_by_rate_in_the_same_number_of_queries(django_assert_num_queries: Any) -> None:
    day = NOW - timedelta(days=5)
    calm, _calm, busy, warned_of = (sold(day, 1000)[0] for _shop in range(4))
    for share in (calm, busy):
        disputed(share.payment, "lost", day)
    sold(day, 1000, sellers=[calm.order.seller])
    warned(warned_of.payment, day)

    with django_assert_num_queries(4):
        found = rates.of_sellers()

    assert [row.seller for row in found] == [one.order.seller for one in (busy, calm, warned_of)]
    assert [row.last_90.rate for row in found] == [rates.SURE, rates.SURE // 2, 0]
    for _more in range(3):
        disputed(sold(day, 1000)[0].payment, "won", day)
    with django_assert_num_queries(4):
        assert len(rates.of_sellers()) == 6


def test_what_refunding_the_warned_payments_would_save_is_reckoned() -> None:
    day = NOW - timedelta(days=1)
    shares = [sold(day, 1000)[0] for _sale in range(10)]
    for share in shares[:3]:
        advised(warned(share.payment, day), chance=800_000)

    found = rates.what_if(rates.of_platform())

    assert (found.waiting, found.expected, found.rate_refunded, found.rate_disputed) == (3, 2, 0, 200_000)


def test_months_are_the_marketplaces_wherever_staff_may_sit() -> None:
    begins = rates.of_platform().months[0].window.start

    with timezone.override("Pacific/Auckland"):
        there = rates.of_platform().months[0].window.start

    assert there == begins
