"""Alice buys; Bob sells; Charlie is a stranger."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Seller, User
from catalog.models import Listing
from customers.models import Customer
from kit.clock import now
from orders import baskets, placing
from orders.models import Basket, Purchase
from tests.factories import (
    AddressFactory,
    ConnectedAccountFactory,
    CustomerFactory,
    ListingFactory,
    MembershipFactory,
    SellerFactory,
    UserFactory,
)

OpenShop = Callable[..., Seller]
Place = Callable[..., Purchase]


def open_shop(name: str = "Bob’s Bowls", owner: User | None = None) -> Seller:
    """A shop that Stripe lets be paid."""
    seller = SellerFactory(name=name)
    MembershipFactory(seller=seller, user=owner or UserFactory())
    ConnectedAccountFactory(seller=seller)
    return seller


def signed_in(user: User) -> Client:
    """A browser of this user's."""
    client = Client()
    client.force_login(user)
    return client


def fill(basket: Basket, *things: tuple[Listing, int]) -> Basket:
    """Put things into a basket."""
    for listing, quantity in things:
        baskets.add(basket, listing, quantity)
    return basket


@pytest.fixture
def alice(db: None) -> Customer:
    customer = CustomerFactory(user__email="alice@example.org", user__full_name="Alice Archer")
    AddressFactory(customer=customer)
    return customer


@pytest.fixture
def basket(alice: Customer) -> Basket:
    return Basket.objects.create(customer=alice)


@pytest.fixture
def bob(db: None) -> User:
    return UserFactory(email="bob@example.org", full_name="Bob Baker")


@pytest.fixture
def shop(bob: User) -> Seller:
    return open_shop(owner=bob)


@pytest.fixture
def bowl(shop: Seller) -> Listing:
    """24.00 EUR, five in stock, shipped."""
    return ListingFactory(seller=shop, title="Grey bowl", slug="grey-bowl")


@pytest.fixture
def place(alice: Customer, basket: Basket) -> Place:
    """Alice places her basket, to her address."""

    def place_now(**changes: object) -> Purchase:
        asked = {
            "customer": alice,
            "basket": basket,
            "currency": "eur",
            "address": changes["address"] if "address" in changes else alice.addresses.first(),
            "placed_from": "192.0.2.7",
            "at": now(),
        }
        return placing.place(**(asked | changes))  # type: ignore[arg-type]

    return place_now
