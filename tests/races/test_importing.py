"""An import takes a while to write. Meanwhile its shop's other things are bought, on real PostgreSQL."""

import pytest
from django.core.files.base import ContentFile
from django.db import connection, transaction

from accounts.models import Seller
from catalog.importing import bell, runs
from catalog.models import Category, ImportRun
from kit.clock import now
from orders import baskets, placing
from orders.models import Basket, Purchase
from tests.factories import (
    AddressFactory,
    ConnectedAccountFactory,
    CustomerFactory,
    ListingFactory,
    MembershipFactory,
    accept_guidelines,
)
from tests.together import rival

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

FILE = "Handle,Title,Variant Inventory Qty,Variant Price\r\njug,Jug,4,10\r\n"


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Seller:
    monkeypatch.setattr(bell, "ring", lambda: None)
    Category.objects.get_or_create(slug="other", defaults={"name": "Other finds"})
    member = MembershipFactory()
    ConnectedAccountFactory(seller=member.seller)
    accept_guidelines(member.seller, member.user)
    return member.seller


def test_a_buyer_need_not_wait_for_an_import_of_the_shop_to_end(shop: Seller) -> None:
    customer, vase = CustomerFactory(), ListingFactory(seller=shop, title="Vase")
    basket, address = Basket.objects.create(customer=customer, updated_at=now()), AddressFactory(customer=customer)
    baskets.add(basket, vase, 1)
    run = runs.start(shop, ContentFile(FILE.encode()), name="products.csv", actor="bob@example.org")
    runs.work()
    run.refresh_from_db()
    runs.confirm(run, actor="bob@example.org", publish=False)

    def buy() -> Purchase:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '500ms'")
            return placing.place(
                customer=customer, basket=basket, currency=vase.currency, address=address, placed_from=None, at=now()
            )

    with rival("import.applied", buy) as came:
        runs.work()

    run.refresh_from_db()
    assert run.status == ImportRun.Status.DONE
    assert [type(each) for each in came] == [Purchase], came
