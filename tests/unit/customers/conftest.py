"""Two buyers: Alice, and Charlie who must never see her things."""

import pytest
from django.test import Client

from accounts.models import User
from customers.models import Customer
from customers.profiles import customer_for


@pytest.fixture
def alice(db: None) -> User:
    return User.objects.create_user("alice@example.com", full_name="Alice Archer")


@pytest.fixture
def charlie(db: None) -> User:
    return User.objects.create_user("charlie@example.com")


@pytest.fixture
def buyer(alice: User) -> Customer:
    return customer_for(alice)


@pytest.fixture
def browser(alice: User) -> Client:
    client = Client()
    client.force_login(alice)
    return client
