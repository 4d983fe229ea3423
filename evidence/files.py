"""Files as evidence: told by what they are and not by their names, and written anew before anybody sees them.

A picture is drawn anew, which drops the camera's place and whatever hides behind the pixels. Of a PDF only its pages
are kept: programs, attachments and forms in it do not go on.
"""

from __future__ import annotations

import hashlib
import struct
import uuid
import warnings
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePath
from typing import IO

from django.core.files.base import ContentFile
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError
from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.errors import PyPdfError
from pypdf.generic import DictionaryObject

from evidence.models import EvidenceFile, Field

PDF, JPEG, PNG = "application/pdf", "image/jpeg", "image/png"
ENDINGS = {PDF: ".pdf", JPEG: ".jpg", PNG: ".png"}
# What Stripe takes for one dispute, all files together: about 4.5 MB and fewer than 50 pages, 19 for Mastercard.
MOST_BYTES = 4_500_000
MOST_PAGES = 49
MOST_PAGES_MASTERCARD = 19
# What may be uploaded here: a photo straight from a telephone becomes small when it is drawn anew.
MOST_UPLOADED = 10 * 1024 * 1024
MOST_PIXELS = 50_000_000
LONGEST_SIDE = 2000
QUALITY = 85
# A picture of a screen stays sharp as a PNG; one that gets larger than this is a photo.
MOST_PNG = 700_000
# What pypdf and Pillow raise for bytes that are not what they claim to be; neither promises less.
BROKEN: tuple[type[Exception], ...] = (
    PyPdfError, OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, SyntaxError,
    OverflowError, AssertionError, NotImplementedError, struct.error, UnidentifiedImageError,
)  # fmt: skip

# What it shows -> the field of the bank's form it fits.
FIELD_FOR: dict[str, Field] = {
    EvidenceFile.Shows.RECEIPT: Field.RECEIPT,
    EvidenceFile.Shows.DELIVERY: Field.SHIPPING_DOCUMENTATION,
    EvidenceFile.Shows.SERVICE: Field.SERVICE_DOCUMENTATION,
    EvidenceFile.Shows.MESSAGES: Field.CUSTOMER_COMMUNICATION,
    EvidenceFile.Shows.POLICY: Field.REFUND_POLICY,
    EvidenceFile.Shows.CANCELLATION: Field.CANCELLATION_POLICY,
    EvidenceFile.Shows.SIGNATURE: Field.CUSTOMER_SIGNATURE,
    EvidenceFile.Shows.OTHER_PAYMENT: Field.DUPLICATE_CHARGE_DOCUMENTATION,
    EvidenceFile.Shows.OTHER: Field.UNCATEGORIZED_FILE,
}


class FileRefused(Exception):
    """The file cannot be evidence; the message is a sentence for whoever gave it."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that may be shown and sent, as it will be kept."""

    name: str
    content: bytes
    content_type: str
    pages: int

    @property
    def sha256(self) -> str:
        """What tells it from any other."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def stored_as(self) -> ContentFile[bytes]:
        """For a FileField, under a name that says nothing."""
        return ContentFile(self.content, name=f"{uuid.uuid4().hex}{ENDINGS[self.content_type]}")


def check(file: IO[bytes], name: str) -> Checked:
    """The file as it will be kept. Raises FileRefused with what to do instead."""
    data = file.read(MOST_UPLOADED + 1)
    if not data:
        raise FileRefused(_("This file is empty. Choose another one."))
    if len(data) > MOST_UPLOADED:
        raise FileRefused(_("This file is larger than 10 MB. Save it smaller, or send only the pages that matter."))
    kind = _kind(data)
    if kind == PDF:
        content, pages = _pages_only(data)
        if len(content) > MOST_BYTES:
            words = _("This PDF has %(size)s MB; a bank takes 4.5 MB in all. Save it smaller, or leave pages out.")
            raise FileRefused(words % {"size": _megabytes(len(content))})
        return Checked(_clean(name, PDF), content, PDF, pages)
    content, kind = _drawn_anew(data)
    return Checked(_clean(name, kind), content, kind, 1)


def picture(content: bytes, *, longest: int, quality: int) -> bytes:
    """One of our own pictures as a JPEG of at most so many pixels, for a page in a document."""
    with Image.open(BytesIO(content)) as image:
        flat = _on_white(image)
    flat.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    return _jpeg(flat, quality)


def _kind(data: bytes) -> str:
    if data.startswith(b"\xff\xd8\xff"):
        return JPEG
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if b"%PDF-" in data[:1024] and not data.startswith((b"MZ", b"\x7fELF", b"#!", b"PK")):
        return PDF
    raise FileRefused(_why_not(data))


def _why_not(data: bytes) -> str:
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith((b"MZ", b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe")):
        return _("This is a program, whatever its name says. Banks take PDF, JPEG and PNG files.")
    if b"<svg" in start.lower():
        return _("Drawings in SVG are not taken, because they can hide programs. Save it as PNG or PDF.")
    if start[:1] == b"<":
        return _("This is a web page. Print it to a PDF and upload that.")
    if start.startswith((b"PK", b"\xd0\xcf\x11\xe0", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b")):
        return _("This is an office document or an archive. Save what is in it as PDF and upload that.")
    if start[4:8] == b"ftyp" or start.startswith((b"RIFF", b"GIF8", b"BM", b"II*\x00", b"MM\x00*")):
        return _("Banks do not take this kind of picture or film. Save the picture as JPEG or PNG.")
    return _("This is not a PDF, JPEG or PNG file. Banks take no others.")


def _drawn_anew(data: bytes) -> tuple[bytes, str]:
    too_large = _("This picture has more than 50 million pixels. Save it smaller and try again.")
    try:
        with warnings.catch_warnings():
            # Pillow warns at its own limit before it refuses at twice that; ours is asked of the header, below.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(BytesIO(data), formats=("JPEG", "PNG"))
            if image.width * image.height > MOST_PIXELS:
                raise FileRefused(too_large)
            image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            image.load()
            flat = _on_white(image)
    except Image.DecompressionBombError:
        raise FileRefused(too_large) from None
    except BROKEN:
        raise FileRefused(_("This picture is damaged or cut short. Save it again and try once more.")) from None
    flat.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    if image.format == "PNG":
        out = BytesIO()
        flat.save(out, "PNG", optimize=True)
        if out.tell() <= MOST_PNG:
            return out.getvalue(), PNG
    return _jpeg(flat, QUALITY), JPEG


def _on_white(image: Image.Image) -> Image.Image:
    """Upright and without transparency, as it will look on paper."""
    upright = ImageOps.exif_transpose(image)
    if not upright.has_transparency_data:
        return upright.convert("RGB")
    seen = upright.convert("RGBA")
    paper = Image.new("RGB", seen.size, "white")
    paper.paste(seen, mask=seen.getchannel("A"))
    return paper


def _jpeg(image: Image.Image, quality: int) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=quality, optimize=True, exif=b"", icc_profile=b"")
    return out.getvalue()


def _pages_only(data: bytes) -> tuple[bytes, int]:
    try:
        reader = PdfReader(BytesIO(data))
        if reader.is_encrypted:
            raise FileRefused(_("This PDF is protected by a password. Save it without one and upload that."))
        pages = reader.get_num_pages()
        if pages > MOST_PAGES:
            words = _("This PDF has %(pages)d pages; a bank takes fewer than 50. Upload only the pages that matter.")
            raise FileRefused(words % {"pages": pages})
        if not pages:
            raise FileRefused(_("This PDF has no pages. Choose another one."))
        return rewritten([data]), pages
    except BROKEN:
        raise FileRefused(_("This PDF is damaged or cut short. Save or print it again and upload that.")) from None


def rewritten(documents: list[bytes]) -> bytes:
    """The pages of the documents, one after the other, and nothing else of them."""
    writer = PdfWriter()
    for document in documents:
        for page in PdfReader(BytesIO(document)).pages:
            _disarm(writer.add_page(page))
    writer.metadata = None
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def _disarm(page: PageObject) -> None:
    """Take out what happens on opening or touching a page; what is drawn stays."""
    page.pop("/AA", None)
    for one in page.get("/Annots", ()) or ():
        note = one.get_object()
        if isinstance(note, DictionaryObject):
            note.pop("/A", None)
            note.pop("/AA", None)


def _clean(name: str, kind: str) -> str:
    """The name without its folder, strange characters and a wrong ending."""
    plain = "".join(one for one in PurePath(name.replace("\\", "/")).name if one.isprintable() and one not in '<>:"|?*')
    stem = PurePath(plain).stem[:120].strip(" .") or _("file")
    return f"{stem}{ENDINGS[kind]}"


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f}"
