"""Many at once at the last unit of a variant (fault F29), and at variants of one listing, on real PostgreSQL.

Each race has its twin without the protection, which shows that the race is real.
"""

from functools import partial
from threading import Barrier

import pytest
from django.db import OperationalError, transaction
from django.db.models import F

from catalog import stock
from catalog.models import Listing, Reservation, Variant
from catalog.stock import Goods
from tests.factories import ListingFactory, VariantFactory
from tests.together import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

BUYERS = 16


def sizes(*available: int) -> tuple[Listing, list[Variant]]:
    """A listing in as many sizes, each with so many in stock."""
    listing = ListingFactory(options=["Size"], available=0)
    made = [VariantFactory(listing=listing, values=[f"Size {n}"], available=left) for n, left in enumerate(available)]
    return Listing.objects.get(pk=listing.pk), made


def reserve(*variants: Variant) -> dict[Goods, Reservation]:
    with transaction.atomic():
        return stock.reserve_all({Goods(variant.listing_id, variant.pk): 1 for variant in variants})


def left_of(listing: Listing) -> tuple[int, list[int]]:
    """The listing's own number, and its variants'."""
    variants = listing.variants.order_by("pk").values_list("available", flat=True)
    return Listing.objects.values_list("available", flat=True).get(pk=listing.pk), list(variants)


def names(results: list[object]) -> list[str]:
    return sorted(type(result).__name__ for result in results)


def test_the_last_unit_of_a_variant_goes_to_one_of_sixteen_though_others_are_left() -> None:
    listing, (small, _large) = sizes(1, 40)

    results = at_once(*[lambda: reserve(small)] * BUYERS)

    assert names(results) == ["OutOfStock"] * (BUYERS - 1) + ["dict"]
    assert left_of(listing) == (40, [0, 40])
    assert Reservation.objects.filter(variant=small).count() == 1


def test_without_the_condition_on_the_variant_its_last_unit_is_sold_many_times() -> None:
    listing, (small, _large) = sizes(1, 40)
    have_read = Barrier(BUYERS)

    def naive() -> str:
        seen = Variant.objects.get(pk=small.pk).available
        have_read.wait(10)
        if seen < 1:
            raise stock.OutOfStock(seen)
        Listing.objects.filter(pk=listing.pk).update(available=F("available") - 1)
        Variant.objects.filter(pk=small.pk).update(available=seen - 1)
        Reservation.objects.create(listing=listing, variant=small, quantity=1)
        return "got it"

    assert at_once(*[naive] * BUYERS) == ["got it"] * BUYERS


def test_two_variants_bought_in_opposite_order_are_both_sold_and_the_sum_is_right() -> None:
    listing, (small, large) = sizes(40, 40)
    _other, (blue,) = sizes(40)

    for _round in range(5):
        one, other = partial(reserve, small, blue, large), partial(reserve, large, blue, small)
        results = at_once(*[one, other] * 3)
        assert names(results) == ["dict"] * 6

    assert left_of(listing) == (20, [10, 10])


def test_taking_variants_before_their_listing_in_the_order_of_the_basket_ends_in_a_deadlock() -> None:
    _listing, (small, large) = sizes(9, 9)
    have_first = Barrier(2)

    def one_by_one(*variants: Variant) -> str:
        with transaction.atomic():
            for place, variant in enumerate(variants):
                Variant.objects.filter(pk=variant.pk).update(available=F("available") - 1)
                if place == 0:
                    have_first.wait(5)
        return "got them"

    results = at_once(lambda: one_by_one(small, large), lambda: one_by_one(large, small))

    assert [type(result) for result in results].count(OperationalError) == 1


def test_selling_counting_and_releasing_at_once_leave_the_sum_of_the_variants() -> None:
    listing, (small, large) = sizes(30, 30)
    held = [reserve(size)[Goods(listing.pk, size.pk)] for size in (small, large, small, large)]

    def release(reservation: Reservation) -> bool:
        return stock.release(Reservation.objects.get(pk=reservation.pk), actor="job", reason="expired")

    at_once(
        *[partial(release, one) for one in held * 2],
        *[lambda: reserve(large, small)] * 4,
        *[lambda: stock.adjust(Goods(listing.pk, small.pk), 2)] * 3,
    )

    assert left_of(listing) == (58, [32, 26])
