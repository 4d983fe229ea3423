"""Photos are looked at before they are kept."""

import struct
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image, ImageCms

from accounts.models import Seller
from catalog import photos
from catalog.models import Listing, Photo
from tests.factories import ListingFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def jug(bobs_shop: Seller) -> Listing:
    return ListingFactory(seller=bobs_shop)


def picture(kind: str = "JPEG", size: tuple[int, int] = (400, 300), **more: object) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, "#b5573c").save(out, kind, **more)
    return out.getvalue()


def stored(photo: Photo) -> Image.Image:
    return Image.open(BytesIO(content(photo.image.name)))


def content(name: str) -> bytes:
    with default_storage.open(name) as file:
        return file.read()


def header_of_a_bomb() -> bytes:
    """A PNG that claims to be 30,000 pixels square, in a few bytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    facts = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", facts) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_every_usual_kind_becomes_webp_in_two_sizes(jug: Listing, kind: str):
    photo = photos.store(jug, BytesIO(picture(kind, (2400, 3000))))
    photos.make_thumbnails()
    photo.refresh_from_db()

    small = Image.open(BytesIO(content(photo.small.name)))
    assert (stored(photo).format, stored(photo).size) == ("WEBP", (1440, 1800))
    assert (photo.width, photo.height) == (1440, 1800)
    assert small.size == (576, 720)


def test_what_the_camera_wrote_is_gone_and_the_picture_is_upright(jug: Listing):
    facts = Image.Exif()
    facts[0x0112] = 6  # the camera was held sideways
    facts[0x010F] = "Camera of Bob"
    facts.get_ifd(0x8825)[1] = "N"

    photo = photos.store(jug, BytesIO(picture(size=(400, 300), exif=facts, comment=b"secret place")))

    kept = stored(photo)
    assert kept.size == (300, 400)
    assert not kept.getexif()
    assert b"Camera of Bob" not in content(photo.image.name)


def test_a_colour_profile_is_applied_and_dropped(jug: Listing):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

    photo = photos.store(jug, BytesIO(picture(icc_profile=profile)))

    assert "icc_profile" not in stored(photo).info


def test_a_see_through_picture_stays_see_through(jug: Listing):
    out = BytesIO()
    Image.new("RGBA", (40, 50), (0, 0, 0, 0)).save(out, "PNG")

    assert stored(photos.store(jug, BytesIO(out.getvalue()))).mode == "RGBA"


@pytest.mark.parametrize("mode", ["L", "LA", "P", "CMYK", "1", "I;16"])
def test_unusual_pixels_are_read_too(jug: Listing, mode: str):
    out = BytesIO()
    Image.new(mode, (40, 50)).save(out, "JPEG" if mode == "CMYK" else "PNG")

    assert stored(photos.store(jug, BytesIO(out.getvalue()))).size == (40, 50)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "This file is empty"),
        (b"just words", "not a photo we can read"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "not a photo we can read"),
        (b"%PDF-1.7 ...", "not a photo we can read"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 50, "not a photo we can read"),
        (picture(size=(900, 900), quality=95)[:3000], "damaged or cut short"),
        (header_of_a_bomb(), "more than 50 million pixels"),
        (b"\0" * (10 * 1024 * 1024 + 1), "larger than 10 MB"),
    ],
    ids=["empty", "text", "svg", "pdf", "almost", "cut", "bomb", "large"],
)
def test_what_is_not_a_photo_is_refused_with_a_sentence(jug: Listing, content: bytes, sentence: str):
    with pytest.raises(photos.PhotoRefused, match=sentence):
        photos.store(jug, BytesIO(content))

    assert not Photo.objects.exists()


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "ICO", "PPM"])
def test_kinds_that_are_not_offered_are_refused(jug: Listing, kind: str):
    with pytest.raises(photos.PhotoRefused, match="Choose a JPEG, PNG, WebP or GIF file"):
        photos.store(jug, BytesIO(picture(kind, (64, 64))))


def test_a_ninth_photo_is_refused(jug: Listing):
    for _photo in range(8):
        photos.store(jug, BytesIO(picture(size=(4, 5))))

    with pytest.raises(photos.PhotoRefused, match="room for 8 photos"):
        photos.store(jug, BytesIO(picture(size=(4, 5))))


def test_the_name_of_a_file_is_never_used(bobs_browser: Client, jug: Listing):
    upload = SimpleUploadedFile("../../evil.php", picture(), content_type="text/html")

    bobs_browser.post(f"/desk/listings/{jug.pk}/photos/", {"photos": [upload]})

    name = jug.photos.get().image.name
    assert "evil" not in name
    assert name.endswith(".webp")


def test_good_photos_are_kept_and_the_bad_one_is_named(bobs_browser: Client, jug: Listing):
    page = bobs_browser.post(
        f"/desk/listings/{jug.pk}/photos/",
        {"photos": [SimpleUploadedFile("jug.jpg", picture()), SimpleUploadedFile("notes.jpg", b"not a picture")]},
    )

    assert jug.photos.count() == 1
    assert page.status_code == 422
    assert "notes.jpg: This is not a photo we can read." in page.content.decode()


def test_adding_no_photo_says_so(bobs_browser: Client, jug: Listing):
    page = bobs_browser.post(f"/desk/listings/{jug.pk}/photos/", {})

    assert page.context["photos_form"].errors["photos"]


def test_photos_come_with_a_new_listing(bobs_browser: Client, jug: Listing):
    bobs_browser.post(
        "/desk/listings/new/",
        {"title": "Bowl", "category": jug.category_id, "description": "d", "price": "5", "currency": "eur",
         "available": "1", "delivery": "pickup", "photos": [SimpleUploadedFile("a.png", picture("PNG"))]},
    )  # fmt: skip

    assert Listing.objects.get(title="Bowl").photos.count() == 1


def test_a_photo_moves_forward_and_becomes_the_cover(bobs_browser: Client, jug: Listing):
    first, second = (photos.store(jug, BytesIO(picture(size=(4, 5)))) for _photo in range(2))

    bobs_browser.post(f"/desk/photos/{second.pk}/earlier/")
    bobs_browser.post(f"/desk/photos/{second.pk}/earlier/")

    assert list(jug.photos.all()) == [second, first]


def test_a_photo_is_described(bobs_browser: Client, jug: Listing):
    photo = photos.store(jug, BytesIO(picture(size=(4, 5))))

    bobs_browser.post(f"/desk/photos/{photo.pk}/describe/", {"alt": "A round jug on a table"})

    photo.refresh_from_db()
    assert photo.alt == "A round jug on a table"


def test_a_removed_photos_files_are_gone(
    bobs_browser: Client, jug: Listing, settings: object, django_capture_on_commit_callbacks: object
):
    photo = photos.store(jug, BytesIO(picture(size=(4, 5))))

    with django_capture_on_commit_callbacks(execute=True):
        bobs_browser.post(f"/desk/photos/{photo.pk}/remove/")

    assert not jug.photos.exists()
    assert [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("act", ["earlier", "remove", "describe"])
def test_another_sellers_photo_is_not_found(bobs_browser: Client, act: str):
    photo = Photo.objects.create(listing=ListingFactory(), image="a.webp")

    assert bobs_browser.post(f"/desk/photos/{photo.pk}/{act}/", {"alt": "mine"}).status_code == 404


def test_until_a_worker_has_drawn_the_small_picture_pages_show_the_large_one(client: Client, jug: Listing):
    photo = photos.store(jug, BytesIO(picture()))

    before = client.get(jug.get_absolute_url()).content.decode()
    drawn = [photos.make_thumbnails(), photos.make_thumbnails()]
    after = client.get(jug.get_absolute_url()).content.decode()

    photo.refresh_from_db()
    assert drawn == [1, 0]
    assert photo.image.name in before
    assert "srcset" not in before
    assert photo.small.name in after


def test_a_photo_whose_file_is_gone_keeps_no_other_from_its_thumbnail(jug: Listing):
    lost, good = (photos.store(jug, BytesIO(picture())) for _photo in range(2))
    default_storage.delete(lost.image.name)

    assert photos.make_thumbnails() == 1
    good.refresh_from_db()
    assert good.small.name


def test_photos_whose_files_are_gone_fill_no_batch_for_good(jug: Listing, monkeypatch: pytest.MonkeyPatch):
    gone, good = (photos.store(jug, BytesIO(picture(size=(4, 5)))) for _each in range(2))
    default_storage.delete(gone.image.name)
    monkeypatch.setattr(photos, "BATCH", 1)

    made = sum(photos.make_thumbnails() for _sweep in range(40))

    good.refresh_from_db()
    assert (made, bool(good.small)) == (1, True)


def test_a_picture_of_100_megapixels_is_refused_with_a_sentence(jug: Listing):
    out = BytesIO()
    Image.new("1", (10_000, 10_000)).save(out, "PNG")
    out.seek(0)

    with pytest.raises(photos.PhotoRefused, match="more than 50 million pixels"):
        photos.store(jug, out)


def test_what_hides_behind_a_picture_is_gone(jug: Listing):
    photo = photos.store(jug, BytesIO(picture() + b"<script>alert(1)</script>PK\x03\x04"))

    assert b"<script>" not in content(photo.image.name)


@pytest.mark.parametrize("mode", ["RGBA", "P", "L"])
def test_a_large_picture_is_drawn_as_a_small_one_is(jug: Listing, mode: str):
    out, facts = BytesIO(), Image.Exif()
    facts[0x0112] = 6
    left = Image.new("RGBA", (5400, 3700), "#b5573c")
    left.paste("#3c57b5", (0, 0, 2700, 3700))
    left.convert(mode).save(out, "PNG", exif=facts)
    out.seek(0)

    photo = photos.store(jug, out)

    kept = stored(photo)
    assert kept.size == (photo.width, photo.height) == (1234, 1800)
    upper, lower = (kept.convert("RGB").getpixel((600, y)) for y in (10, 1790))
    assert upper[2] > lower[2] or mode == "L"
    assert not kept.getexif()


def test_a_webp_picture_may_have_fewer_pixels_for_it_is_read_in_several_copies(jug: Listing):
    out = BytesIO()
    Image.new("RGB", (5000, 4200)).save(out, "WEBP", method=0, quality=1)
    out.seek(0)

    with pytest.raises(photos.PhotoRefused, match="more than 20 million pixels"):
        photos.store(jug, out)
