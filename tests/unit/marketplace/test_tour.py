"""The demo's guided page: there in the demo alone, and nobody but its own people can be become."""

import pytest

from accounts.models import User
from marketplace.demo.people import PEOPLE
from tests.factories import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.unit.marketplace.dev_urls")]

BUYER = next(person for person in PEOPLE if person.role == "buyer")


@pytest.fixture
def in_the_demo(settings) -> None:
    settings.ENVIRONMENT = "demo"


def test_outside_the_demo_there_is_no_tour(client) -> None:
    UserFactory(email=BUYER.email)

    assert client.get("/_tour/").status_code == 404
    assert client.post("/_tour/become/", {"email": BUYER.email}).status_code == 404
    assert client.post("/_tour/clock/", {"days": "1"}).status_code == 404
    assert "_auth_user_id" not in client.session


@pytest.mark.usefixtures("in_the_demo")
def test_a_newcomer_sees_what_to_try_and_as_whom(client) -> None:
    page = client.get("/_tour/").content.decode()

    assert "Try it as Bruno Buyer" in page
    assert "Approve a large refund as the second person" in page
    # What has been tried is ticked: no refund waits for a second person.
    assert page.count("pill--done") == 2


@pytest.mark.usefixtures("in_the_demo")
def test_one_becomes_somebody_of_the_demo_on_the_page_of_the_step(client) -> None:
    user = UserFactory(email=BUYER.email)

    answer = client.post("/_tour/become/", {"email": BUYER.email, "next": "/browse/?q=stonware+mug"})

    assert answer.url == "/browse/?q=stonware+mug"
    assert client.session["_auth_user_id"] == str(user.pk)


@pytest.mark.usefixtures("in_the_demo")
def test_nobody_else_can_be_become_and_no_other_site_is_gone_to(client) -> None:
    UserFactory(email="alice@example.org")
    UserFactory(email=BUYER.email)

    assert client.post("/_tour/become/", {"email": "alice@example.org"}).status_code == 404
    assert client.post("/_tour/become/", {"email": BUYER.email, "next": "https://elsewhere.example/"}).url == "/_tour/"
    assert User.objects.count() == 2


@pytest.mark.usefixtures("in_the_demo")
def test_a_clock_that_does_not_answer_is_a_sentence(client, settings, monkeypatch) -> None:
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    monkeypatch.setenv("EMULATOR_CONTROL_TOKEN", "token")

    page = client.post("/_tour/clock/", {"days": "7"}, follow=True).content.decode()

    assert "The clock could not be moved" in page
    assert client.post("/_tour/clock/", {"days": "8"}).status_code == 404
