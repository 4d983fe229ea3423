"""The buyer's profile and address book."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from customers.models import Address, Customer


def customer_for(user: User) -> Customer:
    """The user's buyer profile, made on first need."""
    customer, _created = Customer.objects.get_or_create(user=user)
    # Whoever asks for one often goes on to ask for the other.
    customer.user = user
    return customer


def save_profile(customer: Customer, *, full_name: str, phone: str) -> None:
    """Keep the buyer's name (it is the person's, also as a seller) and phone."""
    with transaction.atomic():
        User.objects.filter(pk=customer.user_id).update(full_name=full_name)
        Customer.objects.filter(pk=customer.pk).update(phone=phone)


def save_address(customer: Customer, address: Address) -> Address:
    """Add or change an address of this buyer. The first one, and one that asks for it, becomes the default."""
    with transaction.atomic():
        others = _locked(customer).exclude(pk=address.pk)
        has_default = others.filter(is_default=True).exists()
        if address.is_default:
            others.filter(is_default=True).update(is_default=False)
        elif not has_default:
            address.is_default = True
        address.customer = customer
        address.save()
    return address


def make_default(customer: Customer, address: Address) -> None:
    """Use this address unless the buyer says otherwise."""
    with transaction.atomic():
        book = _locked(customer)
        book.filter(is_default=True).exclude(pk=address.pk).update(is_default=False)
        book.filter(pk=address.pk).update(is_default=True)


def delete_address(customer: Customer, address: Address) -> None:
    """Forget an address; orders keep their own copy. The newest of the others becomes the default if this was it."""
    with transaction.atomic():
        book = _locked(customer)
        book.filter(pk=address.pk).delete()
        if not book.filter(is_default=True).exists() and (newest := book.order_by("-pk").first()):
            book.filter(pk=newest.pk).update(is_default=True)


def _locked(customer: Customer) -> QuerySet[Address]:
    # One change at a time in a book: two tabs each making another address the default would meet the unique constraint.
    Customer.objects.select_for_update().get(pk=customer.pk)
    return Address.objects.filter(customer=customer)
