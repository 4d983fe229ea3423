"""Listings in the admin: their pictures, and a list with nothing in it."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from catalog.models import Photo
from tests.factories import ListingFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def dana(client: Client) -> None:
    """The admin, signed in."""
    client.force_login(UserFactory(is_staff=True, is_superuser=True))


def test_staff_see_the_pictures_of_a_listing(client: Client) -> None:
    listing = ListingFactory()
    Photo.objects.create(listing=listing, image="photos/large.webp", small="photos/small.webp", alt="A mug")

    page = client.get(reverse("admin:catalog_listing_change", args=[listing.pk])).content.decode()

    assert re.search(r'<img class="thumb" src="[^"]*photos/small.webp"', page)


@pytest.mark.parametrize(("query", "says"), [("", "There is nothing here yet."), ("?q=lamp", "Nothing is found for")])
def test_an_empty_list_says_that_it_is(client: Client, query: str, says: str) -> None:
    page = client.get(reverse("admin:catalog_listing_changelist") + query).content.decode()

    assert says in page
