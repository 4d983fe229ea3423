"""What is kept of the moment of a purchase."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.db import DatabaseError, transaction
from django.test import Client

from catalog.models import Listing
from customers.models import Customer
from kit.clock import now
from orders import facts, terms
from orders.facts import Circumstances
from orders.models import Basket, Purchase, PurchaseFacts, Terms
from tests.factories import UserFactory
from tests.unit.orders.conftest import Place
from tests.unit.orders.test_placing import fill

HOW = {"user_agent": "Mozilla/5.0", "device_id": "abcdefghijklmnopqrstuv", "language": "de-DE,de"}


@pytest.fixture(autouse=True)
def first_terms(db: None) -> None:
    """What a migration published. Tests that commit empty every table, this one too."""
    import_module("orders.migrations.0006_first_terms").publish(apps, None)


@pytest.fixture
def purchase(basket: Basket, bowl: Listing, place: Place) -> Purchase:
    fill(basket, (bowl, 2))
    return place(how=Circumstances(**HOW, shown=terms.shown()))


def test_a_purchase_keeps_who_placed_it_from_where_and_under_which_words(purchase: Purchase, alice: Customer) -> None:
    kept = purchase.facts

    words = Terms.objects.get(kind="terms", version=1)
    assert (kept.ip, kept.user_agent, kept.device_id, kept.language) == ("192.0.2.7", *HOW.values())
    assert (kept.email, kept.account_id) == (alice.user.email, str(alice.user.pk))
    assert (kept.terms, kept.terms_digest) == (words, words.digest)
    assert kept.refund_policy is not None
    assert kept.refund_policy_digest == kept.refund_policy.digest
    assert kept.keep_until == purchase.placed_at + timedelta(days=540)


def test_what_was_bought_stays_as_it_was_shown_when_the_listing_changes(purchase: Purchase, bowl: Listing) -> None:
    Listing.objects.update(title="Blue bowl", description="Glass.", delivery="digital")

    (kept,) = PurchaseFacts.objects.get().bought

    assert kept == {
        "listing": bowl.pk,
        "title": "Grey bowl",
        "variant": "",
        "description": "Washed linen, two pockets.",
        "delivery": "shipped",
        "seller": bowl.seller.name,
        "quantity": 2,
        "unit_price": 2400,
    }


def test_placing_the_same_again_keeps_the_facts_of_the_first_time(purchase: Purchase, place: Place) -> None:
    again = place(how=Circumstances(user_agent="another"))

    assert again == purchase
    assert PurchaseFacts.objects.get().user_agent == "Mozilla/5.0"


@pytest.mark.parametrize(
    "change",
    [
        {"ip": "198.51.100.1"},
        {"bought": []},
        {"terms_digest": ""},
        {"keep_until": now()},
        {"forgotten_at": now() + timedelta(days=600)},
        {"forgotten_at": now() + timedelta(days=600), "ip": None, "email": "somebody@example.org"},
    ],
)
def test_facts_cannot_be_changed(purchase: Purchase, change: dict[str, object]) -> None:
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        PurchaseFacts.objects.update(**change)


def test_facts_cannot_be_removed(purchase: Purchase) -> None:
    with pytest.raises(DatabaseError, match="Cannot delete"), transaction.atomic():
        PurchaseFacts.objects.all().delete()


def test_after_their_time_the_personal_parts_are_forgotten_and_the_rest_stays(purchase: Purchase) -> None:
    kept, later = purchase.facts, now() + timedelta(days=541)

    assert facts.forget(kept, at=later)
    assert not facts.forget(kept, at=later)

    kept, purchase = PurchaseFacts.objects.get(), Purchase.objects.get()
    assert [kept.ip, kept.email, kept.device_id, kept.user_agent, kept.account_id] == [None, "", "", "", ""]
    assert purchase.placed_from is None
    assert (kept.bought[0]["title"], kept.terms_digest, kept.forgotten_at) == (
        "Grey bowl",
        Terms.objects.get(kind="terms").digest,
        later,
    )


def test_before_their_time_nothing_is_forgotten(purchase: Purchase) -> None:
    assert not facts.forget(purchase.facts, at=now() + timedelta(days=539))

    assert PurchaseFacts.objects.get().ip == "192.0.2.7"


def test_staff_read_the_facts_and_change_nothing(purchase: Purchase, admin_client: Client) -> None:
    page = admin_client.get(f"/admin/orders/purchasefacts/{purchase.facts.pk}/change/")
    listed = admin_client.get("/admin/orders/purchasefacts/", {"q": purchase.number})

    words = page.content.decode()
    assert "2 × Grey bowl" in words
    assert "Washed linen" in words
    assert 'name="_save"' not in words
    assert purchase.number in listed.content.decode()


def test_the_terms_are_there_in_every_published_version(client: Client, db: None) -> None:
    Terms.objects.create(kind="refunds", version=2, title="Refund policy", body="New words.", published_at=now())
    Terms.objects.create(kind="refunds", version=3, title="Refund policy", body="A draft.")

    newest, first, draft = (client.get(f"/refund-policy/{part}") for part in ("", "1/", "3/"))

    assert "New words." in newest.content.decode()
    assert "Read the newest version" in first.content.decode()
    assert draft.status_code == 404
    assert "What we keep about your order" in client.get("/terms/").content.decode()


def test_a_german_page_says_in_which_language_the_terms_are(client: Client, db: None) -> None:
    german, english = (
        client.get("/terms/", headers={"Accept-Language": language}).content.decode() for language in ("de", "en")
    )

    assert "Dieser Text ist auf Englisch geschrieben." in german
    assert '<div class="prose" lang="en">' in german
    assert "This text is written in" not in english


def test_published_terms_cannot_be_changed(db: None) -> None:
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        Terms.objects.update(body="Other words.")


def test_staff_publish_a_draft_and_the_next_buyer_accepts_it(admin_client: Client) -> None:
    draft = Terms.objects.create(kind="terms", version=2, title="Terms of buying", body="New words.")

    admin_client.post("/admin/orders/terms/", {"action": "publish", "_selected_action": [draft.pk]})

    assert terms.shown().mark == "2-1"
    assert admin_client.get(f"/admin/orders/terms/{draft.pk}/change/").content.decode().count('name="body"') == 0


def test_somebody_without_rights_sees_no_facts(purchase: Purchase, client: Client) -> None:
    client.force_login(UserFactory(is_staff=True))

    assert client.get("/admin/orders/purchasefacts/").status_code == 403
