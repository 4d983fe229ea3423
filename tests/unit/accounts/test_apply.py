"""What Stripe says about an account, kept and told once."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts import onboarding
from accounts.models import ConnectedAccount, Membership, User
from accounts.onboarding import Heard
from gateway.models import Operation
from gateway.objects import Requirement, SellerAccount
from kit.models import Mail

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
NAME = Requirement("identity.individual.given_name", "seller", "currently_due", "2026-12-01T00:00:00Z", ())


def said(
    transfers: str, *requirements: Requirement, stripe_id: str = "acct_bob", closed: bool = False
) -> SellerAccount:
    return SellerAccount(
        id=stripe_id, transfers=transfers, payouts=transfers, requirements=tuple(requirements), closed=closed
    )


def hear(*answers: SellerAccount) -> ConnectedAccount:
    """Apply the answers one after the other, a minute apart."""
    for minute, answer in enumerate(answers):
        account = onboarding.apply(answer.id, Heard(answer, NOON + timedelta(minutes=minute)))
    return account


def subjects() -> list[str]:
    return list(Mail.objects.order_by("pk").values_list("subject", flat=True))


def test_what_stripe_says_is_kept(bobs_account: ConnectedAccount):
    account = hear(said("restricted", NAME))

    assert (account.transfers, account.payouts, account.refreshed_at) == ("restricted", "restricted", NOON)
    assert account.requirements[0]["code"] == "identity.individual.given_name"
    assert not account.can_receive_transfers


def test_the_owner_is_told_once_that_they_can_be_paid(bobs_account: ConnectedAccount):
    hear(said("restricted", NAME), said("active"), said("active"), said("active"))

    assert subjects() == ["Bob's Bakery is ready to sell"]
    assert Mail.objects.get().to == "bob@example.com"


def test_the_owner_is_told_what_is_missing_when_transfers_stop(bobs_account: ConnectedAccount):
    hear(said("active"), said("restricted", NAME))

    mail = Mail.objects.latest("pk")
    assert mail.subject == "Stripe needs something from Bob's Bakery"
    assert "Your first name (by 1 December 2026)" in mail.text
    assert "Your first name" in mail.html


def test_each_change_is_told_when_it_goes_back_and_forth(bobs_account: ConnectedAccount):
    hear(said("active"), said("restricted", NAME), said("active"), said("restricted", NAME))

    assert len(subjects()) == 4


def test_being_on_the_way_is_no_news(bobs_account: ConnectedAccount):
    hear(said("unrequested"), said("restricted", NAME), said("pending"))

    assert subjects() == []


def test_falling_short_after_a_check_is_told(bobs_account: ConnectedAccount):
    hear(said("pending"), said("restricted", NAME))

    assert subjects() == ["Stripe needs something from Bob's Bakery"]


def test_a_refusal_is_told(bobs_account: ConnectedAccount):
    hear(said("pending"), said("rejected"))

    assert subjects() == ["Stripe cannot pay Bob's Bakery"]


def test_every_owner_is_told_and_helpers_are_not(bobs_account: ConnectedAccount, helper: User, alice: User):
    Membership.objects.create(seller=bobs_account.seller, user=alice, role=Membership.Role.OWNER)

    hear(said("active"))

    assert set(Mail.objects.values_list("to", flat=True)) == {"bob@example.com", "alice@example.com"}


def test_f02_an_answer_overtaken_by_a_newer_one_changes_nothing(bobs_account: ConnectedAccount):
    onboarding.apply("acct_bob", Heard(said("active"), NOON))

    account = onboarding.apply("acct_bob", Heard(said("restricted", NAME), NOON - timedelta(seconds=1)))

    assert account.transfers == "active"


def test_a_word_stripe_added_lets_nobody_sell(bobs_account: ConnectedAccount):
    account = hear(said("active"), said("quarantined"))

    assert account.transfers == "pending"
    assert not account.can_receive_transfers


def test_an_account_closed_at_stripe_is_closed_here(bobs_account: ConnectedAccount):
    account = hear(said("active"), said("active", closed=True))

    assert account.closed_at == NOON + timedelta(minutes=1)
    assert not account.can_receive_transfers


def test_somebody_elses_account_is_refused(bobs_account: ConnectedAccount):
    with pytest.raises(ConnectedAccount.DoesNotExist):
        onboarding.apply("acct_stranger", Heard(said("active", stripe_id="acct_stranger"), NOON))


def test_f03_an_event_before_our_commit_finds_its_account_by_the_operation(bobs_account: ConnectedAccount):
    ConnectedAccount.objects.update(stripe_id=None)
    Operation.objects.create(
        key=f"account:{bobs_account.pk}:g1", name="account.create", business_key=f"account:{bobs_account.pk}",
        path="/v2/core/accounts", request={}, request_hash="", status="succeeded", actor="bob@example.com",
        reason="test", planned_at=NOON, object_id="acct_new",
    )  # fmt: skip

    account = onboarding.apply("acct_new", Heard(said("restricted", NAME, stripe_id="acct_new"), NOON))

    assert (account.pk, account.stripe_id, account.transfers) == (bobs_account.pk, "acct_new", "restricted")
