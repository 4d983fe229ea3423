"""The v1 views of connected accounts: made, changed, rejected, closed; their banks, persons and links."""

from collections.abc import Mapping
from typing import Any

import pytest
import stripe

from emulator import hosted
from emulator.core import Emulator
from tests.emulator.shop import DAY, Inbox, Shop

EXPRESS = {
    "type": "express",
    "country": "de",
    "email": "ada@example.org",
    "capabilities": {"transfers": {"requested": True}},
}
BANK = {"object": "bank_account", "country": "DE", "currency": "eur", "account_number": "DE89370400440532013000"}


def express(client: stripe.StripeClient, **more: Any) -> str:
    return client.v1.accounts.create({**EXPRESS, **more}).id


def refused(error: pytest.ExceptionInfo[stripe.StripeError]) -> tuple[str | None, str | None]:
    found = error.value.error
    return found.code, found.param


def test_an_account_made_over_v1_is_onboarded_and_seen_by_v2(
    em: Emulator, client: stripe.StripeClient, shop: Shop
) -> None:
    account = express(
        client,
        business_type="individual",
        business_profile={"url": "https://hats.example", "product_description": "Hats"},
        individual={"first_name": "Ada", "dob": {"day": 1, "month": 1, "year": 1902}},
    )
    link = client.v1.account_links.create(
        {
            "account": account,
            "type": "account_onboarding",
            "refresh_url": "https://shop.example/refresh",
            "return_url": "https://shop.example/return",
        }
    )
    assert hosted.onboarding_open(em, link.url.rsplit("/", 1)[1])
    shop.onboard(account)

    seen = client.v1.accounts.retrieve(account)
    other = client.v2.core.accounts.retrieve(account, {"include": ["configuration.recipient", "identity", "defaults"]})

    assert (seen.type, seen.country, seen.payouts_enabled) == ("express", "DE", True)
    assert seen.capabilities.transfers == "active"
    assert other.configuration.recipient.capabilities.stripe_balance.stripe_transfers.status == "active"
    assert other.defaults.responsibilities.losses_collector == "application"
    assert [one.id for one in client.v1.accounts.list().data] == [account]


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"controller": {"fees": {"payer": "account"}}}, "type"),
        ({"country": "XX"}, "country"),
        ({"default_currency": "zzz"}, "default_currency"),
    ],
)
def test_an_impossible_account_is_refused(client: stripe.StripeClient, given: dict[str, Any], param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as error:
        express(client, **given)

    assert error.value.param == param


def test_what_is_not_modelled_of_v1_accounts_says_so(client: stripe.StripeClient) -> None:
    card = {"object": "card", "number": "4242424242424242", "exp_month": 1, "exp_year": 2040}
    recipient = {"tos_acceptance": {"service_agreement": "recipient"}}
    for given in (recipient, {"external_account": card}):
        with pytest.raises(stripe.APIError) as error:
            express(client, **given)
        assert error.value.http_status == 501


def test_the_controller_is_shown_as_it_was_given(client: stripe.StripeClient) -> None:
    controller = {
        "fees": {"payer": "application"},
        "losses": {"payments": "application"},
        "stripe_dashboard": {"type": "none"},
    }
    account = client.v1.accounts.create({"controller": controller})

    assert account.controller.fees.payer == "application"
    assert account.controller.stripe_dashboard.type == "none"
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v1.accounts.create({"controller": {**controller, "fees": {"payer": "account"}}})
    assert error.value.param == "controller[losses][payments]"


def test_a_rejected_account_gets_no_more_money_until_it_is_taken_back(
    em: Emulator, client: stripe.StripeClient, shop: Shop
) -> None:
    inbox = Inbox(em)
    seller = shop.seller()
    shop.charge(5_000, transfer_data={"destination": seller})

    rejected = client.v1.accounts.reject(seller, {"reason": "terms_of_service"})

    assert rejected.requirements.disabled_reason == "rejected.platform_terms_of_service"
    assert (rejected.capabilities.transfers, rejected.payouts_enabled) == ("inactive", False)
    with pytest.raises(stripe.InvalidRequestError) as error:
        shop.charge(5_000, transfer_data={"destination": seller})
    assert refused(error)[0] == "insufficient_capabilities_for_transfer"
    em.advance(seconds=3 * DAY)
    assert shop.balance(seller) == (5_000, 0)
    assert client.v1.accounts.unreject(seller).payouts_enabled is True
    em.deliver_due(inbox.send)
    assert inbox.types.count("capability.updated") >= 2


def test_an_account_goes_only_when_it_is_empty(client: stripe.StripeClient, shop: Shop) -> None:
    rich, poor, closing = shop.seller(), shop.seller(), shop.seller()
    shop.charge(5_000, transfer_data={"destination": rich})

    for close in (lambda: client.v1.accounts.delete(rich), lambda: client.v2.core.accounts.close(rich)):
        with pytest.raises(stripe.InvalidRequestError, match="balances must be zero"):
            close()
    deleted = client.v1.accounts.delete(poor)
    closed = client.v2.core.accounts.close(closing, {"applied_configurations": ["recipient"]})

    assert (deleted.deleted, closed.closed) == (True, True)
    with pytest.raises(stripe.PermissionError):
        client.v1.accounts.retrieve(poor)
    assert [one.id for one in client.v2.core.accounts.list({"closed": True}).data] == [closing]
    for gone in (poor, closing):
        with pytest.raises(stripe.InvalidRequestError):
            shop.charge(5_000, transfer_data={"destination": gone})


def test_the_transfers_capability_is_requested_and_given_up(client: stripe.StripeClient, shop: Shop) -> None:
    seller = shop.seller()

    off = client.v1.accounts.capabilities.update(seller, "transfers", {"requested": False})
    on = client.v1.accounts.capabilities.update(seller, "transfers", {"requested": True})

    assert (off.status, on.status) == ("unrequested", "active")


@pytest.mark.parametrize(
    ("bank", "param"),
    [
        ({**BANK, "account_number": "DE02100100100006820101"}, "external_account[account_number]"),
        ({**BANK, "country": "FR"}, "external_account[country]"),
        ("btok_nothing", "external_account"),
    ],
)
def test_a_bank_account_that_is_no_test_account_is_refused(client: stripe.StripeClient, bank: Any, param: str) -> None:
    account = express(client)

    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v1.accounts.external_accounts.create(account, {"external_account": bank})

    assert error.value.param == param


def test_the_person_of_an_account_is_listed(client: stripe.StripeClient, shop: Shop) -> None:
    seller = shop.seller()

    person = client.v1.accounts.persons.list(seller).data[0]

    assert (person.first_name, person.dob.year, person.verification.status) == ("Ada", 1902, "verified")
    assert client.v1.accounts.persons.retrieve(seller, person.id).last_name == "Byron"


def test_an_account_session_answers_a_secret_and_the_components(client: stripe.StripeClient) -> None:
    account = express(client)

    session = client.v1.account_sessions.create(
        {"account": account, "components": {"payouts": {"enabled": True, "features": {"standard_payouts": True}}}}
    )

    assert session.client_secret.startswith("accs_secret__")
    assert session.components.payouts.enabled is True
    assert session.components.payouts.features.standard_payouts is True
    assert session.components.balances.enabled is False


def test_a_disabled_endpoint_hears_nothing_until_it_is_enabled(em: Emulator, client: stripe.StripeClient) -> None:
    endpoint = client.v1.webhook_endpoints.create({"url": "https://a.example/hook", "enabled_events": ["*"]})
    client.v1.webhook_endpoints.update(endpoint.id, {"disabled": True})
    client.v1.customers.create({"email": "one@example.org"})

    disabled = em.deliver_due(lambda url, headers, body: 200)
    client.v1.webhook_endpoints.update(endpoint.id, {"disabled": False, "url": "https://b.example/hook"})
    client.v1.customers.create({"email": "two@example.org"})
    urls: list[str] = []

    def note(url: str, headers: Mapping[str, str], body: bytes) -> int:
        urls.append(url)
        return 200

    em.deliver_due(note)

    assert (disabled, urls) == (0, ["https://b.example/hook"])
