"""Addresses nobody writes by accident get a page, never an error of ours."""

import pytest
from django.test import Client

from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

ODD = ["%00", "%00.png", "a" * 300 + ".png", "x.png/y.png", "..%2f..%2fetc%2fpasswd.png"]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize(
    "address",
    ["/media/{}", "/?q={}", "/?after={}", "/orders/?after={}", "/checkout/return/?session_id={}", "/no/{}"],
)
def test_an_odd_address_never_breaks_a_page(address: str, odd: str) -> None:
    client = Client()
    client.force_login(UserFactory())

    assert client.get(address.format(odd)).status_code < 500
