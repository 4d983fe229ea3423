"""The sweep: what it opens, keeps, wakes and closes, and what one watch that fails does to the others."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import timedelta

import pytest

from accounts.models import User
from kit.clock import fixed_at, now
from monitoring import duties, handling, sweeping
from monitoring.models import Alert, Duty, Kind
from monitoring.sweeping import WatchFailed, forget, look, sweep, wake
from monitoring.watch import Problem, Watch
from monitoring.watches import BY_KIND

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


class Wrong:
    """A made-up kind of trouble: what is wrong is what a test says."""

    def __init__(self, kind: Kind = Kind.UNSENT) -> None:
        self.subjects: set[str] = set()
        self.asked: list[Collection[str] | None] = []
        self.watch: Watch = replace(BY_KIND[kind], find=self.find)

    def find(self, only: Collection[str] | None) -> list[Problem]:
        self.asked.append(only)
        found = sorted(self.subjects if only is None else self.subjects & set(only))
        facts = {"to": "alice@example.org", "subject": "Your order"}
        return [Problem(subject, now(), facts) for subject in found[: sweeping.MOST]]


@pytest.fixture
def wrong() -> Wrong:
    return Wrong()


@pytest.fixture
def dana() -> User:
    return User.objects.create_superuser("dana@example.org", "a long enough password", full_name="Dana Admin")


def statuses() -> list[str]:
    return list(Alert.objects.order_by("pk").values_list("status", flat=True))


def test_a_watch_that_fails_holds_up_no_other_and_closes_nothing(wrong: Wrong) -> None:
    wrong.subjects = {"1"}
    look(wrong.watch)

    def fails(only: Collection[str] | None) -> list[Problem]:
        raise RuntimeError("no such column")

    other = Wrong(Kind.DEAD)
    other.subjects = {"2"}
    with pytest.raises(WatchFailed, match="unsent"):
        sweep([replace(wrong.watch, find=fails), other.watch])

    assert statuses() == ["open", "open"]


def test_more_than_a_watch_tells_of_are_not_closed_because_of_it(wrong: Wrong, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong.subjects = {"5", "6"}
    look(wrong.watch)
    monkeypatch.setattr(sweeping, "MOST", 3)

    wrong.subjects = {"1", "2", "3", "4", "6"}
    look(wrong.watch)

    assert wrong.asked[-1] == {"5", "6"}
    assert Alert.objects.get(subject="5").status == "closed"
    assert Alert.objects.get(subject="6").status == "open"


def test_what_was_put_off_comes_back_on_its_day_and_is_told_again(wrong: Wrong, dana: User) -> None:
    wrong.subjects = {"1"}
    sweep([wrong.watch])
    alert = Alert.objects.get()
    assert alert.told_at is not None
    handling.snooze(alert, now() + 2 * DAY, by=dana, reason="The mail server moves tomorrow.")

    sweep([wrong.watch])
    assert statuses() == ["snoozed"]

    with fixed_at(now() + 3 * DAY):
        assert wake() == 1
    alert.refresh_from_db()
    assert (alert.status, alert.told_at, alert.quiet_until) == ("open", None, None)
    assert [move.reason for move in alert.moves.all()][-1] == "The time it was put off is over."


def test_what_was_put_off_and_mended_is_closed(wrong: Wrong, dana: User) -> None:
    wrong.subjects = {"1"}
    look(wrong.watch)
    handling.snooze(Alert.objects.get(), now() + DAY, by=dana, reason="Later.")

    wrong.subjects = set()
    look(wrong.watch)

    assert statuses() == ["closed"]


def test_what_a_person_closed_stays_quiet_while_it_lasts_but_not_for_ever(wrong: Wrong, dana: User) -> None:
    wrong.subjects = {"1"}
    look(wrong.watch)
    handling.close(Alert.objects.get(), by=dana, reason="A made-up address.")

    look(wrong.watch)
    assert statuses() == ["dismissed"]

    with fixed_at(now() + 31 * DAY):
        sweep([wrong.watch])
    assert statuses() == ["open"]


def test_what_a_person_closed_and_is_gone_says_so_and_can_return(wrong: Wrong, dana: User) -> None:
    wrong.subjects = {"1"}
    look(wrong.watch)
    handling.close(Alert.objects.get(), by=dana, reason="A made-up address.")
    wrong.subjects = set()
    look(wrong.watch)
    alert = Alert.objects.get()
    assert (alert.status, alert.closed_how) == ("closed", "by_hand")

    wrong.subjects = {"1"}
    look(wrong.watch)

    assert statuses() == ["closed", "open"]


def test_a_problem_is_its_kinds_owners_else_that_of_whoever_does_the_rest(wrong: Wrong, dana: User) -> None:
    emil = User.objects.create_superuser("emil@example.org", "a long enough password")
    Duty.objects.create(kind=Kind.UNSENT, user=emil)
    Duty.objects.create(kind="", user=dana)
    other = Wrong(Kind.DEAD)
    wrong.subjects = other.subjects = {"1"}

    look(wrong.watch)
    look(other.watch)

    assert dict(Alert.objects.values_list("kind", "owner__email")) == {
        "unsent": "emil@example.org",
        "dead": "dana@example.org",
    }


def test_without_a_duty_it_is_all_superusers(wrong: Wrong, dana: User) -> None:
    User.objects.create_user("viewer@example.org", is_staff=True)
    wrong.subjects = {"1"}

    look(wrong.watch)

    assert Alert.objects.get().owner is None
    assert list(duties.fallback()) == [dana]


@pytest.mark.parametrize("leaves", [{"is_active": False}, {"is_staff": False}])
def test_problems_of_somebody_who_left_go_to_whoever_has_the_duty(
    wrong: Wrong, dana: User, leaves: dict[str, bool]
) -> None:
    emil = User.objects.create_superuser("emil@example.org", "a long enough password")
    Duty.objects.create(kind="", user=emil)
    wrong.subjects = {"1"}
    sweep([wrong.watch])

    User.objects.filter(pk=emil.pk).update(**leaves)
    sweep([wrong.watch])

    assert Alert.objects.get().owner is None


def test_opening_many_takes_as_many_queries_as_opening_one(
    wrong: Wrong, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    wrong.subjects = {str(n) for n in range(300)}

    with django_assert_max_num_queries(4):  # type: ignore[attr-defined]
        look(wrong.watch)

    assert Alert.objects.count() == 300


def test_what_was_over_long_ago_is_forgotten_and_nothing_else(wrong: Wrong) -> None:
    wrong.subjects = {"1", "2"}
    look(wrong.watch)
    wrong.subjects = {"2"}
    look(wrong.watch)

    with fixed_at(now() + 364 * DAY):
        assert forget() == 0
    with fixed_at(now() + 366 * DAY):
        assert forget() == 1

    assert Alert.objects.get().subject == "2"
