"""The sample data. Every step may run again: it adds what is missing and changes nothing else.

Shops are set up the way a seller would set them up, through our own rooms and Stripe’s stand-in; only the pages that
Stripe hosts are filled in through the emulator’s controls.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from itertools import product
from multiprocessing import get_context

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts import guidelines, onboarding
from accounts.models import Seller, User
from accounts.sellers import open_shop
from catalog import photos, portraits, publishing, variants, vocabulary
from catalog.demo_faces import face
from catalog.demo_images import picture
from catalog.forms import slug_for
from catalog.models import Category, Listing
from customers.models import Address
from customers.profiles import customer_for, save_address
from marketplace.demo import history, trade, troubles, wallet
from marketplace.demo.emulator import Controls
from marketplace.demo.goods import Good, Shop, shops
from marketplace.demo.leaflet import leaflet
from marketplace.demo.people import PEOPLE, Person
from monitoring.sweeping import sweep
from monitoring.watches import WATCHES
from orders import digital_files
from payments import own_payouts

ACTOR = "demo"

Say = Callable[[str], object]
Pictures = dict[str, Future[bytes]]


def run(password: str, controls: Controls, say: Say, *, small: bool = False) -> None:
    """Bring the demo's data in. `controls` fill in the pages Stripe hosts and move its clock."""
    own_payouts.set_manual(actor=ACTOR)
    with drawing(shops(small=small)) as pictures:
        people = ensure_people(password)
        staff, buyers = _of(people, "admin")[0], _of(people, "buyer")
        for buyer in buyers:
            ensure_address(buyer)
        for shop in shops(small=small):
            seller = ensure_shop(shop, people[shop.owner])
            ensure_face(seller, shop, pictures)
            is_open = ensure_onboarded(seller, people[shop.owner], controls, finished=shop.owner != troubles.UNFINISHED)
            made = ensure_goods(seller, shop, pictures, publish=is_open)
            ensure_files(seller, people[shop.owner])
            say(f"{shop.name}: {made} listings added")
    # While the clock is in the past, so that a card can have expired since.
    wallet.ensure(buyers[0], controls)
    trade.live_through(buyers[1:], staff, controls, say)
    history.ensure(buyers[0], staff, controls, say)
    if not small:
        troubles.ensure(controls, say)
    vocabulary.count_anew()
    # The admin begins with what is open, not with an empty page until the worker has looked for the first time.
    sweep(WATCHES)


def _of(people: dict[str, User], role: str) -> list[User]:
    return [people[person.email] for person in PEOPLE if person.role == role]


def ensure_people(password: str) -> dict[str, User]:
    """Everybody, by their address. They share a password, so its hash, which is slow by design, is made once."""
    there = {user.email: user for user in User.objects.filter(email__in=[person.email for person in PEOPLE])}
    hashed = make_password(password) if len(there) < len(PEOPLE) else ""
    return {person.email: ensure_person(person, there.get(person.email), hashed) for person in PEOPLE}


def ensure_person(person: Person, user: User | None, hashed: str) -> User:
    """A user who can sign in at once: the address counts as confirmed."""
    if user is None:
        runs_it = person.role == "admin"
        user = User(email=person.email, full_name=person.name, is_staff=runs_it, is_superuser=runs_it)
        user.password = hashed
        user.save()
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


def ensure_face(seller: Seller, shop: Shop, pictures: Pictures) -> None:
    """A drawing of who runs it, for a shop that shows nobody yet."""
    if not seller.portrait:
        portraits.keep(seller, ContentFile(pictures[shop.name].result()))


def ensure_onboarded(seller: Seller, owner: User, controls: Controls, *, finished: bool) -> bool:
    """The shop's account at Stripe; whether it may be paid, and the shop sell."""
    account = onboarding.open_account(seller, owner.email)
    if finished and not account.can_receive_transfers:
        controls.complete_onboarding(str(account.stripe_id))
        account = onboarding.refresh(account)
    return account.can_receive_transfers


@contextmanager
def drawing(street: list[Shop]) -> Iterator[Pictures]:
    """Pictures of what no shop sells or shows yet, by title and by shop, drawn by other processes from now on, in the
    order they will be wanted.
    """
    there = set(Listing.objects.values_list("seller__memberships__user__email", "title"))
    shown = set(Seller.objects.exclude(portrait="").values_list("memberships__user__email", flat=True))
    with ProcessPoolExecutor(max_workers=2, mp_context=get_context("spawn")) as pool:
        drawn: Pictures = {}
        for shop in street:
            if shop.owner not in shown:
                drawn[shop.name] = pool.submit(face, shop.name, shop.face)
            missing = [good.title for good in shop.goods if (shop.owner, good.title) not in there]
            drawn |= {title: pool.submit(picture, title) for title in missing}
        yield drawn


def ensure_goods(seller: Seller, shop: Shop, pictures: Pictures, *, publish: bool) -> int:
    """The shop's listings with their pictures; how many were missing."""
    there = set(seller.listings.values_list("title", flat=True))
    missing = [good for good in shop.goods if good.title not in there]
    for good in missing:
        add_listing(seller, good, pictures[good.title].result(), publish=publish)
    return len(missing)


def ensure_files(seller: Seller, owner: User) -> None:
    """A file for everything that is sold as one."""
    digital = seller.listings.filter(delivery=Listing.Delivery.DIGITAL)
    for listing in digital_files.without_file(digital).order_by("pk"):
        pages = leaflet(listing.title, listing.description, seller.name)
        upload = SimpleUploadedFile(f"{listing.slug}.pdf", pages, "application/pdf")
        digital_files.keep(listing, upload, user=owner)


def add_listing(seller: Seller, good: Good, drawn: bytes, *, publish: bool) -> Listing:
    """One listing, from draft to published, as a seller would make it."""
    listing = Listing.objects.create(
        seller=seller,
        category=Category.objects.get(slug=good.category),
        title=good.title,
        slug=slug_for(good.title),
        description=good.text,
        price=good.price,
        currency=good.currency or seller.currency,
        available=0 if good.options else good.stock,
        delivery=good.delivery,
    )
    if good.options:
        offers = [variants.Offer(values, good.price, good.stock) for values in product(*good.options.values())]
        variants.store(listing, list(good.options), offers, version=None, actor=ACTOR)
        listing.refresh_from_db()
    photos.store(listing, ContentFile(drawn), alt=good.title)
    if publish:
        publishing.publish(listing, ACTOR)
    return listing
