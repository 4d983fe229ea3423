"""The sample data. Every step may run again: it adds what is missing and changes nothing else.

Shops are set up the way a seller would set them up, through our own rooms and Stripe’s stand-in; only the pages that
Stripe hosts are filled in through the emulator’s controls.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from allauth.account.models import EmailAddress
from django.core.files.base import ContentFile

from accounts import guidelines, onboarding
from accounts.models import ConnectedAccount, Seller, User
from accounts.sellers import open_shop
from catalog import photos, publishing
from catalog.demo_images import picture
from catalog.forms import slug_for
from catalog.models import Category, Listing
from customers.models import Address
from customers.profiles import customer_for, save_address
from marketplace.demo import history
from marketplace.demo.emulator import Controls
from marketplace.demo.goods import Good, Shop, shops
from marketplace.demo.people import PEOPLE, Person
from monitoring.sweeping import sweep
from monitoring.watches import WATCHES
from payments import own_payouts

ACTOR = "demo"

Say = Callable[[str], object]


def run(password: str, controls: Controls, say: Say) -> None:
    """Bring the demo's data in. `controls` fill in the pages Stripe hosts."""
    own_payouts.set_manual(actor=ACTOR)
    people = {person.email: ensure_person(person, password) for person in PEOPLE}
    for person in PEOPLE:
        if person.role == "buyer":
            ensure_address(people[person.email])
    for shop in shops():
        seller = ensure_shop(shop, people[shop.owner])
        ensure_onboarded(seller, people[shop.owner], controls)
        made = ensure_goods(seller, shop)
        say(f"{shop.name}: {made} listings added")
    staff = next(people[person.email] for person in PEOPLE if person.role == "admin")
    for person in PEOPLE:
        if person.role == "buyer":
            history.ensure(people[person.email], staff, controls, say)
    # The admin begins with what is open, not with an empty page until the worker has looked for the first time.
    sweep(WATCHES)


def ensure_person(person: Person, password: str) -> User:
    """A user who can sign in at once: the address counts as confirmed."""
    user = User.objects.filter(email=person.email).first()
    if user is None:
        make = User.objects.create_superuser if person.role == "admin" else User.objects.create_user
        user = make(person.email, password, full_name=person.name)
    EmailAddress.objects.get_or_create(user=user, email=person.email, defaults={"verified": True, "primary": True})
    return user


def ensure_address(user: User) -> None:
    """Somewhere to send things to."""
    customer = customer_for(user)
    if customer.addresses.exists():
        return
    save_address(
        customer,
        Address(name=user.full_name, line1="Lindenallee 7", postal_code="04177", city="Leipzig", country="DE"),
    )


def ensure_shop(shop: Shop, owner: User) -> Seller:
    """The shop, with the guidelines accepted."""
    seller = open_shop(owner, name=shop.name, country=shop.country, currency=shop.currency)
    if not seller.about:
        seller.about = shop.about
        seller.save(update_fields=["about"])
    published = guidelines.current()
    if published is not None and not guidelines.has_accepted(seller):
        guidelines.accept(seller, version=published.version, user=owner, ip_address=None)
    return seller


def ensure_onboarded(seller: Seller, owner: User, controls: Controls) -> ConnectedAccount:
    """The shop's account at Stripe, allowed to be paid."""
    account = onboarding.open_account(seller, owner.email)
    if not account.can_receive_transfers:
        controls.complete_onboarding(str(account.stripe_id))
        account = onboarding.refresh(account)
    return account


def ensure_goods(seller: Seller, shop: Shop) -> int:
    """The shop's listings with their pictures, published; how many were missing."""
    there = set(seller.listings.values_list("title", flat=True))
    missing = [good for good in shop.goods if good.title not in there]
    with ThreadPoolExecutor(max_workers=2) as pool:
        for good, drawn in zip(missing, pool.map(lambda good: picture(good.title), missing), strict=True):
            add_listing(seller, good, drawn)
    return len(missing)


def add_listing(seller: Seller, good: Good, drawn: bytes) -> Listing:
    """One listing, from draft to published, as a seller would make it."""
    listing = Listing.objects.create(
        seller=seller,
        category=Category.objects.get(slug=good.category),
        title=good.title,
        slug=slug_for(good.title),
        description=good.text,
        price=good.price,
        currency=good.currency or seller.currency,
        available=good.stock,
        delivery=good.delivery,
    )
    photos.store(listing, ContentFile(drawn), alt=good.title)
    publishing.publish(listing, ACTOR)
    return listing
