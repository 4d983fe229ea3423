"""Error pages speak our language, and the ones for bad days need nothing that may be broken."""

import pytest
import redis
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from marketplace.urls import handler400, handler403, handler404, handler429, handler500
from marketplace.urls import urlpatterns as all_of_it

__all__ = ["handler400", "handler403", "handler404", "handler429", "handler500", "urlpatterns"]

FAILURES = {
    "odd": SuspiciousOperation("odd"),
    "closed": PermissionDenied(),
    "bug": ZeroDivisionError(),
    "database": OperationalError("the database is away"),
    "redis": redis.ConnectionError("redis is away"),
}


def failing(request: HttpRequest, how: str) -> HttpResponse:
    raise FAILURES[how]


urlpatterns = [*all_of_it, path("failing/<str:how>/", failing)]


@pytest.fixture
def visitor():
    return Client(raise_request_exception=False)


@pytest.mark.django_db
@pytest.mark.urls(__name__)
@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/nowhere/", 404, "There is nothing here"),
        ("/failing/odd/", 400, "We could not read that"),
        ("/failing/closed/", 403, "This is not open to you"),
        ("/basket/add/", 405, "Nothing was done yet"),
    ],
)
def test_a_visitor_is_told_what_happened_and_the_way_on(visitor, address, status, words):
    response = visitor.get(address)

    assert response.status_code == status
    assert words in response.text
    assert "Go to the start page" in response.text


@pytest.mark.django_db
@pytest.mark.urls(__name__)
def test_who_is_not_signed_in_is_not_told_that_they_are(visitor, admin_client):
    assert "You are signed in as somebody" not in visitor.get("/failing/closed/").text
    assert "You are signed in as somebody" in admin_client.get("/failing/closed/").text


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/nowhere/", "/browse/nothing-of-the-kind/"])
def test_the_demo_shows_the_same_page_not_the_list_of_addresses(settings, address):
    settings.DEBUG = True
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "marketplace.middleware.NotFoundPageMiddleware"]

    response = Client().get(address)

    assert response.status_code == 404
    assert "There is nothing here" in response.text
    assert "urlpatterns" not in response.text.lower()
    assert "URLconf" not in response.text


@pytest.mark.urls(__name__)
def test_a_bug_shows_a_page_that_needs_no_database(visitor, django_db_blocker):
    with django_db_blocker.block():
        response = visitor.get("/failing/bug/")

    assert response.status_code == 500
    assert "Something broke on our side" in response.text
    assert "ZeroDivisionError" not in response.text


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("how", ["database", "redis"])
def test_a_neighbour_that_is_away_is_a_pause_not_a_bug(visitor, how):
    response = visitor.get(f"/failing/{how}/")

    assert response.status_code == 503
    assert response.headers["Retry-After"] == "30"
    assert "Nothing is lost" in response.text


@pytest.mark.django_db
def test_a_form_without_its_token_is_refused_in_words():
    strict = Client(enforce_csrf_checks=True)

    response = strict.post("/accounts/login/", {"login": "alice@example.org", "password": "secret"})

    assert response.status_code == 403
    assert "This form was open too long" in response.text


@pytest.mark.django_db
def test_too_many_tries_are_answered_in_words(client, settings):
    settings.ACCOUNT_RATE_LIMITS = {"reset_password": "1/m/ip"}

    client.post("/accounts/password/reset/", {"email": "alice@example.org"})
    response = client.post("/accounts/password/reset/", {"email": "alice@example.org"})

    assert response.status_code == 429
    assert "Please wait a moment" in response.text


@pytest.mark.django_db
@pytest.mark.urls("tests.unit.marketplace.dev_urls")
@pytest.mark.parametrize("status", [400, 403, 404, 405, 414, 429, 500, 503])
def test_the_gallery_shows_each_error_page(client, status):
    assert client.get(f"/_gallery/errors/{status}/").status_code == status


@pytest.mark.django_db
@pytest.mark.urls("tests.unit.marketplace.dev_urls")
def test_the_gallery_shows_every_piece(client):
    response = client.get("/_gallery/")

    assert response.status_code == 200
    assert " style=" not in response.text


@pytest.mark.django_db
def test_crawlers_are_kept_out_of_everything_but_production(client, settings):
    closed = client.get("/robots.txt").text
    settings.IN_PRODUCTION = True
    shop = client.get("/robots.txt").text

    assert "Disallow: /\n" in closed
    assert "Disallow: /basket/" in shop
    assert "Disallow: /\n" not in shop
    assert f"Sitemap: {settings.SITE_URL}/sitemap.xml\n" in shop
