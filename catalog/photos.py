"""Photos: checked by what they are, not by what they are called, and drawn anew before anybody sees them.

Drawing anew drops all that is not the picture: the camera's place and owner, and whatever hides behind the pixels.
"""

import struct
import threading
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import IO

import structlog
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from catalog.models import Listing, Photo

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 50_000_000
# What reads these keeps four copies while it does.
MOST_PIXELS = {"WEBP": 20_000_000}
MAX_PHOTOS = 8
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
LARGE, SMALL = 1800, 720
QUALITY = 84
# So many thumbnails in one go of the worker: a second or two.
BATCH = 20
# From so many pixels on, one picture at a time is read in a process, and made smaller so many lines at a time.
LARGE_PIXELS, STRIP = 12_000_000, 64
_large = threading.Lock()

log = structlog.get_logger(__name__)


class PhotoRefused(Exception):
    """The file cannot become a photo; the message is a sentence for the seller."""


def store(listing: Listing, file: IO[bytes], *, alt: str = "") -> Photo:
    """Add `file` to the listing's photos, last in order. Raises PhotoRefused."""
    drawn = draw(file)
    with transaction.atomic():
        # Two uploads at once would both count seven and make nine: the listing's row lets one count at a time.
        Listing.objects.select_for_update().get(pk=listing.pk)
        if listing.photos.count() >= MAX_PHOTOS:
            raise PhotoRefused(_("A listing has room for %(count)d photos. Remove one first.") % {"count": MAX_PHOTOS})
        last = listing.photos.aggregate(last=Max("position"))["last"]
        photo = Photo(
            listing=listing,
            alt=alt,
            position=0 if last is None else last + 1,
            width=drawn.width,
            height=drawn.height,
        )
        name = uuid.uuid4().hex
        photo.image.save(f"{name}.webp", ContentFile(drawn.large), save=True)
    return photo


def make_thumbnails() -> int:
    """Draw the small picture of photos that have none yet; how many. Until then pages show the large one."""
    # In any order: those whose file is gone wait for good, and a batch full of them would hold up all others.
    waiting = list(Photo.objects.filter(small="").order_by("?")[:BATCH])
    return sum(_make_thumbnail(photo) for photo in waiting)


def _make_thumbnail(photo: Photo) -> bool:
    try:
        with photo.image.open("rb") as stored, Image.open(stored, formats=("WEBP",)) as picture:
            picture.thumbnail((SMALL, SMALL), Image.Resampling.LANCZOS)
            content = _webp(picture)
    except (OSError, SyntaxError):
        # The photo was removed this moment, or its file is not there: the large one is all there is.
        log.warning("thumbnail_impossible", photo=photo.pk)
        return False
    storage = photo.small.storage
    wanted = photo.small.field.generate_filename(photo, f"{uuid.uuid4().hex}-small.webp")
    name = storage.save(wanted, ContentFile(content))
    # Two workers draw the same one, or it is removed meanwhile: whoever finds the place taken or gone tidies up.
    if Photo.objects.filter(pk=photo.pk, small="").update(small=name) != 1:
        storage.delete(name)
        return False
    return True


def remove(photo: Photo) -> None:
    """Take the photo away; its files go once that is certain."""
    files = [(file.storage, file.name) for file in (photo.image, photo.small) if file.name]
    with transaction.atomic():
        photo.delete()
        for storage, name in files:
            transaction.on_commit(partial(storage.delete, name))


def move_earlier(photo: Photo) -> None:
    """Swap places with the photo before it; the first one stays first."""
    with transaction.atomic():
        # Everything renumbered under the listing's row, so that two moves at once cannot leave two photos in one place.
        Listing.objects.select_for_update().get(pk=photo.listing_id)
        order = list(Photo.objects.filter(listing=photo.listing_id))
        place = order.index(photo)
        if place > 0:
            order[place - 1], order[place] = order[place], order[place - 1]
        for position, each in enumerate(order):
            each.position = position
        Photo.objects.bulk_update(order, ["position"])


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture as a WebP file of this width and height."""

    large: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Encoded(Drawn):
    """The same picture small as well."""

    small: bytes


def draw(file: IO[bytes]) -> Drawn:
    """The picture upright, without metadata. Raises PhotoRefused."""
    picture = _open(file)
    picture.thumbnail((LARGE, LARGE), Image.Resampling.LANCZOS)
    width, height = picture.size
    return Drawn(_webp(picture), width, height)


def draw_square(file: IO[bytes], side: int) -> Drawn:
    """The middle of the picture as a square of at most `side` pixels, without metadata. Raises PhotoRefused."""
    picture = _open(file)
    side = min(side, *picture.size)
    # A little above the middle: that is where faces are.
    square = ImageOps.fit(picture, (side, side), Image.Resampling.LANCZOS, centering=(0.5, 0.4))
    return Drawn(_webp(square), side, side)


def encode(file: IO[bytes]) -> Encoded:
    """The picture in both sizes, for what nobody waits to see drawn. Raises PhotoRefused."""
    picture = _open(file)
    picture.thumbnail((LARGE, LARGE), Image.Resampling.LANCZOS)
    large, (width, height) = _webp(picture), picture.size
    picture.thumbnail((SMALL, SMALL), Image.Resampling.LANCZOS)
    return Encoded(large, width, height, _webp(picture))


def _open(file: IO[bytes]) -> Image.Image:
    data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise PhotoRefused(_("This file is larger than 10 MB. Choose a smaller one."))
    if not data:
        raise PhotoRefused(_("This file is empty. Choose another one."))
    try:
        with warnings.catch_warnings():
            # Pillow warns at its own limit before it refuses at twice that; ours is asked of the header, below.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(BytesIO(data), formats=FORMATS)
            if image.width * image.height > (most := MOST_PIXELS.get(str(image.format), MAX_PIXELS)):
                raise _too_many_pixels(most)
            # A JPEG can be read at a half or a quarter, which spares the memory of pixels nobody will see.
            image.draft("RGB", (LARGE, LARGE))
            with _one_large(image):
                image.load()
                picture = _smaller(image)
            return _in_srgb(ImageOps.exif_transpose(picture))
    except UnidentifiedImageError:
        raise PhotoRefused(_("This is not a photo we can read. Choose a JPEG, PNG, WebP or GIF file.")) from None
    except Image.DecompressionBombError:
        raise _too_many_pixels(MAX_PIXELS) from None
    except (OSError, SyntaxError, ValueError, OverflowError, struct.error):
        raise PhotoRefused(_("This photo is damaged or cut short. Save it again and try once more.")) from None


def _too_many_pixels(most: int) -> PhotoRefused:
    sentence = _("This picture has more than %(n)d million pixels. Save it smaller and try again.")
    return PhotoRefused(sentence % {"n": most // 1_000_000})


@contextmanager
def _one_large(image: Image.Image) -> Iterator[None]:
    """Large pictures are read one after the other: each takes four bytes a pixel, and many come at once."""
    with _large if image.width * image.height > LARGE_PIXELS else nullcontext():
        yield


def _smaller(image: Image.Image) -> Image.Image:
    """Not much larger than anybody sees it, by a strip at a time: every other way makes copies of the whole first."""
    factor = max(image.size) // LARGE
    if factor < 2:
        return image
    mode = "RGBA" if image.has_transparency_data else "RGB"
    small = Image.new(mode, (-(-image.width // factor), -(-image.height // factor)))
    for top in range(0, image.height, STRIP * factor):
        strip = image.crop((0, top, image.width, min(image.height, top + STRIP * factor)))
        small.paste(strip.convert(mode).reduce(factor), (0, top // factor))
    # What is said of the picture goes along: which way is up, and what its colours mean.
    small.info = dict(image.info)
    image.close()
    return small


def _in_srgb(image: Image.Image) -> Image.Image:
    """The same colours without a profile: browsers read a picture that has none as sRGB."""
    profile = image.info.get("icc_profile")
    flat = image.convert("RGBA" if image.has_transparency_data else "RGB")
    if not profile or image.mode not in {"RGB", "RGBA"}:
        return flat
    try:
        found = ImageCms.ImageCmsProfile(BytesIO(profile))
        return ImageCms.profileToProfile(flat, found, ImageCms.createProfile("sRGB")) or flat
    except (ImageCms.PyCMSError, OSError):
        # A broken profile says nothing about the picture; its plain numbers are the best guess.
        return flat


def _webp(picture: Image.Image) -> bytes:
    out = BytesIO()
    # Method 4, the usual one, takes three times as long for a few bytes less; somebody waits for it.
    picture.save(out, "WEBP", quality=QUALITY, method=2, exif=b"", xmp=b"", icc_profile=b"")
    return out.getvalue()
