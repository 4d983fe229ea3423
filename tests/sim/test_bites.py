"""The simulation notices what it is there for: planted bugs, each in a short game played by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ledger.models import Account
from payments import books, refunds, sweeps
from payments.models import Release
from tests.sim.machine import MoneyGame
from tests.sim.stand import Stand

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def play() -> None:
    """Two sales: a refund before the release dies half-way and goes on, another comes after the release."""
    game = MoneyGame()
    game.buy(buyer=0, currency="eur", prices=[1000, 2500], delivery="shipped", card="available at once")
    game.events_come(luck=None, orderly=True, works=True)
    game.the_money_is_all_there()
    game.refund(number=0, of=40, policy="seller", reason="not_received", how=0)
    game.the_money_is_all_there()
    game.the_process_will_die_at("release.answered")
    game.a_sale_goes_well(number=0, prices=[1500], card="available at once")
    game.the_money_is_all_there()
    game.refund(number=1, of=100, policy="shared", reason="changed_mind", how=0)
    game.the_money_is_all_there()
    game.come_to_rest()
    assert game.played["deaths"]
    assert Release.objects.filter(status="sent").exists()


def _uncounted(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(refunds, "count", lambda share, refund, sign: None)


def _whole_fee(patch: pytest.MonkeyPatch) -> None:
    def earned(share: Any, *, at: Any) -> Any:
        share.fee_returned, given_up = 0, share.fee_returned
        try:
            return original(share, at=at)
        finally:
            share.fee_returned = given_up

    original = books.fee_earned
    patch.setattr(books, "fee_earned", earned)


def _a_cent_more(patch: pytest.MonkeyPatch) -> None:
    def released(*given: Any, **more: Any) -> Any:
        plan = original(*given, **more)
        off = {Account.PLATFORM_CASH: -1, Account.SELLER_CASH: 1}
        entries = tuple(replace(entry, amount=entry.amount + off.get(entry.account, 0)) for entry in plan.entries)
        return replace(plan, entries=entries)

    original = books.released
    patch.setattr(books, "released", released)


def _not_followed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sweeps, "_follow", lambda rows, act: 0)


PLANTED = [(_uncounted, "I03"), (_whole_fee, "I03"), (_a_cent_more, "I17"), (_not_followed, "I18")]


def test_planted_bugs_are_noticed(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    play()

    for plant, noticed in PLANTED:
        with monkeypatch.context() as patch:
            plant(patch)
            with pytest.raises(AssertionError, match=f"^{noticed}"):
                play()
