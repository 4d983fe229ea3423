"""The people of the demo. The seed creates them, the supervisor prints them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Person:
    """Somebody who can sign in to the demo."""

    role: str
    email: str
    name: str
    about: str


PEOPLE = (
    Person("admin", "admin@demo.example", "Ada Admin", "runs the platform; signs in at /admin/"),
    Person("admin", "second@demo.example", "Emil Admin", "approves what Ada asks for above the limit"),
    Person("seller", "seller@demo.example", "Selma Seller", "sells; her shop is set up with Stripe"),
    Person("seller", "otto@demo.example", "Otto Ledermann", "sells bags and clothes from Vienna"),
    Person("seller", "paper@demo.example", "Orla Byrne", "sells prints from Galway"),
    Person("seller", "nadia@demo.example", "Nadia Prinz", "weaves in Hamburg; her bank sent a payout back"),
    Person("seller", "iben@demo.example", "Iben Lund", "makes lamps in Aarhus; Stripe asks for a document"),
    Person("seller", "milo@demo.example", "Milo Ferri", "has not finished setting up; his listings are drafts"),
    Person("buyer", "buyer@demo.example", "Bruno Buyer", "buys; card 4242 4242 4242 4242"),
    Person("buyer", "greta@demo.example", "Greta Weiss", "has bought for three months"),
    Person("buyer", "jonas@demo.example", "Jonas Okafor", "has bought for three months"),
    Person("buyer", "aoife@demo.example", "Aoife Walsh", "has bought for three months"),
)


def logins(password: str) -> list[dict[str, str]]:
    """What a person types to sign in, one entry a person."""
    return [
        {"role": person.role, "email": person.email, "password": password, "name": person.name, "about": person.about}
        for person in PEOPLE
    ]
