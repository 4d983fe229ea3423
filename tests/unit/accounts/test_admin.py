"""Dana's pages about people and sellers."""

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from accounts import guidelines
from accounts.models import ConnectedAccount, Guidelines, GuidelinesAcceptance, Seller, User
from customers.models import Address
from customers.profiles import customer_for, save_address


@pytest.fixture
def dana(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("dana@example.com", "a long enough password"))
    return client


def page(dana: Client, name: str, *args: object, **query: str) -> str:
    answer = dana.get(reverse(f"admin:{name}", args=args), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_dana_finds_a_person_and_their_shops(dana: Client, bobs_shop: Seller, bob: User):
    found = page(dana, "accounts_user_changelist", q="Baker")
    person = page(dana, "accounts_user_change", bob.pk)

    assert "bob@example.com" in found
    assert "Bob&#x27;s Bakery" in person


def test_dana_adds_a_person(dana: Client):
    form = page(dana, "accounts_user_add")
    dana.post(
        reverse("admin:accounts_user_add"),
        {
            "email": "New@Example.com",
            "usable_password": "true",
            "password1": "a long enough pass",
            "password2": "a long enough pass",
        },
    )

    assert "password1" in form
    assert User.objects.get(email="new@example.com").check_password("a long enough pass")


def test_dana_sees_a_seller_with_team_and_account(dana: Client, bobs_account: ConnectedAccount):
    listed = page(dana, "accounts_seller_changelist", q="bakery")
    seen = page(dana, "accounts_seller_change", bobs_account.seller_id)

    assert "not asked for" in listed
    assert "acct_bob" in seen
    assert "bob@example.com" in seen


def test_dana_reads_what_stripe_asks_of_an_account_and_follows_its_operations(
    dana: Client, bobs_account: ConnectedAccount
):
    bobs_account.requirements = [
        {"code": "contact_email", "owner": "seller", "status": "currently_due", "deadline": None, "errors": []}
    ]
    bobs_account.save()

    seen = page(dana, "accounts_connectedaccount_change", bobs_account.pk)

    assert "An e-mail address Stripe can reach you at" in seen
    assert f"q=account:{bobs_account.pk}" in seen


def test_an_account_cannot_be_changed_by_hand(dana: Client, bobs_account: ConnectedAccount):
    url = reverse("admin:accounts_connectedaccount_change", args=[bobs_account.pk])

    answer = dana.post(url, {"transfers": "active"})

    bobs_account.refresh_from_db()
    assert answer.status_code == 403
    assert bobs_account.transfers == "unrequested"


def test_an_acceptance_cannot_be_changed_or_deleted(dana: Client, accepted: Seller):
    acceptance = GuidelinesAcceptance.objects.get()

    seen = page(dana, "accounts_guidelinesacceptance_change", acceptance.pk)
    answer = dana.post(reverse("admin:accounts_guidelinesacceptance_delete", args=[acceptance.pk]), {"post": "yes"})

    assert "203.0.113.7" in seen
    assert answer.status_code == 403


def test_dana_drafts_and_publishes_a_new_version(dana: Client, accepted: Seller):
    dana.post(reverse("admin:accounts_guidelines_add"), {"version": "2", "title": "Guidelines", "body": "New words."})
    draft = Guidelines.objects.get(version=2)
    before = guidelines.has_accepted(accepted)

    dana.post(
        reverse("admin:accounts_guidelines_changelist"), {"action": "publish", "_selected_action": [str(draft.pk)]}
    )

    assert (before, guidelines.has_accepted(accepted)) == (True, False)


def test_published_words_cannot_be_changed(dana: Client, first_guidelines: Guidelines):
    url = reverse("admin:accounts_guidelines_change", args=[first_guidelines.pk])

    answer = dana.post(url, {"version": "1", "title": "Other", "body": "Other."})

    assert answer.status_code == 403


def test_dana_finds_a_buyer_and_their_addresses(dana: Client, alice: User):
    buyer = customer_for(alice)
    save_address(buyer, Address(name="Alice", line1="Torstr. 1", postal_code="10119", city="Berlin", country="DE"))

    found = page(dana, "customers_customer_changelist", q="Archer")
    seen = page(dana, "customers_customer_change", buyer.pk)
    addresses = page(dana, "customers_address_changelist", q="Torstr")

    assert "alice@example.com" in found
    assert "Torstr. 1" in seen
    assert f"q=customer:{buyer.pk}" in seen
    assert "Germany" in addresses


def test_the_list_of_sellers_asks_no_more_for_more_rows(
    dana: Client, bobs_account: ConnectedAccount, django_assert_max_num_queries
):
    for number in range(10):
        seller = Seller.objects.create(name=f"Shop {number}", slug=f"s-{number}", country="DE", currency="eur")
        ConnectedAccount.objects.create(seller=seller)

    with django_assert_max_num_queries(12):
        page(dana, "accounts_seller_changelist")


def test_somebody_who_is_not_staff_sees_no_admin(bob: User, bobs_shop: Seller):
    browser = Client()
    browser.force_login(bob)

    answer = browser.get(reverse("admin:accounts_seller_changelist"))

    assert answer.status_code in (302, 403)


def test_dana_takes_away_a_photo_that_is_not_fit_to_be_shown(dana: Client, bobs_shop: Seller):
    bobs_shop.portrait.save("face.webp", ContentFile(b"a picture"))
    storage, name = bobs_shop.portrait.storage, bobs_shop.portrait.name

    dana.post(
        reverse("admin:accounts_seller_changelist"), {"action": "take_photo_away", "_selected_action": [bobs_shop.pk]}
    )

    bobs_shop.refresh_from_db()
    assert not bobs_shop.portrait
    assert not storage.exists(name)
    assert 'type="file"' not in page(dana, "accounts_seller_change", bobs_shop.pk)
