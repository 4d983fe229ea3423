"""Buying a variant: chosen on the listing's page, named from the basket to the receipt."""

import pytest
from django.test import Client

from accounts.models import Seller
from catalog import variants
from catalog.models import Listing, Variant
from customers.models import Customer
from kit.clock import now
from orders import baskets, progress
from orders.models import Basket, BasketLine, OrderLine
from tests.factories import ListingFactory, VariantFactory
from tests.unit.orders.conftest import Place, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def shirt(shop: Seller) -> Listing:
    """In M / Blue for 24.00, five left, and in L / Blue for 30.00, sold out."""
    listing = ListingFactory(seller=shop, title="Shirt", slug="shirt", options=["Size", "Colour"])
    VariantFactory(listing=listing, values=["M", "Blue"], price=2400)
    VariantFactory(listing=listing, values=["L", "Blue"], price=3000, available=0)
    return Listing.objects.get(pk=listing.pk)


@pytest.fixture
def medium(shirt: Listing) -> Variant:
    return shirt.variants.get(values=["M", "Blue"])


def test_the_listing_page_offers_its_variants_with_prices_and_the_sold_out_one_cannot_be_chosen(
    client: Client, shirt: Listing, medium: Variant
) -> None:
    page = client.get(shirt.get_absolute_url()).content.decode()

    assert "Size / Colour" in page
    assert f'<input type="radio" name="variant" value="{medium.pk}" required>' in page
    assert "from" in page
    assert "M / Blue" in page
    assert "L / Blue" in page
    assert "required disabled>" in page


def test_many_variants_are_a_menu(client: Client, shirt: Listing) -> None:
    for n in range(12):
        VariantFactory(listing=shirt, values=[f"S{n}", "Red"])

    page = client.get(shirt.get_absolute_url()).content.decode()

    assert '<select id="variant" name="variant" required>' in page
    assert 'type="radio"' not in page


def test_adding_a_variant_puts_that_one_into_the_basket(client: Client, shirt: Listing, medium: Variant) -> None:
    page = client.post("/basket/add/", {"listing": shirt.pk, "variant": medium.pk, "quantity": 2}, follow=True)

    line = BasketLine.objects.get()
    assert (line.variant, line.quantity) == (medium, 2)
    assert "Shirt (M / Blue)" in page.content.decode()
    assert "24.00 each" in page.content.decode().replace("€", "")


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [("", "Choose which “Shirt” you want (Size / Colour)"), ("0", "no longer for sale. Choose another"),
     ("blue", "Choose one from the list.")],
)  # fmt: skip
def test_without_a_variant_the_listing_page_says_what_to_choose(
    client: Client, shirt: Listing, chosen: str, sentence: str
) -> None:
    page = client.post("/basket/add/", {"listing": shirt.pk, "variant": chosen}, follow=True)

    assert page.redirect_chain[-1][0] == shirt.get_absolute_url()
    assert sentence in page.content.decode()
    assert not BasketLine.objects.exists()


def test_a_variant_of_another_listing_is_never_added(shirt: Listing, basket: Basket) -> None:
    other = VariantFactory()

    with pytest.raises(ValueError, match="own"):
        baskets.add(basket, shirt, 1, other)


def test_two_variants_of_a_listing_are_two_lines_and_one_of_them_twice_is_one(
    shirt: Listing, medium: Variant, basket: Basket
) -> None:
    small = VariantFactory(listing=shirt, values=["S", "Blue"])

    for variant in (medium, small, medium):
        baskets.add(basket, shirt, 1, variant)

    assert sorted(basket.lines.values_list("variant", "quantity")) == [(medium.pk, 2), (small.pk, 1)]


def test_what_was_bought_keeps_its_variant_its_price_and_its_name(
    shirt: Listing, medium: Variant, basket: Basket, place: Place
) -> None:
    small = VariantFactory(listing=shirt, values=["S", "Blue"], price=1900)
    baskets.add(basket, shirt, 2, medium)
    baskets.add(basket, shirt, 1, small)

    purchase = place()
    Variant.objects.filter(pk=medium.pk).update(values=["M", "Navy"], price=9900)

    lines = OrderLine.objects.order_by("pk")
    assert [(line.variant_name, line.unit_price, line.quantity) for line in lines] == [
        ("M / Blue", 2400, 2),
        ("S / Blue", 1900, 1),
    ]
    assert purchase.total == 6700
    medium.refresh_from_db()
    shirt.refresh_from_db()
    assert (medium.available, shirt.available) == (3, 7)


def test_a_paid_variant_leaves_the_basket_and_the_other_one_stays(
    shirt: Listing, medium: Variant, basket: Basket, place: Place
) -> None:
    baskets.add(basket, shirt, 1, medium)
    purchase = place()
    small = VariantFactory(listing=shirt, values=["S", "Blue"])
    baskets.add(basket, shirt, 1, small)

    progress.mark_paid(purchase, at=now(), actor="worker", reason="Paid.")

    assert [line.variant for line in basket.lines.all()] == [small]


def test_a_withdrawn_variant_and_one_never_chosen_are_told_in_the_basket(
    alice: Customer, shirt: Listing, medium: Variant, basket: Basket, bowl: Listing
) -> None:
    baskets.add(basket, shirt, 1, medium)
    baskets.add(basket, bowl, 1)
    Variant.objects.filter(pk=medium.pk).update(withdrawn_at=now())
    Listing.objects.filter(pk=bowl.pk).update(options=["Glaze"])
    VariantFactory(listing=bowl, values=["Grey"])
    variants.sum_up([shirt.pk, bowl.pk])

    page = signed_in(alice.user).get("/basket/").content.decode()

    assert "No longer for sale. Remove it to go on." in page
    assert "It comes in several variants now." in page


def test_placing_a_variant_takes_as_few_queries_as_a_listing(
    shirt: Listing,
    medium: Variant,
    basket: Basket,
    place: Place,
    alice: Customer,
    django_assert_max_num_queries: object,
) -> None:
    baskets.add(basket, shirt, 1, medium)
    address = alice.addresses.get()

    with django_assert_max_num_queries(15):
        place(address=address)


def test_seller_and_receipt_name_the_variant(
    shirt: Listing, medium: Variant, basket: Basket, place: Place, alice: Customer
) -> None:
    baskets.add(basket, shirt, 1, medium)
    purchase = place()
    progress.mark_paid(purchase, at=now(), actor="worker", reason="Paid.")
    order = purchase.orders.get()

    seller = signed_in(shirt.seller.memberships.get().user).get(f"/desk/orders/{order.number}/")
    buyer = signed_in(alice.user).get(f"/orders/{purchase.number}/")

    assert "Shirt (M / Blue)" in seller.content.decode()
    assert "Shirt (M / Blue)" in buyer.content.decode()
