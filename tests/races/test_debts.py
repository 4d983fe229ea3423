"""A seller owes as one person, whichever of their accounts the money went to."""

from __future__ import annotations

import pytest
from django.db import OperationalError, connection, transaction

from accounts import onboarding
from accounts.models import ConnectedAccount
from emulator import hosted
from kit.clock import now
from payments import shares
from tests.together import at_once
from tests.world import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_i16_releases_over_two_accounts_of_a_seller_do_not_set_the_same_debt_off(world: World) -> None:
    (old,) = world.bought((1000,))
    ConnectedAccount.objects.filter(pk=old.account_id).update(closed_at=now())
    newer = onboarding.open_account(old.order.seller, "test")
    hosted.complete_onboarding(world.emulator, str(newer.stripe_id))
    onboarding.refresh(newer)
    new = world.bought_again(old, 600)
    assert new.account_id == newer.pk != old.account_id

    def rival() -> str:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '500ms'")
            shares.locked_with_debt(new.pk)
        return "went ahead"

    with transaction.atomic():
        shares.locked_with_debt(old.pk)
        (came,) = at_once(rival)

    assert isinstance(came, OperationalError)
    assert "lock timeout" in str(came)
