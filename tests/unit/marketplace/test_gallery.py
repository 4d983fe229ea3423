"""The gallery shows every piece there is, in either scheme."""

import re
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.unit.marketplace.dev_urls")]

FOLDER = Path(settings.BASE_DIR) / "templates"
# The frame around every page, which the gallery has because it is a page; what is put together from the other pieces;
# and what only adds a script.
FRAME = {
    "account_menu.html",
    "account_nav.html",
    "desk_list.html",
    "desk_nav.html",
    "footer.html",
    "header.html",
    "htmx.html",
    "languages.html",
    "mark.html",
    "messages.html",
}


def test_every_piece_is_in_the_gallery(client):
    pieces = {path.name for path in (FOLDER / "components").glob("*.html")} - FRAME
    shown = {"money_bar.html"} | used_by("gallery/index.html", set())

    missing = pieces - shown

    assert missing == set()


def used_by(name: str, seen: set[str]) -> set[str]:
    """The pieces a template includes, and those these include."""
    if name in seen:
        return set()
    seen.add(name)
    text = (FOLDER / name).read_text()
    included = set(re.findall(r"{% include \"([^\"]+)\"", text)) | form_parts(text)
    found = {one.removeprefix("components/") for one in included if one.startswith("components/")}
    return found.union(*(used_by(one, seen) for one in sorted(included)))


def form_parts(text: str) -> set[str]:
    return {"django/forms/div.html"} if "{{ form }}" in text else set()


@pytest.mark.parametrize("scheme", ["", "light", "dark", "neither"])
def test_the_gallery_is_shown_in_the_scheme_asked_for(client, scheme):
    response = client.get("/_gallery/", {"scheme": scheme})

    assert response.status_code == 200
    assert ("scheme--dark" in response.text) == (scheme == "dark")
    assert "Refund €84.00 to the buyer" in response.text


def test_the_sample_letter_has_no_style_our_policy_forbids(client):
    response = client.get("/_gallery/letter/")

    assert "See your order" in response.text
    assert " style=" not in response.text


@pytest.mark.parametrize("name", ["400", "403", "403-csrf", "404", "405", "414", "429", "500", "503"])
def test_each_error_page_can_be_looked_at_and_has_a_way_on(client, name):
    response = client.get(f"/_gallery/errors/{name}/")

    assert response.status_code == int(name[:3])
    assert 'class="button"' in response.text


def test_there_are_no_other_error_pages(client):
    assert client.get("/_gallery/errors/418/").status_code == 404
