"""What a person may do about an operation, and that their name stays with it."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import User
from gateway import breaker, bucket, operations
from gateway.models import Operation
from gateway.priority import Priority
from kit.clock import now
from tests.factories import UserFactory
from tests.unit.gateway.support import TRANSFERS, Market, later, made, planned

pytestmark = pytest.mark.django_db

LIST = "/admin/gateway/operation/"
WHY = "Bob called and asked where his money is."


@pytest.fixture
def dana(client: Client) -> User:
    user: User = UserFactory(email="dana@example.org", is_staff=True, is_superuser=True)
    client.force_login(user)
    return user


def press(client: Client, action: str, operation: Operation, reason: str = WHY) -> str:
    """Choose an operation and take an action on it."""
    chosen = {"action": action, "_selected_action": [operation.pk], "reason": reason}
    answer = client.post(LIST, chosen, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def stale(operation: Operation) -> Operation:
    """Nobody knows what became of it, long ago."""
    Operation.objects.filter(pk=operation.pk).update(
        status="stale", first_sent_at=now(), last_sent_at=None, due_at=None, error_message="Nobody knows."
    )
    operation.refresh_from_db()
    return operation


def test_dana_has_a_stale_one_looked_up_and_its_object_is_adopted(client: Client, dana: User, market: Market) -> None:
    operation = market.transfer()
    market.emulator.faults.add("lost_response", match=TRANSFERS)
    stale(operations.execute(operation))

    page = press(client, "look_up", operation)

    operation.refresh_from_db()
    assert "Operation release:1:g1: succeeded" in page
    assert [operation.object_id] == made(market.emulator, "transfer")
    history = operation.moves.filter(actor="dana@example.org")
    assert [(move.from_status, move.to_status) for move in history] == [("stale", "stale"), ("stale", "succeeded")]
    assert all(WHY in move.reason for move in history)


def test_dana_has_what_is_not_there_sent_under_a_new_key(client: Client, dana: User, market: Market) -> None:
    operation = market.transfer()
    market.emulator.faults.add("error_before", match=TRANSFERS, status=503)
    stale(operations.execute(operation))

    with later(market.emulator, minutes=5):
        page = press(client, "look_up", operation)

    assert "Operation release:1:g2: succeeded" in page
    assert len(made(market.emulator, "transfer")) == 1


def test_a_reason_is_asked_for(client: Client, dana: User, market: Market) -> None:
    operation = stale(market.transfer())

    page = press(client, "look_up", operation, reason="  ")

    assert "Please say why" in page
    assert operation.moves.count() == 0


def test_money_is_not_given_up(client: Client, dana: User, market: Market) -> None:
    operation = stale(market.transfer())

    page = press(client, "give_up", operation)

    operation.refresh_from_db()
    assert "moves money" in page
    assert operation.status == "stale"


def test_what_does_no_harm_is_given_up_with_a_name(client: Client, dana: User) -> None:
    operation = stale(planned())

    press(client, "give_up", operation)

    operation.refresh_from_db()
    assert operation.status == "failed"
    assert (operation.moves.get().actor, operation.moves.get().reason) == ("dana@example.org", WHY)
    assert planned().generation == 2


@pytest.mark.parametrize("action", ["look_up", "give_up"])
def test_what_is_over_is_left_alone(client: Client, dana: User, market: Market, action: str) -> None:
    operation = operations.execute(planned())
    moves = operation.moves.count()

    page = press(client, action, operation)

    assert "customer:1:g1 is succeeded" in page
    assert operation.moves.count() == moves


def test_whoever_may_only_look_is_offered_no_action(client: Client, market: Market) -> None:
    reader: User = UserFactory(is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_operation"))
    client.force_login(reader)
    operation = stale(market.transfer())

    assert "look_up" not in client.get(LIST).content.decode()
    press(client, "look_up", operation)

    operation.refresh_from_db()
    assert operation.status == "stale"


def test_the_list_shows_what_waits_and_for_how_long(client: Client, dana: User, market: Market) -> None:
    operations.execute(planned("customer:done"))
    planned("customer:waits")

    with later(market.emulator, hours=2.2):
        page = client.get(LIST, {"waiting": "60"}).content.decode()
        none = client.get(LIST, {"waiting": "1440"}).content.decode()

    assert "customer:waits" in page
    assert "2\xa0hours" in page
    assert "customer:done" not in page
    assert "customer:waits" not in none


def test_dana_sees_whether_stripe_answers_and_how_much_it_was_asked(client: Client, dana: User) -> None:
    for _call in range(breaker.FAILURES):
        breaker.failed("connection refused")
    bucket.take("", Priority.PERSON)

    page = client.get("/admin/gateway/breaker/").content.decode()
    assert "Left alone since" in page
    assert "connection refused" in page
    assert "platform" in client.get("/admin/gateway/bucket/").content.decode()
