"""Rows for tests. The cast: buyer Alice, seller Bob, stranger Charlie, admin Dana."""

from typing import Any

import factory
from allauth.account.models import EmailAddress

from accounts.models import ConnectedAccount, Guidelines, GuidelinesAcceptance, Membership, Seller, User
from catalog import variants
from catalog.models import Category, Listing, Variant
from customers.models import Address, Customer
from kit.clock import now

PASSWORD = "a long enough password"


class UserFactory(factory.django.DjangoModelFactory[User]):
    """Somebody with a confirmed address and PASSWORD."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@example.org")
    password = factory.django.Password(PASSWORD)

    @factory.post_generation
    def confirmed(self: Any, create: bool, extracted: object, **_more: object) -> None:
        """A confirmed e-mail address, as allauth keeps it."""
        if create:
            EmailAddress.objects.create(user=self, email=self.email, verified=True, primary=True)


class CustomerFactory(factory.django.DjangoModelFactory[Customer]):
    """A buyer."""

    class Meta:
        model = Customer

    user = factory.SubFactory(UserFactory)


class AddressFactory(factory.django.DjangoModelFactory[Address]):
    """Somewhere in Berlin."""

    class Meta:
        model = Address

    customer = factory.SubFactory(CustomerFactory)
    name = "Alice Example"
    line1 = "Torstraße 1"
    postal_code = "10119"
    city = "Berlin"
    country = "DE"
    is_default = True


class SellerFactory(factory.django.DjangoModelFactory[Seller]):
    """A shop without a team or an account at Stripe yet."""

    class Meta:
        model = Seller

    name = factory.Sequence(lambda n: f"Shop {n}")
    slug = factory.Sequence(lambda n: f"shop-{n}")
    country = "DE"
    currency = "eur"


class MembershipFactory(factory.django.DjangoModelFactory[Membership]):
    """The owner's place in a shop."""

    class Meta:
        model = Membership

    seller = factory.SubFactory(SellerFactory)
    user = factory.SubFactory(UserFactory)


class ConnectedAccountFactory(factory.django.DjangoModelFactory[ConnectedAccount]):
    """An account Stripe lets be paid; the id is not known to any emulator."""

    class Meta:
        model = ConnectedAccount

    seller = factory.SubFactory(SellerFactory)
    stripe_id = factory.Sequence(lambda n: f"acct_row{n}")
    transfers = "active"
    payouts = "active"


class CategoryFactory(factory.django.DjangoModelFactory[Category]):
    """A shelf."""

    class Meta:
        model = Category

    name = factory.Sequence(lambda n: f"Shelf {n}")
    slug = factory.Sequence(lambda n: f"shelf-{n}")


class ListingFactory(factory.django.DjangoModelFactory[Listing]):
    """A published listing of a seller who can be paid: 24.00 EUR, five in stock, shipped."""

    class Meta:
        model = Listing

    seller = factory.SubFactory(SellerFactory)
    category = factory.SubFactory(CategoryFactory)
    title = factory.Sequence(lambda n: f"Linen apron {n}")
    slug = "linen-apron"
    description = "Washed linen, two pockets."
    price = 2400
    currency = "eur"
    available = 5
    status = "published"
    published_at = factory.LazyFunction(now)


class VariantFactory(factory.django.DjangoModelFactory[Variant]):
    """One size of a listing that comes in sizes, whose own price and stock follow: 24.00 EUR, five in stock."""

    class Meta:
        model = Variant
        skip_postgeneration_save = True

    listing = factory.SubFactory(ListingFactory, options=["Size"], available=0)
    position = factory.Sequence(lambda n: n)
    values = factory.Sequence(lambda n: [f"Size {n}"])
    price = 2400
    available = 5

    @factory.post_generation
    def summed_up(self: Any, create: bool, extracted: object, **_more: object) -> None:
        """The listing's price and stock, as catalog.variants keeps them."""
        if create:
            variants.sum_up([self.listing_id])
            self.listing.refresh_from_db()


def accept_guidelines(seller: Seller, user: User) -> GuidelinesAcceptance:
    """The newest published guidelines, accepted for `seller`."""
    guidelines = Guidelines.objects.exclude(published_at=None).first() or Guidelines.objects.create(
        version=1, title="Seller guidelines", body="Be honest.", published_at=now()
    )
    return GuidelinesAcceptance.objects.create(guidelines=guidelines, seller=seller, user=user, accepted_at=now())
