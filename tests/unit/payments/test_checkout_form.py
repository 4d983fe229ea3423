"""What the checkout page asks, and what it does with half an answer."""

import pytest

from customers.models import Address
from payments.forms import NEW, CheckoutForm
from tests.factories import AddressFactory, CustomerFactory

pytestmark = pytest.mark.django_db

NEW_ADDRESS = {
    "new-name": "Alice Example",
    "new-line1": "Torstraße 1",
    "new-postal_code": "10119",
    "new-city": "Berlin",
    "new-country": "DE",
}


def form(data, customer, *, shipped=("eur",)):
    seen = {"eur": "as shown", "usd": "as shown too"}
    posted = {"currency": "eur", "seen_eur": "as shown", "seen_usd": "as shown too"} | data
    return CheckoutForm(posted, customer=customer, seen=seen, shipped=shipped)


def test_an_answer_without_an_address_is_asked_again():
    asked = form({}, AddressFactory().customer)

    assert not asked.is_valid()
    assert "address" in asked.errors


def test_the_chosen_address_is_used():
    address = AddressFactory()

    asked = form({"address": str(address.pk)}, address.customer)

    assert asked.is_valid()
    assert asked.chosen_address() == address


def test_the_address_of_somebody_else_is_refused():
    stranger = AddressFactory()

    asked = form({"address": str(stranger.pk)}, AddressFactory().customer)

    assert not asked.is_valid()


def test_a_new_address_is_saved_and_used():
    customer = AddressFactory().customer

    asked = form({"address": NEW, **NEW_ADDRESS}, customer)

    assert asked.is_valid()
    assert asked.chosen_address() in Address.objects.filter(customer=customer)
    assert customer.addresses.count() == 2


def test_a_new_address_that_is_incomplete_is_asked_again():
    asked = form({"address": NEW, "new-name": "Alice"}, AddressFactory().customer)

    assert not asked.is_valid()
    assert "line1" in asked.new_address.errors


def test_nothing_is_asked_when_nothing_is_sent_by_post():
    asked = form({}, CustomerFactory(), shipped=())

    assert asked.is_valid()
    assert asked.chosen_address() is None


def test_what_was_shown_of_the_currency_that_is_paid_is_sent_along():
    asked = form({"currency": "usd"}, CustomerFactory(), shipped=())

    assert asked.is_valid()
    assert asked.seen == "as shown too"


def test_an_address_is_not_asked_for_when_only_the_other_currencys_things_are_shipped():
    asked = form({"currency": "usd"}, AddressFactory().customer, shipped=("eur",))

    assert asked.is_valid()
    assert asked.chosen_address() is None


@pytest.mark.parametrize("currency", ["", "gbp"])
def test_a_currency_that_is_not_in_the_basket_is_asked_again(currency):
    asked = form({"currency": currency}, CustomerFactory(), shipped=())

    assert not asked.is_valid()
    assert "currency" in asked.errors
