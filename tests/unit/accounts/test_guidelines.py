from importlib import import_module

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from accounts import guidelines
from accounts.models import Guidelines, GuidelinesAcceptance, Seller, User
from tests.unit.accounts.conftest import SignIn

URL = "/sell/guidelines/"


def second_version(*, published: bool = True) -> Guidelines:
    moment = timezone.now() if published else None
    return Guidelines.objects.create(version=2, title="Guidelines", body="New words.", published_at=moment)


def test_anybody_may_read_the_guidelines(client, first_guidelines: Guidelines):
    page = client.get(URL)

    assert page.status_code == 200
    assert b"Version 1" in page.content
    assert b"Accept the guidelines" not in page.content


def test_acceptance_keeps_version_person_time_and_address(bobs_shop: Seller, bob: User, sign_in: SignIn):
    browser = sign_in(bob)

    answer = browser.post(URL, {"version": 1, "accepted": "on"}, REMOTE_ADDR="203.0.113.7")

    kept = GuidelinesAcceptance.objects.get()
    assert answer.status_code == 302
    assert answer.headers["Location"] == reverse("accounts:onboarding")
    assert (kept.seller, kept.user, kept.guidelines.version, kept.ip_address) == (bobs_shop, bob, 1, "203.0.113.7")
    assert kept.accepted_at is not None


def test_without_the_tick_nothing_is_accepted(bobs_shop: Seller, bob: User, sign_in: SignIn):
    page = sign_in(bob).post(URL, {"version": 1})

    assert page.status_code == 422
    assert "Tick the box if you accept the guidelines." in page.content.decode()
    assert not GuidelinesAcceptance.objects.exists()


def test_accepting_a_version_that_was_replaced_meanwhile_shows_the_new_one(
    bobs_shop: Seller, bob: User, sign_in: SignIn
):
    second_version()

    answer = sign_in(bob).post(URL, {"version": 1, "accepted": "on"}, follow=True)

    assert "The guidelines have changed meanwhile." in answer.content.decode()
    assert "New words." in answer.content.decode()
    assert not GuidelinesAcceptance.objects.exists()


def test_a_new_version_has_to_be_accepted_again(accepted: Seller):
    assert guidelines.has_accepted(accepted)

    second_version()

    assert not guidelines.has_accepted(accepted)


def test_a_draft_changes_nothing_until_it_is_published(accepted: Seller):
    draft = second_version(published=False)
    assert guidelines.has_accepted(accepted)

    guidelines.publish(draft)

    assert not guidelines.has_accepted(accepted)
    assert draft.published_at is not None


def test_accepting_twice_keeps_the_first_record(accepted: Seller, bob: User):
    first = GuidelinesAcceptance.objects.get()

    again = guidelines.accept(accepted, version=1, user=bob, ip_address="198.51.100.1")

    assert again == first
    assert again.ip_address == "203.0.113.7"


def test_somebody_who_helps_in_a_shop_cannot_accept_for_it(accepted: Seller, helper: User, sign_in: SignIn):
    second_version()

    answer = sign_in(helper).post(URL, {"version": 2, "accepted": "on"})

    assert answer.status_code == 404
    assert not guidelines.has_accepted(accepted)


def test_a_visitor_who_accepts_is_sent_to_sign_in(client, first_guidelines: Guidelines):
    answer = client.post(URL, {"version": 1, "accepted": "on"})

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(reverse("account_login"))


def test_the_text_is_read_as_sections_paragraphs_and_lists():
    found = guidelines.sections("Before.\n\n## One\n\nA line\nand its end.\n\n- first\n- second")

    assert [section.title for section in found] == ["", "One"]
    assert found[1].blocks[0].text == "A line and its end."
    assert found[1].blocks[1].items == ("first", "second")


@pytest.mark.django_db
def test_the_marketplace_starts_with_published_guidelines_of_its_own():
    if not Guidelines.objects.exists():
        # A test that commits has emptied the table before this one.
        import_module("accounts.migrations.0002_first_guidelines").publish(apps, connection.schema_editor())
    version = Guidelines.objects.get(version=1)

    titles = [section.title for section in guidelines.sections(version.body)]

    assert version.published_at is not None
    assert "What you may sell" in titles
    assert "How you are paid" in titles
    assert "escrow" not in version.body.lower()


def test_the_database_keeps_acceptances_and_published_words(accepted: Seller, first_guidelines: Guidelines):
    changes = [
        lambda: GuidelinesAcceptance.objects.update(ip_address="198.51.100.1"),
        lambda: GuidelinesAcceptance.objects.all().delete(),
        lambda: Guidelines.objects.filter(pk=first_guidelines.pk).update(body="Other words."),
    ]

    for change in changes:
        with pytest.raises(DatabaseError, match="Cannot"), transaction.atomic():
            change()

    assert GuidelinesAcceptance.objects.get().ip_address == "203.0.113.7"
