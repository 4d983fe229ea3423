"""Words in a case: of the buyer, the seller and the marketplace, and calling the marketplace in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from accounts.models import User
from cases import letters, pictures, turns
from cases.errors import CaseError
from cases.models import Case, CaseMessage, Party
from kit.clock import now
from kit.transitions import move

Status = Case.Status

LONGEST = 4000
# So many entries a side may write in an hour: an argument has room, a flood of mails has not.
AN_HOUR, IN_AN_HOUR = timedelta(hours=1), 20
# Within so long the same words are one press of a button.
A_MOMENT = timedelta(seconds=30)


def say(case: Case, party: Party, *, by: User, text: str, files: Sequence[UploadedFile[bytes]] = ()) -> CaseMessage:
    """One side writes to the other; the turn passes on if it was theirs. Raises CaseError."""
    need_words(text)
    # Before anything is drawn, which takes long; and again under the lock.
    need_patience(case, party)
    drawn = pictures.draw(files)
    with turns.locked(case):
        turns.need_live(case)
        if again := _said_already(case, party, text.strip(), len(drawn)):
            return again
        need_patience(case, party)
        pictures.need_room(case, party, len(drawn))
        message = turns.write(case, text.strip(), party=party, author=by)
        pictures.keep(message, drawn)
        note_answer(case, party)
        turns.after(case, party, asks=False, actor=by.actor, reason=_("Answered."))
        letters.said(case, message)
    return message


def call_in(case: Case, party: Party, *, by: User) -> None:
    """One side asks the marketplace to decide. Possible once both have written. Raises CaseError."""
    with turns.locked(case):
        turns.need_live(case)
        if case.turn == Party.STAFF:
            return
        if case.answered_at is None:
            raise CaseError(_("Ask us once %(shop)s has answered, or the time for it is over.") % {"shop": _shop(case)})
        join(case, actor=by.actor, reason=_("Called in by %(party)s.") % {"party": party.label})
        event = _("The buyer asked us to decide.") if party == Party.BUYER else _("The seller asked us to decide.")
        turns.write(case, event)
        letters.joined(case)


def step_in(case: Case, *, by: User) -> None:
    """Staff take part without being asked. Raises CaseError."""
    with turns.locked(case):
        turns.need_live(case)
        if case.turn == Party.STAFF:
            return
        join(case, actor=by.actor, reason=_("Stepped in."))
        turns.write(case, _("The marketplace joined. It decides when both of you cannot agree."))
        letters.joined(case)


def answer_as_staff(case: Case, *, by: User, text: str, ask: Party | None) -> CaseMessage:
    """Staff write to both sides. With `ask` that side has the turn, and its answer comes back to staff.

    Raises CaseError.
    """
    need_words(text)
    with turns.locked(case):
        turns.need_live(case)
        if ask is not None and turns.waits_for_second_person(case):
            # Its silence would decide what staff have decided already.
            raise CaseError(_("A decision waits for a second person. Approve or decline that first."), field="ask")
        if ask in (None, case.turn) and (again := _said_already(case, Party.STAFF, text.strip(), 0)):
            return again
        if case.joined_at is None:
            join(case, actor=by.actor, reason=_("Stepped in."))
        message = turns.write(case, text.strip(), party=Party.STAFF, author=by)
        if ask is not None:
            turns.pass_to(case, ask, actor=by.actor, reason=_("Asked by the marketplace."))
        letters.said(case, message)
    return message


def note(case: Case, *, by: User, text: str) -> CaseMessage:
    """A note that only staff ever see; also in a closed case. Raises CaseError."""
    need_words(text)
    return turns.write(case, text.strip(), party=Party.STAFF, author=by, is_private=True)


def join(case: Case, *, actor: str, reason: str) -> None:
    """The marketplace has the turn, and takes part from now on. Under the share's lock."""
    at = case.joined_at or now()
    until = turns.answer_until(Party.STAFF)
    move(case, Status.WITH_STAFF, actor=actor, reason=reason, answer_by=until, reminded_at=None, joined_at=at)


def note_answer(case: Case, party: Party) -> None:
    """Remember that the seller has answered once. Under the share's lock."""
    if party == Party.SELLER and case.answered_at is None:
        case.answered_at = now()
        case.save(update_fields=["answered_at"])


def need_words(text: str) -> None:
    """Raises CaseError for an empty or endless text."""
    if not text.strip():
        raise CaseError(_("Write a few words: this is empty."), field="text")
    if len(text) > LONGEST:
        sentence = _("This has %(count)d characters. Shorten it to %(most)d.")
        raise CaseError(sentence % {"count": len(text), "most": LONGEST}, field="text")


def need_patience(case: Case, party: Party) -> None:
    """Raises CaseError when a side has written very much within the last hour. Exact under the share's lock."""
    written = case.messages.filter(party=party, written_at__gt=now() - AN_HOUR).count()
    if written >= IN_AN_HOUR:
        raise CaseError(_("You have written a lot within an hour. Wait a little before you go on."), field="text")


def _said_already(case: Case, party: Party, text: str, photos: int) -> CaseMessage | None:
    """The same words of a moment ago, with as many photos: the button was pressed twice (fault F34)."""
    last: CaseMessage | None = case.messages.filter(party=party, is_private=False).last()
    same = last is not None and last.kind == CaseMessage.Kind.WORDS and last.text == text
    if last is None or not same or last.photos.count() != photos:
        return None
    return last if last.written_at > now() - A_MOMENT else None


def _shop(case: Case) -> str:
    return case.share.order.seller.name
