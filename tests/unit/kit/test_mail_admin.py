"""Mail in the admin: to be read, and tried again when it could not be sent."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from kit.clock import now
from kit.mail import GIVE_UP_AFTER, send_waiting
from kit.models import Mail

pytestmark = pytest.mark.django_db

LIST = "admin:kit_mail_changelist"


@pytest.fixture
def dana(client: Client) -> User:
    """The admin, signed in."""
    dana = User.objects.create_superuser("dana@example.org", "a long enough password")
    client.force_login(dana)
    return dana


def written(key: str, **fields: object) -> Mail:
    """A mail nobody could send."""
    return Mail.objects.create(
        key=key,
        to="alice@example.org",
        subject=f"About {key}",
        text="Hello",
        html="<p>Hello",
        created_at=now(),
        **fields,
    )


def test_a_mail_given_up_is_sent_after_it_is_tried_again(client: Client, dana: User) -> None:
    given_up = written("order-1", attempts=GIVE_UP_AFTER, last_error="refused")
    assert send_waiting() == 0

    answer = client.post(reverse(LIST), {"action": "try_again", "_selected_action": [given_up.pk]}, follow=True)

    assert "1 mail will be tried again." in answer.content.decode()
    assert send_waiting() == 1


def test_a_mail_that_was_sent_is_not_sent_again(client: Client, dana: User) -> None:
    sent = written("order-2", sent_at=now())

    client.post(reverse(LIST), {"action": "try_again", "_selected_action": [sent.pk]})

    assert send_waiting() == 0


def test_a_mail_can_be_read_and_not_changed(client: Client, dana: User) -> None:
    mail = written("order-3")

    page = client.get(reverse("admin:kit_mail_change", args=[mail.pk])).content.decode()

    assert "About order-3" in page
    assert 'name="_save"' not in page
