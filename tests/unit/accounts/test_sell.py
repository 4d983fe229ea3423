from django.urls import reverse

from accounts import sellers
from accounts.models import ConnectedAccount, Guidelines, Membership, Seller, User
from tests.unit.accounts.conftest import SignIn

URL = "/sell/"
SHOP = {"name": "Alice's Attic", "country": "DE", "currency": "eur"}


def test_a_visitor_reads_what_selling_means_and_may_sign_up(client, db):
    page = client.get(URL)

    assert page.status_code == 200
    assert f"{reverse('account_signup')}?next={URL}" in page.content.decode()


def test_countries_are_shown_by_name(alice: User, sign_in: SignIn):
    page = sign_in(alice).get(URL).content.decode()

    assert "Germany" in page
    assert "United Kingdom" in page
    assert "Euro (EUR)" in page


def test_opening_a_shop_makes_its_owner_and_leads_to_the_guidelines(
    alice: User, first_guidelines: Guidelines, sign_in: SignIn
):
    answer = sign_in(alice).post(URL, SHOP)

    shop = Seller.objects.get()
    assert answer.status_code == 302
    assert answer.headers["Location"] == reverse("accounts:guidelines")
    assert (shop.name, shop.slug, shop.country, shop.currency) == ("Alice's Attic", "alices-attic", "DE", "eur")
    assert Membership.objects.get(seller=shop).role == Membership.Role.OWNER


def test_a_country_stripe_does_not_serve_here_is_refused_with_its_reason(alice: User, sign_in: SignIn):
    page = sign_in(alice).post(URL, {**SHOP, "country": "AQ"})

    assert page.status_code == 422
    assert not Seller.objects.exists()


def test_a_name_without_letters_is_refused(alice: User, sign_in: SignIn):
    page = sign_in(alice).post(URL, {**SHOP, "name": " *** "})

    assert "Enter a name with letters or digits." in page.content.decode()
    assert not Seller.objects.exists()


def test_choosing_to_sell_twice_opens_one_shop(alice: User):
    first = sellers.open_shop(alice, **SHOP)

    second = sellers.open_shop(alice, **SHOP)

    assert first == second
    assert Seller.objects.count() == 1


def test_two_shops_of_one_name_have_two_addresses(alice: User, bob: User):
    first = sellers.open_shop(alice, **SHOP)

    second = sellers.open_shop(bob, **SHOP)

    assert (first.slug, second.slug) == ("alices-attic", "alices-attic-2")


def test_a_name_in_another_script_still_has_an_address(alice: User):
    shop = sellers.open_shop(alice, name="陶器店", country="JP", currency="jpy")

    assert shop.slug == "shop"


def test_a_visitor_cannot_open_a_shop(client, db):
    answer = client.post(URL, SHOP)

    assert answer.status_code == 302
    assert not Seller.objects.exists()


def test_a_seller_continues_at_the_guidelines(bobs_shop: Seller, bob: User, sign_in: SignIn):
    answer = sign_in(bob).get(URL)

    assert answer.headers["Location"] == reverse("accounts:guidelines")


def test_a_seller_who_accepted_continues_at_onboarding(accepted: Seller, bob: User, sign_in: SignIn):
    answer = sign_in(bob).get(URL)

    assert answer.headers["Location"] == reverse("accounts:onboarding")


def test_a_seller_who_can_be_paid_continues_at_the_desk(bobs_account: ConnectedAccount, bob: User, sign_in: SignIn):
    ConnectedAccount.objects.update(transfers="active")

    answer = sign_in(bob).get(URL)

    assert answer.headers["Location"] == reverse("payments:desk")
