"""Files are told by what they are, kept as what a bank takes, and refused with a sentence that helps."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, TextStringObject

from evidence import files
from evidence.files import JPEG, MOST_PAGES, PDF, PNG, FileRefused, check

# 40.7128 N: where the camera was.
GPS_TAG, LATITUDE = 0x8825, 2


def picture(kind: str = "JPEG", size: tuple[int, int] = (400, 300), **more: object) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, "#b5573c").save(out, kind, **more)
    return out.getvalue()


def pdf(pages: int = 1, *, password: str = "") -> bytes:
    writer = PdfWriter()
    for _number in range(pages):
        writer.add_blank_page(width=595, height=842)
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def with_programs() -> bytes:
    """A PDF that runs a script when it is opened, when its page is, and when a link in it is touched."""
    writer = PdfWriter()
    page = writer.add_blank_page(width=595, height=842)
    run = DictionaryObject(
        {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("steal()")}
    )
    link = DictionaryObject(
        {NameObject("/Type"): NameObject("/Annot"), NameObject("/Subtype"): NameObject("/Link"), NameObject("/A"): run}
    )
    page[NameObject("/AA")] = DictionaryObject({NameObject("/O"): run})
    page[NameObject("/Annots")] = ArrayObject([link])
    writer.root_object[NameObject("/OpenAction")] = run
    writer.add_attachment("payroll.txt", b"salaries")
    writer.add_metadata({"/Author": "Bob Private"})
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def refusal(content: bytes, name: str) -> str:
    with pytest.raises(FileRefused) as told:
        check(BytesIO(content), name)
    return str(told.value)


def test_a_photo_is_drawn_anew_without_the_place_it_was_taken_at():
    exif = Image.Exif()
    exif[GPS_TAG] = {LATITUDE: (40.0, 42.0, 46.0)}
    exif[0x0112] = 6
    given = picture("JPEG", (3000, 1500), exif=exif)

    kept = check(BytesIO(given), "C:\\photos\\parcel.jpeg")

    image = Image.open(BytesIO(kept.content))
    assert (kept.content_type, kept.pages, kept.name) == (JPEG, 1, "parcel.jpg")
    assert image.size == (1000, 2000), "upright, and no larger than a page needs"
    assert dict(image.getexif()) == {}
    assert b"GPS" not in kept.content


def test_a_screenshot_stays_sharp_and_loses_its_transparency():
    out = BytesIO()
    Image.new("RGBA", (900, 400), (0, 0, 0, 0)).save(out, "PNG", pnginfo=None)

    kept = check(BytesIO(out.getvalue()), "screen.png")

    image = Image.open(BytesIO(kept.content))
    assert (kept.content_type, image.mode, image.getpixel((5, 5))) == (PNG, "RGB", (255, 255, 255))


def test_a_large_photo_saved_as_png_becomes_a_jpeg():
    noise = BytesIO()
    Image.effect_noise((1600, 1200), 90).convert("RGB").save(noise, "PNG")

    kept = check(BytesIO(noise.getvalue()), "photo.png")

    assert (kept.content_type, kept.name) == (JPEG, "photo.jpg")


def test_of_a_pdf_only_the_pages_are_kept():
    kept = check(BytesIO(with_programs()), "slip.pdf")

    reader = PdfReader(BytesIO(kept.content))
    assert (kept.content_type, kept.pages) == (PDF, 1)
    for hidden in (b"steal", b"payroll", b"salaries", b"JavaScript", b"Bob Private"):
        assert hidden not in kept.content
    assert list(reader.attachments) == []


def test_the_same_pdf_twice_is_the_same_file():
    given = pdf(3)

    assert check(BytesIO(given), "a.pdf").sha256 == check(BytesIO(given), "b.pdf").sha256


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        (b"", "empty.pdf", "empty"),
        (b"MZ\x90\x00" + bytes(200), "receipt.pdf", "program"),
        (b"\x7fELF" + bytes(200), "photo.jpg", "program"),
        (b"MZ\x90\x00%PDF-1.7" + bytes(200), "both.pdf", "program"),
        (b"#!/bin/sh\necho %PDF-1.4", "script.pdf", "program"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "drawing.png", "SVG"),
        (b'<?xml version="1.0"?>\n<svg onload="alert(1)"/>', "drawing.jpg", "SVG"),
        (b"<html><body>hello</body></html>", "page.pdf", "web page"),
        (b"PK\x03\x04" + bytes(200), "letter.docx", "office document"),
        (b"\x00\x00\x00\x18ftypheic" + bytes(200), "IMG_1.HEIC", "JPEG or PNG"),
        (b"GIF89a" + bytes(200), "photo.gif", "JPEG or PNG"),
        (b"hello", "notes.txt", "not a PDF, JPEG or PNG"),
        (b"%PDF-1.7 and nothing else", "cut.pdf", "damaged"),
        (b"\xff\xd8\xff\xe0" + bytes(50), "cut.jpg", "damaged"),
        (picture("PNG")[:200], "cut.png", "damaged"),
        (pdf()[:300], "half.pdf", "damaged"),
    ],
)
def test_what_a_bank_would_not_take_is_refused_with_a_sentence(content: bytes, name: str, told: str):
    assert told in refusal(content, name)


def test_an_upload_of_forty_megabytes_is_refused_without_reading_all_of_it():
    class Endless(BytesIO):
        asked = 0

        def read(self, size: int | None = -1) -> bytes:
            self.asked = size or 0
            return b"\xff\xd8\xff" + bytes((size or 0) - 3)

    endless = Endless()

    with pytest.raises(FileRefused, match="larger than 10 MB"):
        check(endless, "film.jpg")
    assert endless.asked == files.MOST_UPLOADED + 1


def test_a_pdf_of_sixty_pages_is_refused_and_one_of_the_most_is_kept():
    assert "60 pages" in refusal(pdf(60), "book.pdf")
    assert check(BytesIO(pdf(MOST_PAGES)), "slip.pdf").pages == MOST_PAGES


def test_a_pdf_with_a_password_is_refused_also_with_an_empty_one():
    assert "password" in refusal(pdf(password="secret"), "locked.pdf")


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(files, "MOST_PIXELS", 10_000)

    assert "million pixels" in refusal(picture("PNG", (200, 200)), "bomb.png")


def test_a_pdf_larger_than_a_bank_takes_says_its_size(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(files, "MOST_BYTES", 200)

    assert "4.5 MB" in refusal(pdf(2), "scan.pdf")


@pytest.mark.parametrize(
    ("given", "kept"),
    [("../../etc/passwd.pdf", "passwd.pdf"), ('a<b>"c.exe', "abc.pdf"), ("", "file.pdf"), ("x\r\ny.pdf", "xy.pdf")],
)
def test_a_files_name_keeps_nothing_that_means_something(given: str, kept: str):
    assert check(BytesIO(pdf()), given).name == kept
