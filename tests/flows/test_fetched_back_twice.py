"""What is fetched back in Stripe's Dashboard once a refund has fetched the seller's part back already."""

from __future__ import annotations

import pytest

from ledger import journal
from ledger.models import Account
from payments import decisions
from payments.models import MoneyAction, Release
from tests import invariants
from tests.world import World

pytestmark = pytest.mark.django_db


def test_i03_more_than_the_sellers_part_of_a_destination_charge_is_nobodys_until_explained(world: World) -> None:
    share = world.bought_at_once(1000)
    request = {"amount": 1000, "reason": "changed_mind", "policy": "shared"}
    decisions.by_itself(share, MoneyAction.Kind.REFUND, request, actor="test", reason="Asked for.")
    transfer = Release.objects.get().transfer_id

    world.in_the_dashboard(f"POST /v1/transfers/{transfer}/reversals", {"amount": 30})
    world.settle()

    share.refresh_from_db()
    assert share.left == 0
    assert journal.balance(Account.ORDER_HELD, share.order.number, "eur") == 0
    assert journal.balance(Account.SUSPENSE, share.order.number, "eur") == -30
    invariants.check_at_rest(world.emulator)
