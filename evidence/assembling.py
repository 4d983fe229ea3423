"""Putting a pack together from our own rows. What a person wrote, chose or left out stays as they want it."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from evidence import records, sources, story
from evidence.files import PDF
from evidence.models import EvidenceFile, Pack, PackEntry, PackFile, PackText
from evidence.records import Made
from kit.clock import now
from kit.transitions import move

SYSTEM = EvidenceFile.Party.SYSTEM


def assemble(pack: Pack, *, actor: str) -> bool:
    """Fill the pack from what is known now; whether anything in it changed. For packs that are open."""
    # Banks read one language and one time, whoever presses the button.
    with translation.override(settings.LANGUAGE_CODE), timezone.override(None):
        found = sources.read(pack.dispute)
        texts, made = story.texts(found), records.documents(found)
    with transaction.atomic():
        # Locked: somebody may edit a field or send the pack at this moment.
        locked = Pack.objects.select_for_update(of=("self",)).get(pk=pack.pk)
        if locked.status not in Pack.OPEN:
            return False
        changed = [*_write_texts(locked, texts), *_write_files(locked, made)]
        is_first = locked.assembled_at is None
        locked.assembled_at = now()
        locked.save(update_fields=["assembled_at"])
        if changed and locked.status == Pack.Status.READY:
            move(locked, Pack.Status.GATHERING, actor=actor, reason=_("Our records changed."))
        if changed or is_first:
            words = _("Assembled from our records: %(count)d fields.") % {"count": len(texts) + len(made)}
            note(locked, words, actor=actor)
    pack.refresh_from_db()
    return bool(changed)


def note(pack: Pack, what: str, *, actor: str) -> None:
    """Write down what was done with a pack."""
    PackEntry.objects.create(pack=pack, at=now(), actor=actor, what=what)


def _write_texts(pack: Pack, texts: dict[str, str]) -> list[str]:
    known = {row.field: row for row in pack.texts.all()}
    changed = []
    for field in sorted({*texts, *known}):
        assembled = texts.get(field, "")
        row = known.get(field) or PackText(pack=pack, field=field)
        if row.assembled == assembled and row.pk:
            continue
        row.assembled = assembled
        if not row.is_edited:
            row.text = assembled
            changed.append(field)
        row.save()
    return changed


def _write_files(pack: Pack, made: list[Made]) -> list[str]:
    """Each record has one document; made anew it takes the place of the one before, also where that was left out."""
    known = {file.source: file for file in pack.files.filter(party=SYSTEM, removed_at=None)}
    changed = []
    for one in made:
        before = known.pop(one.source, None)
        if before is not None and before.sha256 == one.sha256:
            continue
        if before is not None:
            _remove(before)
        row = _store(pack, one)
        if before is None or not PackFile.objects.filter(pack=pack, file=before).update(file=row):
            PackFile.objects.create(pack=pack, field=one.field, file=row)
        changed.append(one.source)
    for file in known.values():
        _remove(file)
        PackFile.objects.filter(pack=pack, file=file).delete()
        changed.append(file.source)
    return changed


def _store(pack: Pack, one: Made) -> EvidenceFile:
    return EvidenceFile.objects.create(
        pack=pack,
        party=SYSTEM,
        uploaded_at=now(),
        shows=one.shows,
        note=one.note,
        source=one.source,
        name=one.name,
        content_type=PDF,
        content=ContentFile(one.content, name=f"{uuid.uuid4().hex}.pdf"),
        sha256=one.sha256,
        size=len(one.content),
        pages=one.pages,
    )


def _remove(file: EvidenceFile) -> None:
    file.removed_at, file.removed_by = now(), "assembling"
    file.save(update_fields=["removed_at", "removed_by"])
