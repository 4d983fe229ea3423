"""What a shop says about itself, and its face."""

from contextlib import closing
from io import BytesIO

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from accounts.models import Seller, User
from catalog import photos, portraits
from tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db

PAGE = "/desk/shop/"


def picture(size: tuple[int, int] = (600, 800), **more: object) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, "#b5573c").save(out, "JPEG", **more)
    return out.getvalue()


def upload(content: bytes, name: str = "bob.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="image/jpeg")


def test_a_seller_tells_their_story_and_shows_their_face(bobs_browser: Client, bobs_shop: Seller):
    answer = bobs_browser.post(
        PAGE, {"name": "  Tanner   & Daughters ", "about": "We tan.", "photo": upload(picture())}, follow=True
    )

    bobs_shop.refresh_from_db()
    assert "Your shop page is saved." in answer.text
    assert (bobs_shop.name, bobs_shop.slug, bobs_shop.about) == ("Tanner & Daughters", "tanner", "We tan.")
    assert bobs_shop.portrait_url in answer.text
    with closing(bobs_browser.get(bobs_shop.portrait_url)) as shown:
        assert shown.headers["Content-Type"] == "image/webp"


def test_the_photo_is_drawn_anew_as_a_square_without_what_the_camera_wrote(bobs_shop: Seller):
    facts = Image.Exif()
    facts[0x010F] = "Camera of Bob"

    portraits.keep(bobs_shop, BytesIO(picture((1500, 2400), exif=facts)))

    with default_storage.open(bobs_shop.portrait.name) as file:
        content = file.read()
    kept = Image.open(BytesIO(content))
    assert (kept.format, kept.size) == ("WEBP", (720, 720))
    assert not kept.getexif()
    assert b"Camera of Bob" not in content


def test_a_small_photo_is_not_blown_up(bobs_shop: Seller):
    portraits.keep(bobs_shop, BytesIO(picture((90, 120))))

    with default_storage.open(bobs_shop.portrait.name) as file:
        assert Image.open(file).size == (90, 90)


def test_a_new_photo_takes_the_place_of_the_old_one_whose_file_goes(
    bobs_shop: Seller, django_capture_on_commit_callbacks: object
):
    portraits.keep(bobs_shop, BytesIO(picture()))
    first = bobs_shop.portrait.name

    with django_capture_on_commit_callbacks(execute=True):
        portraits.keep(bobs_shop, BytesIO(picture()))

    assert bobs_shop.portrait.name != first
    assert not default_storage.exists(first)
    assert default_storage.exists(bobs_shop.portrait.name)


def test_the_photo_can_be_taken_away(
    bobs_browser: Client, bobs_shop: Seller, django_capture_on_commit_callbacks: object
):
    portraits.keep(bobs_shop, BytesIO(picture()))
    name = bobs_shop.portrait.name

    with django_capture_on_commit_callbacks(execute=True):
        page = bobs_browser.post(f"{PAGE}photo/remove/", follow=True)

    bobs_shop.refresh_from_db()
    assert "Without a photo buyers see this letter." in page.text
    assert bobs_shop.portrait_url == ""
    assert not default_storage.exists(name)


@pytest.mark.parametrize("content", [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<html>", b"GIF89a;not a picture"])
def test_what_is_no_photo_is_refused_at_its_field_and_nothing_typed_is_lost(
    bobs_browser: Client, bobs_shop: Seller, content: bytes
):
    page = bobs_browser.post(PAGE, {"name": "Other", "about": "My words.", "photo": upload(content)})

    bobs_shop.refresh_from_db()
    assert page.status_code == 422
    assert page.context["form"].errors["photo"]
    assert "My words." in page.text
    assert (bobs_shop.name, bobs_shop.about, bobs_shop.portrait_url) == ("Tanner & Sons", "", "")


def test_a_photo_of_too_many_bytes_is_refused(bobs_shop: Seller):
    with pytest.raises(photos.PhotoRefused):
        portraits.keep(bobs_shop, BytesIO(b"\xff" * (photos.MAX_BYTES + 1)))


@pytest.mark.parametrize("name", ["", "?!", "x" * 121])
def test_a_shop_keeps_a_name_with_something_to_read(bobs_browser: Client, bobs_shop: Seller, name: str):
    page = bobs_browser.post(PAGE, {"name": name, "about": "We tan."})

    bobs_shop.refresh_from_db()
    assert page.context["form"].errors["name"]
    assert bobs_shop.name == "Tanner & Sons"


def test_two_who_change_different_things_keep_both(bobs_shop: Seller):
    colleague: User = MembershipFactory(seller=bobs_shop, role="staff").user
    theirs = Client()
    theirs.force_login(colleague)
    Seller.objects.filter(pk=bobs_shop.pk).update(about="Bob’s new words.")

    # Opened before Bob saved: the story is as it was, the name is what the colleague changes.
    theirs.post(PAGE, {"name": "Tanner & Sons, Bristol", "about": "Bob’s new words."})

    bobs_shop.refresh_from_db()
    assert (bobs_shop.name, bobs_shop.about) == ("Tanner & Sons, Bristol", "Bob’s new words.")


def test_who_has_no_shop_is_sent_to_open_one(client: Client, db: None):
    person = MembershipFactory().user
    person.memberships.all().delete()
    client.force_login(person)

    assert client.get(PAGE).headers["Location"] == "/sell/"
    assert Client().get(PAGE).headers["Location"].startswith("/accounts/login/")
