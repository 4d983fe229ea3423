from typing import Any

import pytest
from django.utils import timezone

from accounts.models import ConnectedAccount, Guidelines, Seller
from accounts.rules import why_cannot_sell
from accounts.standing import standing

NAME_DUE: dict[str, Any] = {
    "code": "identity.individual.given_name", "owner": "seller",
    "status": "currently_due", "deadline": None, "errors": [],
}  # fmt: skip
CHECKING = {**NAME_DUE, "owner": "stripe"}


def told(account: ConnectedAccount, **fields: object) -> str:
    """Why the seller of this account, changed so, cannot sell; empty when they can."""
    ConnectedAccount.objects.filter(pk=account.pk).update(**fields)
    return why_cannot_sell(account.seller) or ""


def test_without_the_guidelines_a_seller_cannot_sell(bobs_shop: Seller):
    assert why_cannot_sell(bobs_shop) == "Read and accept the seller guidelines first."


def test_without_an_account_a_seller_is_sent_to_onboarding(accepted: Seller):
    assert "Start with Stripe" in (why_cannot_sell(accepted) or "")


def test_an_account_that_is_still_being_created_counts_as_none(bobs_account: ConnectedAccount):
    assert "Start with Stripe" in told(bobs_account, stripe_id=None, transfers="active")


def test_with_active_transfers_a_seller_may_sell(bobs_account: ConnectedAccount):
    assert told(bobs_account, transfers="active") == ""


def test_a_closed_account_does_not_count(bobs_account: ConnectedAccount):
    assert "Start with Stripe" in told(bobs_account, transfers="active", closed_at=timezone.now())


def test_new_guidelines_stop_a_seller_until_they_are_accepted(bobs_account: ConnectedAccount):
    Guidelines.objects.create(version=2, title="New", body="New.", published_at=timezone.now())

    assert told(bobs_account, transfers="active") == "Read and accept the seller guidelines first."


@pytest.mark.parametrize(
    ("transfers", "requirements", "words"),
    [
        ("restricted", [NAME_DUE], "Continue on your onboarding page."),
        ("restricted", [], "Continue on your onboarding page."),
        ("restricted", [CHECKING], "Stripe is checking"),
        ("pending", [], "Stripe is checking"),
        ("rejected", [NAME_DUE], "refused"),
        ("unsupported", [], "your country"),
    ],
)
def test_each_obstacle_has_its_own_sentence(bobs_account: ConnectedAccount, transfers, requirements, words):
    assert words in told(bobs_account, transfers=transfers, requirements=requirements)


@pytest.mark.parametrize(
    ("transfers", "requirements", "pill", "leads_to_stripe"),
    [
        ("restricted", [NAME_DUE], "needs-you", True),
        ("restricted", [], "needs-you", True),
        ("restricted", [CHECKING], "waiting", False),
        ("pending", [], "waiting", False),
        ("active", [], "done", False),
        ("active", [NAME_DUE], "needs-you", True),
        ("rejected", [NAME_DUE], "problem", False),
        ("unsupported", [], "problem", False),
    ],
)
def test_the_page_says_whose_turn_it_is(transfers, requirements, pill, leads_to_stripe):
    account = ConnectedAccount(stripe_id="acct_1", transfers=transfers, payouts="active", requirements=requirements)

    seen = standing(account)

    assert seen.pill == pill
    assert bool(seen.action) is leads_to_stripe


def test_sales_without_payouts_are_warned_about():
    account = ConnectedAccount(stripe_id="acct_1", transfers="active", payouts="restricted", requirements=[])

    assert "cannot send the money to your bank yet" in standing(account).warning


def test_the_nearest_date_is_the_deadline():
    later = {**NAME_DUE, "code": "contact_email", "deadline": "2026-12-24T00:00:00Z"}
    sooner = {**NAME_DUE, "deadline": "2026-12-01T00:00:00Z"}
    account = ConnectedAccount(stripe_id="acct_1", transfers="restricted", requirements=[later, sooner])

    deadline = standing(account).deadline

    assert deadline is not None
    assert deadline.isoformat() == "2026-12-01T00:00:00+00:00"
