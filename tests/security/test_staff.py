"""Staff see nothing of the admin without a second factor where it is demanded, as in production."""

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

PAGES = ["/admin/", "/admin/orders/order/", "/admin/login/?next=/admin/"]


@pytest.fixture
def dana(settings: Any) -> User:
    settings.STAFF_NEEDS_SECOND_FACTOR = True
    user: User = UserFactory(email="dana@example.org", is_staff=True, is_superuser=True)
    return user


@pytest.mark.parametrize("page", PAGES)
def test_staff_without_a_second_factor_are_sent_to_set_one_up(client: Client, dana: User, page: str) -> None:
    client.force_login(dana)

    assert client.get(page).headers["Location"] == reverse("mfa_activate_totp")
    assert client.post(page).headers["Location"] == reverse("mfa_activate_totp")


def test_staff_with_a_second_factor_are_let_in(client: Client, dana: User) -> None:
    Authenticator.objects.create(user=dana, type=Authenticator.Type.TOTP, data={"secret": "made up"})
    client.force_login(dana)

    assert client.get("/admin/").status_code == 200


def test_somebody_who_is_no_staff_is_not_let_in_either_way(client: Client, dana: User) -> None:
    client.force_login(UserFactory())

    assert client.get("/admin/").status_code in (302, 403)
    assert client.get("/admin/orders/order/").status_code in (302, 403)
