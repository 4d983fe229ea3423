"""Which language a page speaks."""

import pytest
from django.test import Client
from django.utils import translation

pytestmark = pytest.mark.django_db

GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}


@pytest.fixture(autouse=True)
def english_again() -> object:
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
