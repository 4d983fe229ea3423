"""Which language a page speaks."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core import mail as outbox
from django.test import Client
from django.utils import translation

from accounts.models import User
from marketplace.checks import languages_are_compiled

pytestmark = pytest.mark.django_db

GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    """What a German page switched on in this thread ends with the test."""
    with translation.override("en"):
        yield


def test_a_page_speaks_what_the_browser_asks_for(client: Client) -> None:
    german = client.get("/", headers=GERMAN)
    french = client.get("/", headers={"Accept-Language": "fr"})

    assert b'<html lang="de"' in german.content
    assert german.headers["Content-Language"] == "de"
    assert b'<html lang="en"' in french.content
    assert french.headers["Content-Language"] == "en"


def test_caches_know_what_the_language_hangs_on(client: Client) -> None:
    vary = client.get("/").headers["Vary"]

    assert {"Accept-Language", "Cookie"} <= {name.strip() for name in vary.split(",")}


def test_the_switch_stays_on_the_page_and_is_remembered(client: Client) -> None:
    answer = client.post("/language/", {"language": "de", "next": "/browse/?q=mug"})

    assert answer.status_code == 302
    assert answer.headers["Location"] == "/browse/?q=mug"
    assert b'<html lang="de"' in client.get("/", headers={"Accept-Language": "en"}).content


def test_a_language_that_was_not_compiled_is_told(settings: Any, tmp_path: Path) -> None:
    assert languages_are_compiled() == []

    settings.LOCALE_PATHS = [tmp_path]

    assert [warning.id for warning in languages_are_compiled()] == ["marketplace.W001"]


def test_the_switch_leads_back_to_this_site_only(client: Client) -> None:
    answer = client.post("/language/", {"language": "de", "next": "https://elsewhere.example/"})
    unknown = client.post("/language/", {"language": "xx", "next": "/browse/"})

    assert answer.headers["Location"] == "/"
    assert unknown.headers["Location"] == "/browse/"
    assert client.cookies["django_language"].value == "de"
    assert client.get("/language/").status_code == 405


def test_after_a_form_the_switch_leads_to_the_page_of_the_form(client: Client) -> None:
    page = client.post("/accounts/login/", {}, headers={"Referer": "http://testserver/accounts/login/?next=/basket/"})
    foreign = client.post("/accounts/login/", {}, headers={"Referer": "http://elsewhere.example/there/"})

    assert 'name="next" value="/accounts/login/?next=/basket/"' in page.content.decode()
    assert 'name="next" value="/"' in foreign.content.decode()


def test_whoever_signs_up_in_german_is_written_to_in_german(client: Client) -> None:
    client.post(
        "/accounts/signup/", {"email": "greta@example.org", "password1": "vier wörter ohne sinn"}, headers=GERMAN
    )

    assert User.objects.get().language == "de"
    assert outbox.outbox[0].subject == "Bestätigen Sie Ihre E-Mail-Adresse"
