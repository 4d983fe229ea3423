"""Connected accounts: made in v2, seen in both versions, onboarded, restricted and closed."""

from typing import Any

import pytest
import stripe

from emulator import business, hosted
from emulator.errors import LinkDead
from tests.contract.marks import needs, source
from tests.contract.target import Target, refused, why

FLOW = {"refresh_url": "https://shop.example/refresh", "return_url": "https://shop.example/return"}
EXPRESS = {"type": "express", "capabilities": {"transfers": {"requested": True}}}


def link(target: Target, account: str) -> stripe.v2.core.AccountLink:
    use_case: Any = {"type": "account_onboarding", "account_onboarding": FLOW}
    return target.v2.core.account_links.create({"account": account, "use_case": use_case})


def status(target: Target, account: str) -> str:
    found = target.v2.core.accounts.retrieve(account, {"include": ["configuration.recipient"]})
    return str(found.configuration.recipient.capabilities.stripe_balance.stripe_transfers.status)


@source("docs")
def test_nested_parts_of_an_account_are_null_until_asked_for(target: Target) -> None:
    account = target.account()

    bare = target.v2.core.accounts.retrieve(account)
    full = target.v2.core.accounts.retrieve(
        account, {"include": ["identity", "defaults", "requirements", "configuration.recipient"]}
    )

    assert (bare.identity, bare.defaults, bare.requirements, bare.configuration) == (None, None, None, None)
    assert bare.applied_configurations == ["recipient"]
    assert full.identity.country.upper() == target.country
    assert full.defaults.responsibilities.losses_collector == "application"
    assert full.configuration.recipient.applied is True


@source("docs")
def test_a_new_seller_may_receive_nothing_and_is_told_what_is_due(target: Target) -> None:
    account = target.account()

    found = target.v2.core.accounts.retrieve(account, {"include": ["requirements"]})

    assert status(target, account) == "restricted"
    assert found.requirements.entries
    assert {entry.awaiting_action_from for entry in found.requirements.entries} == {"user"}


@source("docs")
def test_an_account_of_version_2_is_seen_by_version_1(target: Target) -> None:
    account = target.account()

    seen = target.v1.accounts.retrieve(account)

    assert (seen.id, seen.details_submitted, seen.payouts_enabled) == (account, False, False)
    assert seen.capabilities.transfers == "inactive"
    assert seen.requirements.currently_due
    assert seen.controller.stripe_dashboard.type == "express"
    assert (seen.controller.losses.payments, seen.controller.fees.payer) == ("application", "application")


@source("docs")
def test_the_capability_says_by_itself_what_it_needs(target: Target) -> None:
    account = target.account()

    found = target.v1.accounts.capabilities.retrieve(account, "transfers")

    assert (found.status, found.requested) == ("inactive", True)
    assert found.requirements.currently_due
    assert [one.id for one in target.v1.accounts.capabilities.list(account).data] == ["transfers"]


@source("docs")
def test_an_onboarding_link_lives_for_minutes(target: Target) -> None:
    account = target.account()

    made = link(target, account)
    older = target.v1.account_links.create({"account": account, "type": "account_onboarding", **FLOW})

    assert made.url.startswith("http")
    assert older.created < older.expires_at <= older.created + 3_600
    assert made.url != older.url


@source("docs")
def test_an_update_link_is_not_for_accounts_with_a_dashboard(target: Target) -> None:
    params: Any = {"account": target.account(), "type": "account_update", **FLOW}

    assert refused(target.v1.account_links.create, params).http_status == 400


@source("docs")
def test_a_link_needs_ways_back(target: Target) -> None:
    params: Any = {"account": target.account(), "type": "account_onboarding"}

    assert refused(target.v1.account_links.create, params).http_status == 400


@source("docs")
@needs("pages")
def test_a_link_works_once(target: Target) -> None:
    em, token = target.em("pages"), link(target, target.account()).url.rsplit("/", 1)[1]
    hosted.onboarding_open(em, token)

    with pytest.raises(LinkDead) as dead:
        hosted.onboarding_open(em, token)

    assert dead.value.refresh_url == FLOW["refresh_url"]


@source("docs")
@needs("pages")
def test_coming_back_does_not_mean_being_finished(target: Target) -> None:
    em, account = target.em("pages"), target.account()
    flow = hosted.onboarding_open(em, link(target, account).url.rsplit("/", 1)[1])

    back = hosted.onboarding_leave(em, flow)

    assert back == FLOW["return_url"]
    assert target.v1.accounts.retrieve(account).details_submitted is False
    assert status(target, account) == "restricted"


@source("docs")
def test_an_onboarded_seller_may_receive_and_be_paid(target: Target) -> None:
    seller = target.seller()

    found = target.v1.accounts.retrieve(seller)

    assert (found.details_submitted, found.payouts_enabled, found.capabilities.transfers) == (True, True, "active")
    assert (found.requirements.currently_due, found.requirements.disabled_reason) == ([], None)
    assert status(target, seller) == "active"


@source("docs")
@needs("pages")
def test_onboarding_is_told_to_the_endpoints_of_connected_accounts(target: Target) -> None:
    account = target.account()

    hosted.complete_onboarding(target.em("pages"), account)

    told = target.told(account, "account.updated", account=account)
    assert {event.account for event in told} == {account}
    assert "previous_attributes" in told[-1].data
    types = {event.type for event in target.v1.events.list({"limit": 100}, {"stripe_account": account}).data}
    assert "capability.updated" in types


@source("docs")
def test_a_login_link_is_for_accounts_that_finished_onboarding(target: Target) -> None:
    early = refused(target.v1.accounts.login_links.create, target.account())

    links = [target.v1.accounts.login_links.create(seller).url for seller in [target.seller()] * 2]

    assert early.http_status == 400
    assert links[0] != links[1]


@source("docs")
def test_who_answers_for_losses_is_settled_for_good(target: Target) -> None:
    stripes: Any = {"defaults": {"responsibilities": {"fees_collector": "stripe", "losses_collector": "stripe"}}}

    error = refused(target.v2.core.accounts.update, target.account(), stripes)

    assert error.http_status == 400


@source("docs")
def test_losses_of_the_platform_go_with_fees_of_the_platform(target: Target) -> None:
    mixed = {"responsibilities": {"fees_collector": "stripe", "losses_collector": "application"}}

    assert refused(target.account, defaults=mixed).http_status == 400


@source("docs")
def test_version_1_takes_a_type_or_a_controller_and_not_both(target: Target) -> None:
    params: Any = {**EXPRESS, "controller": {"fees": {"payer": "application"}}}

    assert refused(target.v1.accounts.create, params).http_status == 400


@source("docs")
def test_version_1_makes_accounts_that_version_2_knows(target: Target) -> None:
    params: Any = {**EXPRESS, "country": target.country, "email": "ada@example.org", "metadata": {"shop": "7"}}

    made = target.v1.accounts.create(params)

    seen = target.v2.core.accounts.retrieve(made.id, {"include": ["configuration.recipient"]})
    assert (made.type, made.metadata["shop"], seen.contact_email) == ("express", "7", "ada@example.org")
    assert seen.dashboard == "express"


@source("docs")
def test_a_name_of_the_account_changes_and_metadata_goes_key_by_key(target: Target) -> None:
    account = target.account(metadata={"a": "1", "b": "2"})

    target.v2.core.accounts.update(account, {"display_name": "New hats", "metadata": {"a": None}})

    found = target.v2.core.accounts.retrieve(account)
    assert (found.display_name, found.metadata.to_dict()) == ("New hats", {"b": "2"})


@source("docs")
def test_an_account_of_somebody_else_is_out_of_reach(target: Target) -> None:
    direct = refused(target.v1.accounts.retrieve, "acct_1doesnotexist0")
    header = refused(target.v1.balance.retrieve, options={"stripe_account": "acct_1doesnotexist0"})

    assert isinstance(direct, stripe.PermissionError)
    assert isinstance(header, stripe.PermissionError)
    assert why(header)[:2] == (403, "account_invalid")


@source("docs")
def test_the_platform_is_an_account_itself(target: Target) -> None:
    own = target.v1.accounts.retrieve_current()

    assert target.v1.accounts.retrieve(own.id).id == own.id
    assert own.id.startswith("acct_")


@source("docs")
def test_a_deleted_account_is_out_of_reach(target: Target) -> None:
    account = target.account()

    gone = target.v1.accounts.delete(account)

    assert gone.deleted is True
    assert refused(target.v1.accounts.retrieve, account).http_status == 403


@source("docs")
@needs("live")
def test_an_account_with_money_in_it_is_not_deleted(target: Target) -> None:
    seller = target.seller()
    target.charge(transfer_data={"destination": seller})

    assert refused(target.v1.accounts.delete, seller).http_status == 400
    assert target.v1.accounts.retrieve(seller).id == seller


@source("docs")
def test_a_rejected_account_says_so_until_it_is_taken_back(target: Target) -> None:
    account = target.account()

    rejected = target.v1.accounts.reject(account, {"reason": "terms_of_service"})
    back = target.v1.accounts.unreject(account)

    assert str(rejected.requirements.disabled_reason).startswith("rejected.")
    assert rejected.payouts_enabled is False
    assert not str(back.requirements.disabled_reason).startswith("rejected.")


@source("library")
def test_a_reason_for_a_rejection_is_one_of_stripes(target: Target) -> None:
    params: Any = {"reason": "i_do_not_like_hats"}

    assert refused(target.v1.accounts.reject, target.account(), params).error.param == "reason"


@source("docs")
@needs("bank")
def test_a_seller_who_lost_the_capability_is_paid_nothing_more(target: Target) -> None:
    seller, charge = target.seller(), target.charge()
    target.transfer(seller, 1_000, charge.id)

    business.lose_capability(target.em("bank"), seller)

    assert refused(target.transfer, seller, 1_000, charge.id).code == "insufficient_capabilities_for_transfer"
    params: Any = {"amount": 1_000, "currency": target.currency, "transfer_data": {"destination": seller}}
    assert refused(target.v1.payment_intents.create, params).code == "insufficient_capabilities_for_transfer"
    assert sum(target.balance(seller)) == 1_000


@source("docs")
@needs("bank")
def test_payouts_may_stop_while_transfers_go_on(target: Target) -> None:
    seller, charge = target.seller(), target.charge()

    business.lose_capability(target.em("bank"), seller, "payouts")

    found = target.v1.accounts.retrieve(seller)
    assert (found.payouts_enabled, found.capabilities.transfers) == (False, "active")
    assert target.transfer(seller, 1_000, charge.id).amount == 1_000


@source("docs")
@needs("bank")
def test_stripe_may_ask_an_active_seller_for_more(target: Target) -> None:
    seller = target.seller()

    business.require_more(target.em("bank"), seller, "document", days=14)
    asked = target.v1.accounts.retrieve(seller)
    business.require_more(target.em("bank"), seller, "document", days=0)
    late = target.v1.accounts.retrieve(seller)

    assert asked.requirements.currently_due
    assert (asked.requirements.past_due, asked.capabilities.transfers) == ([], "active")
    assert late.requirements.past_due
    assert late.requirements.disabled_reason == "requirements.past_due"


@source("docs")
def test_a_bank_account_is_stripes_test_account_or_none(target: Target) -> None:
    bank: Any = {
        "object": "bank_account",
        "country": "DE",
        "currency": "eur",
        "account_number": "DE02120300000000202051",
    }

    error = refused(target.v1.accounts.external_accounts.create, target.account(), {"external_account": bank})

    assert error.http_status == 400


@source("docs")
def test_the_default_bank_account_is_not_deleted(target: Target) -> None:
    seller = target.seller()
    banks = target.v1.accounts.external_accounts
    (bank,) = banks.list(seller).data

    assert refused(banks.delete, seller, str(bank.id)).http_status == 400
    assert [one.id for one in banks.list(seller).data] == [bank.id]


@source("docs")
def test_an_account_session_is_a_secret_for_a_while(target: Target) -> None:
    params: Any = {"account": target.seller(), "components": {"account_onboarding": {"enabled": True}}}

    made = target.v1.account_sessions.create(params)

    assert made.client_secret
    assert made.components.account_onboarding.enabled is True
    assert made.expires_at > target.started


@source("docs")
def test_accounts_of_version_2_are_listed_page_by_page(target: Target) -> None:
    made = [target.account() for _ in range(3)]

    listed = target.v2.core.accounts.list({"limit": 2})
    first_five = [account.id for account, _ in zip(listed.auto_paging_iter(), range(5), strict=False)]

    assert len(listed.data) == 2
    assert first_five[:3] == made[::-1]
