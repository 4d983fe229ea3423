"""What the demo's shops sell as a download: a page with its name on it, as a PDF, the same each time."""

from textwrap import wrap

# A page of A5, in points; the letters are Windows-1252, which every reader has the fonts for.
WIDTH, HEIGHT, MARGIN = 420, 595, 48
LETTERS = "cp1252"
TITLE_SIZE, TEXT_SIZE = 20, 11
TITLE_COLUMNS, TEXT_COLUMNS = 28, 58


def leaflet(title: str, text: str, shop: str) -> bytes:
    """A PDF of one page: the title, what it is, and who made it."""
    lines = [
        *_lines("F1", TITLE_SIZE, wrap(title, TITLE_COLUMNS)),
        *_lines("F2", TEXT_SIZE, ["", *wrap(text, TEXT_COLUMNS), "", shop, "From the sample data of the demo."]),
    ]
    drawn = "\n".join(["BT", f"{MARGIN} {HEIGHT - 2 * MARGIN} Td", *lines, "ET"]).encode(LETTERS, "replace")
    fonts = [
        f"<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>".encode()
        for name in ("Times-Roman", "Helvetica")
    ]
    page = (
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] /Contents 4 0 R "
        "/Resources << /Font << /F1 5 0 R /F2 6 0 R >> >> >>"
    )
    return _file(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        page.encode(),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawn), drawn),
        *fonts,
    )


def _lines(font: str, size: int, lines: list[str]) -> list[str]:
    leading = size * 3 // 2
    return [f"/{font} {size} Tf {leading} TL", *(f"({_escaped(line)}) Tj T*" for line in lines)]


def _escaped(line: str) -> str:
    return line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def _file(*objects: bytes) -> bytes:
    """The objects, numbered from one, with the table of where each begins."""
    whole, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(whole))
        whole += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    end = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(whole))
    return whole + head + table + end
