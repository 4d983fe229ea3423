"""An account's bank accounts over v1: several, one the default of its currency, and payouts to each."""

from typing import Any

import pytest
import stripe

from emulator.core import Emulator
from tests.emulator.shop import DAY, Inbox, Shop

GERMAN = {"object": "bank_account", "country": "DE", "currency": "eur", "account_number": "DE89370400440532013000"}
FRENCH = {**GERMAN, "country": "FR", "account_number": "FR1420041010050500013M02606"}


def express(client: stripe.StripeClient) -> str:
    return client.v1.accounts.create({"type": "express", "country": "DE"}).id


def test_the_first_bank_account_of_a_currency_is_its_default(client: stripe.StripeClient) -> None:
    account, banks = express(client), client.v1.accounts.external_accounts

    euros = banks.create(account, {"external_account": GERMAN, "metadata": {"mine": "yes"}})
    dollars = banks.create(account, {"external_account": "btok_us_verified"})
    more = banks.create(account, {"external_account": FRENCH})

    assert [bank.default_for_currency for bank in (euros, dollars, more)] == [True, True, False]
    assert (dollars.last4, dollars.currency, euros.metadata.mine) == ("6789", "usd", "yes")
    assert [one.id for one in banks.list(account).data] == [euros.id, dollars.id, more.id]
    assert [one.id for one in banks.list(account, {"limit": 1, "starting_after": euros.id}).data] == [dollars.id]
    assert client.v1.accounts.retrieve(account).default_currency == "eur"


def test_another_bank_account_becomes_the_default_and_the_old_one_can_go(em: Emulator, shop: Shop) -> None:
    inbox, banks = Inbox(em), shop.client.v1.accounts.external_accounts
    account = express(shop.client)
    old = banks.create(account, {"external_account": GERMAN})
    new = banks.create(account, {"external_account": FRENCH})
    with pytest.raises(stripe.InvalidRequestError, match="cannot delete the default"):
        banks.delete(account, old.id)

    banks.update(account, new.id, {"default_for_currency": True, "account_holder_name": "Ada"})
    gone = banks.delete(account, old.id)

    assert gone.deleted is True
    (left,) = banks.list(account).data
    assert (left.id, left.default_for_currency, left.account_holder_name) == (new.id, True, "Ada")
    with pytest.raises(stripe.InvalidRequestError) as missing:
        banks.retrieve(account, old.id)
    assert missing.value.http_status == 404
    em.deliver_due(inbox.send)
    assert [name for name in inbox.types if "external_account" in name] == [
        "account.external_account.created",
        "account.external_account.created",
        "account.external_account.updated",
        "account.external_account.deleted",
    ]


def test_a_payout_goes_to_the_bank_account_it_names(em: Emulator, shop: Shop) -> None:
    seller = shop.seller()
    mine: Any = {"stripe_account": seller}
    shop.client.v1.balance_settings.update({"payments": {"payouts": {"schedule": {"interval": "manual"}}}}, mine)
    shop.charge(at_once=True, transfer_data={"destination": seller})
    second = shop.client.v1.accounts.external_accounts.create(seller, {"external_account": FRENCH}, mine)

    named = shop.client.v1.payouts.create({"amount": 100, "currency": "eur", "destination": second.id}, mine)
    usual = shop.client.v1.payouts.create({"amount": 100, "currency": "eur"}, mine)
    with pytest.raises(stripe.InvalidRequestError, match="any external accounts in that currency"):
        shop.client.v1.payouts.create({"amount": 100, "currency": "usd"}, mine)
    em.advance(seconds=5 * DAY)

    assert (named.destination, usual.destination == second.id) == (second.id, False)
    assert shop.client.v1.payouts.retrieve(named.id, options=mine).status == "paid"


def test_one_account_cannot_reach_into_another(shop: Shop) -> None:
    one, other = shop.seller(), shop.seller()

    with pytest.raises(stripe.PermissionError):
        shop.client.v1.accounts.retrieve(other, options={"stripe_account": one})
    with pytest.raises(stripe.PermissionError):
        shop.client.v1.accounts.external_accounts.create(other, {"external_account": GERMAN}, {"stripe_account": one})
