"""Photos are served, and nothing else."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from catalog.demo_images import picture
from catalog.photos import store
from tests.factories import ListingFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_a_photo_is_served_for_everybody_and_for_long(client: Client) -> None:
    photo = store(ListingFactory(), BytesIO(picture("Oak spoon")))
    client.force_login(UserFactory())

    response = client.get(photo.image.url)

    assert response.status_code == 200
    assert response.headers["Content-Type"] == "image/webp"
    assert "immutable" in response.headers["Cache-Control"]
    assert "sandbox" in response.headers["Content-Security-Policy"]
    assert b"".join(response.streaming_content)[:4] == b"RIFF"


@pytest.mark.parametrize(
    "name", ["nothing.webp", "notes.txt", "page.html", "drawing.svg", "folder.webp", "../secret.webp"]
)
def test_anything_else_is_not_found(client: Client, settings: Any, name: str) -> None:
    root = Path(settings.MEDIA_ROOT)
    (root / "folder.webp").mkdir(parents=True)
    for there in ("notes.txt", "page.html", "drawing.svg", "../secret.webp"):
        (root / there).write_text("secret")

    assert client.get(f"/media/{name}").status_code == 404
