"""People of these tests: Bob sells, Alice and Charlie do not."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from accounts import guidelines, sellers
from accounts.models import ConnectedAccount, Guidelines, Membership, Seller, User

SignIn = Callable[[User], Client]


@pytest.fixture
def alice(db: None) -> User:
    return User.objects.create_user("alice@example.com", full_name="Alice Archer")


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.create_user("bob@example.com", full_name="Bob Baker")


@pytest.fixture
def charlie(db: None) -> User:
    return User.objects.create_user("charlie@example.com")


@pytest.fixture
def sign_in() -> SignIn:
    def browser_of(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return browser_of


@pytest.fixture
def first_guidelines(db: None) -> Guidelines:
    # Tests that commit empty the tables afterwards, so what the migration wrote may be gone.
    version, _created = Guidelines.objects.get_or_create(
        version=1,
        defaults={
            "title": "Seller guidelines",
            "body": "## Be honest\n\nSay it as it is.",
            "published_at": timezone.now(),
        },
    )
    return version


@pytest.fixture
def bobs_shop(bob: User, first_guidelines: Guidelines) -> Seller:
    return sellers.open_shop(bob, name="Bob's Bakery", country="DE", currency="eur")


@pytest.fixture
def accepted(bobs_shop: Seller, bob: User, first_guidelines: Guidelines) -> Seller:
    guidelines.accept(bobs_shop, version=1, user=bob, ip_address="203.0.113.7")
    return bobs_shop


@pytest.fixture
def bobs_account(accepted: Seller) -> ConnectedAccount:
    return ConnectedAccount.objects.create(seller=accepted, stripe_id="acct_bob")


@pytest.fixture
def helper(accepted: Seller, charlie: User) -> User:
    """Charlie, helping in Bob's shop without owning it."""
    Membership.objects.create(seller=accepted, user=charlie, role=Membership.Role.STAFF)
    return charlie
