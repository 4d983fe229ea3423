"""The page that shows exactly what the bank will read, and from which it is sent, once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import gettext as _

from disputes.admin.desk import Desk
from disputes.admin.forms import SendForm
from evidence import compelling, editing, packs, submitting
from evidence.errors import Changed, EvidenceError
from evidence.files import MOST_BYTES, MOST_PAGES, MOST_PAGES_MASTERCARD
from evidence.models import Pack, Submission
from evidence.packs import Preview
from evidence.story import MOST_TEXT
from gateway.errors import GatewayError, StripeRefused

HERE = "admin:disputes_preview"


class ReadingPage:
    """One request to the page of what the bank reads."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.http, self.dispute = desk, desk.http, desk.dispute
        self.pack = desk.need_pack() if desk.may_answer else desk.pack

    def answer(self) -> HttpResponse:
        """The page, or what came of one of its buttons."""
        if self.http.method != "POST":
            self.desk.seen(_("what the bank reads"))
            return self._show()
        self.desk.need_answer()
        pack = self.desk.need_pack()
        act = self.http.POST.get("act", "")
        try:
            return self._act(pack, act)
        except Changed:
            return self._show(changed=True, status=409)
        except EvidenceError as error:
            if self._is_done(pack):
                return self.desk.back(done=_("That is done already."))
            return self.desk.refuse(str(error), HERE)
        except StripeRefused as refusal:
            return self.desk.refuse(_("Stripe refused it: %(why)s Nothing was sent.") % {"why": refusal.message}, HERE)
        except GatewayError:
            messages.warning(
                self.http, _("Stripe does not answer at the moment. Nothing was sent; try again in a minute.")
            )
            return self.desk.back()

    def _act(self, pack: Pack, act: str) -> HttpResponse:
        who, read = self.desk.person, self.http.POST.get("read", "")
        if act == "ready":
            editing.make_ready(pack, user=who)
            return self.desk.back(HERE, done=_("It is ready: somebody else can look it over now."))
        if act == "look_over":
            editing.look_over(pack, user=who, expects=read)
            return self.desk.back(HERE, done=_("You have looked it over. Somebody else can send it now."))
        if act == "draft":
            return self._draft(pack, read)
        if act == "send":
            return self._send(pack)
        return self.desk.refuse(_("Choose what to do."), HERE)

    def _draft(self, pack: Pack, read: str) -> HttpResponse:
        if packs.preview(pack).hash != read:
            return self._show(changed=True, status=409)
        if submitting.save_draft(pack, by=self.desk.decider):
            return self.desk.back(HERE, done=_("Stripe keeps it as a draft. The bank has not got it."))
        messages.warning(self.http, _("Stripe has not answered yet. It is finished by itself."))
        return self.desk.back(HERE)

    def _send(self, pack: Pack) -> HttpResponse:
        self.desk.need_send()
        form = SendForm(self.http.POST)
        if not form.is_valid():
            return self._show(form, status=422)
        told = form.cleaned_data
        sent = submitting.submit(pack, by=self.desk.decider, reason=told["reason"], expects=told["read"])
        if sent.status == Submission.Status.SENDING:
            messages.warning(self.http, _("Stripe has not answered yet. It is finished by itself."))
            return self.desk.back()
        return self.desk.back(done=_("The evidence is with the bank."))

    def _is_done(self, pack: Pack) -> bool:
        """Whether this person pressed the button twice: what they read is sent already (fault F34)."""
        pack.refresh_from_db()
        sent = pack.submissions.filter(round=pack.round, user=self.desk.person, kind=Submission.Kind.EVIDENCE)
        return sent.exclude(status=Submission.Status.REFUSED).filter(content_hash=self.http.POST.get("read")).exists()

    def _show(self, form: SendForm | None = None, *, changed: bool = False, status: int = 200) -> HttpResponse:
        pack = self.pack
        last = self._last()
        shown = packs.sent(last) if last else packs.preview(pack) if pack else None
        more: dict[str, Any] = {
            "is_inner": True,
            "changed": changed,
            "sent": _told(last) if last else None,
            "texts": shown.texts if shown else (),
            "files": [self._file(one) for one in shown.files] if shown else [],
            "enhanced": _enhanced(shown.enhanced) if shown else [],
            "problems": shown.problems if shown and self.desk.is_ours else (),
            "missing": self.desk.done.needed if self.desk.done and not last else (),
            "totals": self._totals(shown) if shown else (),
            "hash": shown.hash if shown else "",
            "second_look": self._second_look(pack, shown) if pack and shown else {},
            "send_form": form or SendForm(),
            "form": form,
            "has_errors": bool(form and form.errors),
        }
        title = _("What the bank was told") if last else _("What the bank will read")
        return self.desk.page("preview", title, status=status, **more)

    def _last(self) -> Submission | None:
        """What was sent in this round, if anything was."""
        if self.pack is None or self.desk.is_ours:
            return None
        found = self.pack.submissions.exclude(status=Submission.Status.REFUSED)
        last: Submission | None = found.filter(kind=Submission.Kind.EVIDENCE, made_outside=False).first()
        return last

    def _file(self, one: packs.PreviewFile) -> dict[str, Any]:
        url = reverse("admin:disputes_bank_file", args=[self.dispute.pk, one.file.pk])
        names = [file.name for file in one.made_of]
        return {
            "label": one.label,
            "name": names[0] if len(names) == 1 else _("One document of %(n)d files") % {"n": len(names)},
            "url": url,
            "pages": one.file.pages,
            "size": one.file.size,
            "made_of": names if len(names) > 1 else [],
        }

    def _totals(self, shown: Preview) -> list[tuple[str, str]]:
        pages = MOST_PAGES_MASTERCARD if self.dispute.card_brand == "mastercard" else MOST_PAGES
        of = _("%(have)s of %(most)s")
        return [
            (_("Characters"), of % {"have": f"{shown.characters:,}", "most": f"{MOST_TEXT:,}"}),
            (_("Pages"), of % {"have": shown.pages, "most": pages}),
            (_("Size of the files"), of % {"have": filesizeformat(shown.size), "most": filesizeformat(MOST_BYTES)}),
        ]

    def _second_look(self, pack: Pack, shown: Preview) -> dict[str, Any]:
        """Who looked over exactly this, whether somebody has to, and why this person cannot send it yet."""
        needed = packs.needs_second_look(pack)
        stands = pack.looked_over_by is not None and pack.looked_over_hash == shown.hash
        ready = pack.moves.filter(to_status=Pack.Status.READY).last() if pack.status == Pack.Status.READY else None
        asked_by = ready.actor if ready else ""
        blocks = ""
        if needed and not stands:
            blocks = _("Somebody else has to look it over first.")
        elif needed and pack.looked_over_by_id == self.desk.person.pk:
            blocks = _("You looked it over. Somebody else has to send it.")
        return {
            "needed": needed,
            "by": pack.looked_over_by if stands else None,
            "at": pack.looked_over_at,
            "asked_by": asked_by,
            "may_look": bool(asked_by) and asked_by != self.desk.person.email and not stands,
            "may_ask": not asked_by and not stands,
            "blocks": blocks,
        }


def _told(last: Submission) -> dict[str, str]:
    who = {"who": last.actor}
    sentence = _("%(who)s sent this to the bank.") % who
    if last.status == Submission.Status.SENDING:
        sentence = _("%(who)s is sending this to the bank.") % who
    return {"sentence": sentence, "reason": last.reason}


def _enhanced(found: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Of compelling evidence, each payment with what is said of it."""
    told = found.get(compelling.TYPE, {})
    if not told:
        return []
    disputed = [(_("The disputed payment"), told["disputed_transaction"])]
    earlier = [
        (_("Earlier payment %(charge)s") % {"charge": one["charge"]}, one)
        for one in told["prior_undisputed_transactions"]
    ]
    return [(title, [_fact(name, value) for name, value in facts.items()]) for title, facts in disputed + earlier]


def _fact(name: str, value: Any) -> tuple[str, str]:
    label = str(compelling.LABELS.get(name, name.replace("_", " ")))
    return label, ", ".join(value.values()) if isinstance(value, Mapping) else str(value)
