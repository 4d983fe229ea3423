from django.test import Client

from accounts.models import User
from customers import address_words, profiles
from customers.models import Address, Customer

BOOK = "/account/addresses/"
NEW = "/account/addresses/new/"
HOME = {"name": "Alice Archer", "line1": "Torstr. 1", "postal_code": "10119", "city": "Berlin", "country": "DE"}


def kept(buyer: Customer, **fields: object) -> Address:
    return profiles.save_address(buyer, Address(**{**HOME, **fields}))


def test_an_empty_book_says_how_to_begin(browser: Client):
    page = browser.get(BOOK).content.decode()

    assert "No addresses yet" in page
    assert NEW in page


def test_the_first_address_becomes_the_default(browser: Client):
    answer = browser.post(NEW, HOME)

    assert answer.headers["Location"] == BOOK
    assert Address.objects.get().is_default


def test_an_address_is_shown_as_on_a_letter(browser: Client, buyer: Customer):
    kept(buyer, country="NL", postal_code="1012 JS", city="Amsterdam")

    page = browser.get(BOOK).content.decode()

    assert "1012 JS Amsterdam" in page
    assert "Netherlands" in page


def test_the_postal_code_is_kept_in_its_countrys_form(browser: Client):
    browser.post(NEW, {**HOME, "country": "NL", "postal_code": "1012js", "city": "Amsterdam"})

    assert Address.objects.get().postal_code == "1012 JS"


def test_a_wrong_postal_code_is_told_beside_its_field(browser: Client):
    page = browser.post(NEW, {**HOME, "postal_code": "123"})

    assert page.status_code == 422
    assert "In this country it looks like 10115." in page.content.decode()
    assert not Address.objects.exists()


def test_an_address_to_choose_is_told_with_its_postal_code_and_country():
    address = Address(name="Ada", line1="Lindenallee 7", postal_code="04177", city="Leipzig", country="DE")

    assert address_words.one_line(address) == "Ada, Lindenallee 7, 04177 Leipzig, Germany"


def test_a_country_without_postal_codes_needs_none(browser: Client):
    answer = browser.post(NEW, {**HOME, "country": "HK", "postal_code": "", "city": "Kowloon"})

    assert answer.status_code == 302
    assert Address.objects.get().postal_code == ""


def test_a_country_with_postal_codes_needs_one(browser: Client):
    page = browser.post(NEW, {**HOME, "postal_code": ""})

    assert "Enter the postal code." in page.content.decode()


def test_an_american_address_needs_its_state(browser: Client):
    page = browser.post(NEW, {**HOME, "country": "US", "postal_code": "94103"})

    assert "State: An address in this country needs it." in page.content.decode()


def test_a_country_that_does_not_exist_is_refused(browser: Client):
    page = browser.post(NEW, {**HOME, "country": "ZZ"})

    assert page.status_code == 422
    assert not Address.objects.exists()


def test_a_new_default_replaces_the_old_one(browser: Client, buyer: Customer):
    old = kept(buyer)

    browser.post(NEW, {**HOME, "line1": "Hauptstr. 2", "is_default": "on"})

    old.refresh_from_db()
    assert not old.is_default
    assert Address.objects.get(line1="Hauptstr. 2").is_default


def test_another_address_is_made_the_default(browser: Client, buyer: Customer):
    first, second = kept(buyer), kept(buyer, line1="Hauptstr. 2")

    browser.post(f"{BOOK}{second.pk}/default/")

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.is_default, second.is_default) == (False, True)


def test_the_only_default_cannot_be_unticked_away(browser: Client, buyer: Customer):
    address = kept(buyer)

    browser.post(f"{BOOK}{address.pk}/", HOME)

    address.refresh_from_db()
    assert address.is_default


def test_an_address_is_changed(browser: Client, buyer: Customer):
    address = kept(buyer)

    browser.post(f"{BOOK}{address.pk}/", {**HOME, "line1": "Torstr. 99"})

    address.refresh_from_db()
    assert address.line1 == "Torstr. 99"


def test_deleting_the_default_promotes_the_newest(browser: Client, buyer: Customer):
    first, middle, newest = kept(buyer), kept(buyer, line1="B"), kept(buyer, line1="C")

    browser.post(f"{BOOK}{first.pk}/delete/")

    middle.refresh_from_db()
    newest.refresh_from_db()
    assert (middle.is_default, newest.is_default) == (False, True)


def test_other_peoples_addresses_are_not_found(buyer: Customer, charlie: User):
    address = kept(buyer)
    stranger = Client()
    stranger.force_login(charlie)

    answers = [
        stranger.get(f"{BOOK}{address.pk}/"),
        stranger.post(f"{BOOK}{address.pk}/", {**HOME, "line1": "Stolen"}),
        stranger.post(f"{BOOK}{address.pk}/delete/"),
        stranger.post(f"{BOOK}{address.pk}/default/"),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 404, 404]
    assert Address.objects.get().line1 == "Torstr. 1"


def test_an_address_added_at_checkout_leads_back_there(browser: Client):
    answer = browser.post(NEW, {**HOME, "next": "/checkout/"})

    assert answer.headers["Location"] == "/checkout/"


def test_an_address_never_leads_to_another_site(browser: Client):
    answers = [
        browser.post(NEW, {**HOME, "next": away})
        for away in ("https://evil.example/", "//evil.example", "javascript:alert(1)")
    ]

    assert {answer.headers["Location"] for answer in answers} == {BOOK}


def test_deleting_takes_a_post(browser: Client, buyer: Customer):
    address = kept(buyer)

    answer = browser.get(f"{BOOK}{address.pk}/delete/")

    assert answer.status_code == 405
    assert Address.objects.count() == 1


def test_the_form_speaks_the_words_of_the_country(browser: Client):
    american = browser.post(NEW, {**HOME, "country": "US", "country_only": "1"})
    hong_kong = browser.post(NEW, {**HOME, "country": "HK", "country_only": "1"})
    german = browser.post(NEW, {**HOME, "country": "DE", "country_only": "1"})

    assert american.status_code == hong_kong.status_code == german.status_code == 200
    assert "ZIP code" in american.content.decode()
    assert "State" in american.content.decode()
    assert "Torstr. 1" in american.content.decode(), "what was typed stays"
    assert "postal_code" not in hong_kong.content.decode()
    assert 'name="region"' not in german.content.decode()
    assert not Address.objects.exists()


def test_a_name_of_200_letters_from_right_to_left_survives(browser: Client):
    name = "محمد " * 39 + "عليّ"

    browser.post(NEW, {**HOME, "name": name})

    assert Address.objects.get().name == name.strip()
    assert name.strip() in browser.get(BOOK).content.decode()
    assert browser.post(NEW, {**HOME, "name": "x" * 201}).status_code == 422


def test_one_address_is_for_parcels_and_another_for_bills(browser: Client, buyer: Customer):
    home, work = kept(buyer), kept(buyer, line1="Invalidenstr. 2")

    browser.post(f"{BOOK}{work.pk}/default/", {"for": "billing"})

    assert buyer.addresses.get(is_default=True) == home
    assert buyer.addresses.get(is_billing_default=True) == work


def test_an_address_typed_when_the_session_ended_is_there_after_signing_in(alice: User, client: Client):
    client.post(NEW, {**HOME, "line1": "Half-typed Street 1", "next": "/checkout/"})

    client.force_login(alice)
    page = client.get(NEW).content.decode()

    assert "Half-typed Street 1" in page
    assert "not saved yet" in page
    assert not Address.objects.exists()
