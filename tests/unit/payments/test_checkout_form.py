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


def form(data, customer, *, needs_address=True):
    return CheckoutForm(data, customer=customer, needs_address=needs_address, seen="as shown")


def test_an_answer_without_an_address_is_asked_again():
    asked = form({"seen": "as shown"}, AddressFactory().customer)

    assert not asked.is_valid()
    assert "address" in asked.errors


def test_the_chosen_address_is_used():
    address = AddressFactory()

    asked = form({"seen": "as shown", "address": str(address.pk)}, address.customer)

    assert asked.is_valid()
    assert asked.chosen_address() == address


def test_the_address_of_somebody_else_is_refused():
    stranger = AddressFactory()

    asked = form({"seen": "as shown", "address": str(stranger.pk)}, AddressFactory().customer)

    assert not asked.is_valid()


def test_a_new_address_is_saved_and_used():
    customer = AddressFactory().customer

    asked = form({"seen": "as shown", "address": NEW, **NEW_ADDRESS}, customer)

    assert asked.is_valid()
    assert asked.chosen_address() in Address.objects.filter(customer=customer)
    assert customer.addresses.count() == 2


def test_a_new_address_that_is_incomplete_is_asked_again():
    asked = form({"seen": "as shown", "address": NEW, "new-name": "Alice"}, AddressFactory().customer)

    assert not asked.is_valid()
    assert "line1" in asked.new_address.errors


def test_nothing_is_asked_when_nothing_is_sent_by_post():
    asked = form({"seen": "as shown"}, CustomerFactory(), needs_address=False)

    assert asked.is_valid()
    assert asked.chosen_address() is None
