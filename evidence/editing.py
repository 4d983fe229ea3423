"""What people do with a pack before it is sent. Each change is written down, and what was ready is gathered again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.models import User
from evidence import files
from evidence.assembling import note
from evidence.errors import Changed, NotAllowed, NotOpen
from evidence.models import FILE_FIELDS, TEXT_FIELDS, EvidenceFile, Field, Pack, PackFile, PackText
from evidence.packs import preview
from kit.clock import now
from kit.transitions import move
from payments.models import Share

Party = EvidenceFile.Party
# More than a bank could ever read; keeps one side from filling the disk.
MOST_FILES = 40


def write(pack: Pack, field: str, text: str, *, user: User) -> PackText:
    """Put words into a field; they stay when the pack is assembled again. Raises NotOpen; ValueError for a file's
    field.
    """
    if field not in TEXT_FIELDS:
        raise ValueError(f"{field} takes no words")
    words = text.replace("\r\n", "\n").replace("\x00", "").strip()
    with _changing(pack, _("Wrote: %(field)s.") % {"field": Field(field).label}, user) as locked:
        row, _is_new = PackText.objects.get_or_create(pack=locked, field=field)
        row.text, row.edited_by, row.edited_at = words, user.email, now()
        row.save()
    return row


def take_ours(pack: Pack, field: str, *, user: User) -> None:
    """Go back to the words our own records give. Raises NotOpen."""
    with _changing(pack, _("Took our own words again: %(field)s.") % {"field": Field(field).label}, user) as locked:
        for row in PackText.objects.filter(pack=locked, field=field):
            row.text, row.edited_by, row.edited_at = row.assembled, "", None
            row.save()


def add_file(
    pack: Pack,
    file: IO[bytes],
    name: str,
    *,
    party: str,
    user: User | None,
    shows: str = EvidenceFile.Shows.OTHER,
    note: str = "",
    share: Share | None = None,
) -> EvidenceFile:
    """Keep a file with the pack. It goes to the bank only once it is chosen for a field (`choose`).

    The same file given twice by one side is one file. Raises FileRefused for what a bank would not take, NotOpen.
    """
    checked = files.check(file, name)
    actor = user.email if user is not None else party
    with _changing(pack, _("Gave a file: %(name)s.") % {"name": checked.name}, actor, changes=False) as locked:
        there = EvidenceFile.objects.filter(pack=locked, removed_at=None)
        known = there.filter(party=party, sha256=checked.sha256).first()
        if known is not None:
            return known
        if there.filter(party=party).count() >= MOST_FILES:
            raise files.FileRefused(_("There are %(count)d files already. Remove one first.") % {"count": MOST_FILES})
        return EvidenceFile.objects.create(
            pack=locked,
            share=share,
            party=party,
            uploaded_by=user,
            uploaded_at=now(),
            shows=shows,
            note=note[:300],
            name=checked.name,
            content_type=checked.content_type,
            content=checked.stored_as,
            sha256=checked.sha256,
            size=len(checked.content),
            pages=checked.pages,
        )


def remove_file(file: EvidenceFile, *, user: User) -> None:
    """Take a file away; its row stays, for what was sent with it. Raises NotOpen; NotAllowed for our own records, which
    are left out of a field instead.
    """
    if file.party == Party.SYSTEM:
        raise NotAllowed(_("This is made from our records. Leave it out instead."))
    is_chosen = file.chosen.filter(left_out_by="").exists()
    with _changing(file.pack, _("Removed a file: %(name)s.") % {"name": file}, user, changes=is_chosen):
        EvidenceFile.objects.filter(pk=file.pk, removed_at=None).update(removed_at=now(), removed_by=user.email)
        PackFile.objects.filter(file=file).delete()
    file.refresh_from_db()


def choose(pack: Pack, file: EvidenceFile, *, user: User, field: str = "") -> PackFile:
    """Send this file to the bank in `field`, or in the one that fits what it shows. Raises NotOpen; ValueError for a
    field of words or a file of another pack.
    """
    wanted = field or str(files.FIELD_FOR[file.shows])
    if wanted not in FILE_FIELDS or file.pack_id != pack.pk or file.removed_at is not None:
        raise ValueError(f"{file} cannot go into {wanted}")
    words = {"name": file, "field": Field(wanted).label}
    with _changing(pack, _("Chose %(name)s for: %(field)s.") % words, user) as locked:
        last = PackFile.objects.filter(pack=locked, field=wanted).aggregate(last=Max("position"))["last"]
        row, is_new = PackFile.objects.get_or_create(pack=locked, field=wanted, file=file)
        if is_new or row.left_out_by:
            row.left_out_by, row.position = "", 0 if last is None else last + 1
            row.save(update_fields=["left_out_by", "position"])
    return row


def leave_out(pack: Pack, file: EvidenceFile, *, user: User, field: str = "") -> None:
    """Do not send this file, in `field` or in any; assembling again does not bring it back. Raises NotOpen."""
    with _changing(pack, _("Left out: %(name)s.") % {"name": file}, user) as locked:
        rows = PackFile.objects.filter(pack=locked, file=file)
        (rows.filter(field=field) if field else rows).update(left_out_by=user.email)


def make_ready(pack: Pack, *, user: User | None, actor: str = "") -> None:
    """Gathering is over: it can be looked over and sent. Raises NotOpen; NotAllowed with what is in the way."""
    problems = preview(pack).problems
    if problems:
        raise NotAllowed(" ".join(problems))
    with transaction.atomic():
        locked = _open(pack)
        if locked.status == Pack.Status.GATHERING:
            who = user.email if user is not None else actor
            move(locked, Pack.Status.READY, actor=who, reason=_("Ready to be sent."))
    pack.refresh_from_db()


def gather_again(pack: Pack, *, user: User, reason: str) -> None:
    """It is not ready after all. Raises NotOpen."""
    with transaction.atomic():
        locked = _open(pack)
        if locked.status == Pack.Status.READY:
            move(locked, Pack.Status.GATHERING, actor=user.email, reason=reason)
    pack.refresh_from_db()


def look_over(pack: Pack, *, user: User, expects: str) -> None:
    """Somebody looked over exactly what has the hash `expects` (Preview.hash). Raises Changed when it is another by
    now, NotAllowed for whoever made the pack ready, NotOpen.
    """
    shown = preview(pack).hash
    with transaction.atomic():
        locked = _open(pack)
        if shown != expects:
            raise Changed(_("It was changed while you read it. Look at it once more."))
        ready = locked.moves.filter(to_status=Pack.Status.READY).last()
        if ready is not None and ready.actor == user.email:
            raise NotAllowed(_("You made it ready yourself. Somebody else has to look it over."))
        locked.looked_over_by, locked.looked_over_at, locked.looked_over_hash = user, now(), shown
        locked.save(update_fields=["looked_over_by", "looked_over_at", "looked_over_hash"])
        note(locked, _("Looked it over."), actor=user.email)
    pack.refresh_from_db()


def object_to(pack: Pack, *, user: User, reason: str) -> None:
    """No rule may send this by itself; a person still can. Raises NotOpen; NotAllowed without a reason."""
    if not reason.strip():
        raise NotAllowed(_("Say why it must not be sent by itself."))
    with transaction.atomic():
        locked = _open(pack)
        locked.objected_by, locked.objected_at, locked.objection = user, now(), reason.strip()
        locked.save(update_fields=["objected_by", "objected_at", "objection"])
        note(locked, _("Objects to its being sent by itself: %(why)s") % {"why": locked.objection}, actor=user.email)
    pack.refresh_from_db()


def lift_objection(pack: Pack, *, user: User) -> None:
    """A rule may send it again. Raises NotOpen."""
    with transaction.atomic():
        locked = _open(pack)
        locked.objected_by, locked.objected_at, locked.objection = None, None, ""
        locked.save(update_fields=["objected_by", "objected_at", "objection"])
        note(locked, _("Lifted the objection."), actor=user.email)
    pack.refresh_from_db()


def assign(pack: Pack, to: User | None, *, user: User) -> None:
    """Say who of the staff answers it, or nobody."""
    Pack.objects.filter(pk=pack.pk).update(assignee=to)
    words = _("Gave it to %(who)s.") % {"who": to} if to is not None else _("Nobody has it now.")
    note(pack, words, actor=user.email)
    pack.refresh_from_db()


@contextmanager
def _changing(pack: Pack, what: str, by: User | str, *, changes: bool = True) -> Iterator[Pack]:
    """A change of what the bank will read, under the pack's lock; `changes` says whether it is one."""
    actor = by.email if isinstance(by, User) else by
    with transaction.atomic():
        locked = _open(pack)
        yield locked
        note(locked, what, actor=actor)
        if changes and locked.status == Pack.Status.READY:
            move(locked, Pack.Status.GATHERING, actor=actor, reason=what)
    pack.refresh_from_db()


def _open(pack: Pack) -> Pack:
    # Locked: it may be sent at this moment, and what was sent must be what was previewed.
    locked: Pack = Pack.objects.select_for_update(of=("self",)).select_related("dispute").get(pk=pack.pk)
    if locked.status not in Pack.OPEN:
        words = _("This answer is %(status)s and cannot be changed.")
        raise NotOpen(words % {"status": locked.get_status_display()})
    return locked
