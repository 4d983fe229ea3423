"""The seller's disputes: what was taken, what is asked until when, and what they send. All of it goes to staff."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_POST, require_safe

from accounts.access import SellerRequest, seller_required
from evidence import asking, reading, seller_part, standing
from evidence.errors import EvidenceError
from evidence.files import FileRefused
from evidence.forms import FileForm, WordsForm
from evidence.models import EvidenceFile
from evidence.seller_part import Disputed, Given
from kit.lists import Asked, DeskList, Empty, open_or_all

SELLER = reading.Party.SELLER


@require_safe
@seller_required
@never_cache
def disputes(request: SellerRequest) -> HttpResponse:
    """The shop's disputes, newest first: those that are open, or all."""
    show_all = request.GET.get("show") == "all"
    page, more = seller_part.disputes_of(request.seller, only_open=not show_all, after=request.GET.get("after", ""))
    waiting = set(seller_part.to_answer(request.seller).values_list("pk", flat=True))
    rows = [_row(found, has_sent=found.dispute.pk not in waiting) for found in page]
    shown = {"rows": rows, "list": _list(request, more, show_all=show_all), "seller": request.seller}
    return render(request, "evidence/seller_disputes.html", shown)


@require_safe
@seller_required
@never_cache
def dispute(request: SellerRequest, pk: int) -> HttpResponse:
    """One dispute: the money, what the bank says, what is asked, and what was sent."""
    found = _own(request, pk)
    words = _("the page of the dispute about order %(number)s") % {"number": found.share.order.number}
    reading.note(found.dispute, user=request.user, party=SELLER, what=words)
    return _page(request, found)


@require_POST
@seller_required
def say(request: SellerRequest, pk: int) -> HttpResponse:
    """Keep what the seller wrote."""
    found = _own(request, pk)
    form = _words_form(found, request.POST)
    if not form.is_valid():
        return _page(request, found, words=form, status=422)
    try:
        count = seller_part.give_words(found, form.cleaned_data, user=request.user)
    except EvidenceError as error:
        messages.error(request, str(error))
    else:
        if count:
            messages.success(request, _("We have your words, and read them before we answer the bank."))
        else:
            messages.info(request, _("Nothing changed: we have these words already."))
    return redirect("evidence:desk_dispute", pk)


@require_POST
@seller_required
def upload(request: SellerRequest, pk: int) -> HttpResponse:
    """Keep a file."""
    found = _own(request, pk)
    form = _file_form(found, request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, found, files=form, status=422)
    given = form.cleaned_data
    try:
        kept = seller_part.give_file(
            found, given["file"], given["file"].name, shows=given["shows"], note=given["note"], user=request.user
        )
    except FileRefused as error:
        form.add_error("file", str(error))
        return _page(request, found, files=form, status=422)
    except EvidenceError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("We have %(name)s.") % {"name": kept.name})
    return redirect("evidence:desk_dispute", pk)


@require_POST
@seller_required
def withdraw(request: SellerRequest, pk: int, file: int) -> HttpResponse:
    """Take a file back, as long as it was not chosen for the bank."""
    found = _own(request, pk)
    mine = _own_file(found, file)
    try:
        seller_part.withdraw(found, mine, user=request.user)
    except EvidenceError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("%(name)s is withdrawn. We do not use it.") % {"name": mine.name})
    return redirect("evidence:desk_dispute", pk)


@csp_override(reading.SANDBOX)
@require_safe
@seller_required
def file(request: SellerRequest, pk: int, file: int) -> HttpResponse:
    """A file the seller sent, for their own team."""
    return reading.send(_own_file(_own(request, pk), file), user=request.user, party=SELLER)


def _list(request: SellerRequest, more: str, *, show_all: bool) -> DeskList:
    asked = Asked(request.path, request.GET.get("after", ""), {"show": "all" if show_all else ""})
    return DeskList(
        name=_("Disputes"),
        tabs_label=_("Which disputes"),
        tabs=open_or_all(request.path, pgettext("not closed yet", "Open"), show_all=show_all),
        table="evidence/_seller_table.html",
        older=_("Show older disputes"),
        empty=_nothing(request.path, show_all=show_all),
        more_url=asked.page(more),
        first_url=asked.first,
        is_first=not asked.after,
    )


def _nothing(path: str, *, show_all: bool) -> Empty:
    if show_all:
        said = _("When a buyer asks their bank for the money back, you see here what was taken, and what you can do.")
        return Empty(_("No disputes"), said, drawing="mail")
    said = _("No bank asks about a payment of yours.")
    return Empty(_("No open disputes"), said, f"{path}?show=all", _("See all disputes"), "mail")


def _own(request: SellerRequest, pk: int) -> Disputed:
    found = seller_part.find(request.seller, pk)
    if found is None:
        raise Http404
    return found


def _own_file(found: Disputed, pk: int) -> EvidenceFile:
    mine = EvidenceFile.objects.filter(party=EvidenceFile.Party.SELLER, share=found.share, removed_at=None)
    return get_object_or_404(mine.select_related("pack__dispute"), pk=pk, pack__dispute=found.dispute)


def _row(found: Disputed, *, has_sent: bool) -> dict[str, Any]:
    until = seller_part.deadline(found.dispute) if seller_part.can_give(found) else None
    return {
        "found": found,
        "pill": standing.pill(found, has_sent=has_sent),
        "until": until,
        "says": asking.what_the_bank_says(found.dispute),
        "asked": found.part.money if found.part else None,
    }


def _words_form(found: Disputed, data: Any = None) -> WordsForm:
    questions = asking.questions(found.dispute, found.share)
    before = {row.item: row.text for row in seller_part.given(found.dispute, found.share).words}
    return WordsForm(data, questions=questions, initial=before)


def _file_form(found: Disputed, data: Any = None, files: Any = None) -> FileForm:
    wanted = [one.shows for one in asking.questions(found.dispute, found.share) if one.shows]
    return FileForm(data, files, wanted=wanted)


def _page(
    request: SellerRequest,
    found: Disputed,
    *,
    words: forms.Form | None = None,
    files: forms.Form | None = None,
    status: int = 200,
) -> HttpResponse:
    given = seller_part.given(found.dispute, found.share)
    questions = asking.questions(found.dispute, found.share)
    can_give = seller_part.can_give(found) and bool(questions)
    page = {
        "seller": request.seller,
        "found": found,
        "order": found.share.order,
        "pill": standing.pill(found, has_sent=bool(given)),
        "sentence": standing.now_line(found, has_sent=bool(given)),
        "needs_you": can_give and not given,
        "money": standing.money_lines(found),
        "says": asking.what_the_bank_says(found.dispute),
        "can_give": can_give,
        "hopeless": not questions,
        "files_asked": [one for one in questions if one.shows],
        "already": asking.already(found.share.order),
        "until": seller_part.deadline(found.dispute) if can_give else None,
        "words": words or _words_form(found),
        "files": files or _file_form(found),
        "form": words or files,
        "given": _shown(given, questions),
    }
    return render(request, "evidence/seller_dispute.html", page, status=status)


def _shown(given: Given, questions: list[asking.Question]) -> dict[str, Any]:
    """What was sent, with the questions it answers, and whether each file can still be withdrawn."""
    labels = {one.key: one.label for one in questions}
    return {
        "words": [(labels.get(row.item, row.item), row) for row in given.words],
        "files": [(one, any(not row.left_out_by for row in one.chosen.all())) for one in given.files],
        "any": bool(given),
    }
