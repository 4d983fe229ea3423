"""A listing comes into the shop only when everything is there."""

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.models import ConnectedAccount, Seller
from catalog import publishing
from catalog.models import Listing
from kit.transitions import move
from tests.factories import ListingFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(bobs_shop: Seller) -> Listing:
    return ListingFactory(seller=bobs_shop, status="draft", published_at=None, title="Moon jug")


def test_a_complete_listing_is_published_and_its_history_says_by_whom(draft: Listing):
    publishing.publish(draft, "bob@example.org")

    draft.refresh_from_db()
    assert draft.status == Listing.Status.PUBLISHED
    assert draft.published_at is not None
    assert [move.actor for move in draft.moves.all()] == ["bob@example.org"]


def test_publishing_is_refused_while_stripe_does_not_let_the_seller_be_paid(draft: Listing):
    ConnectedAccount.objects.update(transfers="pending")

    with pytest.raises(publishing.CannotPublish, match="Stripe is checking"):
        publishing.publish(draft, "bob@example.org")

    draft.refresh_from_db()
    assert draft.status == Listing.Status.DRAFT


def test_every_missing_thing_is_named_at_once(draft: Listing):
    ConnectedAccount.objects.all().delete()
    draft.description = " "

    with pytest.raises(publishing.CannotPublish) as refusal:
        publishing.publish(draft, "bob@example.org")

    assert len(refusal.value.reasons) == 2


def test_hiding_and_showing_again_does_not_make_it_new(draft: Listing):
    publishing.publish(draft, "bob@example.org")
    first = draft.published_at

    publishing.hide(draft, "bob@example.org")
    publishing.publish(draft, "bob@example.org")

    assert draft.published_at == first


def test_the_seller_publishes_and_hides_from_the_listings_page(bobs_browser: Client, client: Client, draft: Listing):
    shown = bobs_browser.post(f"/desk/listings/{draft.pk}/publish/", follow=True).content.decode()
    seen_by_all = client.get(draft.get_absolute_url()).status_code
    hidden = bobs_browser.post(f"/desk/listings/{draft.pk}/hide/", follow=True).content.decode()

    assert "is in the shop now" in shown
    assert seen_by_all == 200
    assert "is hidden" in hidden
    assert client.get(draft.get_absolute_url()).status_code == 404


def test_the_seller_reads_why_it_cannot_be_published_and_where_to_go(bobs_browser: Client, draft: Listing):
    ConnectedAccount.objects.update(
        transfers="restricted", requirements=[{"code": "x", "owner": "seller", "status": "currently_due"}]
    )

    page = bobs_browser.post(f"/desk/listings/{draft.pk}/publish/", follow=True).content.decode()

    assert "Stripe still needs information from you" in page
    assert 'href="/sell/onboarding/"' in page
    assert "Publish listing" not in page
    draft.refresh_from_db()
    assert draft.status == Listing.Status.DRAFT


@pytest.mark.parametrize("act", ["publish", "hide"])
def test_another_sellers_listing_is_not_found(bobs_browser: Client, act: str):
    listing = ListingFactory()

    assert bobs_browser.post(f"/desk/listings/{listing.pk}/{act}/").status_code == 404


def test_hiding_a_draft_does_nothing(bobs_browser: Client, draft: Listing):
    bobs_browser.post(f"/desk/listings/{draft.pk}/hide/")

    draft.refresh_from_db()
    assert draft.status == Listing.Status.DRAFT


def test_nothing_is_published_without_a_date(draft: Listing):
    with pytest.raises(IntegrityError, match="listing_published_has_date"), transaction.atomic():
        move(draft, Listing.Status.PUBLISHED, actor="job", reason="forgot the date")
