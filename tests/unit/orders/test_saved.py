"""Saving for later, and buying again what is still for sale."""

import pytest
from django.test import Client

from catalog.models import Listing
from customers.models import Customer
from orders import baskets, saving
from orders.models import Basket, SavedListing
from tests.factories import ConnectedAccountFactory, CustomerFactory, ListingFactory, VariantFactory
from tests.unit.orders.conftest import Place, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(alice: Customer) -> Client:
    return signed_in(alice.user)


def page(browser: Client, path: str = "/saved/") -> str:
    return browser.get(path).content.decode()


def test_a_listing_is_saved_once_and_put_into_the_basket(browser: Client, alice: Customer, bowl: Listing):
    empty = page(browser)
    browser.post("/saved/add/", {"listing": bowl.pk})
    browser.post("/saved/add/", {"listing": bowl.pk})
    saved = alice.saved_listings.get()
    shown = page(browser)

    answer = browser.post(f"/saved/{saved.pk}/basket/")

    assert "Nothing saved yet" in empty
    assert bowl.title in shown
    assert answer.headers["Location"] == "/basket/"
    assert Basket.objects.get(customer=alice).lines.get().listing == bowl
    assert not alice.saved_listings.exists()


def test_a_line_of_the_basket_is_saved_for_later(browser: Client, alice: Customer, basket: Basket, bowl: Listing):
    baskets.add(basket, bowl, 2)

    browser.post(f"/basket/{basket.lines.get().pk}/save/")

    assert not basket.lines.exists()
    assert alice.saved_listings.get().listing == bowl


def test_what_a_visitor_saves_is_saved_once_they_have_signed_in(client: Client, alice: Customer, bowl: Listing):
    sent = client.post("/saved/add/", {"listing": bowl.pk})
    client.force_login(alice.user)

    shown = page(client)

    assert sent.headers["Location"] == "/accounts/login/?next=/saved/"
    assert "is saved for later" in shown
    assert alice.saved_listings.get().listing == bowl


def test_a_variant_stays_the_variant_that_was_saved(browser: Client, alice: Customer, basket: Basket, bowl: Listing):
    Listing.objects.filter(pk=bowl.pk).update(options=["Size"])
    large = VariantFactory(listing=bowl, values=["L"])
    browser.post("/saved/add/", {"listing": bowl.pk, "variant": large.pk})
    saved = alice.saved_listings.get()

    browser.post(f"/saved/{saved.pk}/basket/")

    assert basket.lines.get().variant == large


def test_what_is_gone_says_so_and_stays_until_it_is_removed(browser: Client, alice: Customer, bowl: Listing):
    saving.save(alice, bowl)
    Listing.objects.filter(pk=bowl.pk).update(status="hidden")
    saved = alice.saved_listings.get()

    browser.post(f"/saved/{saved.pk}/basket/")
    shown = page(browser)
    browser.post(f"/saved/{saved.pk}/remove/")

    assert "No longer for sale." in shown
    assert not SavedListing.objects.exists()


@pytest.mark.parametrize("action", ["remove", "basket"])
def test_what_somebody_else_saved_is_not_there(browser: Client, bowl: Listing, action: str):
    saving.save(CustomerFactory(), bowl)

    answer = browser.post(f"/saved/{SavedListing.objects.get().pk}/{action}/")

    assert answer.status_code == 404
    assert bowl.title not in page(browser)
    assert SavedListing.objects.count() == 1


@pytest.mark.parametrize("listing", ["", "x", "0", "99999999999999999999999", "-1"])
def test_nonsense_saves_nothing(browser: Client, listing: str):
    assert browser.post("/saved/add/", {"listing": listing}).status_code == 302
    assert not SavedListing.objects.exists()


def test_buying_again_takes_what_is_still_for_sale_and_names_the_rest(
    browser: Client, alice: Customer, basket: Basket, bowl: Listing, place: Place
):
    gone = ListingFactory(seller=bowl.seller, title="A gone thing")
    few = ListingFactory(seller=bowl.seller, title="A rare thing")
    for thing in (bowl, gone, few):
        baskets.add(basket, thing, 2)
    purchase = place()
    basket.lines.all().delete()
    Listing.objects.filter(pk=gone.pk).update(status="hidden")
    Listing.objects.filter(pk=few.pk).update(available=1)
    type(purchase).objects.filter(pk=purchase.pk).update(status="cancelled")

    answer = browser.post(f"/orders/{purchase.number}/again/", follow=True).content.decode()

    assert {line.listing: line.quantity for line in basket.lines.all()} == {bowl: 2, few: 1}
    assert "Not for sale at the moment: A gone thing." in answer
    assert "A rare thing: 1 instead of 2" in answer


def test_buying_again_what_somebody_else_bought_is_not_possible(basket: Basket, bowl: Listing, place: Place):
    baskets.add(basket, bowl, 1)
    purchase = place()
    charlie = Client()
    charlie.force_login(CustomerFactory().user)

    assert charlie.post(f"/orders/{purchase.number}/again/").status_code == 404
    assert Client().post(f"/orders/{purchase.number}/again/").status_code == 302


def test_orders_are_found_by_number_title_and_shop_and_narrowed(
    browser: Client, basket: Basket, bowl: Listing, place: Place
):
    other = ListingFactory(title="Walnut spoon", seller=ConnectedAccountFactory(seller__name="Spoon house").seller)
    found = {}
    for thing in (bowl, other):
        baskets.add(basket, thing, 1)
        found[thing.title] = place()
        type(found[thing.title]).objects.filter(pk=found[thing.title].pk).update(status="cancelled", basket=None)
        basket.lines.all().delete()
    first, second = found[bowl.title], found[other.title]

    def numbers(query: str) -> set[str]:
        return {row["purchase"].number for row in browser.get(f"/orders/?{query}").context["rows"]}

    both = {first.number, second.number}
    assert numbers("") == both
    assert numbers(f"q={first.number.lower()}") == {first.number}
    assert numbers(f"q={second.orders.get().number}") == {second.number}
    assert numbers("q=WALNUT") == {second.number}
    assert numbers("q=spoon+house") == {second.number}
    assert numbers("q=spoon+kitchen") == set()
    assert numbers("state=cancelled") == both
    assert numbers("state=delivered") == set()
    assert numbers(f"year={first.placed_at.year}") == both
    assert numbers("year=1999") == set()
    assert numbers("state=nonsense&year=9&q=%00") == both
    assert numbers("year=9999") == both, "there is no year after it"
    assert "No order fits" in browser.get("/orders/?q=nothing").content.decode()


def test_the_states_to_choose_are_what_the_pills_say(browser: Client, basket: Basket, bowl: Listing, place: Place):
    baskets.add(basket, bowl, 1)
    purchase = place()
    sold = purchase.orders.get()

    for whole, part, state in [
        ("awaiting_payment", "awaiting_payment", "awaiting_payment"),
        ("paid", "paid", "paid"),
        ("paid", "fulfilled", "fulfilled"),
        ("paid", "cancelled", "cancelled"),
    ]:
        type(purchase).objects.filter(pk=purchase.pk).update(status=whole)
        type(sold).objects.filter(pk=sold.pk).update(status=part)
        shown = {
            choice: [row["pill"].label for row in browser.get(f"/orders/?state={choice}").context["rows"]]
            for choice, _label in browser.get("/orders/").context["states"]
        }
        assert [choice for choice, pills in shown.items() if pills] == [state]
