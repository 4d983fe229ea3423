"""Packs: begun for a dispute, shown as the bank will read them, and compared with what the network wants."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django_stubs_ext import StrOrPromise

from evidence import assembling, checklists, compelling, following, merging, sources
from evidence.checklists import Item
from evidence.files import MOST_BYTES, MOST_PAGES, MOST_PAGES_MASTERCARD, FileRefused
from evidence.models import TEXT_FIELDS, BankFile, EvidenceFile, Field, Pack, Submission
from evidence.story import MOST_IN_FIELD, MOST_TEXT
from kit.clock import now
from payments.models import Dispute

ACTOR = "evidence sweep"
# Of what the checklist needs, and of what only helps, in the sum that says how complete a pack is.
NEEDED, HELPFUL = 3, 1


@dataclass(frozen=True, slots=True)
class PreviewText:
    """The words in one field, as the bank will read them."""

    field: str
    text: str

    @property
    def label(self) -> StrOrPromise:
        """What the field is called."""
        return Field(self.field).label


@dataclass(frozen=True, slots=True)
class PreviewFile:
    """The one file in one field, and the files it was made of."""

    field: str
    file: BankFile
    made_of: tuple[EvidenceFile, ...]

    @property
    def label(self) -> StrOrPromise:
        """What the field is called."""
        return Field(self.field).label


@dataclass(frozen=True, slots=True)
class Preview:
    """Exactly what the bank will read: the answer that is sent is made from this and from nothing else (`evidence`).

    `problems` are sentences; while there is one it is not sent.
    """

    texts: tuple[PreviewText, ...]
    files: tuple[PreviewFile, ...]
    problems: tuple[str, ...]
    # What the network takes besides Stripe's fields (evidence.compelling), by Stripe's name for it.
    enhanced: Mapping[str, Any] = field(default_factory=dict)

    @property
    def characters(self) -> int:
        """Of all texts together."""
        return sum(len(one.text) for one in self.texts)

    @property
    def size(self) -> int:
        """Of all files together, in bytes."""
        return sum(one.file.size for one in self.files)

    @property
    def pages(self) -> int:
        """Of all files together."""
        return sum(one.file.pages for one in self.files)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to send."""
        return not self.texts and not self.files

    @property
    def hash(self) -> str:
        """The same for the same words and the same bytes: what was looked over is what is sent."""
        words, files = {one.field: one.text for one in self.texts}, {one.field: one.file.sha256 for one in self.files}
        whole = json.dumps([words, files, self.enhanced], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(whole.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Completeness:
    """How much of what the network wants is there. `score` goes from 0 to 1; what is needed counts more."""

    present: tuple[Item, ...]
    missing: tuple[Item, ...]
    score: float
    # Why no evidence will win; empty where it may.
    hopeless: StrOrPromise = ""

    @property
    def needed(self) -> tuple[Item, ...]:
        """What is missing and needed."""
        return tuple(item for item in self.missing if item.required)

    @property
    def is_complete(self) -> bool:
        """Whether everything needed is there."""
        return not self.needed and not self.hopeless

    @property
    def percent(self) -> int:
        """The score from 0 to 100."""
        return round(100 * self.score)


def for_dispute(dispute: Dispute, *, actor: str = ACTOR) -> Pack:
    """The pack of a dispute; begun and assembled from our own rows if it is new. One whose bank waits for nothing any
    more is brought to its end at once.
    """
    with transaction.atomic():
        # Locked: two who open the page at once begin one pack.
        locked = Dispute.objects.select_for_update(of=("self",)).get(pk=dispute.pk)
        values = {"created_at": now(), "asked_as": locked.status}
        pack, is_new = Pack.objects.get_or_create(dispute=locked, defaults=values)
    pack.dispute = dispute
    if pack.assembled_at is None and pack.status in Pack.OPEN:
        assembling.assemble(pack, actor=actor)
    if is_new and dispute.status not in Dispute.NEEDS_ANSWER:
        following.follow(pack, actor=actor)
    return pack


def preview(pack: Pack) -> Preview:
    """What the bank would read now. Makes, and keeps, the merged files."""
    texts = tuple(
        PreviewText(row.field, row.text)
        for row in pack.texts.order_by("field")
        if row.text.strip() and row.field in TEXT_FIELDS
    )
    files: list[PreviewFile] = []
    problems: list[str] = []
    for name, chosen in _chosen(pack).items():
        try:
            files.append(PreviewFile(name, merging.for_field(pack, chosen), tuple(chosen)))
        except FileRefused as error:
            problems.append(str(error))
    found = Preview(texts, tuple(files), ())
    problems += _too_much(found, pack.dispute)
    if found.is_empty:
        problems.append(_("There is nothing in it yet. Assemble it from our records, or write and upload something."))
    return Preview(texts, tuple(files), tuple(problems), _enhanced(pack.dispute))


def sent(submission: Submission) -> Preview:
    """What was sent, in the same form; from the frozen rows."""
    rows = BankFile.objects.in_bulk([one["bank_file"] for one in submission.files.values()])
    sources_of = EvidenceFile.objects.in_bulk([part["id"] for row in rows.values() for part in row.made_of])
    files = [(name, rows[one["bank_file"]]) for name, one in sorted(submission.files.items())]
    return Preview(
        tuple(PreviewText(name, text) for name, text in sorted(submission.texts.items())),
        tuple(PreviewFile(name, row, tuple(sources_of[part["id"]] for part in row.made_of)) for name, row in files),
        (),
        submission.enhanced,
    )


def checklist(pack: Pack) -> list[Item]:
    """What the network wants for this dispute."""
    dispute = pack.dispute
    ways = sources.deliveries(dispute)
    return checklists.wanted(dispute.reason, dispute.network_reason_code, deliveries=ways)


def completeness(pack: Pack) -> Completeness:
    """The checklist against what is in the pack now."""
    filled = {row.field for row in pack.texts.all() if row.text.strip()} | set(_chosen(pack))
    return compared(checklist(pack), filled, hopeless=checklists.hopeless(pack.dispute.reason))


def compared(wanted: list[Item], filled: set[str], *, hopeless: StrOrPromise = "") -> Completeness:
    """A checklist against the fields that have something in them."""
    present = [item for item in wanted if filled.intersection(item.fields)]
    weights = {item.key: NEEDED if item.required else HELPFUL for item in wanted}
    total = sum(weights.values())
    score = sum(weights[item.key] for item in present) / total if total else 0.0
    missing = tuple(item for item in wanted if item not in present)
    return Completeness(tuple(present), missing, score, hopeless)


def needs_second_look(pack: Pack) -> bool:
    """Whether somebody else has to look it over before a person sends it: from the amount on from which decisions about
    money need two people.
    """
    limits: Mapping[str, int] = settings.SECOND_PERSON_ABOVE
    limit = limits.get(pack.dispute.currency, min(limits.values(), default=0))
    return pack.dispute.amount > limit


def _enhanced(dispute: Dispute) -> dict[str, Any]:
    """Earlier payments that answer a claim of fraud, where that fits."""
    found = compelling.for_dispute(dispute)
    return {compelling.TYPE: found.parameters} if found.qualifies else {}


def _chosen(pack: Pack) -> dict[str, list[EvidenceFile]]:
    """Field to files, in their order; without what was left out or taken away."""
    found: dict[str, list[EvidenceFile]] = {}
    for row in pack.chosen.select_related("file").filter(left_out_by="", file__removed_at=None):
        found.setdefault(row.field, []).append(row.file)
    return found


def _too_much(found: Preview, dispute: Dispute) -> list[str]:
    """What does not fit, and what to do."""
    problems = []
    for one in found.texts:
        if len(one.text) > MOST_IN_FIELD:
            words = {"field": one.label, "count": len(one.text), "most": MOST_IN_FIELD}
            problems.append(_("%(field)s has %(count)d characters; %(most)d fit. Shorten it.") % words)
    if found.characters > MOST_TEXT:
        words = {"count": found.characters, "most": MOST_TEXT}
        problems.append(_("All texts together have %(count)d characters; %(most)d fit. Shorten the longest.") % words)
    if found.size > MOST_BYTES:
        words = {"size": f"{found.size / 1_000_000:.1f}"}
        problems.append(
            _(
                "The files together have %(size)s MB; a bank takes 4.5 MB. Leave out what says least, or save it "
                "smaller."
            )
            % words
        )
    most = MOST_PAGES_MASTERCARD if dispute.card_brand == "mastercard" else MOST_PAGES
    if found.pages > most:
        words = {"pages": found.pages, "most": most}
        problems.append(
            _("The files together have %(pages)d pages; this bank takes %(most)d. Leave out what says least.") % words
        )
    return problems
