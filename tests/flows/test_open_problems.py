"""Problems as they come from Stripe: found by the worker's tasks alone, mailed, and gone once they are dealt with."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from emulator import business
from kit.models import Mail
from monitoring.models import Alert, Kind
from monitoring.queries import open_problems
from monitoring.tasks import watch, watch_rates
from payments import decisions
from payments.models import Dispute, MoneyAction, Payout
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)

FRENCH = "FR1420041010050500013M02606"


@pytest.fixture
def dana() -> User:
    return User.objects.create_superuser("dana@example.org", "a long enough password")


def found(user: User) -> list[str]:
    return [line.what for line in open_problems(user)]


def test_a_dispute_is_told_of_becomes_urgent_and_ends_with_the_banks_word(world: World, dana: User) -> None:
    (share,) = world.bought((2400,))
    dispute = business.open_dispute(world.emulator, str(share.payment.charge_id), "product_not_received")
    world.settle()
    watch()
    assert Alert.objects.get().kind == Kind.DISPUTE_OPEN

    days = (Dispute.objects.get().due_by - Alert.objects.get().opened_at).days - 1  # type: ignore[operator]
    with world.later(days=days):
        world.settle()
        watch()
        # Time went by for the money as well: it is held for long, but that is another problem.
        urgent = Alert.objects.get(kind=Kind.DISPUTE_DUE)
        assert urgent.status == "open"
        assert any("Urgent: Answer the bank’s dispute" in mail.text for mail in Mail.objects.filter(to=dana.email))
        desk = Client()
        desk.force_login(dana)
        assert desk.get(open_problems(dana)[0].url).status_code == 200

        business.move_dispute(world.emulator, dispute, "lost")
        world.settle()
        watch()

    assert set(Alert.objects.filter(kind__startswith="dispute").values_list("status", flat=True)) == {"closed"}


def test_a_payout_that_came_back_is_a_problem_until_the_next_one_goes(world: World, dana: User) -> None:
    (share,) = world.bought((2400,))
    world.delivered(share)
    decisions.by_itself(share, MoneyAction.Kind.RELEASE, {}, actor="test", reason="It is there.")
    with world.later(days=10):
        world.settle()
        payout = Payout.objects.latest("pk")
        business.fail_payout(world.emulator, payout.stripe_id)
        world.settle()

        watch()

        (line,) = [line for line in open_problems(dana) if line.kind == "Failed payout"]
        assert line.money == payout.money
        assert "the bank could not process it" in line.about

        account = str(payout.connected_account.stripe_id)
        other = {"object": "bank_account", "country": "FR", "currency": "eur", "account_number": FRENCH}
        world.in_the_dashboard(
            f"POST /v1/accounts/{account}/external_accounts", {"external_account": other, "default_for_currency": True}
        )
        business.drain(world.emulator, account)
        world.settle()
        watch()

        assert Alert.objects.get(kind=Kind.PAYOUT).status == "closed"


def test_a_quiet_marketplace_has_no_problems(world: World, dana: User) -> None:
    for share in world.bought((1000, 2500)):
        world.delivered(share)

    watch()
    watch_rates()

    assert found(dana) == []
    assert Mail.objects.filter(to=dana.email).count() == 0
