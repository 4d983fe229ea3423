"""The marketplace works with the rights its database role has in production (docs/operations.md, The books)."""

import os
from collections.abc import Iterator

import pytest

from ledger import grants
from ledger.models import Posting
from ledger.sealing import seal_due
from ledger.verifying import verify
from tests.unit.ledger.books import run
from tests.world import World


@pytest.fixture
def with_the_applications_rights() -> Iterator[None]:
    role = f"shop_flow_{os.getpid()}"
    run(f'CREATE ROLE "{role}"')
    grants.apply(role)
    run(f'SET ROLE "{role}"')
    yield
    run("RESET ROLE", f'DROP OWNED BY "{role}"', f'DROP ROLE "{role}"')


@pytest.mark.django_db(transaction=True)
def test_i02_a_thing_is_sold_paid_for_and_sealed_without_the_right_to_rewrite(
    world: World, with_the_applications_rights: None
) -> None:
    client, _alice = world.buyer()
    purchase = world.check_out(client, world.listing())

    world.pay(str(purchase.payments.get().session_id))
    world.deliver()
    world.settle()

    purchase.refresh_from_db()
    assert purchase.status == "paid"
    assert seal_due() == Posting.objects.count() > 0
    assert verify().waiting == 0
