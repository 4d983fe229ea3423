"""Files a seller gives to a listing: told by what they are, of a bounded size, kept where they have no address."""

from __future__ import annotations

import hashlib
import uuid
from pathlib import PurePath

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from catalog.models import Listing, Variant
from catalog.variants import offered_of
from kit.clock import now
from orders.models import DigitalFile, Order, OrderLine

MOST_BYTES = 100 * 1024 * 1024
MOST_FILES = 10

# How a file begins -> what it is. Nothing a browser runs is among them; all are sent to be kept, never to be shown.
BEGINNINGS: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF-", "application/pdf", ".pdf"),
    (b"PK\x03\x04", "application/zip", ".zip"),
    (b"\x89PNG\r\n\x1a\n", "image/png", ".png"),
    (b"\xff\xd8\xff", "image/jpeg", ".jpg"),
    (b"ID3", "audio/mpeg", ".mp3"),
    (b"\xff\xfb", "audio/mpeg", ".mp3"),
    (b"fLaC", "audio/flac", ".flac"),
    (b"OggS", "audio/ogg", ".ogg"),
    (b"OTTO", "font/otf", ".otf"),
    (b"\x00\x01\x00\x00\x00", "font/ttf", ".ttf"),
)
# A box within a file says what it is.
INSIDE: tuple[tuple[bytes, int, bytes, str, str], ...] = (
    (b"RIFF", 8, b"WEBP", "image/webp", ".webp"),
    (b"RIFF", 8, b"WAVE", "audio/wav", ".wav"),
    (b"", 4, b"ftyp", "video/mp4", ".mp4"),
)
# A zip by another name is still one: books, and what office programs write.
ZIPS = {".zip", ".epub", ".docx", ".xlsx", ".pptx", ".odt", ".3mf"}


class FileRefused(Exception):
    """The file cannot be sold; the message is a sentence for the seller."""


def keep(listing: Listing, upload: UploadedFile[bytes], *, user: User, variant: Variant | None = None) -> DigitalFile:
    """Give the listing a file, for all who buy it or for who buys `variant`. Raises FileRefused."""
    size = upload.size or 0
    if not size:
        raise FileRefused(_("This file is empty. Choose another one."))
    if size > MOST_BYTES:
        raise FileRefused(_("This file is larger than 100 MB. Save it smaller, or split it."))
    kind, ending = _kind(upload)
    digest = hashlib.sha256()
    for part in upload.chunks():
        digest.update(part)
    upload.seek(0)
    with transaction.atomic():
        # Two uploads at once would both count nine and make eleven: the listing's row lets one count at a time.
        Listing.objects.select_for_update().get(pk=listing.pk)
        if current(listing).filter(variant=variant).count() >= MOST_FILES:
            raise FileRefused(_("There is room for %(count)d files. Remove one first.") % {"count": MOST_FILES})
        file = DigitalFile(
            listing=listing,
            variant=variant,
            name=_clean(str(upload.name), ending, kind),
            content_type=kind,
            size=size,
            sha256=digest.hexdigest(),
            uploaded_by=user,
            uploaded_at=now(),
        )
        file.content.save(f"{uuid.uuid4().hex}{ending}", upload, save=True)
    return file


def remove(file: DigitalFile) -> bool:
    """Sell it no more. Who bought it before keeps it, so the file itself stays. False when it was removed already."""
    return bool(DigitalFile.objects.filter(pk=file.pk, removed_at=None).update(removed_at=now()))


def current(listing: Listing) -> QuerySet[DigitalFile]:
    """What buyers of today get, each that of what they choose."""
    return DigitalFile.objects.filter(listing=listing, removed_at=None).select_related("variant")


def variants_with(listing: Listing) -> set[int | None]:
    """The variants that come with a file of their own, by number; None among them when there is one for everybody."""
    files = DigitalFile.objects.filter(listing=listing, removed_at=None)
    return set(files.order_by().values_list("variant", flat=True).distinct())


def variants_without(listing: Listing) -> list[Variant]:
    """What can be bought and comes with no file; nothing where the listing is offered in no variants."""
    if current(listing).filter(variant=None).exists():
        return []
    return list(offered_of(listing).filter(~Exists(_of_variant())))


def without_file(listings: QuerySet[Listing]) -> QuerySet[Listing]:
    """Those of them of which something can be bought that comes with no file."""
    there = DigitalFile.objects.filter(listing=OuterRef("pk"), variant=None, removed_at=None)
    lacking = Variant.objects.filter(~Exists(_of_variant()), listing=OuterRef("pk"), withdrawn_at=None)
    return listings.filter(Q(options=[]) | Exists(lacking)).exclude(Exists(there))


def _of_variant() -> QuerySet[DigitalFile]:
    return DigitalFile.objects.filter(variant=OuterRef("pk"), removed_at=None)


def of_line(line: OrderLine, order: Order) -> QuerySet[DigitalFile]:
    """What this buyer gets: all that is there for what they chose, and what was removed after they paid."""
    kept = Q(removed_at=None) if order.paid_at is None else Q(removed_at=None) | Q(removed_at__gt=order.paid_at)
    return DigitalFile.objects.filter(kept, _chosen(line), listing=line.listing_id)


def is_ready(order: Order) -> bool:
    """Whether everything in the order can be downloaded, so that nobody has to hand anything over."""
    lines = list(order.lines.all())
    if not lines or any(line.delivery != Listing.Delivery.DIGITAL for line in lines):
        return False
    return all(has_file(line) for line in lines)


def has_file(line: OrderLine) -> bool:
    """Whether there is anything to download for what was bought."""
    return DigitalFile.objects.filter(_chosen(line), listing=line.listing_id, removed_at=None).exists()


def _chosen(line: OrderLine) -> Q:
    return Q(variant=None) | Q(variant=line.variant_id) if line.variant_id else Q(variant=None)


def _kind(upload: UploadedFile[bytes]) -> tuple[str, str]:
    upload.seek(0)
    start = upload.read(64)
    upload.seek(0)
    for beginning, kind, ending in BEGINNINGS:
        if start.startswith(beginning):
            return kind, ending
    for beginning, place, mark, kind, ending in INSIDE:
        if start.startswith(beginning) and start[place : place + len(mark)] == mark:
            return kind, ending
    raise FileRefused(
        _("Buyers can download PDF, EPUB, ZIP, pictures, sound, films and fonts. Put anything else into a ZIP file.")
    )


def _clean(name: str, ending: str, kind: str) -> str:
    """The name without folders and strange characters, with the ending it deserves."""
    plain = "".join(one for one in PurePath(name.replace("\\", "/")).name if one.isprintable() and one not in '<>:"|?*')
    path = PurePath(plain)
    kept = path.suffix.lower() if kind == "application/zip" and path.suffix.lower() in ZIPS else ending
    stem = path.stem[:120].strip(" .") or _("file")
    return f"{stem}{kept}"
