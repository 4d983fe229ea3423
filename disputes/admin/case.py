"""The case page of one dispute: whose turn it is, the money, what the bank wants to see, and what everybody said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from disputes import reminders, standing, timeline, work
from disputes.admin import pieces
from disputes.admin.desk import Desk
from disputes.admin.forms import NOBODY, AssignForm, NoteForm, ReasonForm, RemindForm
from disputes.models import Reminder
from disputes.work import NotPossible
from evidence import asking, assembling, editing
from evidence.errors import EvidenceError
from evidence.models import Reading, Submission

# So many looks are listed; all of them are kept.
LONGEST = 50

Act = Callable[["CasePage"], HttpResponse]


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that can be decided now, with the page where it is."""

    title: str
    url: str
    about: str


class CasePage:
    """One request to the case page: it shows, and takes the small things staff write down."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.http, self.dispute = desk, desk.http, desk.dispute
        self.asked: dict[str, forms.Form] = {}

    def answer(self) -> HttpResponse:
        """The page, or what came of one of its forms."""
        if self.http.method != "POST":
            self.desk.seen(_("the page of the dispute"))
            return self.show()
        self.desk.need_answer()
        act = ACTS.get(self.http.POST.get("act", ""))
        if act is None:
            return self.desk.refuse(_("Choose what to do."))
        try:
            return act(self)
        except (NotPossible, EvidenceError) as error:
            return self.desk.refuse(str(error))

    def form(self, name: str, kind: type[forms.Form], **initial: Any) -> forms.Form:
        """The form that was sent in, or an empty one."""
        if name not in self.asked:
            self.asked[name] = kind(prefix=name, initial=initial)
        return self.asked[name]

    def sent(self, name: str, kind: type[forms.Form]) -> forms.Form:
        """The form as it was sent in."""
        self.asked[name] = kind(self.http.POST, prefix=name)
        return self.asked[name]

    def show(self, status: int = 200) -> HttpResponse:
        """Everything on one page."""
        desk, dispute, pack = self.desk, self.dispute, self.desk.pack
        more = {
            "turn": standing.turn(dispute, missing=desk.missing, may_answer=desk.may_answer),
            "reason": asking.what_the_bank_says(dispute),
            "orders": pieces.orders(dispute),
            "choices": self.choices(),
            "money": pieces.money(dispute),
            "checklist": pieces.checklist(desk.done),
            "hopeless": pieces.hopeless(dispute),
            "advice": pieces.advice(dispute),
            "notice": work.notice(dispute),
            "compelling": pieces.compelling(dispute),
            "said": pieces.said(dispute),
            "statements": pieces.statements(dispute),
            "story": timeline.of(dispute, pack),
            "looks": Reading.objects.filter(dispute=dispute)[:LONGEST],
            "reminders": dispute.reminders.filter(done_at=None).select_related("for_whom", "asked_by"),
            "notes": dispute.notes.select_related("author").order_by("-pk"),
            "assign_form": self.form("assign", AssignForm, assignee=(pack.assignee_id if pack else None) or NOBODY),
            "note_form": self.form("note", NoteForm),
            "remind_form": self.form("remind", RemindForm, for_whom=desk.person.pk),
            "object_form": self.form("object", ReasonForm),
        }
        return desk.page("case", desk.name, status=status, **more)

    def choices(self) -> list[Choice]:
        """What this person may decide now, the most usual first."""
        desk, pk = self.desk, self.dispute.pk
        if desk.pack is None or not standing.is_ours(self.dispute):
            return [Choice(_("See what the bank was told"), _page("preview", pk), "")] if self._was_sent() else []
        found = []
        if desk.may_answer:
            found.append(Choice(_("Complete the evidence"), _page("answer", pk), _("Words and files, field by field.")))
        found.append(
            Choice(_("See what the bank will read"), _page("preview", pk), _("Exactly that is sent, and only once."))
        )
        if desk.may_send and work.can_concede(self.dispute):
            found.append(Choice(_("Accept the loss"), _page("concede", pk), _("First who bears what; for good.")))
        if self.dispute.status in self.dispute.INQUIRIES and self.http.user.has_perm("payments.add_moneyaction"):
            found += [
                Choice(_("Refund order %(number)s") % {"number": share.order.number}, url, _("That ends an inquiry."))
                for share, url in pieces.refundable(self.dispute)
            ]
        return found

    def _was_sent(self) -> bool:
        pack = self.desk.pack
        return pack is not None and pack.submissions.filter(kind=Submission.Kind.EVIDENCE, made_outside=False).exists()


def _page(name: str, pk: int) -> str:
    return reverse(f"admin:disputes_{name}", args=[pk])


def _assign(page: CasePage) -> HttpResponse:
    form = page.sent("assign", AssignForm)
    if not form.is_valid():
        return page.show(422)
    who = form.cleaned_data["assignee"]
    work.assign(page.dispute, who, by=page.desk.person)
    return page.desk.back(done=_("%(who)s sees to it.") % {"who": who} if who else _("Nobody sees to it now."))


def _note(page: CasePage) -> HttpResponse:
    form = page.sent("note", NoteForm)
    if not form.is_valid():
        return page.show(422)
    reminders.note(page.dispute, by=page.desk.person, text=form.cleaned_data["text"])
    return page.desk.back(done=_("The note is there."))


def _remind(page: CasePage) -> HttpResponse:
    form = page.sent("remind", RemindForm)
    if not form.is_valid():
        return page.show(422)
    told = form.cleaned_data
    reminders.add(
        page.dispute, for_whom=told["for_whom"], by=page.desk.person, text=told["what"], due_on=told["due_on"]
    )
    return page.desk.back(done=_("%(who)s is reminded on that day.") % {"who": told["for_whom"]})


def _done(page: CasePage) -> HttpResponse:
    number = page.http.POST.get("reminder", "")
    reminder = get_object_or_404(Reminder, pk=int(number) if number.isdecimal() else 0, dispute=page.dispute)
    is_first = reminders.finish(reminder, by=page.desk.person)
    return page.desk.back(done=_("Done.") if is_first else _("That is done already."))


def _gather(page: CasePage) -> HttpResponse:
    assembling.assemble(page.desk.need_pack(), actor=page.desk.person.email)
    return page.desk.back(done=_("The evidence is gathered from our own records."))


def _object(page: CasePage) -> HttpResponse:
    form = page.sent("object", ReasonForm)
    if not form.is_valid():
        return page.show(422)
    editing.object_to(page.desk.need_pack(), user=page.desk.person, reason=form.cleaned_data["reason"])
    return page.desk.back(done=_("No rule sends it now: only a person can."))


def _agree(page: CasePage) -> HttpResponse:
    editing.lift_objection(page.desk.need_pack(), user=page.desk.person)
    return page.desk.back(done=_("A rule may send it again when it is complete."))


def _stop(page: CasePage) -> HttpResponse:
    work.stop_notice(page.dispute, by=page.desk.person)
    return page.desk.back(done=_("It is stopped. Nothing happens by itself."))


ACTS: dict[str, Act] = {
    "assign": _assign,
    "note": _note,
    "remind": _remind,
    "done": _done,
    "gather": _gather,
    "object": _object,
    "agree": _agree,
    "stop": _stop,
}
