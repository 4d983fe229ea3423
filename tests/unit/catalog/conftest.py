"""Bob, who may sell, his shop, and a browser he is signed in with."""

from collections.abc import Iterator

import pytest
from django.test import Client

from accounts.models import Seller, User
from catalog.browsing import shelves
from catalog.models import Category
from tests.factories import ConnectedAccountFactory, MembershipFactory, UserFactory, accept_guidelines


@pytest.fixture(autouse=True)
def fresh_shelves() -> Iterator[None]:
    """The categories a page kept from the test before are not this test's."""
    shelves.forget()
    yield
    shelves.forget()


@pytest.fixture
def bob(db: None) -> User:
    return UserFactory(email="bob@example.org")


@pytest.fixture
def bobs_shop(bob: User) -> Seller:
    """A seller who may publish."""
    seller = MembershipFactory(user=bob, seller__name="Tanner & Sons", seller__slug="tanner").seller
    ConnectedAccountFactory(seller=seller)
    accept_guidelines(seller, bob)
    return seller


@pytest.fixture
def bobs_browser(bob: User, bobs_shop: Seller) -> Client:
    browser = Client()
    browser.force_login(bob)
    return browser


@pytest.fixture
def ceramics(db: None) -> Category:
    category, _is_new = Category.objects.get_or_create(slug="ceramics-glass", defaults={"name": "Ceramics and glass"})
    return category
