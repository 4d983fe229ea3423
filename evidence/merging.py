"""The one file a field of the bank's form gets: a file as it is, or several on the pages of one PDF."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typst
from django.utils.translation import gettext as _

from evidence.files import PDF, Checked, FileRefused, picture, rewritten
from evidence.models import BankFile, EvidenceFile, Pack
from kit.clock import now

LAYOUT = Path(__file__).with_name("picture.typ")
# One of several pictures is as large as a page needs it.
LONGEST_SIDE = 1600
QUALITY = 75
# Changes when documents are made another way: what was made before is then not taken for the same.
WAY = "1"


@dataclass(frozen=True, slots=True)
class Part:
    """One file for a field, with the line that is printed above it when it is a picture."""

    file: EvidenceFile
    caption: str

    @property
    def named(self) -> dict[str, object]:
        """What is written down about it."""
        return {"id": self.file.pk, "name": self.file.name, "sha256": self.file.sha256, "caption": self.caption}


def for_field(pack: Pack, files: Sequence[EvidenceFile]) -> BankFile:
    """The file for one field, made now or before: the same files in the same order give the same bytes. Raises
    FileRefused when one of them cannot be read any more.
    """
    parts = [Part(file, file.note or file.name) for file in files]
    made_of = [part.named for part in parts]
    recipe = hashlib.sha256(json.dumps([WAY, made_of], sort_keys=True).encode()).hexdigest()
    known = BankFile.objects.filter(pack=pack, recipe=recipe).first()
    if known is not None:
        return known
    made = _alone(parts[0]) if len(parts) == 1 else _together(parts)
    # Two who look at once both make it: the first one's stays, and both have the same bytes.
    row, _is_mine = BankFile.objects.get_or_create(
        pack=pack,
        recipe=recipe,
        defaults={
            "made_of": made_of,
            "content_type": made.content_type,
            "content": made.stored_as,
            "sha256": made.sha256,
            "size": len(made.content),
            "pages": made.pages,
            "made_at": now(),
        },
    )
    return row


def content(row: EvidenceFile | BankFile) -> bytes:
    """The bytes of a file. Raises FileRefused when they are gone."""
    try:
        with row.content.open("rb") as opened:
            return bytes(opened.read())
    except OSError:
        raise FileRefused(_("The file %(name)s cannot be read any more.") % {"name": row}) from None


def _alone(part: Part) -> Checked:
    file = part.file
    return Checked(file.name, content(file), file.content_type, file.pages)


def _together(parts: Sequence[Part]) -> Checked:
    documents = [content(part.file) if not part.file.is_picture else _page(part) for part in parts]
    return Checked("evidence.pdf", rewritten(documents), PDF, sum(part.file.pages for part in parts))


def _page(part: Part) -> bytes:
    """A picture on a page, under its caption. What people typed is handed over as data, and is never read as markup."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "picture.jpg").write_bytes(picture(content(part.file), longest=LONGEST_SIDE, quality=QUALITY))
        (root / "page.typ").write_bytes(LAYOUT.read_bytes())
        made: bytes = typst.compile(
            str(root / "page.typ"), root=folder, sys_inputs={"data": json.dumps({"caption": part.caption})}
        )
    return made
