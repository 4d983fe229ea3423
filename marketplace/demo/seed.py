"""The sample data. Every step may run again: it adds what is missing and changes nothing else."""

from allauth.account.models import EmailAddress

from accounts.models import User
from marketplace.demo.people import PEOPLE, Person


def run(password: str) -> None:
    """Bring the demo's data in."""
    for person in PEOPLE:
        ensure_person(person, password)


def ensure_person(person: Person, password: str) -> User:
    """A user who can sign in at once: the address counts as confirmed."""
    user = User.objects.filter(email=person.email).first()
    if user is None:
        make = User.objects.create_superuser if person.role == "admin" else User.objects.create_user
        user = make(person.email, password, full_name=person.name)
    EmailAddress.objects.get_or_create(user=user, email=person.email, defaults={"verified": True, "primary": True})
    return user
