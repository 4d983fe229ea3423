"""Baskets before and after sign-in."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.test import RequestFactory
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from catalog.models import Listing
from customers.models import Customer
from orders import baskets
from orders.models import Basket
from tests.factories import ListingFactory, UserFactory
from tests.unit.orders.conftest import fill

pytestmark = pytest.mark.django_db


def request_of(user: User | AnonymousUser, session: SessionStore | None = None) -> HttpRequest:
    request = RequestFactory().get("/")
    request.user = user
    request.session = session if session is not None else SessionStore()
    return request


def quantities(basket: Basket | None) -> dict[str, int]:
    return {line.listing.title: line.quantity for line in basket.lines.select_related("listing")} if basket else {}


def test_a_visitor_without_a_basket_costs_no_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    request = request_of(AnonymousUser())

    with django_assert_num_queries(0):
        assert baskets.basket_for(request) is None
        assert baskets.count(request) == 0


def test_a_visitor_keeps_one_basket_between_requests(bowl: Listing) -> None:
    session = SessionStore()

    fill(baskets.ensure_basket(request_of(AnonymousUser(), session)), (bowl, 1))
    fill(baskets.ensure_basket(request_of(AnonymousUser(), session)), (bowl, 1))

    assert quantities(baskets.basket_for(request_of(AnonymousUser(), session))) == {"Grey bowl": 2}
    assert Basket.objects.count() == 1


def test_signing_in_brings_the_visitors_basket_along(alice: Customer, bowl: Listing) -> None:
    session = SessionStore()
    fill(baskets.ensure_basket(request_of(AnonymousUser(), session)), (bowl, 2))

    mine = baskets.basket_for(request_of(alice.user, session))

    assert mine is not None
    assert mine.customer == alice
    assert quantities(mine) == {"Grey bowl": 2}
    assert baskets.SESSION_KEY not in session
    assert Basket.objects.count() == 1


def test_merging_loses_no_line_and_adds_quantities(alice: Customer, basket: Basket, bowl: Listing) -> None:
    cup = ListingFactory(seller=bowl.seller, title="Cup")
    jug = ListingFactory(seller=bowl.seller, title="Jug")
    fill(basket, (bowl, 2), (jug, 1))
    visitors = fill(Basket.objects.create(), (bowl, 3), (cup, 1))

    baskets.merge(str(visitors.token), alice)

    assert quantities(basket) == {"Grey bowl": 5, "Jug": 1, "Cup": 1}


def test_merging_stops_at_ninety_nine(alice: Customer, basket: Basket, shop: object) -> None:
    many = ListingFactory(seller=shop, title="Nail", available=500)
    fill(basket, (many, 60))
    visitors = fill(Basket.objects.create(), (many, 60))

    baskets.merge(str(visitors.token), alice)

    assert quantities(basket) == {"Nail": 99}


def test_merging_twice_changes_nothing_the_second_time(alice: Customer, basket: Basket, bowl: Listing) -> None:
    visitors = fill(Basket.objects.create(), (bowl, 2))

    baskets.merge(str(visitors.token), alice)
    baskets.merge(str(visitors.token), alice)

    assert quantities(basket) == {"Grey bowl": 2}


def test_a_token_never_opens_a_basket_that_has_an_owner(basket: Basket, bowl: Listing) -> None:
    fill(basket, (bowl, 1))
    session = SessionStore()
    session[baskets.SESSION_KEY] = str(basket.token)

    assert baskets.basket_for(request_of(AnonymousUser(), session)) is None
    assert baskets.count(request_of(AnonymousUser(), session)) == 0


def test_another_customer_cannot_bring_an_owned_basket_along(basket: Basket, bowl: Listing) -> None:
    fill(basket, (bowl, 1))
    session = SessionStore()
    session[baskets.SESSION_KEY] = str(basket.token)
    charlie = UserFactory(email="charlie@example.org")

    theirs = baskets.basket_for(request_of(charlie, session))

    assert quantities(theirs) == {}
    assert quantities(basket) == {"Grey bowl": 1}


def test_the_header_counts_things_before_and_after_the_merge_in_one_query(
    alice: Customer, basket: Basket, bowl: Listing, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    fill(basket, (bowl, 2))
    session = SessionStore()
    fill(baskets.ensure_basket(request_of(AnonymousUser(), session)), (bowl, 1))

    with django_assert_num_queries(1):
        assert baskets.count(request_of(alice.user, session)) == 3


def test_adding_stops_at_what_is_in_stock(basket: Basket, bowl: Listing) -> None:
    change = baskets.add(basket, bowl, 7)

    assert change.was_cut
    assert quantities(basket) == {"Grey bowl": 5}


def test_what_is_sold_out_is_not_added(basket: Basket, bowl: Listing) -> None:
    Listing.objects.filter(pk=bowl.pk).update(available=0)
    bowl.refresh_from_db()

    change = baskets.add(basket, bowl, 1)

    assert change.quantity == 0
    assert quantities(basket) == {}


def test_a_quantity_of_zero_removes_the_line(basket: Basket, bowl: Listing) -> None:
    fill(basket, (bowl, 2))

    baskets.change(basket, basket.lines.get(), 0)

    assert quantities(basket) == {}
