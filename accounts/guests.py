"""People who bought without an account: they have an address, and nothing to sign in with."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.db.models import QuerySet

from accounts.models import User


def open_guest(email: str, full_name: str = "", language: str = "") -> User:
    """Somebody new who said this is their address. Nobody has confirmed it, so it is nobody else's for that."""
    guest = User(email=email.strip().lower(), full_name=full_name[:200], is_guest=True, is_active=False)
    guest.language = language
    guest.set_unusable_password()
    guest.save()
    return guest


def guests_with_addresses_of(user: User) -> QuerySet[User]:
    """Guests who gave an address that this person has confirmed to be theirs."""
    mine = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    return User.everybody.filter(is_guest=True, email__in=[address.lower() for address in mine])


def has_account(email: str) -> bool:
    """Whether somebody has confirmed this address as theirs. Only ever told to the address itself."""
    return EmailAddress.objects.filter(email=email.lower(), verified=True).exists()
