"""How much of what a bank wants to see for a dispute is there: as it was sent, or as it stands."""

from __future__ import annotations

from dataclasses import dataclass

from disputes.models import Advice
from evidence import packs
from evidence.checklists import hopeless
from evidence.models import Pack, Submission
from payments.models import Dispute

Band = Advice.Band


@dataclass(frozen=True, slots=True)
class Found:
    """`percent` of the checklist, whether everything needed is there, and the band it falls into."""

    percent: int = 0
    is_complete: bool = False
    has_pack: bool = False

    @property
    def band(self) -> str:
        """Everything needed, half of the list or more, or less."""
        if self.is_complete:
            return Band.ALL
        return Band.SOME if self.percent >= 50 else Band.LITTLE


def of(dispute: Dispute) -> Found:
    """What was sent counts, once something was; before that what the pack has now. Without a pack there is nothing."""
    pack = Pack.objects.select_related("dispute").filter(dispute=dispute).first()
    if pack is None:
        return Found()
    sent = pack.submissions.filter(
        status=Submission.Status.SENT, kind=Submission.Kind.EVIDENCE, made_outside=False, round=pack.round
    ).first()
    found = packs.completeness(pack)
    if sent is not None:
        filled = {*sent.texts, *sent.files}
        found = packs.compared(packs.checklist(pack), filled, hopeless=hopeless(dispute.reason))
    return Found(found.percent, found.is_complete, has_pack=True)
