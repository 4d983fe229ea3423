"""Two workers sweep at once: they share what is due. The twin shows what the claims are for."""

from __future__ import annotations

from typing import Any

import pytest

from payments import claims, sweeps
from payments.models import Share
from tests import invariants
from tests.together import at_once
from tests.world import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

# Whoever is about to release looks at the charge first: that is what is done twice in vain.
LOOK = "GET /v1/charges/"


@pytest.fixture
def due(world: World) -> list[Share]:
    """Six orders of six sellers reached the buyer: their releases are due."""
    found = world.bought((1000, 1100, 1200, 1300, 1400, 1500))
    for share in found:
        world.delivered(share)
    sweeps.set_dates()
    world.seen.clear()
    return found


def looks(world: World) -> int:
    return sum(1 for method, url in world.seen if f"{method} {url}".startswith(LOOK))


def sweep() -> int:
    return sweeps.release_due(at_once=2)


def test_two_workers_share_what_is_due_and_nothing_is_tried_twice(world: World, due: list[Share]) -> None:
    results = at_once(sweep, sweep, sweep)
    sweep()

    assert not [result for result in results if isinstance(result, Exception)]
    assert (looks(world), len(world.emulator.store.find("transfer"))) == (6, 6)
    invariants.check_at_rest(world.emulator)


def test_without_claims_each_tries_everything_and_the_locks_alone_keep_the_money_right(
    world: World, due: list[Share], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unclaimed(due: Any, last: claims.Place | None, *, until: object, at_once: int) -> list[claims.Place]:
        places = list(due.order_by("release_at", "pk").values_list("release_at", "pk"))
        return [] if last else places

    monkeypatch.setattr(claims, "claim", unclaimed)

    at_once(sweep, sweep, sweep)
    world.finish()
    sweep()

    assert looks(world) > 6
    assert len(world.emulator.store.find("transfer")) == 6
    invariants.check_at_rest(world.emulator)
