"""What goes to Stripe for a pack: uploads, and the form of the dispute, each as a durable operation.

Keys: `evidence:file:<id>` for an upload, `evidence:<dispute>:draft:<n>`, `evidence:<dispute>:submit:<round>`,
`evidence:<dispute>:close:<round>` and `evidence:<dispute>:manual`. Nothing of it moves money: payments.disputes follows
what Stripe says of the dispute afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from evidence.errors import NotAllowed
from evidence.files import ENDINGS
from evidence.merging import content
from evidence.models import BankFile, Field, Pack
from evidence.packs import Preview
from gateway import operations, uploads
from gateway.models import Operation
from gateway.objects import Dispute as Found
from kit.clock import now
from payments.models import Dispute as DisputeRow

UPLOAD, DRAFT, SUBMIT, CLOSE, MANUAL = (f"dispute.{name}" for name in ("upload", "draft", "submit", "close", "manual"))
PURPOSE = "dispute_evidence"
ENHANCED = "enhanced_evidence"


def key(pack: Pack, what: str, number: int = 0) -> str:
    """The business identity of something asked of Stripe for this dispute."""
    return ":".join(part for part in ("evidence", pack.dispute.stripe_id, what, str(number or "")) if part)


def path(pack: Pack) -> str:
    """Stripe's address of the dispute."""
    return f"/v1/disputes/{pack.dispute.stripe_id}"


def uploaded(file: BankFile, *, actor: str) -> str:
    """Stripe's id of the file, uploaded now or before. Its request is frozen as our row and its SHA-256, so a lost
    answer is asked for again with the same bytes; were it uploaded twice, that would cost nobody anything.

    Outside any transaction. Raises StripeRefused, StripeUnavailable, FileRefused.
    """
    if file.stripe_id:
        return file.stripe_id
    name = f"{file}{ENDINGS[file.content_type]}"
    operation = operations.plan(
        name=UPLOAD,
        business_key=f"evidence:file:{file.pk}",
        path=uploads.PATH,
        params={"purpose": PURPOSE, "file": uploads.described(content(file), name)},
        actor=actor,
        reason="A file for the bank.",
    )
    answer = operations.require(operations.execute(operation))
    BankFile.objects.filter(pk=file.pk).update(stripe_id=answer["id"])
    file.stripe_id = str(answer["id"])
    return file.stripe_id


def params(pack: Pack, shown: Preview, *, business_key: str, submit: bool) -> dict[str, Any]:
    """Stripe's request for exactly what is shown. Its files are uploaded already."""
    ours: dict[str, Any] = {one.field: one.text for one in shown.texts}
    ours |= {one.field: one.file.stripe_id for one in shown.files}
    if shown.enhanced or ENHANCED in _drafted(pack):
        # Of all fields the only one Stripe takes back.
        ours[ENHANCED] = dict(shown.enhanced) or ""
    return {"evidence": ours, "submit": submit, "metadata": operations.identity(business_key)}


def require_nothing_else(pack: Pack, shown: Preview, found: Found) -> None:
    """The bank reads what was previewed, and nothing besides: Stripe's form keeps what an earlier draft put there, or
    somebody in the Dashboard, and lets nobody empty a field. Raises NotAllowed with what to do.
    """
    ours = {ENHANCED, *(one.field for one in shown.texts), *(one.field for one in shown.files)}
    others = sorted({*found.evidence, *_drafted(pack)} - ours)
    if others:
        named = ", ".join(str(Field(name).label) if name in Field.values else name for name in others)
        raise NotAllowed(
            _(
                "Stripe's form has something in fields that are empty here, and cannot empty them: %(fields)s. The "
                "bank would read that as well. Fill them here; for words a dash will do."
            )
            % {"fields": named}
        )


def plan(pack: Pack, name: str, business_key: str, request: Mapping[str, Any], *, actor: str, reason: str) -> Operation:
    """Write down what is to be asked about the dispute; in the caller's transaction."""
    end = "/close" if name == CLOSE else ""
    return operations.plan(
        name=name, business_key=business_key, path=path(pack) + end, params=request, actor=actor, reason=reason
    )


def bytes_of(operation: Operation) -> bytes:
    """The bytes of the file an upload is about. Raises OSError when they are gone."""
    row = BankFile.objects.get(pk=int(operation.business_key.rpartition(":")[2]))
    with row.content.open("rb") as opened:
        return bytes(opened.read())


def may_go(operation: Operation) -> str:
    """An answer that was planned long ago is not sent after the bank's date, by whoever finishes operations."""
    disputes = DisputeRow.objects.filter(stripe_id=operation.path.rpartition("/")[2], due_by__lte=now())
    return "The bank's date has passed." if disputes.exists() else ""


def _drafted(pack: Pack) -> set[str]:
    """Fields an earlier draft of ours may still fill at Stripe, also one whose answer never came."""
    requests = Operation.objects.filter(name=DRAFT, path=path(pack)).values_list("request", flat=True)
    return {name for request in requests for name, value in request["evidence"].items() if value}


def number_of_draft(pack: Pack) -> int:
    """The next draft's number: a draft saved again after another is a request of its own."""
    with transaction.atomic():
        # Locked: two who save at once get two numbers.
        locked = Pack.objects.select_for_update(of=("self",)).get(pk=pack.pk)
        locked.drafts += 1
        locked.save(update_fields=["drafts"])
    pack.drafts = locked.drafts
    return locked.drafts


uploads.register(UPLOAD, bytes_of)
operations.check_before_sending(SUBMIT, may_go)
