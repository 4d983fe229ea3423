"""Two tabs at once on the way to selling."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client

from accounts import guidelines, sellers
from accounts.models import ConnectedAccount, Guidelines, Seller, User
from emulator.core import Emulator
from gateway.models import Operation
from kit.clock import now

TABS = 4


@pytest.fixture
def bob(transactional_db: None) -> User:
    return User.objects.create_user("bob@example.com")


@pytest.fixture
def bobs_shop(bob: User) -> Seller:
    version, _created = Guidelines.objects.get_or_create(
        version=1, defaults={"title": "G", "body": "B", "published_at": now()}
    )
    shop = sellers.open_shop(bob, name="Bob's Bakery", country="DE", currency="eur")
    guidelines.accept(shop, version=version.version, user=bob, ip_address=None)
    return shop


def in_tabs(user: User, address: str, data: dict[str, str] | None = None) -> list[tuple[int, str]]:
    """POST to `address` from several tabs at the same moment; each one's status and where it leads."""
    start = Barrier(TABS)

    def press() -> tuple[int, str]:
        browser = Client()
        browser.force_login(user)
        start.wait()
        try:
            answer = browser.post(address, data or {})
        finally:
            connection.close()
        return answer.status_code, answer.headers.get("Location", "")

    with ThreadPoolExecutor(TABS) as pool:
        return [tab.result() for tab in [pool.submit(press) for _tab in range(TABS)]]


def test_tabs_that_start_onboarding_at_once_open_one_account(bobs_shop: Seller, bob: User, stripe_emulator: Emulator):
    answers = in_tabs(bob, "/sell/onboarding/start/")

    account = ConnectedAccount.objects.get()
    assert {status for status, _address in answers} == {303}
    assert any(address.startswith(stripe_emulator.public_url) for _status, address in answers)
    assert Operation.objects.filter(name="account.create").count() == 1
    assert account.stripe_id == Operation.objects.get(name="account.create").object_id


def test_tabs_that_open_a_shop_at_once_open_one_shop(bob: User):
    answers = in_tabs(bob, "/sell/", {"name": "Bob's Bakery", "country": "DE", "currency": "eur"})

    assert {status for status, _address in answers} == {302}
    assert Seller.objects.count() == 1
