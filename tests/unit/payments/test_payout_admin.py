"""Payouts in the admin: words instead of codes, and whose turn it is."""

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Membership
from kit.clock import now
from payments.models import Payout, PayoutMove
from tests.factories import ConnectedAccountFactory, MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def returned(client: Client) -> Payout:
    """A payout of €10.80 that the bank sent back; a superuser looks."""
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    account = ConnectedAccountFactory(seller__name="Selma’s Studio")
    MembershipFactory(seller=account.seller, role=Membership.Role.OWNER, user__email="selma@example.org")
    payout = Payout.objects.create(
        connected_account=account,
        stripe_id="po_back",
        status="failed",
        currency="eur",
        amount=1080,
        arrives_on=date(2026, 6, 14),
        created_at=now(),
        failure_code="account_closed",
        failure_message="The bank account has been closed.",
    )
    PayoutMove.objects.create(
        subject=payout, from_status="paid", to_status="failed", at=now(), actor="stripe events", reason="Closed."
    )
    return payout


def test_a_payout_that_came_back_says_who_can_mend_it(client: Client, returned: Payout) -> None:
    page = client.get(reverse("admin:payments_payout_change", args=[returned.pk])).content.decode()

    assert "A payout to Selma’s Studio" in page
    assert "They can mend it." in page
    assert 'href="mailto:selma@example.org"' in page
    assert "Give Stripe another bank account" in page


def test_a_history_names_statuses_as_their_pages_do(client: Client, returned: Payout) -> None:
    page = client.get(reverse("admin:payments_payout_change", args=[returned.pk])).content.decode()

    history = page[page.index('id="moves-group"') : page.index("desk__fields")]
    assert "<span>paid</span>" in history
    assert "<span>returned by the bank</span>" in history
    assert ">failed<" not in history


def test_the_list_of_payouts_names_shops_and_reasons(client: Client, returned: Payout) -> None:
    page = client.get(reverse("admin:payments_payout_changelist")).content.decode()

    assert "Selma’s Studio" in page
    assert "The bank account has been closed." in page
    assert returned.connected_account.stripe_id not in page
