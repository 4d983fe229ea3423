"""No page asks the database more often because it has more to show (goal G6).

A new page that shows several of something gets a line in PAGES; what it shows has to be among what `grow` makes.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import Seller, User
from cases.models import Case, CaseMessage
from catalog import vocabulary
from catalog.models import Category, Listing, Photo
from customers.models import Customer
from kit.clock import now
from orders.models import Basket, BasketLine, OrderLine, SavedListing
from payments.models import DisputeShare, Share
from tests.factories import (
    AddressFactory,
    CategoryFactory,
    ConnectedAccountFactory,
    CustomerFactory,
    ListingFactory,
    MembershipFactory,
    VariantFactory,
    accept_guidelines,
)
from tests.unit.monitoring import rows

pytestmark = pytest.mark.django_db

FEW, MANY = 5, 50


@dataclass(frozen=True, slots=True)
class Cast:
    """Alice, who buys everything; Bob, who sells everything; and where they do."""

    alice: User
    customer: Customer
    bob: User
    shop: Seller
    shelf: Category
    basket: Basket

    @property
    def share(self) -> Share:
        """An order of theirs that has a case and a dispute."""
        return Share.objects.order_by("pk").first()

    @property
    def listing(self) -> Listing:
        """One of the listings, with photos and variants."""
        return Listing.objects.exclude(options=[]).order_by("pk").first()


def alice(cast: Cast) -> User:
    """The buyer."""
    return cast.alice


def bob(cast: Cast) -> User:
    """The seller."""
    return cast.bob


@dataclass(frozen=True, slots=True)
class Page:
    """An address, who opens it, and the most queries the goal allows it where it names a number."""

    path: str | Callable[[Cast], str]
    who: Callable[[Cast], User]
    most: int | None = None

    def address(self, cast: Cast) -> str:
        """Where it is."""
        return self.path if isinstance(self.path, str) else self.path(cast)


# Signing in costs two queries (the session, the person), and the header of a buyer's page two (the basket, counted).
SIGNED_IN = 4
PAGES = {
    "home": Page("/", alice, 4 + SIGNED_IN),
    "everything": Page("/browse/", alice, 1 + SIGNED_IN),
    "category": Page("/browse/shelf/", alice, 1 + SIGNED_IN),
    "filtered": Page("/browse/?country=DE&price_to=500&sort=price", alice, 1 + SIGNED_IN),
    "search": Page("/browse/?q=linen", alice, 1 + SIGNED_IN),
    "search, mistyped": Page("/browse/?q=linne", alice, 3 + SIGNED_IN),
    "shop": Page("/shops/bobs/", alice, 2 + SIGNED_IN),
    "listing": Page(lambda cast: cast.listing.get_absolute_url(), alice),
    "basket": Page("/basket/", alice),
    "sitemap": Page("/sitemap-listings.xml", alice),
    "buyer's orders": Page("/orders/", alice),
    "buyer's order": Page(lambda cast: f"/orders/{cast.share.order.purchase.number}/", alice),
    "buyer's cases": Page("/cases/", alice),
    "buyer's case": Page(lambda cast: f"/cases/{cast.share.cases.get().number}/", alice),
    "addresses": Page("/account/addresses/", alice),
    "profile": Page("/account/", alice),
    "cards": Page("/account/cards/", alice),
    "desk": Page("/desk/", bob),
    "own shop": Page("/desk/shop/", bob),
    "listings": Page("/desk/listings/", bob),
    "listing's form": Page(lambda cast: f"/desk/listings/{cast.listing.pk}/", bob),
    "import": Page("/desk/import/", bob),
    "orders to do": Page("/desk/orders/", bob),
    "all orders": Page("/desk/orders/?show=all", bob),
    "an order": Page(lambda cast: f"/desk/orders/{cast.share.order.number}/", bob),
    "money": Page("/desk/money/", bob),
    "payouts": Page("/desk/payouts/", bob),
    "cases": Page("/desk/cases/", bob),
    "a case": Page(lambda cast: f"/desk/cases/{cast.share.cases.get().number}/", bob),
    "disputes": Page("/desk/disputes/", bob),
    "all disputes": Page("/desk/disputes/?show=all", bob),
    "checkout": Page("/checkout/?currency=eur", alice),
    "saved for later": Page("/saved/", alice),
}
# Views without a list, by the last part of their names: forms of one thing, ways to Stripe and back, files, probes.
WITHOUT_A_LIST = frozenset(
    """
    healthz readyz robots choose sell guidelines_page onboarding_page onboarding_start onboarding_refresh card_add
    card_added address_add find listing_new export_listings add page come_back schedule bank month_csv index save
    listings_bulk portrait_remove
    """.split()
)


@pytest.fixture
def cast(db: None) -> Cast:
    customer = CustomerFactory(user__email="alice@example.org")
    owner = MembershipFactory(user__email="bob@example.org", seller__name="Bob’s kiln", seller__slug="bobs")
    ConnectedAccountFactory(seller=owner.seller)
    accept_guidelines(owner.seller, owner.user)
    basket = Basket.objects.create(customer=customer)
    shelf = CategoryFactory(slug="shelf", name="Shelf")
    return Cast(customer.user, customer, owner.user, owner.seller, shelf, basket)


def grow(cast: Cast, to: int) -> None:
    """So many of everything: listings with photos and variants, orders with cases and disputes, payouts, addresses."""
    for number in range(Share.objects.count(), to):
        share = rows.a_share(cast.shop, cast.customer)
        _tell_of_trouble(cast, share)
        listing = OrderLine.objects.get(order=share.order).listing
        Photo.objects.create(listing=listing, image=f"{number}.webp", width=4, height=5)
        rows.a_payout(connected_account=share.account, status="paid")
        BasketLine.objects.create(basket=cast.basket, listing=listing, quantity=1)
        SavedListing.objects.create(customer=cast.customer, listing=listing, saved_at=now())
        AddressFactory(customer=cast.customer, is_default=not number)
    Listing.objects.filter(seller=cast.shop).update(category=cast.shelf)
    several = Listing.objects.exclude(options=[]).first() or ListingFactory(
        seller=cast.shop, category=cast.shelf, options=["Size"], available=0
    )
    for number in range(several.variants.count(), min(to, 20)):
        VariantFactory(listing=several, position=number)
        Photo.objects.create(listing=several, image="a.webp", width=4, height=5, position=number)
    vocabulary.count_anew()


def _tell_of_trouble(cast: Cast, share: Share) -> None:
    case = Case.objects.create(
        share=share, opened_by=cast.alice, reason="damaged", asked=1500, status="waits_for_seller", opened_at=now(),
        answer_by=now(),
    )  # fmt: skip
    CaseMessage.objects.create(case=case, party="buyer", author=cast.alice, text="It has a crack.", written_at=now())
    dispute = rows.a_dispute(payment=share.payment)
    DisputeShare.objects.create(dispute=dispute, share=share, amount=2400)


def count(cast: Cast) -> dict[str, int]:
    """The queries of each page."""
    browsers = {person: Client() for person in (cast.alice, cast.bob)}
    for person, browser in browsers.items():
        browser.force_login(person)
    return {name: _queries(page.address(cast), browsers[page.who(cast)]) for name, page in PAGES.items()}


def _queries(address: str, browser: Client) -> int:
    with CaptureQueriesContext(connection) as asked:
        answer = browser.get(address)
    assert answer.status_code == 200, f"{address}: {answer.status_code}"
    return len(asked)


def test_no_page_asks_more_often_because_it_has_more_to_show(cast: Cast) -> None:
    grow(cast, FEW)
    # What a process reads once and keeps is there afterwards.
    count(cast)
    few = count(cast)
    grow(cast, MANY)
    many = count(cast)

    assert {name: (few[name], many[name]) for name in PAGES if many[name] > few[name]} == {}
    assert {name: many[name] for name, page in PAGES.items() if page.most and many[name] > page.most} == {}


def test_every_page_with_an_address_of_its_own_is_looked_at() -> None:
    looked_at = {path.partition("?")[0] for path in (page.path for page in PAGES.values()) if isinstance(path, str)}

    forgotten = {path: view for path, view in _pages() if path not in looked_at and view not in WITHOUT_A_LIST}

    assert forgotten == {}


def _pages(resolver: URLResolver | None = None, before: str = "/") -> Iterator[tuple[str, str]]:
    for each in (resolver or get_resolver()).url_patterns:
        path = before + str(each.pattern)
        if isinstance(each, URLResolver):
            # The admin's lists have their own test; signing in is allauth's.
            yield from () if path in ("/admin/", "/accounts/") else _pages(each, path)
        elif isinstance(each, URLPattern) and "<" not in path:
            yield path, each.lookup_str.rpartition(".")[2]
