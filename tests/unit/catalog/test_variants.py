"""A listing that comes in variants: its own price and stock follow theirs."""

import pytest
from django.db import IntegrityError, transaction

from catalog import stock, variants
from catalog.models import Listing, StockChange, Variant
from catalog.stock import Goods
from kit.clock import now
from tests.factories import ListingFactory, VariantFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def shirt() -> Listing:
    """In M for 20.00 with three in stock, and in L for 25.00 with four."""
    listing = ListingFactory(options=["Size"])
    VariantFactory(listing=listing, values=["M"], price=2000, available=3)
    VariantFactory(listing=listing, values=["L"], price=2500, available=4)
    return Listing.objects.get(pk=listing.pk)


def of(shirt: Listing, size: str) -> Variant:
    return shirt.variants.get(values=[size])


def facts(shirt: Listing) -> tuple[int, int | None, int]:
    shirt.refresh_from_db()
    return shirt.price, shirt.highest_price, shirt.available


def test_the_listing_has_the_lowest_and_highest_price_and_the_sum(shirt: Listing) -> None:
    assert facts(shirt) == (2000, 2500, 7)


def test_selling_and_releasing_a_variant_changes_it_and_the_sum(shirt: Listing) -> None:
    medium = of(shirt, "M")

    held = stock.reserve(Goods(shirt.pk, medium.pk), 2)
    after_reserving = (of(shirt, "M").available, facts(shirt)[2])
    stock.release(held, actor="job", reason="expired")

    assert after_reserving == (1, 5)
    assert (of(shirt, "M").available, facts(shirt)[2]) == (3, 7)


@pytest.mark.parametrize("in_a_basket", [False, True])
def test_more_of_a_variant_than_is_left_is_refused_though_the_sum_would_do(shirt: Listing, in_a_basket: bool) -> None:
    goods = Goods(shirt.pk, of(shirt, "M").pk)

    with pytest.raises(stock.OutOfStock) as refused, transaction.atomic():
        stock.reserve_all({goods: 4}) if in_a_basket else stock.reserve(goods, 4)

    assert (refused.value.goods, refused.value.available) == (goods, 3)
    assert facts(shirt)[2] == 7


@pytest.mark.parametrize("in_a_basket", [False, True])
def test_without_its_variant_nothing_of_it_can_be_reserved(shirt: Listing, in_a_basket: bool) -> None:
    with pytest.raises(stock.OutOfStock) as refused, transaction.atomic():
        stock.reserve_all({Goods(shirt.pk): 1}) if in_a_basket else stock.reserve(Goods(shirt.pk), 1)

    assert refused.value.available == 0


def test_a_withdrawn_variant_cannot_be_reserved_and_no_longer_counts(shirt: Listing) -> None:
    large = of(shirt, "L")
    held = stock.reserve(Goods(shirt.pk, large.pk), 1)
    Variant.objects.filter(pk=large.pk).update(withdrawn_at=now())
    variants.sum_up([shirt.pk])

    with pytest.raises(stock.OutOfStock):
        stock.reserve(Goods(shirt.pk, large.pk), 1)
    stock.release(held, actor="job", reason="expired")

    assert facts(shirt) == (2000, 2000, 3)
    assert of(shirt, "L").available == 4


def test_counting_by_hand_changes_variant_and_sum_and_is_written_down(shirt: Listing) -> None:
    medium = of(shirt, "M")

    left = stock.adjust(Goods(shirt.pk, medium.pk), -2, actor="bob@example.org", note="Two were damaged")

    change = StockChange.objects.get()
    assert (left, facts(shirt)[2]) == (1, 5)
    assert (change.variant, change.delta, change.left, change.reason) == (medium, -2, 1, "by_hand")
    assert (change.actor, change.note) == ("bob@example.org", "Two were damaged")


def test_a_listing_with_options_is_counted_by_its_variants(shirt: Listing) -> None:
    with pytest.raises(ValueError, match="by its variants"):
        stock.adjust(Goods(shirt.pk), 1)


def test_the_same_values_twice_are_refused_by_the_database(shirt: Listing) -> None:
    with pytest.raises(IntegrityError):
        VariantFactory(listing=shirt, values=["M"])
