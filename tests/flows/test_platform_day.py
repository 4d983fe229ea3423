"""A day of the platform: what buyers paid, and where it is."""

import pytest
from django.test import Client
from django.utils.timezone import localtime

from kit.clock import now
from ledger.models import Account, Entry
from tests.factories import UserFactory
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_day_shows_where_all_that_buyers_paid_on_it_is_to_the_cent(world: World) -> None:
    (held,) = world.bought((3000,))
    world.bought_again(held, 2400)
    dana = Client()
    dana.force_login(UserFactory(is_staff=True, is_superuser=True))

    page = dana.get("/admin/payments/share/day/")
    empty = dana.get("/admin/payments/share/day/?day=2020-02-30")
    long_ago = dana.get("/admin/payments/share/day/?day=0001-01-01")

    (takings,) = page.context["takings"]
    entries = Entry.objects.filter(account=Account.ORDER_HELD, posting__kind="charge")
    assert sum(money.amount for _kind, _word, money in takings.bar) == -sum(entry.amount for entry in entries) == 5400
    assert takings.orders == 2
    assert "€54.00 paid for 2 orders" in page.text
    assert 'class="money-bar__table"' in page.text
    assert empty.context["title"] == page.context["title"] == f"{localtime(now()):%-d %B %Y}"
    assert "Nothing was paid on this day." in long_ago.text
    assert "/admin/payments/share/?opened_at__gte=" in page.text
    assert dana.get("/admin/").text.count("/admin/payments/share/day/") == 1


def test_who_may_not_see_shares_sees_no_day(db: None) -> None:
    nobody = Client()
    nobody.force_login(UserFactory(is_staff=True))

    assert nobody.get("/admin/payments/share/day/").status_code == 403
