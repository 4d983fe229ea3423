"""The seller's part of a dispute: which ones they see, until when they may send what proves their side, and what they
sent. It goes to staff, who decide what the bank gets to read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import Seller, User
from evidence import assembling, editing, packs
from evidence.errors import NotAllowed, NotOpen
from evidence.models import EvidenceFile, Pack, SellerWords
from kit.clock import now
from payments.models import Dispute, DisputeShare, Share

PAGE = 25
MOST_WORDS = 5000
SELLER = EvidenceFile.Party.SELLER


@dataclass(frozen=True, slots=True)
class Disputed:
    """A dispute as one seller sees it: their order of its payment, and the part of it they carry, if any."""

    dispute: Dispute
    share: Share
    part: DisputeShare | None
    pack: Pack | None


@dataclass(frozen=True, slots=True)
class Given:
    """What one seller sent about one disputed order."""

    share: Share
    words: tuple[SellerWords, ...] = ()
    files: tuple[EvidenceFile, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.words or self.files)


# --- which ones ---


def deadline(dispute: Dispute) -> datetime | None:
    """Until when sellers are asked to send something: earlier than the bank's own date, so that staff can read it, but
    never before half of the time is over. None if the bank takes no answer.
    """
    if dispute.due_by is None:
        return None
    earlier = dispute.due_by - timedelta(days=settings.SELLER_ANSWER_DAYS_BEFORE_BANK)
    half = dispute.opened_at + (dispute.due_by - dispute.opened_at) / 2
    return min(dispute.due_by, max(earlier, half))


def disputes_of(seller: Seller, *, only_open: bool, after: str = "") -> tuple[list[Disputed], str]:
    """A page of the seller's disputes, newest first, and where the next one begins (empty: there is none)."""
    rows = _shown_to(seller)
    if only_open:
        rows = rows.filter(settled_at=None)
    if after.isdigit() and len(after) < 18:
        rows = rows.filter(pk__lt=int(after))
    found = list(rows.order_by("-pk")[: PAGE + 1])
    more = str(found[PAGE - 1].pk) if len(found) > PAGE else ""
    return _with_parts(seller, found[:PAGE]), more


def find(seller: Seller, pk: int) -> Disputed | None:
    """One of the seller's disputes; None for anybody else's."""
    found = _with_parts(seller, list(_shown_to(seller).filter(pk=pk)))
    return found[0] if found else None


def of_dispute(dispute: Dispute) -> list[Disputed]:
    """One dispute as each seller of its payment sees it."""
    parts = {part.share_id: part for part in dispute.shares.all()}
    pack = Pack.objects.filter(dispute=dispute).first()
    shares = _shares().filter(payment=dispute.payment_id).order_by("pk")
    return [Disputed(dispute, share, parts.get(share.pk), pack) for share in shares]


def of_order(share: Share) -> list[Disputed]:
    """The disputes about one order, newest first."""
    found = _shown_to(share.order.seller).filter(payment=share.payment_id).order_by("-pk")
    return _with_parts(share.order.seller, list(found))


def to_answer(seller: Seller) -> QuerySet[Dispute]:
    """Disputes the seller has not sent anything about yet, and still can; the next deadline first."""
    waiting = _shown_to(seller).filter(status__in=Dispute.NEEDS_ANSWER, settled_at=None, due_by__gt=now())
    waiting = waiting.exclude(pack__status__in=set(Pack.Status) - Pack.OPEN)
    sent_words = SellerWords.objects.filter(share__order__seller=seller).values("dispute")
    sent_files = EvidenceFile.objects.filter(share__order__seller=seller, party=SELLER, removed_at=None)
    waiting = waiting.exclude(pk__in=sent_words).exclude(pack__in=sent_files.values("pack"))
    return waiting.order_by("due_by", "pk")


def can_give(found: Disputed) -> bool:
    """Whether something can still be added: the bank waits, its date has not passed, and nobody answered it yet."""
    dispute, pack = found.dispute, found.pack
    is_asked = dispute.status in Dispute.NEEDS_ANSWER and dispute.due_by is not None and dispute.due_by > now()
    return is_asked and (pack is None or pack.status in Pack.OPEN)


# --- what they send ---


def given(dispute: Dispute, share: Share) -> Given:
    """What the seller of one order sent, without what they withdrew."""
    words = SellerWords.objects.filter(dispute=dispute, share=share).select_related("written_by")
    files = EvidenceFile.objects.filter(pack__dispute=dispute, share=share, party=SELLER, removed_at=None)
    return Given(share, tuple(words), tuple(files.select_related("uploaded_by").prefetch_related("chosen")))


def all_given(dispute: Dispute) -> list[Given]:
    """What each seller of the payment sent; for staff. Only those who sent something."""
    shares = Share.objects.filter(payment=dispute.payment_id).select_related("order__seller").order_by("pk")
    return [one for share in shares if (one := given(dispute, share))]


def give_words(found: Disputed, answers: Mapping[str, str], *, user: User) -> int:
    """Keep the seller's words, by question; an empty answer takes back what was there. How many changed.

    Raises NotOpen.
    """
    pack = _open_pack(found)
    with transaction.atomic():
        # Locked: staff may be sending the answer at this moment, and what comes after that is not read any more.
        locked = Pack.objects.select_for_update(of=("self",)).get(pk=pack.pk)
        if locked.status not in Pack.OPEN:
            raise NotOpen(_("We have answered the bank meanwhile, so nothing can be added any more."))
        changed = [item for item, text in answers.items() if _keep(found, item, text, user)]
        if changed:
            words = _("The seller of order %(order)s wrote: %(items)s.")
            values = {"order": found.share.order.number, "items": ", ".join(changed)}
            assembling.note(locked, words % values, actor=user.email)
    return len(changed)


def give_file(found: Disputed, file: IO[bytes], name: str, *, shows: str, note: str, user: User) -> EvidenceFile:
    """Keep a file of the seller's. Raises NotOpen, NotAllowed; FileRefused, with a sentence, for what no bank takes."""
    kept = editing.add_file(
        _open_pack(found), file, name, party=SELLER, user=user, shows=shows, note=note, share=found.share
    )
    if kept.share_id != found.share.pk:
        # Another seller of the same payment sent the very same file: one is enough, and what they called it is theirs.
        raise NotAllowed(_("We have exactly this file already."))
    return kept


def withdraw(found: Disputed, file: EvidenceFile, *, user: User) -> None:
    """Take a file back before it is used. Raises NotAllowed once staff chose it for the bank; NotOpen."""
    if file.chosen.filter(left_out_by="").exists():
        raise NotAllowed(_("We have chosen this file for the bank already. Write to us if it should not be used."))
    _open_pack(found)
    editing.remove_file(file, user=user)


def _open_pack(found: Disputed) -> Pack:
    if not can_give(found):
        raise NotOpen(_("Nothing can be added to this dispute any more."))
    return found.pack or packs.for_dispute(found.dispute)


def _keep(found: Disputed, item: str, text: str, user: User) -> bool:
    """One answer; whether it is another than before."""
    known = SellerWords.objects.filter(dispute=found.dispute, share=found.share, item=item)
    text = text.replace("\r\n", "\n").replace("\x00", "").strip()
    if not text:
        return bool(known.delete()[0])
    if known.filter(text=text).exists():
        return False
    values = {"text": text, "written_by": user, "written_at": now()}
    SellerWords.objects.update_or_create(dispute=found.dispute, share=found.share, item=item, defaults=values)
    return True


def _shown_to(seller: Seller) -> QuerySet[Dispute]:
    # A payment nobody here knows belongs to no seller (fault F47).
    return Dispute.objects.filter(payment__shares__order__seller=seller).select_related("payment")


def _shares() -> QuerySet[Share]:
    found = Share.objects.select_related("order__seller", "order__purchase", "account", "payment")
    return found.prefetch_related("order__lines")


def _with_parts(seller: Seller, rows: list[Dispute]) -> list[Disputed]:
    """Each with the one order this seller has in its payment."""
    mine = _shares().filter(payment__in=[row.payment_id for row in rows], order__seller=seller)
    by_payment: dict[int | None, Share] = {share.payment_id: share for share in mine}
    # With the share: an amount is said in its currency.
    parts = DisputeShare.objects.filter(dispute__in=rows, share__in=by_payment.values()).select_related("share")
    by_dispute = {part.dispute_id: part for part in parts}
    known = {pack.dispute_id: pack for pack in Pack.objects.filter(dispute__in=rows)}
    return [Disputed(row, by_payment[row.payment_id], by_dispute.get(row.pk), known.get(row.pk)) for row in rows]
