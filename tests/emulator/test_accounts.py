"""Sellers: accounts, links, onboarding, capabilities, the Express dashboard."""

import pytest
import stripe

from emulator import hosted
from emulator.core import Emulator
from emulator.errors import HostedError, LinkDead
from tests.emulator.shop import PERSON, STEPS, Shop

EVERYTHING = ["configuration.recipient", "defaults", "identity", "requirements"]


def transfers(client: stripe.StripeClient, account: str) -> str:
    found = client.v2.core.accounts.retrieve(account, {"include": ["configuration.recipient"]})
    return found.configuration.recipient.capabilities.stripe_balance.stripe_transfers.status


def test_nested_fields_are_null_until_included(client: stripe.StripeClient, shop: Shop) -> None:
    account = shop.account()

    bare = client.v2.core.accounts.retrieve(account)
    full = client.v2.core.accounts.retrieve(account, {"include": EVERYTHING})

    assert (bare.configuration, bare.identity, bare.requirements, bare.defaults) == (None, None, None, None)
    assert bare.applied_configurations == ["recipient"]
    assert full.defaults.responsibilities.losses_collector == "application"
    assert full.identity.country == "DE"
    assert full.created.endswith("Z")
    entry = full.requirements.entries[0]
    assert (entry.awaiting_action_from, entry.minimum_deadline.status) == ("user", "currently_due")


def test_onboarding_makes_transfers_active_and_tells_both_versions(
    em: Emulator, client: stripe.StripeClient, shop: Shop
) -> None:
    account = shop.account()
    before = client.v1.accounts.retrieve(account)

    back = shop.onboard(account)

    after = client.v1.accounts.retrieve(account)
    assert back == "https://shop.example/return"
    assert (before.details_submitted, before.payouts_enabled, before.capabilities.transfers) == (
        False,
        False,
        "inactive",
    )
    assert (after.details_submitted, after.payouts_enabled, after.capabilities.transfers) == (True, True, "active")
    assert "individual.first_name" in before.requirements.currently_due
    assert after.requirements.currently_due == []
    assert transfers(client, account) == "active"
    assert client.v1.accounts.capabilities.list(account).data[0].status == "active"
    assert client.v1.accounts.external_accounts.list(account).data[0].last4 == "3000"
    types = {event.type for event in client.v1.events.list({"limit": 100}, {"stripe_account": account})}
    assert types == {"account.updated", "capability.updated", "account.external_account.created"}


def test_leaving_half_way_keeps_what_was_saved_and_what_is_due(
    em: Emulator, client: stripe.StripeClient, shop: Shop
) -> None:
    account = shop.account()
    flow = hosted.onboarding_open(em, shop.link(account))
    hosted.onboarding_save(em, flow, "business", STEPS["business"])

    back = hosted.onboarding_leave(em, flow)

    assert back == "https://shop.example/return"
    assert client.v1.accounts.retrieve(account).details_submitted is False
    assert transfers(client, account) == "restricted"
    again = hosted.onboarding_view(em, hosted.onboarding_open(em, shop.link(account)))
    assert (again["step"], again["values"]["product_description"]) == ("person", "Hats")
    assert ("business", True) in again["steps"]


def test_finishing_without_a_step_leaves_it_due(em: Emulator, client: stripe.StripeClient, shop: Shop) -> None:
    account = shop.account()
    flow = hosted.onboarding_open(em, shop.link(account))
    for step in ("business", "person", "review"):
        hosted.onboarding_save(em, flow, step, STEPS[step])

    hosted.onboarding_finish(em, flow)

    found = client.v1.accounts.retrieve(account)
    assert (found.details_submitted, found.capabilities.transfers, found.payouts_enabled) == (True, "active", False)
    assert found.requirements.currently_due == ["external_account"]


def test_a_link_works_once_and_for_five_minutes(em: Emulator, shop: Shop) -> None:
    account = shop.account()
    used, old = shop.link(account), shop.link(account)
    hosted.onboarding_open(em, used)
    em.advance(seconds=300)

    for token in (used, old):
        with pytest.raises(LinkDead) as dead:
            hosted.onboarding_open(em, token)
        assert dead.value.refresh_url == "https://shop.example/refresh"
    with pytest.raises(HostedError) as unknown:
        hosted.onboarding_open(em, "nonsense")
    assert unknown.value.status == 404


def test_the_birthday_decides_how_verification_ends(em: Emulator, client: stripe.StripeClient, shop: Shop) -> None:
    waiting, failing, other = shop.account(), shop.account(), shop.account()
    shop.onboard(waiting, dob_year="1901")
    shop.onboard(failing, dob_year="1900")
    shop.onboard(other, dob_year="1985")

    at_first = [transfers(client, account) for account in (waiting, failing, other)]
    em.advance(seconds=60)

    assert at_first == ["pending", "restricted", "active"]
    assert [transfers(client, account) for account in (waiting, failing)] == ["active", "restricted"]
    assert "individual.verification.document" in client.v1.accounts.retrieve(failing).requirements.currently_due


@pytest.mark.parametrize(
    ("step", "values", "field"),
    [
        ("business", {"entity_type": "company", "product_description": "x"}, "business_name"),
        ("business", {"entity_type": "individual"}, "product_description"),
        ("person", {**PERSON, "dob_year": "2020"}, "dob_year"),
        ("person", {**PERSON, "dob_day": "31", "dob_month": "2"}, "dob_day"),
        ("person", {**PERSON, "country": "XX"}, "country"),
        ("bank", {}, "iban"),
        ("bank", {"iban": "DE02120300000000202051"}, "iban"),
        ("bank", {"routing_number": "110000000", "account_number": "123"}, "account_number"),
        ("review", {}, "tos"),
    ],
)
def test_a_wrong_onboarding_form_says_which_field(em: Emulator, shop: Shop, step, values, field: str) -> None:
    flow = hosted.onboarding_open(em, shop.link(shop.account()))

    assert field in hosted.onboarding_save(em, flow, step, values)


def test_a_login_link_opens_the_dashboard_once(em: Emulator, client: stripe.StripeClient, shop: Shop) -> None:
    seller = shop.seller()
    shop.charge(10_000, application_fee_amount=500, transfer_data={"destination": seller})
    with pytest.raises(stripe.InvalidRequestError, match="not completed onboarding"):
        client.v1.accounts.login_links.create(shop.account())
    token = client.v1.accounts.login_links.create(seller).url.rsplit("/", 1)[1]

    page = hosted.dashboard_view(em, token)

    assert page["balance"] == [{"currency": "eur", "available": 0, "pending": 9_500}]
    assert (page["name"], page["bank"]["last4"], len(page["transfers"])) == ("Ada's hats", "3000", 1)
    with pytest.raises(LinkDead):
        hosted.dashboard_view(em, token)


def test_accounts_are_updated_and_listed_page_by_page(client: stripe.StripeClient, shop: Shop) -> None:
    made = [shop.account() for _ in range(3)]
    client.v2.core.accounts.update(made[0], {"display_name": "New name", "metadata": {"a": "1", "b": "2"}})
    client.v2.core.accounts.update(made[0], {"metadata": {"a": None}})

    listed = [account.id for account in client.v2.core.accounts.list({"limit": 2}).auto_paging_iter()]

    assert listed == list(reversed(made))
    found = client.v2.core.accounts.retrieve(made[0])
    assert (found.display_name, found.metadata.to_dict()) == ("New name", {"b": "2"})


def test_responsibilities_are_fixed_once_set_and_belong_together(client: stripe.StripeClient, shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="cannot be changed"):
        client.v2.core.accounts.update(
            shop.account(),
            {"defaults": {"responsibilities": {"fees_collector": "stripe", "losses_collector": "stripe"}}},
        )
    with pytest.raises(stripe.InvalidRequestError, match="only when fees_collector"):
        shop.account(defaults={"responsibilities": {"fees_collector": "stripe", "losses_collector": "application"}})


def test_the_platform_is_an_account_too(em: Emulator, client: stripe.StripeClient) -> None:
    assert client.v1.accounts.retrieve_current().id == em.platform_id
    assert client.v1.customers.create({}, {"stripe_account": em.platform_id}).id
    assert client.v1.balance_settings.retrieve().payments.payouts.schedule.interval == "daily"
