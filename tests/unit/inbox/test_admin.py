"""Events in the admin: read, and handled again when a person asks."""

import pytest
from django.test import Client

from accounts.models import User
from inbox.models import StripeEvent
from tests.factories import UserFactory
from tests.signing import event, send

pytestmark = pytest.mark.django_db

LIST = "/admin/inbox/stripeevent/"


@pytest.fixture
def dana(client: Client) -> User:
    user: User = UserFactory(email="dana@example.org", is_staff=True, is_superuser=True)
    client.force_login(user)
    return user


def ignored(event_id: str) -> StripeEvent:
    send(Client(), event(event_id))
    StripeEvent.objects.filter(event_id=event_id).update(status="ignored")
    return StripeEvent.objects.get(event_id=event_id)


def handle_again(client: Client, *events: StripeEvent) -> str:
    chosen = {"action": "handle_again", "_selected_action": [row.pk for row in events]}
    return client.post(LIST, chosen, follow=True).content.decode()


def test_dana_reads_an_event_as_it_came(client: Client, dana: User) -> None:
    row = ignored("evt_1")

    page = client.get(f"{LIST}{row.pk}/change/").content.decode()

    assert "customer.updated" in page
    assert "&quot;id&quot;: &quot;evt_1&quot;" in page
    assert 'name="_save"' not in page


def test_dana_has_events_handled_again_and_her_name_is_kept(client: Client, dana: User) -> None:
    first, second = ignored("evt_1"), ignored("evt_2")

    page = handle_again(client, first, second)

    assert "2 events will be handled again." in page
    first.refresh_from_db()
    assert first.status == "received"
    assert first.moves.get().actor == "dana@example.org"


def test_an_event_that_waits_anyway_is_left_alone(client: Client, dana: User) -> None:
    row = ignored("evt_1")
    handle_again(client, row)

    assert "0 events will be handled again." in handle_again(client, row)
    assert row.moves.count() == 1
