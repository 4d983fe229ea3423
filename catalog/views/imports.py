"""A seller brings a product file in, looks at what it would do, and says yes; and takes their listings out as one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from accounts.access import SellerRequest, seller_required
from accounts.rules import why_cannot_sell
from catalog import exporting
from catalog.importing import progress, runs, wording
from catalog.keyset import Order
from catalog.models import ImportItem, ImportRun
from kit.clock import now
from kit.transitions import IllegalMove, LostRace

PAGE, NOTES = 50, 10
LATEST = Order(("pk",), descending=True)
IN_THE_FILE = Order(("position",), descending=False)
# What surrounds a file in an upload: field names, the token, boundaries.
WRAPPING = 64 * 1024
SLOW_PAGE = ("problems", "notes", "overtaken", "sold_meanwhile")


class FileForm(forms.Form):
    """A product file."""

    file = forms.FileField(
        label=gettext_lazy("Product file"),
        help_text=gettext_lazy("A CSV file of up to 32 MB and 50,000 rows."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv"}),
        max_length=255,
        error_messages={
            "required": gettext_lazy("Choose a file."),
            "empty": gettext_lazy("This file is empty. Export it again."),
        },
    )

    def clean_file(self) -> UploadedFile:
        """Not too large."""
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > runs.LARGEST_FILE:
            raise forms.ValidationError(runs.too_large())
        return file


class ConfirmForm(forms.Form):
    """Yes, and whether to publish."""

    publish = forms.ChoiceField(
        label=gettext_lazy("Afterwards"),
        choices=[
            ("no", gettext_lazy("Keep new listings as drafts")),
            ("yes", gettext_lazy("Publish those the file calls published")),
        ],
        widget=forms.RadioSelect,
        initial="no",
    )


# The token is checked by `_take`, once it is known that the body is not too large: checking it reads the whole body.
@csrf_exempt
@require_http_methods(["GET", "POST"])
@seller_required
def imports(request: SellerRequest) -> HttpResponse:
    """Choose a file; and the files of before."""
    if request.method != "POST":
        return _choose(request, FileForm())
    if int(request.META.get("CONTENT_LENGTH") or 0) > runs.LARGEST_FILE + WRAPPING:
        return _choose(request, _refused(FileForm(data={}), runs.too_large()), status=413)
    return _take(request)


@csrf_protect
def _take(request: SellerRequest) -> HttpResponse:
    form = FileForm(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            run = runs.start(
                request.seller,
                file,
                name=file.name or "products.csv",
                actor=request.user.email,
                language=get_language() or "en",
            )
        except runs.ImportRefused as refusal:
            form.add_error("file", str(refusal))
        else:
            return redirect("catalog:import_run", run.pk)
    return _choose(request, form, status=422)


def _refused(form: FileForm, sentence: str) -> FileForm:
    form.is_valid()
    form.errors.clear()
    form.add_error("file", sentence)
    return form


def _choose(request: SellerRequest, form: FileForm, status: int = 200) -> HttpResponse:
    rows = ImportRun.objects.filter(seller=request.seller).defer(*SLOW_PAGE)
    found = list(LATEST.after(request.GET.get("after", ""), rows)[: PAGE + 1])
    context = {
        "form": form,
        "seller": request.seller,
        "runs": found[:PAGE],
        "more": LATEST.cursor(found[PAGE - 1]) if len(found) > PAGE else "",
    }
    return render(request, "catalog/desk/imports.html", context, status=status)


@require_GET
@seller_required
def import_run(request: SellerRequest, pk: int) -> HttpResponse:
    """Where a file stands: being read, waiting for a yes, imported."""
    return _page(request, _own(request, pk), ConfirmForm())


@require_GET
@seller_required
def import_progress(request: SellerRequest, pk: int) -> HttpResponse:
    """How far it is, for the page to ask again and again; when it is over the page is shown anew."""
    run = _own(request, pk)
    if not run.is_working:
        return HttpResponseClientRefresh()
    return render(request, "catalog/desk/_import_working.html", {"run": run, "done": _done(run)})


@require_POST
@seller_required
def import_confirm(request: SellerRequest, pk: int) -> HttpResponse:
    """Yes to all of it."""
    run = _own(request, pk)
    form = ConfirmForm(request.POST)
    if not form.is_valid():
        return _page(request, run, form, status=422)
    try:
        runs.confirm(run, actor=request.user.email, publish=form.cleaned_data["publish"] == "yes")
    except runs.ImportRefused as refusal:
        if run.status == ImportRun.Status.READY:
            form.add_error("publish", str(refusal))
            return _page(request, run, form, status=422)
        messages.info(request, str(refusal))
    except LostRace:
        messages.info(request, _("Somebody in your team was faster with this file. Look again."))
    return redirect("catalog:import_run", pk)


@require_POST
@seller_required
def import_discard(request: SellerRequest, pk: int) -> HttpResponse:
    """No: let go of the file."""
    run = _own(request, pk)
    try:
        runs.discard(run, actor=request.user.email)
    except (LostRace, IllegalMove):
        messages.info(request, _("It is too late for that: this file was confirmed or discarded before."))
        return redirect("catalog:import_run", pk)
    messages.success(request, _("“%(file)s” is discarded. None of your listings has changed.") % {"file": run.name})
    return redirect("catalog:imports")


@require_GET
@seller_required
def export_listings(request: SellerRequest) -> HttpResponseBase:
    """All listings as a product file, sent while it is written."""
    day = timezone.localtime(now()).date().isoformat()
    name = f"{slugify(request.seller.name) or 'listings'}-{day}.csv"
    return StreamingHttpResponse(
        exporting.lines(request.seller),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _own(request: SellerRequest, pk: int) -> ImportRun:
    return get_object_or_404(ImportRun.objects.select_related("seller"), pk=pk, seller=request.seller)


def _done(run: ImportRun) -> int:
    return progress.told(run.pk) if run.status == ImportRun.Status.CONFIRMED else run.lines_done


def _page(request: SellerRequest, run: ImportRun, form: ConfirmForm, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {"run": run, "seller": request.seller, "form": form}
    if run.is_working:
        return render(request, "catalog/desk/import_run.html", context | {"done": _done(run)}, status=status)
    shown = request.GET.get("show", "")
    tabs = _tabs(run)
    if shown not in [tab["show"] for tab in tabs]:
        shown = str(tabs[0]["show"]) if tabs else ""
    context |= {
        "outcome": wording.outcome(run),
        "tabs": tabs,
        "shown": shown,
        "refusal": why_cannot_sell(run.seller),
        "notes": [runs.as_problem(kept) for kept in run.notes[:NOTES]],
        "more_notes": max(0, len(run.notes) - NOTES),
        "hidden_problems": run.problem_count - len(run.problems),
    }
    context |= _problems(request, run) if shown == "problems" else _products(request, run, shown)
    return render(request, "catalog/desk/import_run.html", context, status=status)


def _tabs(run: ImportRun) -> list[dict[str, object]]:
    counts = [
        ("problems", _("Problems"), run.problem_count),
        (ImportItem.Kind.NEW, _("New"), run.new),
        (ImportItem.Kind.CHANGED, _("Changed"), run.changed),
        (ImportItem.Kind.UNCHANGED, _("Unchanged"), run.unchanged),
    ]
    return [{"show": str(show), "label": label, "count": count} for show, label, count in counts if count]


def _problems(request: SellerRequest, run: ImportRun) -> dict[str, Any]:
    """A page of what is wrong; they are few enough to be kept with the run."""
    after = request.GET.get("after", "")
    begin = int(after) if after.isdecimal() and len(after) < 6 else 0
    more = begin + PAGE
    return {
        "problems": [runs.as_problem(kept) for kept in run.problems[begin:more]],
        "more": str(more) if len(run.problems) > more else "",
    }


def _products(request: SellerRequest, run: ImportRun, kind: str) -> dict[str, Any]:
    items = ImportItem.objects.filter(run=run, kind=kind).select_related("listing")
    found = list(IN_THE_FILE.after(request.GET.get("after", ""), items)[: PAGE + 1]) if kind else []
    return {
        "rows": [wording.row_of(item) for item in found[:PAGE]],
        "more": IN_THE_FILE.cursor(found[PAGE - 1]) if len(found) > PAGE else "",
    }
