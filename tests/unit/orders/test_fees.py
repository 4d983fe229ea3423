"""What the platform keeps of a line: which rule counts, and that it never is more than the line."""

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from accounts.models import Seller
from catalog.models import Listing
from kit.clock import now
from kit.money import THREE_DECIMAL, ZERO_DECIMAL, step
from orders.fees import Terms, fees_at_sale, fees_on
from orders.models import Basket, BasketLine, FeeRule, Order
from tests.factories import CategoryFactory, ListingFactory
from tests.unit.orders.conftest import Place, fill, open_shop

CURRENCIES = st.sampled_from(["eur", "usd", *sorted(ZERO_DECIMAL), *sorted(THREE_DECIMAL), "isk", "ugx", "huf", "twd"])
AMOUNTS = st.lists(st.integers(1, 99_999_999), min_size=1, max_size=12)
LIMITS = st.none() | st.integers(0, 10**7)


def sold(*listings: Listing) -> list[BasketLine]:
    return [BasketLine(listing=listing, quantity=1) for listing in listings]


def fee_of(listing: Listing) -> tuple[int, str]:
    (fee,) = fees_at_sale(sold(listing), at=now())
    return fee.amount, fee.rule


@given(amounts=AMOUNTS, currency=CURRENCIES, points=st.integers(0, 10_000), minimum=st.integers(0, 10**7), cap=LIMITS)
def test_f32_a_fee_is_never_below_nothing_nor_above_its_line(
    amounts: list[int], currency: str, points: int, minimum: int, cap: int | None
) -> None:
    fees = fees_on(amounts, currency, Terms(points, minimum, cap))

    assert all(0 <= fee <= amount for fee, amount in zip(fees, amounts, strict=True))
    assert all(type(fee) is int for fee in fees)
    assert 0 <= sum(fees) <= sum(amounts)


@given(amounts=AMOUNTS, currency=CURRENCIES, points=st.integers(0, 10_000))
def test_f33_a_percentage_is_taken_once_of_everything_and_split_to_the_last_unit(
    amounts: list[int], currency: str, points: int
) -> None:
    fees = fees_on(amounts, currency, Terms(points))

    size, exact = step(currency), sum(amounts) * points
    if all(amount % size == 0 for amount in amounts):
        assert sum(fees) == (exact + 5_000 * size) // (10_000 * size) * size
    assert all(fee % size == 0 for fee in fees)
    # The whole is off by half a step at most, and each part of it by less than another one.
    assert all(abs(fee * 10_000 - part * points) < 20_000 * size for fee, part in zip(fees, amounts, strict=True))


@given(amounts=AMOUNTS, points=st.integers(0, 10_000), least=st.integers(0, 10**6), more=st.integers(0, 10**6))
def test_f32_the_least_and_the_most_of_a_line_are_kept_where_the_line_allows(
    amounts: list[int], points: int, least: int, more: int
) -> None:
    fees = fees_on(amounts, "eur", Terms(points, least, least + more))

    assert all(min(least, amount) <= fee <= least + more for fee, amount in zip(fees, amounts, strict=True))


@pytest.mark.django_db
def test_without_a_rule_the_settings_percentage_counts(bowl: Listing, settings: LazySettings) -> None:
    settings.PLATFORM_FEE_BASIS_POINTS = 750

    assert fee_of(bowl) == (180, "7.5%, for everything")


@pytest.mark.django_db
def test_the_most_specific_rule_counts(bowl: Listing, shop: Seller) -> None:
    pots = bowl.category
    shelf = {"category": pots}
    expected: list[tuple[int, str]] = []
    for reach, words in [
        ({}, "1%, for everything"),
        (shelf, f"2%, for {pots.name}"),
        ({"seller": shop}, "3%, for Bob’s Bowls"),
        ({"seller": shop, **shelf}, f"4%, for Bob’s Bowls in {pots.name}"),
    ]:
        points = (len(expected) + 1) * 100
        FeeRule.objects.create(basis_points=points, **reach)
        expected.append((24 * (len(expected) + 1), words))

        assert fee_of(bowl) == expected[-1]

    assert fee_of(ListingFactory(seller=shop)) == expected[2]
    assert fee_of(ListingFactory(category=pots)) == expected[1]
    assert fee_of(ListingFactory()) == expected[0]


@pytest.mark.django_db
def test_a_rule_for_the_currency_counts_before_one_for_all_and_never_for_another(bowl: Listing) -> None:
    FeeRule.objects.create(basis_points=500, currency="eur", minimum=300, cap=900)
    FeeRule.objects.create(basis_points=400)

    assert fee_of(bowl) == (300, "5%, at least €3.00, at most €9.00, for everything")
    assert fee_of(ListingFactory(currency="usd")) == (96, "4%, for everything")


@pytest.mark.django_db
def test_a_rule_counts_from_its_beginning_until_its_end(bowl: Listing) -> None:
    start = now()
    FeeRule.objects.create(basis_points=0, valid_from=start, valid_until=start + timedelta(days=1))

    def fee_at(days: float) -> int:
        return fees_at_sale(sold(bowl), at=start + timedelta(days=days))[0].amount

    assert [fee_at(days) for days in (-0.1, 0, 0.9, 1)] == [240, 0, 0, 240]


@pytest.mark.django_db
def test_of_two_rules_alike_the_one_that_began_last_counts(bowl: Listing) -> None:
    FeeRule.objects.create(basis_points=800, valid_from=now() - timedelta(days=1))
    FeeRule.objects.create(basis_points=900, valid_from=now() - timedelta(days=2))

    assert fee_of(bowl)[0] == 192


def test_a_changed_rule_changes_no_sale(basket: Basket, bowl: Listing, place: Place) -> None:
    rule = FeeRule.objects.create(basis_points=500)
    fill(basket, (bowl, 2))
    order = place().orders.get()

    rule.delete()

    order.refresh_from_db()
    assert (order.fee, order.lines.get().fee_rule) == (240, "5%, for everything")


def test_an_orders_fee_is_the_sum_of_its_lines_under_different_rules(
    basket: Basket, bowl: Listing, shop: Seller, place: Place
) -> None:
    books = CategoryFactory(name="Books")
    FeeRule.objects.create(basis_points=500, category=books)
    fill(basket, (bowl, 1), (ListingFactory(seller=shop, category=books, price=1000), 1))

    order = place().orders.get()

    assert [line.fee for line in order.lines.all()] == [240, 50]
    assert order.fee == 290


def test_f32_a_fee_as_large_as_the_sale_leaves_the_seller_nothing_but_owes_nothing(
    basket: Basket, shop: Seller, place: Place
) -> None:
    FeeRule.objects.create(basis_points=1000, currency="eur", minimum=5000)
    fill(basket, (ListingFactory(seller=shop, price=100), 1))

    order = place().orders.get()

    assert (order.total, order.fee, order.seller_money.amount) == (100, 100, 0)


def test_the_fees_of_two_shops_are_rounded_apart(basket: Basket, place: Place) -> None:
    fill(basket, *[(ListingFactory(seller=open_shop(name), price=55), 1) for name in ("One", "Two")])

    place()

    assert list(Order.objects.order_by("pk").values_list("fee", flat=True)) == [6, 6]


@pytest.mark.django_db
def test_the_rules_of_many_lines_are_read_at_once(
    shop: Seller, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    FeeRule.objects.create(basis_points=500, seller=shop)
    lines = sold(*[ListingFactory(seller=shop) for _line in range(5)])

    with django_assert_num_queries(1):
        fees_at_sale(lines, at=now())


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"basis_points": 10_001}, "basis_points"),
        ({"minimum": 10}, "currency"),
        ({"currency": "xyz"}, "currency"),
        ({"currency": "eur", "minimum": 10, "cap": 9}, "cap"),
        ({"valid_until": now() - timedelta(days=1)}, "valid_until"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_at_its_field(changes: dict[str, object], field: str) -> None:
    rule = FeeRule(**({"basis_points": 500, "valid_from": now()} | changes))

    with pytest.raises(ValidationError) as refused:
        rule.full_clean()

    assert list(refused.value.message_dict) == [field]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "changes",
    [
        {"basis_points": 10_001},
        {"minimum": 10},
        {"currency": "eur", "minimum": -1},
        {"currency": "eur", "minimum": 10, "cap": 9},
    ],
)
def test_the_database_refuses_such_a_rule_too(changes: dict[str, object]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        FeeRule.objects.create(**({"basis_points": 500} | changes))
