"""Many at once at the last unit of a variant (fault F29), and at variants of one listing, on real PostgreSQL.

Each race has its twin without the protection, which shows that the race is real.
"""

from collections import Counter
from functools import partial
from threading import Barrier

import pytest
from django.db import IntegrityError, OperationalError, transaction
from django.db.models import F

from catalog import editing, scheduling, stock, variants
from catalog.models import Listing, Reservation, Variant
from catalog.stock import Goods
from catalog.variants import Offer
from kit.clock import now
from tests.factories import (
    ConnectedAccountFactory,
    ListingFactory,
    MembershipFactory,
    VariantFactory,
    accept_guidelines,
)
from tests.together import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

BUYERS = 16


def sizes(*available: int) -> tuple[Listing, list[Variant]]:
    """A listing in as many sizes, each with so many in stock."""
    listing = ListingFactory(options=["Size"], available=0)
    made = [VariantFactory(listing=listing, values=[f"Size {n}"], available=left) for n, left in enumerate(available)]
    return Listing.objects.get(pk=listing.pk), made


def reserve(*chosen: Variant) -> dict[Goods, Reservation]:
    with transaction.atomic():
        return stock.reserve_all({Goods(variant.listing_id, variant.pk): 1 for variant in chosen})


def left_of(listing: Listing) -> tuple[int, list[int]]:
    """The listing's own number, and its variants'."""
    each = listing.variants.order_by("pk").values_list("available", flat=True)
    return Listing.objects.values_list("available", flat=True).get(pk=listing.pk), list(each)


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

    def one_by_one(*chosen: Variant) -> str:
        with transaction.atomic():
            for place, variant in enumerate(chosen):
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


def save(listing: Listing, values: tuple[str, ...]) -> str:
    """Somebody offers a listing of version 0 in one more size."""
    variants.store(listing, ["Size"], [Offer(values, 2400, 1)], version=0, actor="somebody")
    return "saved"


def test_two_people_saving_one_listing_at_once_the_second_is_told() -> None:
    listing = ListingFactory()

    results = at_once(partial(save, listing, ("S",)), partial(save, listing, ("M",)))

    listing.refresh_from_db()
    assert sorted(map(str, results)) == ["The listing was saved by somebody else meanwhile.", "saved"]
    assert (listing.version, listing.edits.count()) == (1, 1)


def test_without_the_lock_only_the_constraint_stops_the_second_save(monkeypatch: pytest.MonkeyPatch) -> None:
    listing = ListingFactory()
    have_read = Barrier(2)

    def unlocked(listing: Listing, version: int | None) -> Listing:
        row = Listing.objects.get(pk=listing.pk)
        have_read.wait(5)
        return row

    monkeypatch.setattr(editing, "locked", unlocked)
    results = at_once(partial(save, listing, ("S",)), partial(save, listing, ("M",)))

    assert [type(result) for result in results].count(IntegrityError) == 1


def test_four_sweeps_at_once_publish_a_scheduled_listing_once() -> None:
    seller = ConnectedAccountFactory().seller
    accept_guidelines(seller, MembershipFactory(seller=seller).user)
    draft = ListingFactory(seller=seller, status="draft", published_at=None, publish_at=now())

    assert Counter(at_once(*[scheduling.publish_due] * 4)) == {0: 3, 1: 1}

    draft.refresh_from_db()
    assert (draft.status, draft.publish_at, draft.moves.count()) == ("published", None, 1)
