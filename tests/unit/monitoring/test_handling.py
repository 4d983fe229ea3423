"""What people may do with a problem, and what is refused with a sentence."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError

from accounts.models import User
from kit.clock import now
from kit.transitions import move
from monitoring import duties, handling
from monitoring.admin.history import history
from monitoring.handling import NotPossible
from monitoring.models import Alert, Kind
from tests.unit.monitoring.test_letters import an_alert

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def dana() -> User:
    return User.objects.create_superuser("dana@example.org", "a long enough password", full_name="Dana Admin")


@pytest.fixture
def alert(dana: User) -> Alert:
    return an_alert("1", owner=None)


Act = Callable[[Alert, User], None]


@pytest.mark.parametrize(
    ("act", "why", "field"),
    [
        (lambda a, u: handling.assign(a, u, by=u, reason=" "), "Please say why.", "reason"),
        (lambda a, u: handling.snooze(a, now() + DAY, by=u, reason=""), "Please say why.", "reason"),
        (lambda a, u: handling.close(a, by=u, reason=""), "Please say why.", "reason"),
        (lambda a, u: handling.note(a, by=u, text=" "), "Write something first.", "reason"),
        (
            lambda a, u: handling.snooze(a, now() - DAY, by=u, reason="x"),
            "Choose a day within the next 30 days.",
            "until",
        ),
        (
            lambda a, u: handling.snooze(a, now() + 31 * DAY, by=u, reason="x"),
            "Choose a day within the next 30 days.",
            "until",
        ),
        (lambda a, u: handling.wake(a, by=u, reason="x"), "It is “open” now.", None),
    ],
)
def test_what_cannot_be_says_why_and_where(alert: Alert, dana: User, act: Act, why: str, field: str | None) -> None:
    with pytest.raises(NotPossible) as refused:
        act(alert, dana)

    assert str(refused.value) == why
    assert refused.value.field == field
    assert Alert.objects.get().status == "open"


def test_nothing_is_put_off_past_the_day_it_is_too_late(alert: Alert, dana: User) -> None:
    alert.due = now() + 2 * DAY

    with pytest.raises(NotPossible, match="too late"):
        handling.snooze(alert, now() + 2 * DAY, by=dana, reason="Later.")

    handling.snooze(alert, now() + DAY, by=dana, reason="Later.")


def test_what_is_urgent_cannot_be_closed_by_hand(dana: User) -> None:
    alert = an_alert("1", owner=None, kind=Kind.STALE)

    with pytest.raises(NotPossible, match="once it is dealt with"):
        handling.close(alert, by=dana, reason="I do not like it.")


def test_an_owner_must_be_able_to_act_on_it(alert: Alert, dana: User) -> None:
    viewer = User.objects.create_user("viewer@example.org", "x", is_staff=True)
    with pytest.raises(NotPossible, match="cannot open the place"):
        handling.assign(alert, viewer, by=dana, reason="Yours.")

    viewer.user_permissions.add(Permission.objects.get(codename="view_mail"))
    handling.assign(alert, User.objects.get(pk=viewer.pk), by=dana, reason="Yours.")

    alert.refresh_from_db()
    assert alert.owner == viewer
    assert not duties.may_own(User.objects.get(pk=viewer.pk), [Kind.UNSENT, Kind.STALE])


def test_somebody_who_looked_a_while_ago_is_told_that_somebody_was_faster(alert: Alert, dana: User) -> None:
    seen_before = Alert.objects.get()
    handling.close(alert, by=dana, reason="Known.")

    with pytest.raises(NotPossible, match="faster"):
        handling.snooze(seen_before, now() + DAY, by=dana, reason="Later.")


def test_what_is_over_gets_no_owner(alert: Alert, dana: User) -> None:
    move(alert, "closed", actor="watch", reason="Its cause is gone.", closed_at=now())

    with pytest.raises(NotPossible, match="over already"):
        handling.assign(alert, dana, by=dana, reason="Mine.")


def test_the_history_tells_everything_in_order_with_who_and_why(alert: Alert, dana: User) -> None:
    handling.note(alert, by=dana, text="I wrote to the provider.")
    handling.assign(alert, dana, by=dana, reason="I know them.")
    handling.snooze(alert, now() + DAY, by=dana, reason="They answer tomorrow.")
    handling.wake(alert, by=dana, reason="They answered.")
    handling.close(alert, by=dana, reason="The address never was one.")
    alert.refresh_from_db()

    told = [(entry.actor, entry.label) for entry in history(alert, dana)]

    assert told == [
        ("", "Found."),
        ("dana@example.org", "I wrote to the provider."),
        ("", "Told: you."),
        ("dana@example.org", "Taken over. I know them."),
        ("dana@example.org", "Put off: They answer tomorrow."),
        ("dana@example.org", "Open: They answered."),
        ("dana@example.org", "Closed by a person, still there: The address never was one."),
    ]


def test_seen_is_when_its_owner_looked_or_anybody_where_nobody_is_named(dana: User) -> None:
    emil = User.objects.create_superuser("emil@example.org", "x")
    mine, nobodys = an_alert("1", owner=dana), an_alert("2", owner=None)

    for alert in (mine, nobodys):
        handling.seen(alert, emil)

    assert [one.seen_at is not None for one in Alert.objects.order_by("pk")] == [False, True]


def test_the_database_keeps_one_live_alert_for_a_problem(alert: Alert) -> None:
    with pytest.raises(IntegrityError, match="one_live_alert_per_problem"):
        an_alert("1", owner=None)
