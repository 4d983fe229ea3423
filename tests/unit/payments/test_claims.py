"""Workers of the release sweep share what is due; a claim decides who tries first and nothing else."""

from datetime import timedelta

import pytest

from kit.clock import fixed_at, now
from kit.faults import armed
from payments import claims, holds, sweeps
from payments.models import Hold, Release, Share
from tests import invariants
from tests.world import World

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """The process ends here."""


def die() -> None:
    raise Killed


@pytest.fixture
def due(world: World) -> list[Share]:
    """Three sellers' orders reached the buyer: their releases are due."""
    found = world.bought()
    for share in found:
        world.delivered(share)
    sweeps.set_dates()
    return found


def claimed() -> int:
    return Share.objects.exclude(claimed_until=None).count()


def take(many: int) -> list[int]:
    places = claims.claim(sweeps.due_for_release(), None, until=now() + claims.LEASE, at_once=many)
    return [pk for _date, pk in places]


def test_what_another_worker_has_claimed_is_left_to_it(world: World, due: list[Share]) -> None:
    theirs = take(2)

    ours = sweeps.release_due()

    assert (len(theirs), ours) == (2, 1)
    assert not Release.objects.filter(share__in=theirs).exists()


def test_what_a_killed_worker_had_claimed_is_released_once_its_claim_has_run_out(
    world: World, due: list[Share]
) -> None:
    take(3)

    at_once = sweeps.release_due()
    with fixed_at(now() + claims.LEASE + timedelta(seconds=1)):
        later = sweeps.release_due()

    assert (at_once, later) == (0, 3)
    invariants.check_at_rest(world.emulator)


def test_a_worker_that_is_stopped_gives_back_what_it_did_not_come_to(world: World, due: list[Share]) -> None:
    with armed("release.due", die), pytest.raises(Killed):
        sweeps.release_due()

    assert claimed() == 0
    assert sweeps.release_due() == 3
    invariants.check_at_rest(world.emulator)


def test_what_could_not_be_released_is_given_back(world: World, due: list[Share]) -> None:
    world.emulator.faults.add("error_before", match="POST /v1/transfers", status=503, times=9)

    sweeps.release_due()

    assert (claimed(), Share.objects.filter(status="held").count()) == (0, 3)


def test_everything_due_is_seen_once_however_few_are_claimed_at_once(world: World, due: list[Share]) -> None:
    Share.objects.filter(pk=due[0].pk).update(release_at=now() - timedelta(days=3))
    Share.objects.filter(pk=due[2].pk).update(release_at=now() - timedelta(days=9))

    seen = [share.pk for share in claims.each(sweeps.due_for_release(), at_once=1)]

    assert seen == [due[2].pk, due[0].pk, due[1].pk]


def test_a_worker_that_never_comes_to_anything_in_time_ends_all_the_same(
    world: World, due: list[Share], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "LEASE", timedelta(0))

    assert sweeps.release_due() == 0
    assert not Release.objects.exists()


def test_what_a_worker_did_not_come_to_in_time_it_claims_anew(
    world: World, due: list[Share], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Claimed and began with the first one in no time; then the process stood still for hours.
    clock = iter([0.0, 0.0])
    monkeypatch.setattr(claims, "monotonic", lambda: next(clock, 9_999.0))

    seen = [share.pk for share in claims.each(sweeps.due_for_release(), at_once=3)]

    assert sorted(seen) == sorted(share.pk for share in due)


def test_what_is_held_back_is_not_claimed(world: World, due: list[Share]) -> None:
    holds.write(due[1], kind=Hold.Kind.STAFF, ref="x", reason="Odd.", ends_when="Somebody ends it.", actor="dana")

    assert take(3) == [due[0].pk, due[2].pk]
