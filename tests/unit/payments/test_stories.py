"""What happened to an order's money, told in order."""

import pytest

from kit.clock import now
from payments import stories
from tests.disputework import disputed, sold

pytestmark = pytest.mark.django_db


def test_the_payment_comes_first_even_where_the_bank_asked_in_the_same_second() -> None:
    # Stripe says whole seconds, we say parts of one.
    at = now().replace(microsecond=500_000)
    (share,) = sold(at, 10_000)
    disputed(share.payment, "needs_response", at.replace(microsecond=0))

    told = [stories.for_buyer(share), stories.for_seller(share), stories.for_staff(share)]

    assert [story[0].label for story in told] == ["You paid", "The buyer paid; your share", "Paid by the buyer"]
