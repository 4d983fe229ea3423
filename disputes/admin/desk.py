"""One request of a member of staff about one dispute: who they are, what they may, and what every page of it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from accounts.models import User
from disputes import standing
from disputes.admin import rows
from evidence import packs, reading
from evidence.models import Pack, Reading
from evidence.packs import Completeness
from payments.decisions import Decider
from payments.models import Dispute

if TYPE_CHECKING:
    from disputes.admin.queue import DisputeAdmin


class Desk:
    """Who looks at which dispute. Raises PermissionDenied for staff who may not see disputes, Http404 for none."""

    def __init__(self, model_admin: DisputeAdmin, http: HttpRequest, dispute_id: int) -> None:
        if not model_admin.has_view_permission(http):
            raise PermissionDenied
        self.admin, self.http = model_admin, http
        self.dispute = get_object_or_404(rows.read_together(Dispute.objects.all()), pk=dispute_id)
        self.may_answer = model_admin.has_answer_permission(http)
        self.may_send = model_admin.has_send_permission(http)

    @property
    def person(self) -> User:
        """Who asks."""
        assert isinstance(self.http.user, User)  # noqa: S101 - the admin lets nobody else in
        return self.http.user

    @property
    def decider(self) -> Decider:
        """Who decides, for what stays written down."""
        return Decider(self.person.email, self.person, getattr(self.http, "request_id", ""))

    @cached_property
    def pack(self) -> Pack | None:
        """What was gathered so far, if anything was."""
        return standing.pack_of(self.dispute)

    @cached_property
    def done(self) -> Completeness | None:
        """What of the bank's checklist is there."""
        return packs.completeness(self.pack) if self.pack is not None else None

    @property
    def missing(self) -> int:
        """How many needed pieces are not there."""
        return len(self.done.needed) if self.done else 0

    @property
    def is_ours(self) -> bool:
        """Whether the bank waits for an answer that can still be changed."""
        return standing.is_ours(self.dispute)

    def seen(self, what: str) -> None:
        """Write down that this person looked."""
        reading.note(self.dispute, user=self.person, party=Reading.Party.STAFF, what=what)

    def need_answer(self) -> None:
        """Raises PermissionDenied for staff who may only look."""
        if not self.may_answer:
            raise PermissionDenied

    def need_send(self) -> None:
        """Raises PermissionDenied for staff who may not decide what the bank gets."""
        if not self.may_send:
            raise PermissionDenied

    def need_pack(self) -> Pack:
        """The pack, begun now if nothing was gathered yet. Raises PermissionDenied for a charge nobody knows."""
        if self.dispute.payment_id is None:
            raise PermissionDenied
        return self.pack or packs.for_dispute(self.dispute)

    def page(self, template: str, title: str, *, status: int = 200, **more: Any) -> TemplateResponse:
        """A page about the dispute."""
        context = {
            **self.admin.admin_site.each_context(self.http),
            "title": title,
            "opts": self.admin.opts,
            "original": self.dispute,
            "dispute": self.dispute,
            "pack": self.pack,
            "pill": standing.pill(self.dispute),
            "deadline": self._deadline(),
            "is_ours": self.is_ours,
            "may_answer": self.may_answer,
            "may_send": self.may_send,
            **more,
        }
        return TemplateResponse(self.http, f"admin/disputes/{template}.html", context, status=status)

    def back(self, page: str = "admin:payments_dispute_change", done: str = "") -> HttpResponse:
        """To one of the dispute's pages, saying what was done."""
        if done:
            messages.success(self.http, done)
        return redirect(page, self.dispute.pk)

    def refuse(self, why: str, page: str = "admin:payments_dispute_change") -> HttpResponse:
        """Back to the page, saying why it was not done."""
        messages.error(self.http, why)
        return redirect(page, self.dispute.pk)

    @property
    def name(self) -> str:
        """What people call it: by its orders, or its charge when nobody knows them."""
        numbers = rows.orders(self.dispute)
        if not numbers:
            return _("Dispute about the charge %(charge)s") % {"charge": self.dispute.charge_id}
        return _("Dispute about order %(numbers)s") % {"numbers": ", ".join(numbers)}

    def _deadline(self) -> str:
        if self.dispute.due_by is None or not self.is_ours:
            return ""
        return standing.deadline(self.dispute.due_by)
